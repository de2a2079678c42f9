/**
 * `init`: a new PKI directory with its two CAs.
 *
 * @module
 */

import { createCertificationRequest } from '../pki/certification-request.js';
import { readDer } from '../pki/der.js';
import { generateKeyPair, importSigningKey, keyIdentifier, signatureAlgorithmFor } from '../pki/engine.js';
import { issueCertificate } from '../pki/issue.js';
import { decodePublicKey, describeKey, type KeySpec, keyHash } from '../pki/key.js';
import { encodeName } from '../pki/name.js';
import { oid } from '../pki/oid.js';
import { type CertificateType, caSubject, certificateTypes, requestSubject } from '../pki/profile.js';
import { randomSerial } from '../pki/serial.js';
import { validityFrom } from '../pki/validity.js';
import type { Platform } from '../platform/index.js';
import type { AuditEntry, IssueIntent } from '../store/audit-log.js';
import { caFolder } from '../store/layout.js';
import { type NewCa, requireNoPki, writePkiDirectory } from '../store/pki-directory.js';
import { type CertificateSummary, summarize } from './summary.js';

/** What `init` is to make. */
export interface InitRequest {
  readonly pkiDirectory: string;
  readonly keySpec: KeySpec;
  /** Days that the CA certificates are valid. */
  readonly days: number;
  /** Put new CAs into a directory that exists; CAs that are there are kept under another name. */
  readonly force: boolean;
  /** Called for each CA when its making begins. */
  readonly onProgress?: (type: CertificateType) => void;
}

/** What `init` has made. */
export interface InitResult {
  readonly pkiDirectory: string;
  readonly authorities: readonly {
    readonly type: CertificateType;
    readonly folder: string;
    readonly certificate: CertificateSummary;
  }[];
  /** Where the CAs that were there before are now. */
  readonly kept: readonly string[];
}

/** @throws PKI_EXISTS, FILE_UNWRITABLE */
export async function init(platform: Platform, request: InitRequest): Promise<InitResult> {
  const { pkiDirectory, force } = request;
  // 1. Before minutes are spent on keys: is there room for them?
  requireNoPki(pkiDirectory, force);
  // 2. Both CAs, as values.
  const now = platform.clock.now();
  const cas = await Promise.all(certificateTypes.map((type) => makeCa(platform, request, type, now)));
  // 3. The directory, all at once.
  const kept = await writePkiDirectory(platform, pkiDirectory, cas, force, now);
  // 4. What was made.
  for (const { type, keySpec } of cas) platform.log.write(`made ${type}ca in ${pkiDirectory}, ${describeKey(keySpec)}`);
  const authorities = cas.map(({ type, certificate }) => ({
    type,
    folder: caFolder(pkiDirectory, type),
    certificate: summarize(certificate),
  }));
  return { pkiDirectory, authorities, kept };
}

async function makeCa(
  { crypto, operator }: Platform,
  { keySpec, days, onProgress }: InitRequest,
  type: CertificateType,
  now: Date,
): Promise<NewCa> {
  onProgress?.(type);
  const subject = encodeName(caSubject(type, now));
  const commonName = subject.attributes.at(-1)?.value ?? '';
  const keys = await generateKeyPair(crypto, keySpec);
  const publicKey = decodePublicKey(readDer(keys.spki));
  const serialNumber = randomSerial();
  const validity = validityFrom(now, days);
  const privateKey = { pkcs8: keys.pkcs8, spec: keySpec, publicKey };
  const certificate = await issueCertificate(
    {
      name: subject,
      publicKey,
      keyIdentifier: keyIdentifier(publicKey),
      signingKey: await importSigningKey(crypto, privateKey, signatureAlgorithmFor(keySpec), 'the new CA key'),
      certificate: undefined,
    },
    { profile: 'ca', subject, commonName: undefined, publicKey, serialNumber, validity },
  );
  return {
    type,
    commonName,
    days,
    keySpec,
    pkcs8: keys.pkcs8,
    request: await createCertificationRequest(crypto, {
      subject: careqSubject(type, now),
      dnsName: undefined,
      keys,
      spec: keySpec,
    }),
    certificate,
    nextSerial: randomSerial(),
    audit: auditEntries({
      time: now.toISOString(),
      operator,
      serialNumber,
      type,
      commonName,
      publicKey: keyHash(publicKey),
      notAfter: validity.notAfter.toISOString(),
    }),
  };
}

/** Both entries at once: a CA appears with its whole directory or not at all. */
function auditEntries(made: Omit<IssueIntent, 'action' | 'event'>): AuditEntry[] {
  const { time, operator, serialNumber } = made;
  return [
    { ...made, action: 'init', event: 'intent' },
    { time, operator, serialNumber, action: 'init', event: 'recorded' },
  ];
}

/** The request of a CA names a locality, which its certificate then lacks: the policy of `openssl ca` drops it. */
function careqSubject(type: CertificateType, now: Date) {
  const own = new Map(caSubject(type, now).map((attribute) => [attribute.type, attribute.value] as const));
  return requestSubject('').map((attribute) => ({
    type: attribute.type,
    value: attribute.type === oid.localityName ? attribute.value : (own.get(attribute.type) ?? attribute.value),
  }));
}
