/**
 * What `show` tells of a certificate, a request, a CRL or a key.
 *
 * @module
 */

import type { IkeDaemonName } from '../../deploy/ike/daemon.js';
import type { Finding } from '../../pki/lint/rule.js';
import type { summarize } from '../summary.js';

/** One thing that a file holds. */
export type ShownContent = ShownCertificate | ShownRequest | ShownCrl | ShownKey;

/** A period, and where it stands now. */
export interface ShownPeriod {
  readonly state: 'valid' | 'expired' | 'not yet valid';
  /** Seconds to its end, below zero where that has passed; seconds to its beginning where that has not come. */
  readonly seconds: number;
}

/** Why a certificate would not work with each IKE daemon; nothing where it would. */
export type IpsecFindings = Readonly<Record<IkeDaemonName, readonly Finding[]>>;

/** What `show` tells of a certificate. */
export interface ShownCertificate extends ReturnType<typeof summarize> {
  readonly kind: 'certificate';
  readonly ca: boolean;
  readonly subjectAltName: readonly string[];
  readonly validity: ShownPeriod;
  readonly signatureAlgorithm: string;
  readonly fingerprints: Fingerprints;
  readonly subjectKeyIdentifier?: string;
  readonly authorityKeyIdentifier?: string;
  readonly keyUsage?: readonly string[];
  readonly extKeyUsage?: readonly string[];
  /** Where it says that the CRL is (cRLDistributionPoints); nobody has looked there. */
  readonly crlUrls?: readonly string[];
  /** Where it says that the certificate of its CA is (authorityInfoAccess). */
  readonly caUrls?: readonly string[];
  /** Why it would not work with Open vSwitch's IPsec (a CA certificate: as `ca_cert`), with each IKE daemon. */
  readonly ipsec: IpsecFindings;
}

/** What `show` tells of a certification request. */
export interface ShownRequest {
  readonly kind: 'certification request';
  readonly commonName: string;
  readonly subjectAltName: readonly string[];
  readonly subject: string;
  readonly key: string;
  readonly keyIdentifier: string;
  readonly signatureAlgorithm: string;
  readonly fingerprints: Fingerprints;
  /** Why `sign` would refuse it; what depends on the CA is not looked at. */
  readonly reasons: readonly Finding[];
}

/** What `show` tells of a CRL. */
export interface ShownCrl {
  readonly kind: 'CRL';
  readonly issuer: string;
  /** Hexadecimal, upper case, an even number of digits, as `crl` tells it. */
  readonly crlNumber?: string;
  readonly thisUpdate: string;
  readonly nextUpdate?: string;
  readonly validity: ShownPeriod;
  /** How many certificates are revoked. */
  readonly revoked: number;
  /** Which, in the order of the list: at most the first 200,000. */
  readonly entries: readonly ShownEntry[];
  readonly signatureAlgorithm: string;
  readonly fingerprints: Fingerprints;
}

/** What a CRL says of one certificate. */
export interface ShownEntry {
  readonly serialNumber: string;
  /** ISO 8601, UTC. */
  readonly revokedAt: string;
  /** Where the list says it, such as `keyCompromise`. */
  readonly reason?: string;
  /** ISO 8601, UTC: since when the key is known or suspected to be compromised. */
  readonly invalidityDate?: string;
}

/** What `show` tells of a private key: what is public of it. */
export interface ShownKey {
  readonly kind: 'private key';
  readonly key: string;
  readonly encrypted: boolean;
  readonly keyIdentifier: string;
  /** SHA-256 of the SubjectPublicKeyInfo, by which keys, requests and certificates find each other. */
  readonly publicKeySha256: string;
}

/** Digests of the DER, by which two people compare what they have. */
export interface Fingerprints {
  /** `AB:CD:…`, of the DER. */
  readonly sha256: string;
  readonly sha1: string;
}
