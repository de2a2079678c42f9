/**
 * What `show` tells of certificates, requests, CRLs and private keys; JSON-safe.
 *
 * @module
 */

import type { IkeDaemonName } from '../../deploy/ike/daemon.js';
import { forEachName } from '../../deploy/ike/daemons.js';
import type { Certificate } from '../../pki/certificate.js';
import type { CertificationRequest } from '../../pki/certification-request.js';
import type { Content } from '../../pki/content.js';
import type { Crl } from '../../pki/crl.js';
import { toldEntries } from '../../pki/crl-entries.js';
import { digest, digestHex } from '../../pki/digest.js';
import { keyIdentifier } from '../../pki/engine.js';
import { describeKey, type PublicKey } from '../../pki/key.js';
import { ipsecFindings } from '../../pki/lint/ipsec-rules.js';
import { requestFindings } from '../../pki/lint/request-rules.js';
import type { Finding } from '../../pki/lint/rule.js';
import { attributeValues, formatName } from '../../pki/name.js';
import { oid, purposeNames } from '../../pki/oid.js';
import { placesIn } from '../../pki/places.js';
import { formatSerial } from '../../pki/serial.js';
import { isSignedWith, signatureName } from '../../pki/signature.js';
import { colonHex, generalNameText } from '../../pki/text.js';
import { summarize } from '../summary.js';

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
export type { IkeDaemonName };

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

/** A list of a stranger can have millions. */
const maximumEntries = 200_000;

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

export function shownContent(content: Content, now: Date): ShownContent {
  switch (content.kind) {
    case 'certificate':
      return shownCertificate(content.certificate, now);
    case 'certification request':
      return shownRequest(content.request);
    case 'CRL':
      return shownCrl(content.crl, now);
    case 'private key':
      return shownKey(content.publicKey, content.encrypted);
  }
}

function shownCertificate(certificate: Certificate, now: Date): ShownCertificate {
  const { subjectKeyIdentifier: own, authorityKeyIdentifier: authority, keyUsage, extKeyUsage } = certificate;
  return {
    kind: 'certificate',
    ...summarize(certificate),
    ca: certificate.basicConstraints?.ca === true,
    subjectAltName: (certificate.subjectAltName ?? []).map(generalNameText),
    validity: periodAt(certificate.notBefore, certificate.notAfter, now),
    signatureAlgorithm: signatureName(certificate),
    fingerprints: fingerprintsOf(certificate.der),
    ...(own === undefined ? {} : { subjectKeyIdentifier: colonHex(own) }),
    ...(authority === undefined ? {} : { authorityKeyIdentifier: colonHex(authority) }),
    ...(keyUsage === undefined ? {} : { keyUsage }),
    ...(extKeyUsage === undefined ? {} : { extKeyUsage: extKeyUsage.map((usage) => purposeNames.get(usage) ?? usage) }),
    ...placesIn(certificate),
    ipsec: forEachName((daemon) => ipsecFindings(certificate, now, daemon)),
  };
}

function shownRequest(request: CertificationRequest): ShownRequest {
  const { publicKey, subject } = request;
  const reasons = requestFindings(request, {
    name: undefined,
    possessionProved: isSignedWith(publicKey, request),
    caOrganization: attributeValues(subject, oid.organizationName)[0],
    keyCertifiedFor: undefined,
    keyRevoked: undefined,
    isCaKey: false,
  });
  return {
    kind: 'certification request',
    commonName: request.commonNames[0] ?? '',
    subjectAltName: (request.subjectAltName ?? []).map(generalNameText),
    subject: formatName(subject),
    key: describeKey(publicKey),
    keyIdentifier: colonHex(keyIdentifier(publicKey)),
    signatureAlgorithm: signatureName(request),
    fingerprints: fingerprintsOf(request.der),
    reasons,
  };
}

function shownCrl(crl: Crl, now: Date): ShownCrl {
  const { thisUpdate, nextUpdate, crlNumber } = crl;
  return {
    kind: 'CRL',
    issuer: formatName(crl.issuer),
    ...(crlNumber === undefined ? {} : { crlNumber: formatSerial(crlNumber) }),
    thisUpdate: thisUpdate.toISOString(),
    ...(nextUpdate === undefined ? {} : { nextUpdate: nextUpdate.toISOString() }),
    validity: periodAt(thisUpdate, nextUpdate ?? lastTime, now),
    revoked: crl.revoked.size,
    entries: shownEntries(crl),
    signatureAlgorithm: signatureName(crl),
    fingerprints: fingerprintsOf(crl.der),
  };
}

function shownEntries(crl: Crl): ShownEntry[] {
  const entries: ShownEntry[] = [];
  for (const { serialNumber, revokedAt, reason, invalidityDate } of toldEntries(crl)) {
    if (entries.length === maximumEntries) break;
    entries.push({
      serialNumber,
      revokedAt: revokedAt.toISOString(),
      ...(reason === undefined ? {} : { reason }),
      ...(invalidityDate === undefined ? {} : { invalidityDate: invalidityDate.toISOString() }),
    });
  }
  return entries;
}

function shownKey(publicKey: PublicKey, encrypted: boolean): ShownKey {
  return {
    kind: 'private key',
    key: describeKey(publicKey),
    encrypted,
    keyIdentifier: colonHex(keyIdentifier(publicKey)),
    publicKeySha256: digestHex('sha256', publicKey.spki),
  };
}

/** The last time that X.509 can name (RFC 5280, section 4.1.2.5): no end. */
const lastTime = new Date('9999-12-31T23:59:59Z');

function periodAt(from: Date, to: Date, now: Date): ShownPeriod {
  const until = (date: Date): number => Math.trunc((date.getTime() - now.getTime()) / 1000);
  if (now < from) return { state: 'not yet valid', seconds: until(from) };
  return { state: now > to ? 'expired' : 'valid', seconds: until(to) };
}

function fingerprintsOf(der: Uint8Array): Fingerprints {
  return { sha256: colonHex(digest('sha256', der)), sha1: colonHex(digest('sha1', der)) };
}
