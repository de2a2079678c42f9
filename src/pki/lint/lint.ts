/**
 * The gate before every signature.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { type Certificate, decodeCertificate } from '../certificate.js';
import { decodeCrlFrame } from '../crl.js';
import { encodeBitString, encodeSequence } from '../der-encode.js';
import { type CertificateContext, certificateRules } from './certificate-rules.js';
import { type CrlContext, crlRules, readEntries } from './crl-rules.js';
import { type Finding, findingsOf } from './rule.js';

declare const linted: unique symbol;

/** A TBSCertificate that breaks no rule: the only value that the signing code takes. */
export interface LintedCertificate {
  readonly [linted]: true;
  /** What was read of it, with a zero byte in place of the signature. */
  readonly certificate: Certificate;
}

/**
 * Reads what would be signed as a relying party would and holds it against every rule. Throws LINT_FAILED with all
 * findings.
 *
 * @param toBeSigned the DER of a TBSCertificate
 * @param algorithm the DER of the AlgorithmIdentifier that the signature will have
 */
export function lintCertificate(
  toBeSigned: Uint8Array,
  algorithm: Uint8Array,
  context: CertificateContext,
): LintedCertificate {
  const certificate = readUnsigned(toBeSigned, algorithm);
  requireNone(
    findingsOf(certificateRules, certificate, context),
    'certificate',
    'the name, the key and the CA certificate',
  );
  return { certificate } as LintedCertificate;
}

/** A TBSCertList that breaks no rule: the only value that the signing code takes. */
export interface LintedCrl {
  readonly [linted]: true;
  readonly toBeSigned: Uint8Array;
}

/**
 * Reads a CRL as a relying party would and holds it against every rule. Throws LINT_FAILED with all findings.
 *
 * @param toBeSigned the DER of a TBSCertList
 * @param algorithm the DER of the AlgorithmIdentifier that the signature will have
 */
export function lintCrl(toBeSigned: Uint8Array, algorithm: Uint8Array, context: CrlContext): LintedCrl {
  requireNone(crlFindings(toBeSigned, algorithm, context), 'CRL', 'index.txt, crlnumber and the CA certificate');
  return { toBeSigned } as LintedCrl;
}

/** The findings alone, for a look without a verdict. */
export function crlFindings(toBeSigned: Uint8Array, algorithm: Uint8Array, context: CrlContext): Finding[] {
  return findingsOf(crlRules, readEntries(decodeCrlFrame(unsigned(toBeSigned, algorithm))), context);
}

function requireNone(findings: readonly Finding[], what: string, lookAt: string): void {
  if (findings.length === 0) return;
  const count = findings.length === 1 ? 'a rule' : `${findings.length} rules`;
  throw new OvsPkiError(
    'LINT_FAILED',
    `the ${what} would break ${count}: ${findings.map(({ message }) => message).join('; ')}`,
    { details: { reasons: findings }, hint: `nothing was signed; look at ${lookAt}` },
  );
}

/** The findings alone, for a look without a verdict. */
export function lintFindings(toBeSigned: Uint8Array, algorithm: Uint8Array, context: CertificateContext): Finding[] {
  return findingsOf(certificateRules, readUnsigned(toBeSigned, algorithm), context);
}

function readUnsigned(toBeSigned: Uint8Array, algorithm: Uint8Array): Certificate {
  return decodeCertificate(unsigned(toBeSigned, algorithm));
}

/** The signature does not exist yet; a zero byte stands in its place so that the whole can be read. */
function unsigned(toBeSigned: Uint8Array, algorithm: Uint8Array): Uint8Array {
  return encodeSequence(toBeSigned, algorithm, encodeBitString(Uint8Array.of(0)));
}
