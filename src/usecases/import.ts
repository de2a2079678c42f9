/**
 * `import TYPE`: a CA that exists already becomes one of a PKI directory.
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';
import { type Certificate, decodeCertificatesPem } from '../pki/certificate.js';
import { isKeyPair } from '../pki/engine.js';
import { describeKey } from '../pki/key.js';
import { keyFindings } from '../pki/lint/key-rules.js';
import type { Finding } from '../pki/lint/rule.js';
import { attributeValues } from '../pki/name.js';
import { oid } from '../pki/oid.js';
import { authorityPath } from '../pki/path.js';
import type { CertificateType } from '../pki/profile.js';
import { randomSerial } from '../pki/serial.js';
import { defaultDays } from '../pki/validity.js';
import * as files from '../platform/files.js';
import type { Platform } from '../platform/index.js';
import { entriesOfCa } from '../store/audit-log.js';
import { caFolder } from '../store/layout.js';
import { addCa, openKeyFile, requireNoCa } from '../store/pki-directory.js';
import { type CertificateSummary, summarize } from './summary.js';

/** Which CA `importCa` is to take, and where it is to go. */
export interface ImportRequest {
  readonly pkiDirectory: string;
  readonly type: CertificateType;
  /** PEM; what stands behind the first certificate counts as chain. */
  readonly certificateFile: string;
  readonly privateKeyFile: string;
  /** The certificates above it, in any order. */
  readonly chainFile?: string;
  /** A CA that is there is kept under another name; otherwise that is refused. */
  readonly force: boolean;
}

/** What was imported. */
export interface Imported {
  readonly type: CertificateType;
  readonly folder: string;
  readonly certificate: CertificateSummary;
  /** Those above it, the root last. */
  readonly chain: readonly CertificateSummary[];
  /** Whether its key is encrypted here: with the passphrase that opened it, if it had one. */
  readonly keyEncrypted: boolean;
  /** Where the CA that was there before is now. */
  readonly kept: readonly string[];
}

/** @throws PKI_EXISTS, CA_UNFIT, KEY_MISMATCH, KEY_ENCRYPTED, PASSPHRASE_WRONG, KEY_TYPE_UNSUPPORTED, FILE_NOT_FOUND */
export async function importCa(platform: Platform, request: ImportRequest): Promise<Imported> {
  const { pkiDirectory, type, certificateFile, privateKeyFile, chainFile, force } = request;
  // 1. Is there room for it?
  requireNoCa(pkiDirectory, type, force);
  // 2. The certificate and those above it: would what it signs be valid?
  const at = platform.clock.now();
  const [certificate, ...behind] = certificatesIn(certificateFile);
  const given = [...behind, ...(chainFile === undefined ? [] : certificatesIn(chainFile))];
  const { path, findings } = authorityPath({ certificate, authorities: [certificate, ...given], at });
  const reasons = [...findings, ...certificateFindings(certificate)];
  if (reasons.length > 0) throw unfit(certificateFile, reasons);
  const chain = path.slice(1);
  // 3. Its key.
  const { privateKey, passphrase } = await openKeyFile(platform, privateKeyFile);
  if (!(await isKeyPair(privateKey, certificate.publicKey, privateKeyFile))) {
    throw new OvsPkiError('KEY_MISMATCH', `${privateKeyFile} is not the key of ${certificateFile}`, {
      hint: `compare the two: openssl pkey -pubout -in ${privateKeyFile}; openssl x509 -pubkey -noout -in ${certificateFile}`,
      details: { files: [privateKeyFile, certificateFile] },
    });
  }
  // 4. The CA, all at once.
  const { operator } = platform;
  const ca = {
    type,
    commonName: attributeValues(certificate.subject, oid.commonName)[0] ?? `${type}ca`,
    days: defaultDays,
    keySpec: privateKey.spec,
    pkcs8: privateKey.pkcs8,
    passphrase,
    request: undefined,
    certificate,
    chain,
    nextSerial: randomSerial(),
    audit: entriesOfCa('import', { operator, at, type, certificate }),
  };
  const kept = await addCa(platform, pkiDirectory, ca, force, at);
  const folder = caFolder(pkiDirectory, type);
  platform.log.write(`imported ${certificateFile} into ${folder}, ${describeKey(privateKey.spec)}`);
  return {
    type,
    folder,
    certificate: summarize(certificate),
    chain: chain.map(summarize),
    keyEncrypted: passphrase !== undefined,
    kept,
  };
}

function certificatesIn(file: string): [Certificate, ...Certificate[]] {
  return decodeCertificatesPem(files.readFile(file).toString('latin1'), file);
}

function certificateFindings({ publicKey, subject, subjectKeyIdentifier }: Certificate): Finding[] {
  const findings = [...keyFindings(publicKey)];
  if (subject.attributes.length === 0) {
    findings.push({ rule: 'subject', citation: 'RFC 5280, section 4.1.2.6', message: 'its subject is empty' });
  }
  // Without it "openssl ca" makes no certificate and no list in the directory.
  if (subjectKeyIdentifier === undefined) {
    const message = 'it has no subjectKeyIdentifier';
    findings.push({ rule: 'key-identifier', citation: 'RFC 5280, section 4.2.1.2', message });
  }
  return findings;
}

function unfit(file: string, reasons: readonly Finding[]): OvsPkiError {
  const isIncomplete = reasons.some(({ rule }) => rule === 'issuer');
  const list = reasons.map(({ message }) => message).join('; ');
  return new OvsPkiError('CA_UNFIT', `${file} cannot be a CA here: ${list}`, {
    hint: isIncomplete
      ? 'give the certificates above it, up to a root that signed itself: --chain FILE'
      : `see what is in it: openssl x509 -noout -text -in ${file}`,
    details: { file, reasons },
  });
}
