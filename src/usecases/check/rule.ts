/**
 * What `check` looks for: every rule in one table, and the form of what it finds.
 *
 * @module
 */

import type { CertificateType } from '../../pki/profile.js';

/** What is looked for. docs/check.md has these rows. */
export const checkRules = {
  'leaf-expiry': 'a certificate ends soon or has expired, and there is no newer one of the same name',
  'ca-expiry': 'a CA certificate ends soon, has expired, or is not valid yet',
  'ca-revoked': 'the CRL of a CA above revokes a CA certificate: nothing below it is valid',
  'ca-before-leaf':
    'a CA certificate ends within twelve times --warn, and certificates that it has signed not before it',
  'rollover-open': 'a rollover has been under way for longer than --warn',
  'request-open':
    'a key waits for its certificate, which another CA is to sign: the request was made and nothing came of it yet',
  'without-host': 'a certificate is valid, and no host of the inventory has its name',
  'crl-missing': 'certificates are revoked, and the CA has no CRL',
  'crl-expiry': 'the next update of a CRL is near or has passed',
  'crl-behind': 'certificates are revoked in index.txt and not on the CRL',
  'revocation-lost': 'a certificate is revoked by a CRL or by audit.log, and not in index.txt',
  'release-lost': 'a certificate is on hold in index.txt, and audit.log has its release',
  'certificate-lost': 'newcerts/ or audit.log has a certificate that index.txt does not know',
  'number-missing': 'serial or crlnumber is missing or holds no number: no CRL can be made, openssl ca does not run',
  'config-missing': 'ca.cnf is missing: openssl ca and ovs-pki do not run',
  'config-behind': 'ca.cnf was not made for profile.conf as that is now: openssl ca goes by another profile',
  'profile-invalid': 'profile.conf cannot be read: nothing is signed',
  'crl-number-behind': 'the number of the next CRL is one that a CRL has had',
  'crl-older': 'crl.pem is not the last CRL that was made',
  'serial-used': 'the serial number of the next certificate of "openssl ca" is one that a certificate has',
  'register-behind': 'keys/ lacks the key of a certificate, and says that it is up to date',
  'ca-certificate-older': 'cacert.pem is not the certificate that the CA had last',
  'weak-key': 'a key is too short, or not of a kind that is used',
  'weak-signature': 'a signature was made with SHA-1 or MD5',
  'key-mismatch': 'a private key is not the one of the certificate beside it, or is damaged',
  'ca-key-missing': 'the private key of a CA is not in its place: nothing can be signed, renewed or put on a CRL',
  'key-exposed': 'a private key can be read by others than its owner',
  'not-issued-here': 'no CA of the PKI directory has signed a NAME-cert.pem in the current folder',
  'nothing-to-check': 'a file that was named holds no certificate and no CRL',
  'unique-subject':
    'index.txt.attr takes one certificate of a subject, and index.txt has several: openssl ca does not run',
  'certificate-damaged': 'a NAME-cert.pem in the current folder is no certificate, or only a part of one',
  'copy-missing': 'newcerts/ lacks the newest certificate of a name',
  'copy-unreadable': 'the copy in newcerts/ of the newest certificate of a name is damaged',
} as const;

/** One of the names of {@link checkRules}. */
export type CheckRule = keyof typeof checkRules;

/** One thing that is due or wrong. */
export interface CheckReason {
  readonly rule: CheckRule;
  readonly severity: 'warning' | 'critical';
  /** Of the CA that it concerns, if it concerns one. */
  readonly type?: CertificateType;
  /** The name of a host, or a file. */
  readonly about: string;
  /** A sentence, without what it is about. */
  readonly message: string;
  /** ISO 8601, UTC: when what ends ends. */
  readonly at?: string;
}

export function warning(rule: CheckRule, about: string, message: string, at?: number): CheckReason {
  return { rule, severity: 'warning', about, message, ...(at === undefined ? {} : { at: new Date(at).toISOString() }) };
}

export function critical(rule: CheckRule, about: string, message: string, at?: number): CheckReason {
  return { ...warning(rule, about, message, at), severity: 'critical' };
}
