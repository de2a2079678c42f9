/**
 * `import TYPE`: a CA that exists already becomes one of a PKI directory.
 *
 * @module
 */

import { dirname } from 'node:path';
import { OvsPkiError } from '../../errors.js';
import { type Certificate, decodeCertificatesPem } from '../../pki/certificate.js';
import { isKeyPair, signsFor } from '../../pki/engine.js';
import { describeKey, type PublicKey } from '../../pki/key.js';
import { keyFindings } from '../../pki/lint/key-rules.js';
import type { Finding } from '../../pki/lint/rule.js';
import { attributeValues } from '../../pki/name.js';
import { oid } from '../../pki/oid.js';
import { authorityPath } from '../../pki/path.js';
import { isPkcs11Uri } from '../../pki/pkcs11-uri.js';
import { type CertificateType, certificateTypes } from '../../pki/profile.js';
import { randomSerial } from '../../pki/serial.js';
import { defaultDays } from '../../pki/validity.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, openKeyFile, readCa } from '../../store/ca/ca.js';
import { foreignKeyUri, tokenSigningKey } from '../../store/ca/token-key.js';
import { addCa, type NewCa, requireNoCa } from '../../store/change/new-ca.js';
import { renewCaCertificate } from '../../store/change/renew-ca.js';
import { repairCa } from '../../store/history/repair.js';
import { foldersOfIssuer, isSameIssuer } from '../../store/history/shared.js';
import { indexRows } from '../../store/index/row.js';
import { entriesOfCa } from '../../store/journal/audit-log.js';
import { caFolder } from '../../store/layout.js';
import { type CertificateSummary, summarize } from '../summary.js';
import { type PastFiles, readPast } from './import-past.js';

/** Which CA `importCa` is to take, and where it is to go. */
export interface ImportRequest extends PastFiles {
  readonly pkiDirectory: string;
  readonly type: CertificateType;
  /** PEM; what stands behind the first certificate counts as chain. */
  readonly certificateFile: string;
  /** Its private key; or a `pkcs11:` URI (RFC 7512), for one that is in a token and stays there. */
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
  /** It was here before, with the same name and key: index, numbers, CRLs and keys are those that it had. */
  readonly renewed: boolean;
  /** How many certificates it has issued and revoked before, as far as was told. */
  readonly past?: { readonly certificates: number; readonly revoked: number };
  /** The type that has the same CA: one issuer, whose revocations count for both. */
  readonly sharedWith?: CertificateType;
}

/** @throws PKI_EXISTS, CA_UNFIT, KEY_MISMATCH, KEY_ENCRYPTED, PASSPHRASE_WRONG, KEY_TYPE_UNSUPPORTED, FILE_NOT_FOUND */
export async function importCa(platform: Platform, request: ImportRequest): Promise<Imported> {
  const { pkiDirectory, type, certificateFile, chainFile, force } = request;
  // 1. Is there room for it, or is it here already?
  const [first] = certificatesIn(certificateFile);
  const before = sameCaHere(pkiDirectory, type, first);
  if (before === undefined) requireNoCa(pkiDirectory, type, force);
  // 2. The certificate and those above it: would what it signs be valid?
  const at = platform.clock.now();
  const [certificate, ...behind] = certificatesIn(certificateFile);
  const given = [...behind, ...(chainFile === undefined ? [] : certificatesIn(chainFile))];
  const { path, findings } = authorityPath({ certificate, authorities: [certificate, ...given], at });
  const reasons = [...findings, ...certificateFindings(certificate)];
  if (reasons.length > 0) throw unfit(certificateFile, reasons);
  const chain = path.slice(1);
  // 3. Its key.
  const { keySpec, key } = await openCaKey(platform, request, certificate.publicKey);
  // 4. The same CA with another certificate keeps its past; another one comes with its own, all at once.
  const { operator } = platform;
  const audit = entriesOfCa('import', { operator, at, type, certificate });
  const past = await readPast(certificate, request);
  if (before !== undefined && past !== undefined) throw hasPast(before);
  const ca = { ...newCa(type, certificate, chain), keySpec, key, audit, ...(past === undefined ? {} : { past }) };
  const kept = before === undefined ? await addCa(platform, pkiDirectory, ca, force, at) : [];
  if (before !== undefined) await renewCaCertificate(platform, before, { certificate, chain }, audit);
  const imported = readCa(pkiDirectory, type);
  // What the CRL and the certificates tell that the index does not.
  if (past !== undefined) await repairCa(platform, imported);
  const folder = caFolder(pkiDirectory, type);
  platform.log.write(`imported ${certificateFile} into ${folder}, ${describeKey(keySpec)}`);
  return {
    type,
    folder,
    certificate: summarize(certificate),
    chain: chain.map(summarize),
    keyEncrypted: 'passphrase' in key && key.passphrase !== undefined,
    kept,
    renewed: before !== undefined,
    ...(past === undefined ? {} : { past: figuresOf(imported) }),
    ...sharedWith(imported),
  };
}

function newCa(type: CertificateType, certificate: Certificate, chain: readonly Certificate[]) {
  const commonName = attributeValues(certificate.subject, oid.commonName)[0] ?? `${type}ca`;
  return { type, commonName, days: defaultDays, request: undefined, certificate, chain, nextSerial: randomSerial() };
}

/** The CA of the folder, where it has the name and the key of a certificate. */
function sameCaHere(pkiDirectory: string, type: CertificateType, certificate: Certificate): Ca | undefined {
  if (!files.exists(caFolder(pkiDirectory, type))) return undefined;
  try {
    const ca = readCa(pkiDirectory, type);
    return isSameIssuer(ca.certificate, certificate) ? ca : undefined;
  } catch (error) {
    // What is there is no CA that could go on.
    if (error instanceof OvsPkiError) return undefined;
    throw error;
  }
}

function figuresOf({ layout }: Ca): { certificates: number; revoked: number } {
  let [certificates, revoked] = [0, 0];
  for (const { state } of indexRows(layout.index)) {
    certificates++;
    if (state === 'R') revoked++;
  }
  return { certificates, revoked };
}

function sharedWith(ca: Ca): { sharedWith?: CertificateType } {
  const other = certificateTypes.find((type) => type !== ca.type) as CertificateType;
  const folder = caFolder(dirname(ca.layout.folder), other);
  return foldersOfIssuer(ca).some((layout) => layout.folder === folder) ? { sharedWith: other } : {};
}

function hasPast({ layout }: Ca): OvsPkiError {
  return new OvsPkiError('PKI_EXISTS', `${layout.folder} is this CA already, with an index of its own`, {
    hint: `leave --index, --crl and --certificates away; for single certificates: ovs-pki-ts revoke FILE`,
    details: { folder: layout.folder },
  });
}

/** Throws KEY_MISMATCH for one that is not the other half of the public key. */
async function openCaKey(
  platform: Platform,
  { certificateFile, privateKeyFile }: ImportRequest,
  publicKey: PublicKey,
): Promise<Pick<NewCa, 'keySpec' | 'key'>> {
  if (isPkcs11Uri(privateKeyFile)) {
    const { signingKey, keySpec, uri } = await tokenSigningKey(platform, privateKeyFile, publicKey);
    if (!(await signsFor(signingKey, publicKey))) {
      throw new OvsPkiError('KEY_MISMATCH', `the key in the token is not that of ${certificateFile}`, {
        hint: 'see which keys are there: pkcs11-tool --login --list-objects --module FILE',
        details: { uri },
      });
    }
    return { keySpec, key: { uri: foreignKeyUri(uri) } };
  }
  const { privateKey, passphrase } = await openKeyFile(platform, privateKeyFile);
  if (!(await isKeyPair(privateKey, publicKey, privateKeyFile))) {
    throw new OvsPkiError('KEY_MISMATCH', `${privateKeyFile} is not the key of ${certificateFile}`, {
      hint: `compare the two: openssl pkey -pubout -in ${privateKeyFile}; openssl x509 -pubkey -noout -in ${certificateFile}`,
      details: { files: [privateKeyFile, certificateFile] },
    });
  }
  return { keySpec: privateKey.spec, key: { pkcs8: privateKey.pkcs8, passphrase } };
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
