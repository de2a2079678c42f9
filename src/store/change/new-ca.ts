/**
 * A PKI directory: two CAs, each a folder that `openssl ca` and ovs-pki can go on using.
 *
 * @module
 */

import { join, resolve } from 'node:path';
import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import type { Crl } from '../../pki/crl.js';
import type { KeySpec } from '../../pki/key-spec.js';
import type { OwnProfile } from '../../pki/own-profile.js';
import { encodePem } from '../../pki/pem.js';
import { type CertificateType, certificateTypes } from '../../pki/profile.js';
import { formatSerial, type SerialNumber } from '../../pki/serial.js';
import { certificateFileText } from '../../pki/text.js';
import * as files from '../../platform/files.js';
import { isFolder, makeFolder, moveFolder, removeTree, stageFolder } from '../../platform/folders.js';
import type { Platform } from '../../platform/index.js';
import { requireHardLinks } from '../../platform/links.js';
import { keyFileText } from '../ca/ca-key.js';
import { configText } from '../ca/config.js';
import { appendIndexRows, type IndexRow, indexRowFor } from '../index/row.js';
import { type AuditEntry, appendAudit } from '../journal/audit-log.js';
import { withLock } from '../journal/lock.js';
import { type CaLayout, caFolder, caLayout, issuedCertificateFile, oldSuffix, profileFile } from '../layout.js';

/** What a new CA is made of. */
export interface NewCa {
  readonly type: CertificateType;
  readonly days: number;
  readonly keySpec: KeySpec;
  /** What `openssl ca` is to know of the profile. */
  readonly profile: OwnProfile;
  /** The key, and what its file is encrypted with; or the URI of one that is in a token. */
  readonly key: { readonly pkcs8: Uint8Array; readonly passphrase: string | undefined } | { readonly uri: string };
  /** DER of the request that the CA certificate answers; undefined for a CA that comes from elsewhere. */
  readonly request: Uint8Array | undefined;
  readonly certificate: Certificate;
  /** Those above it, up to a root. */
  readonly chain: readonly Certificate[];
  /** The number that `openssl ca` gives to the next certificate that it issues here. */
  readonly nextSerial: SerialNumber;
  readonly audit: readonly AuditEntry[];
  /** What a CA that comes from elsewhere has done there. */
  readonly past?: CaPast;
}

/** The history of a CA that has lived elsewhere. */
export interface CaPast {
  readonly rows: readonly IndexRow[];
  readonly certificates: readonly Certificate[];
  /** The newest CRL that it has made. */
  readonly crl: Crl | undefined;
}

/**
 * Puts new CAs into a PKI directory. All of it is written beside the place first: it appears there complete or not at
 * all. CAs that are there already are kept under another name, and only with `force`.
 *
 * @param profile the text of a profile.conf, which takes the place of one that is there
 * @returns where old CAs, and a profile.conf of before, are kept
 * @throws PKI_EXISTS
 */
export async function writePkiDirectory(
  platform: Platform,
  pkiDirectory: string,
  cas: readonly NewCa[],
  force: boolean,
  at: Date,
  profile?: string,
): Promise<string[]> {
  const place = resolve(pkiDirectory);
  requireNoPki(place, force);
  const { folder: beside, stage } = stageFolder(place);
  try {
    requireHardLinks(beside);
    for (const ca of cas) writeCa(caLayout(caFolder(beside, ca.type)), ca, at);
    if (profile !== undefined) files.createFile(profileFile(beside), profile);
    // Without force, what has come there since the check is another init's: the move below fails on it.
    if (force && isFolder(place)) {
      const kept = await replaceCas(platform, place, beside, cas, at);
      return [...kept, ...(profile === undefined ? [] : replaceProfile(place, profile, at))];
    }
    moveFolder(beside, place);
    return [];
  } catch (error) {
    throw error instanceof OvsPkiError && error.code === 'FILE_EXISTS' ? existsError(place, error) : error;
  } finally {
    removeTree(stage);
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
  const { folder: beside, stage } = stageFolder(place);
  try {
    requireHardLinks(beside);
    writeCa(caLayout(caFolder(beside, ca.type)), ca, at);
    if (force) return await replaceCas(platform, place, beside, [ca], at);
    moveFolder(caFolder(beside, ca.type), caFolder(place, ca.type));
    return [];
  } finally {
    removeTree(stage);
  }
}

/** Throws PKI_EXISTS where there is such a CA and `force` was not given, or no directory that could hold one. */
export function requireNoCa(pkiDirectory: string, type: CertificateType, force: boolean): void {
  const folder = caFolder(pkiDirectory, type);
  if (files.exists(pkiDirectory) && !isFolder(pkiDirectory)) requireNoPki(pkiDirectory, true);
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
  if (!isFolder(pkiDirectory)) {
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
  const suffix = oldSuffix(at);
  const kept: string[] = [];
  for (const { type } of cas) {
    const folder = caFolder(place, type);
    if (files.exists(folder)) {
      const old = `${folder}.${suffix}`;
      const moveAway = async (): Promise<void> => {
        moveFolder(folder, old);
        removeTree(caLayout(old).lock);
      };
      // Nobody may be signing with the CA that goes.
      if (isFolder(folder)) await withLock(platform, caLayout(folder).lock, moveAway);
      else await moveAway();
      kept.push(old);
    }
    moveFolder(caFolder(beside, type), folder);
  }
  return kept;
}

/** The profile that was there may have been written by hand. */
function replaceProfile(place: string, text: string, at: Date): string[] {
  const file = profileFile(place);
  const before = files.exists(file) ? files.readFile(file) : undefined;
  if (before?.equals(Buffer.from(text)) === true) return [];
  const old = `${file}.${oldSuffix(at)}`;
  if (before !== undefined) files.createFile(old, before);
  files.replaceFile(file, text);
  return before === undefined ? [] : [old];
}

function writeCa(layout: CaLayout, ca: NewCa, at: Date): void {
  makeFolder(layout.folder);
  for (const folder of [layout.certsFolder, layout.crlFolder, layout.newCertificates]) makeFolder(folder);
  writeKey(layout, ca.key);
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
  const firstCrl = ca.request === undefined ? formatSerial(firstCrlNumber(ca, at)) : '01';
  files.createFile(layout.crlNumber, `${firstCrl}\n`);
  if (ca.past !== undefined) writePast(layout, ca.past);
}

function firstCrlNumber({ past }: NewCa, at: Date): bigint {
  const [seconds, last = -1n] = [BigInt(Math.floor(at.getTime() / 1000)), past?.crl?.crlNumber];
  return last < seconds ? seconds : last + 1n;
}

/** The private key of a CA, or where in a token it is. */
export function writeKey(layout: CaLayout, key: NewCa['key']): void {
  makeFolder(layout.privateFolder, 0o700);
  if ('uri' in key) files.createFile(layout.privateKeyUri, `${key.uri}\n`, 0o600);
  else files.createFile(layout.privateKey, keyFileText(key.pkcs8, key.passphrase), 0o600);
}

function writePast(layout: CaLayout, { rows, certificates, crl }: CaPast): void {
  if (rows.length > 0) appendIndexRows(layout.index, rows);
  if (crl !== undefined) files.createFile(layout.crl, encodePem('X509 CRL', crl.der));
  for (const certificate of certificates) {
    files.createFile(issuedCertificateFile(layout, certificate.serialNumber), certificateFileText(certificate));
  }
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
