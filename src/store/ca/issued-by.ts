/**
 * Whether a certificate is one of a CA: of the one that signs, or of the other one of its rollover.
 *
 * @module
 */

import type { Certificate } from '../../pki/certificate.js';
import { equalBytes } from '../../pki/der.js';
import { isSignedWith } from '../../pki/signature.js';
import type { Ca } from './ca.js';

/** Also by the other CA of a rollover, which has the same name. */
export function isIssuedBy(certificate: Certificate, ca: Ca): boolean {
  return isSignedBy(certificate, ca) || isOfOther(certificate, ca);
}

/** Whether the CA of a rollover that does not sign now has signed it: it is to be replaced. */
export function isOfOther(certificate: Certificate, { other }: Ca): boolean {
  return other !== undefined && isSignedBy(certificate, other);
}

function isSignedBy(certificate: Certificate, ca: Ca): boolean {
  const sameName = equalBytes(certificate.issuer.der, ca.certificate.subject.der);
  return sameName && isSignedWith(ca.certificate.publicKey, certificate);
}
