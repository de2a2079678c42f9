/**
 * A PKI directory: two CAs, each a folder that `openssl ca` and ovs-pki can go on using.
 *
 * @module
 */

import { join, resolve } from 'node:path';
import { OvsPkiError } from '../errors.js';
import { type Certificate, decodeCertificatesPem } from '../pki/certificate.js';
import { encodeOid, encodeSequence, encodeText, equalBytes, tag } from '../pki/der.js';
import { decodeEncryptedPrivateKey, encodeEncryptedPrivateKey } from '../pki/encrypted-key.js';
import { importSigningKey, keyIdentifier, signatureAlgorithmFor } from '../pki/engine.js';
import type { Issuer } from '../pki/issue.js';
import { decodePrivateKey, encodePrivateKey, type KeySpec, type PrivateKey } from '../pki/key.js';
import { attributeValues, maximumCommonName } from '../pki/name.js';
import { oid } from '../pki/oid.js';
import { encodePem } from '../pki/pem.js';
import { type CertificateType, certificateTypes, organization } from '../pki/profile.js';
import { formatSerial, type SerialNumber } from '../pki/serial.js';
import { certificateFileText } from '../pki/text.js';
import * as files from '../platform/files.js';
import type { Platform } from '../platform/index.js';
import { fillTemplate } from '../platform/templates.js';
import { type AuditEntry, appendAudit } from './audit-log.js';
import { appendIndexRows, indexRowFor } from './index-txt.js';
import { type CaLayout, caFolder, caLayout, generationLayout, issuedCertificateFile } from './layout.js';
import { withLock } from './lock.js';
import { type RolloverPhase, rolloverPhase } from './rollover-phase.js';

/** A CA of a PKI directory whose certificate has been read. */
export interface Ca {
  readonly type: CertificateType;
  readonly layout: CaLayout;
  readonly certificate: Certificate;
  /** What stands in cacert.pem after the CA's own certificate. */
  readonly chain: readonly Certificate[];
  readonly organization: string | undefined;
  /** Of cacert.pem when it was read. */
  readonly stamp: string | undefined;
  /** While the key of the CA is rolled over: the other of the two, which does not sign now. */
  readonly other?: Ca;
}

/** What a new CA is made of. */
export interface NewCa {
  readonly type: CertificateType;
  readonly commonName: string;
  readonly days: number;
  readonly keySpec: KeySpec;
  readonly pkcs8: Uint8Array;
  /** What its key file is encrypted with. */
  readonly passphrase: string | undefined;
  /** DER of the request that the CA certificate answers; undefined for a CA that comes from elsewhere. */
  readonly request: Uint8Array | undefined;
  readonly certificate: Certificate;
  /** Those above it, up to a root. */
  readonly chain: readonly Certificate[];
  /** The number that `openssl ca` gives to the next certificate that it issues here. */
  readonly nextSerial: SerialNumber;
  readonly audit: readonly AuditEntry[];
}

/** Throws PKI_NOT_FOUND unless there is a folder. */
export function requirePkiDirectory(pkiDirectory: string): void {
  if (files.isFolder(pkiDirectory)) return;
  const there = files.exists(pkiDirectory);
  throw new OvsPkiError('PKI_NOT_FOUND', `${pkiDirectory} ${there ? 'is not a directory' : 'does not exist'}`, {
    hint: 'make a PKI with "ovs-pki-ts init", or name the place of one with --dir',
    details: { directory: pkiDirectory },
  });
}

/** Reads the certificate of a CA. Throws PKI_NOT_FOUND or PKI_CORRUPT. */
export function readCa(pkiDirectory: string, type: CertificateType): Ca {
  requirePkiDirectory(pkiDirectory);
  const layout = caLayout(caFolder(pkiDirectory, type));
  const phase = rolloverPhase(layout);
  try {
    const ca = readGenerations(layout, type, phase);
    if (rolloverPhase(layout) === phase) return ca;
  } catch (error) {
    if (rolloverPhase(layout) === phase) throw error;
  }
  // A step of a rollover was made between two of the files.
  return readCa(pkiDirectory, type);
}

function readGenerations(layout: CaLayout, type: CertificateType, phase: RolloverPhase | undefined): Ca {
  const ca = readCaAt(layout, type);
  if (phase === undefined) return ca;
  const other = readCaAt(generationLayout(layout, phase === 'prepared' ? 'new' : 'old'), type);
  // Its list has a file of its own, beside that of the one that signs.
  const crl = generationCrlFile(layout, other.certificate);
  return { ...ca, other: { ...other, layout: { ...other.layout, crl } } };
}

/**
 * What hosts are to trust: the CA and what stands above it, and during a rollover the same of the other one. The older of
 * the two comes first: where a certificate does not tell the key of its issuer, as those made with OpenSSL before 3.0,
 * OpenSSL takes the first CA of that name.
 */
export function trustedBy({ other, ...signing }: Ca): [Certificate, ...Certificate[]] {
  if (other?.layout.certificate === generationLayout(signing.layout, 'old').certificate) {
    return trustedBy({ ...other, other: signing });
  }
  const { certificate, chain } = signing;
  const more = [...chain, ...(other === undefined ? [] : [other.certificate, ...other.chain])];
  const isNew = (item: Certificate, at: number): boolean =>
    more.findIndex(({ der }) => equalBytes(der, item.der)) === at && !equalBytes(item.der, certificate.der);
  return [certificate, ...more.filter(isNew)];
}

/** The list of the one of two CAs that does not sign; readers of lists find it there. */
export function generationCrlFile({ crlFolder }: CaLayout, certificate: Certificate): string {
  return join(crlFolder, `${keyIdentifierHex(certificate)}.pem`);
}

/** The key identifier of a CA, hexadecimal: what tells two of one name apart. */
export function keyIdentifierHex({ subjectKeyIdentifier, publicKey }: Certificate): string {
  return Buffer.from(subjectKeyIdentifier ?? keyIdentifier(publicKey)).toString('hex');
}

function readCaAt(layout: CaLayout, type: CertificateType): Ca {
  const stamp = files.stampOf(layout.certificate)?.stamp;
  const [certificate, ...chain] = reading(layout, layout.certificate, (pem) =>
    decodeCertificatesPem(pem, layout.certificate),
  );
  return {
    type,
    layout,
    certificate,
    chain,
    organization: attributeValues(certificate.subject, oid.organizationName)[0],
    stamp,
  };
}

/** Between the reading of the CA and the lock, `init --force` can have put another one in its place. */
export function requireSameCa({ layout, stamp }: Ca): void {
  if (files.stampOf(layout.certificate)?.stamp === stamp) return;
  throw new OvsPkiError('KEY_MISMATCH', `${layout.folder} was replaced while it was waited for; nothing was done`, {
    hint: 'run the command again, if the new CA is the one that is meant',
    details: { folder: layout.folder },
  });
}

/**
 * Reads and imports the key of a CA. An encrypted one is opened once for each {@link Ca} that was read.
 *
 * @throws PKI_CORRUPT, KEY_MISMATCH, KEY_ENCRYPTED, PASSPHRASE_WRONG or KEY_TYPE_UNSUPPORTED
 */
export function openIssuer(platform: Platform, ca: Ca): Promise<Issuer> {
  const known = issuers.get(ca);
  if (known !== undefined) return known;
  const issuer = readIssuer(platform, ca);
  issuers.set(ca, issuer);
  return issuer;
}

const issuers = new WeakMap<Ca, Promise<Issuer>>();

async function readIssuer(platform: Platform, ca: Ca): Promise<Issuer> {
  const { certificate } = ca;
  const file = ca.layout.privateKey;
  const { privateKey } = await readCaKey(platform, ca);
  return {
    name: certificate.subject,
    publicKey: certificate.publicKey,
    keyIdentifier: certificate.subjectKeyIdentifier ?? keyIdentifier(certificate.publicKey),
    signingKey: await importSigningKey(platform.crypto, privateKey, signatureAlgorithmFor(privateKey.spec), file),
    certificate,
  };
}

/** A private key and the passphrase that opened it, if it has one. */
export interface OpenedKey {
  readonly privateKey: PrivateKey;
  readonly passphrase: string | undefined;
}

/** Reads the key of a CA, opened where it is encrypted. Throws what {@link openIssuer} throws. */
export async function readCaKey(platform: Platform, ca: Ca): Promise<OpenedKey> {
  const { layout, certificate } = ca;
  const file = layout.privateKey;
  const opened = await openKeyFile(platform, file).catch((error: unknown) => {
    requireSameCa(ca);
    throw asPkiError(layout, file, error);
  });
  const { publicKey } = opened.privateKey;
  if (publicKey !== undefined && !equalBytes(publicKey.spki, certificate.publicKey.spki)) {
    requireSameCa(ca);
    throw new OvsPkiError('KEY_MISMATCH', `${file} is not the key of ${layout.certificate}`, {
      hint: 'put the two back from the same backup',
      details: { file },
    });
  }
  return opened;
}

/** Reads a private key file, and asks for the passphrase of an encrypted one. */
export async function openKeyFile({ passphrase }: Platform, file: string): Promise<OpenedKey> {
  const pem = files.readFile(file).toString('latin1');
  try {
    return { privateKey: decodePrivateKey(pem, file), passphrase: undefined };
  } catch (error) {
    if (!(error instanceof OvsPkiError) || error.code !== 'KEY_ENCRYPTED' || passphrase === undefined) throw error;
  }
  const given = await passphrase(file);
  return { privateKey: decodeEncryptedPrivateKey(pem, given, file), passphrase: given };
}

/** A private key file: encrypted where there is a passphrase. */
export function keyFileText(pkcs8: Uint8Array, passphrase: string | undefined): string {
  return passphrase === undefined ? encodePrivateKey(pkcs8) : encodeEncryptedPrivateKey(pkcs8, passphrase);
}

/**
 * Puts new CAs into a PKI directory. All of it is written beside the place first: it appears there complete or not at
 * all. CAs that are there already are kept under another name, and only with `force`.
 *
 * @returns the folders that old CAs were moved to
 * @throws PKI_EXISTS
 */
export async function writePkiDirectory(
  platform: Platform,
  pkiDirectory: string,
  cas: readonly NewCa[],
  force: boolean,
  at: Date,
): Promise<string[]> {
  const place = resolve(pkiDirectory);
  requireNoPki(place, force);
  const beside = files.makeFolderBeside(place);
  try {
    for (const ca of cas) writeCa(caLayout(caFolder(beside, ca.type)), ca, at);
    // Without force, what has come there since the check is another init's: the move below fails on it.
    if (force && files.isFolder(place)) return await replaceCas(platform, place, beside, cas, at);
    files.openFolderMode(beside);
    files.moveFolder(beside, place);
    return [];
  } catch (error) {
    throw error instanceof OvsPkiError && error.code === 'FILE_EXISTS' ? existsError(place, error) : error;
  } finally {
    files.remove(beside);
  }
}

/**
 * Puts one CA into a PKI directory, beside the other one or into a new directory, as a whole. One that is there already is
 * kept under another name, and only with `force`.
 *
 * @returns the folder that the old CA was moved to, if there was one
 * @throws PKI_EXISTS
 */
export async function addCa(
  platform: Platform,
  pkiDirectory: string,
  ca: NewCa,
  force: boolean,
  at: Date,
): Promise<string[]> {
  const place = resolve(pkiDirectory);
  requireNoCa(place, ca.type, force);
  if (!files.exists(place)) return writePkiDirectory(platform, place, [ca], false, at);
  const beside = files.makeFolderBeside(place);
  try {
    writeCa(caLayout(caFolder(beside, ca.type)), ca, at);
    if (force) return await replaceCas(platform, place, beside, [ca], at);
    files.moveFolder(caFolder(beside, ca.type), caFolder(place, ca.type));
    return [];
  } finally {
    files.remove(beside);
  }
}

/** Throws PKI_EXISTS where there is such a CA and `force` was not given, or no directory that could hold one. */
export function requireNoCa(pkiDirectory: string, type: CertificateType, force: boolean): void {
  const folder = caFolder(pkiDirectory, type);
  if (files.exists(pkiDirectory) && !files.isFolder(pkiDirectory)) requireNoPki(pkiDirectory, true);
  if (force || !files.exists(folder)) return;
  throw new OvsPkiError('PKI_EXISTS', `${folder} already exists`, {
    hint: 'choose another --dir, or give --force to put the CA there (the old one is kept under another name)',
    details: { folder },
  });
}

/** Throws PKI_EXISTS where something is at that place and `force` was not given. */
export function requireNoPki(pkiDirectory: string, force: boolean): void {
  if (!files.exists(pkiDirectory)) return;
  if (!force) throw existsError(pkiDirectory);
  if (!files.isFolder(pkiDirectory)) {
    throw new OvsPkiError('PKI_EXISTS', `${pkiDirectory} exists and is not a directory`, {
      hint: 'choose another --dir',
    });
  }
}

async function replaceCas(
  platform: Platform,
  place: string,
  beside: string,
  cas: readonly NewCa[],
  at: Date,
): Promise<string[]> {
  const suffix = `old-${at.toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
  const kept: string[] = [];
  for (const { type } of cas) {
    const folder = caFolder(place, type);
    if (files.exists(folder)) {
      const old = `${folder}.${suffix}`;
      const moveAway = async (): Promise<void> => {
        files.moveFolder(folder, old);
        files.remove(caLayout(old).lock);
      };
      // Nobody may be signing with the CA that goes.
      if (files.isFolder(folder)) await withLock(platform, caLayout(folder).lock, moveAway);
      else await moveAway();
      kept.push(old);
    }
    files.moveFolder(caFolder(beside, type), folder);
  }
  return kept;
}

function writeCa(layout: CaLayout, ca: NewCa, at: Date): void {
  files.makeFolder(layout.folder);
  for (const folder of [layout.certsFolder, layout.crlFolder, layout.newCertificates]) files.makeFolder(folder);
  files.makeFolder(layout.privateFolder, 0o700);
  files.createFile(layout.privateKey, keyFileText(ca.pkcs8, ca.passphrase), 0o600);
  appendAudit(layout.auditLog, ca.audit);
  const certificateText = certificateFileText(ca.certificate);
  files.createFile(layout.config, configText(ca));
  files.createFile(layout.certificate, certificateText + ca.chain.map(certificateFileText).join(''));
  files.createFile(layout.indexAttributes, 'unique_subject = no\n');
  files.createFile(layout.serial, `${ca.nextSerial}\n`);
  if (ca.request !== undefined) files.createFile(layout.request, encodePem('CERTIFICATE REQUEST', ca.request));
  // A CA knows its own certificate if it has made that itself, here.
  const isOwn = ca.request !== undefined && ca.chain.length === 0;
  if (isOwn) files.createFile(issuedCertificateFile(layout, ca.certificate.serialNumber), certificateText);
  appendIndexRows(layout.index, isOwn ? [indexRowFor(ca.certificate)] : []);
  // What a CA from elsewhere has issued there is not known; its lists of that time have lower numbers than this.
  const firstCrl = ca.request === undefined ? formatSerial(BigInt(Math.floor(at.getTime() / 1000))) : '01';
  files.createFile(layout.crlNumber, `${firstCrl}\n`);
}

function configText({ type, commonName, days, keySpec, certificate }: NewCa): string {
  // openssl compares bytes, and a request of ovs-pki has just this organization.
  const own = encodeSequence(encodeOid(oid.organizationName), encodeText(tag.utf8String, organization));
  return fillTemplate('ca.cnf', {
    ca: `${type}ca`,
    // Where the name comes from elsewhere, it could have what openssl reads as a variable or the end of the line.
    common_name: commonName.replaceAll(/[^A-Za-z0-9 ().:_-]/g, '.').slice(0, maximumCommonName),
    days: String(days),
    digest: signatureAlgorithmFor(keySpec).hash.toLowerCase().replace('-', ''),
    organization_policy: Buffer.from(certificate.subject.der).includes(Buffer.from(own)) ? 'match' : 'optional',
  });
}

/** Reads a file of a CA; what is wrong with it is an error of the PKI directory. */
function reading<T>(layout: CaLayout, file: string, decode: (text: string) => T): T {
  try {
    return decode(files.readFile(file).toString('latin1'));
  } catch (error) {
    throw asPkiError(layout, file, error);
  }
}

function asPkiError(layout: CaLayout, file: string, error: unknown): unknown {
  if (!(error instanceof OvsPkiError)) return error;
  const details = { ...error.details, file };
  if (error.code === 'FILE_NOT_FOUND' && error.details['file'] === file) {
    return new OvsPkiError('PKI_NOT_FOUND', `${layout.folder} is not a CA: ${error.message}`, {
      hint: 'make a PKI with "ovs-pki-ts init", or name the place of one with --dir',
      details,
      cause: error,
    });
  }
  if (error.code === 'PEM_INVALID' || error.code === 'DER_INVALID' || error.code === 'KEY_INVALID') {
    return new OvsPkiError('PKI_CORRUPT', error.message, {
      hint: `put ${file} back from a backup`,
      details,
      cause: error,
    });
  }
  return error;
}

function existsError(place: string, cause?: unknown): OvsPkiError {
  return new OvsPkiError('PKI_EXISTS', `${place} already exists`, {
    hint: `use it as it is, choose another --dir, or give --force to put new CAs there (${certificateTypes
      .map((type) => join(place, `${type}ca`))
      .join(' and ')} are kept under another name)`,
    details: { directory: place },
    cause,
  });
}
