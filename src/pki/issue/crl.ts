/**
 * Making a CRL (RFC 5280, section 5): version 2, complete, with the entries in the order in which they are
 * given. Prepare, lint, sign: only the linter makes the value that can be signed.
 *
 * @module
 */

import { contextTag, tag } from '../der.js';
import {
  encode,
  encodeInteger,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  encodeText,
  encodeTime,
} from '../der-encode.js';
import type { CrlContext } from '../lint/crl-rules.js';
import { lintCrl } from '../lint/lint.js';
import { oid } from '../oid.js';
import { encodeSignatureAlgorithm } from '../signature-algorithm.js';
import { type Issuer, signedBy } from './certificate.js';

export interface CrlInput {
  readonly crlNumber: bigint;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** What {@link encodeCrlEntry} makes. */
  readonly entries: readonly Uint8Array[];
}

/**
 * Makes, lints and signs a list.
 *
 * @throws LINT_FAILED with every rule that it would break; nothing is signed then.
 * @throws KEY_MISMATCH where the key of the issuer is not the one in its certificate.
 */
export async function issueCrl(issuer: Issuer, input: CrlInput, context: CrlContext): Promise<Uint8Array> {
  const signatureAlgorithm = encodeSignatureAlgorithm(issuer.signingKey.algorithm);
  const linted = lintCrl(prepareCrl(issuer, input), signatureAlgorithm, context);
  return (await signedBy(issuer, linted, 'CA')).der;
}

/** The TBSCertList (RFC 5280, section 5.1.2), not linted yet. */
function prepareCrl(issuer: Issuer, input: CrlInput): Uint8Array {
  return encodeSequence(
    encodeInteger(1),
    encodeSignatureAlgorithm(issuer.signingKey.algorithm),
    issuer.name.der,
    encodeTime(input.thisUpdate),
    encodeTime(input.nextUpdate),
    // Where nothing is revoked the field must be absent.
    ...(input.entries.length === 0 ? [] : [encodeSequence(Buffer.concat(input.entries))]),
    encode(
      contextTag(0, true),
      encodeSequence(
        // strongSwan passes over a list without this one.
        extension(oid.authorityKeyIdentifier, encodeSequence(encode(contextTag(0, false), issuer.keyIdentifier))),
        extension(oid.crlNumber, encodeInteger(input.crlNumber)),
      ),
    ),
  );
}

/**
 * One entry of revokedCertificates.
 *
 * @param serialNumber the content of the INTEGER
 * @param details what {@link encodeEntryExtensions} makes
 */
export function encodeCrlEntry(
  serialNumber: Uint8Array,
  revocationDate: Uint8Array,
  details: Uint8Array | undefined,
): Uint8Array {
  const fields = [encode(tag.integer, serialNumber), revocationDate];
  return encodeSequence(...fields, ...(details === undefined ? [] : [details]));
}

/** The crlEntryExtensions; undefined where there is nothing to say. */
export function encodeEntryExtensions(
  reasonCode: number | undefined,
  invalidityDate: string | undefined,
): Uint8Array | undefined {
  const extensions: Uint8Array[] = [];
  // Section 5.3.1: that a reason is unspecified should not be said.
  if (reasonCode !== undefined && reasonCode !== 0) {
    extensions.push(extension(oid.reasonCode, encode(tag.enumerated, Uint8Array.of(reasonCode))));
  }
  if (invalidityDate !== undefined) {
    extensions.push(extension(oid.invalidityDate, encodeText(tag.generalizedTime, invalidityDate)));
  }
  return extensions.length === 0 ? undefined : encodeSequence(...extensions);
}

function extension(type: string, value: Uint8Array): Uint8Array {
  return encodeSequence(encodeOid(type), encodeOctetString(value));
}
