/**
 * What results tell of certificates, and how the results of many names are put together.
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';
import type { Certificate } from '../pki/certificate.js';
import { describeKey } from '../pki/key.js';
import { attributeValues, formatName } from '../pki/name.js';
import { oid } from '../pki/oid.js';

/** What one looks at first in a certificate; JSON-safe. */
export interface CertificateSummary {
  /** Hexadecimal, upper case, an even number of digits. */
  readonly serialNumber: string;
  readonly commonName: string;
  readonly subject: string;
  readonly issuer: string;
  /** ISO 8601, UTC. */
  readonly notBefore: string;
  /** ISO 8601, UTC. */
  readonly notAfter: string;
  /** Such as `RSA 3072` or `EC P-256`. */
  readonly key: string;
}

export function summarize(certificate: Certificate): CertificateSummary {
  return {
    serialNumber: certificate.serialNumber,
    commonName: attributeValues(certificate.subject, oid.commonName)[0] ?? '',
    subject: formatName(certificate.subject),
    issuer: formatName(certificate.issuer),
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    key: describeKey(certificate.publicKey),
  };
}

/** What was refused for one name, while the others went on. */
export interface Refused {
  readonly name: string;
  readonly outcome: 'refused';
  readonly error: OvsPkiError;
}

/** Runs an action for one name; a refusal becomes its result, a bug goes on. */
export async function orRefused<T>(name: string, action: () => Promise<T> | T): Promise<T | Refused> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof OvsPkiError)) throw error;
    return asRefused(name, error);
  }
}

export function asRefused(name: string, error: OvsPkiError): Refused {
  return { name, outcome: 'refused', error };
}

/** A certificate that is due, and is not renewed here. */
export interface Skipped {
  readonly name: string;
  readonly outcome: 'skipped';
  readonly reason: string;
}
