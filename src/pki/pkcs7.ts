/**
 * PKCS#7 (RFC 2315) as a bag of certificates: SignedData that nobody signed.
 *
 * @module
 */

import type { Certificate } from './certificate.js';
import { contextTag } from './der.js';
import { encode, encodeInteger, encodeOid, encodeSequence, encodeSetOf } from './der-encode.js';
import { oid } from './oid.js';

/** The certificates in the order given, which readers keep. */
export function encodePkcs7(certificates: readonly Certificate[]): Uint8Array {
  const signedData = encodeSequence(
    encodeInteger(1),
    encodeSetOf(),
    encodeSequence(encodeOid(oid.pkcs7Data)),
    encode(contextTag(0, true), ...certificates.map(({ der }) => der)),
    encodeSetOf(),
  );
  return encodeSequence(encodeOid(oid.pkcs7SignedData), encode(contextTag(0, true), signedData));
}
