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
import { colonHex, generalNameText } from '../../pki/extension-text.js';
import { describeKey, type PublicKey } from '../../pki/key.js';
import { ipsecFindings } from '../../pki/lint/ipsec-rules.js';
import { requestFindings } from '../../pki/lint/request-rules.js';
import { attributeValues, formatName } from '../../pki/name.js';
import { oid, purposeNames } from '../../pki/oid.js';
import { placesIn } from '../../pki/places.js';
import { formatSerial } from '../../pki/serial.js';
import { isSignedWith, signatureName } from '../../pki/signature.js';
import { summarize } from '../summary.js';
import type {
  Fingerprints,
  ShownCertificate,
  ShownContent,
  ShownCrl,
  ShownEntry,
  ShownKey,
  ShownPeriod,
  ShownRequest,
} from './shown.js';

export type { IkeDaemonName };

/** A list of a stranger can have millions. */
const maximumEntries = 200_000;

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
