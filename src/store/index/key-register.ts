/**
 * Which key is certified for which name: `keys/00` to `keys/ff`, by the first byte of what the key is known by
 * (`keyHash`), a line `HASH SERIAL NAME` each; and a second line by the hash of the name as other programs compare it. It is made from index.txt and newcerts, so it may be deleted;
 * it exists so that a signature costs the same with one certificate as with a million.
 *
 * @module
 */

import { join } from 'node:path';
import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { digestHex } from '../../pki/digest.js';
import { keyHash } from '../../pki/key-identity.js';
import { attributeValues, comparedName, nameOfCommonName } from '../../pki/name.js';
import { oid } from '../../pki/oid.js';
import type { SerialNumber } from '../../pki/serial.js';
import * as files from '../../platform/files.js';
import { makeFolder } from '../../platform/folders.js';
import { bootId } from '../../platform/process-identity.js';
import { readCertificate } from '../certificate-file.js';
import { type CaLayout, issuedCertificateFile } from '../layout.js';
import { readIndex } from './row.js';

export interface RegisteredKey {
  /** What the key is known by, however it is written. */
  readonly hash: string;
  readonly serialNumber: SerialNumber;
  readonly commonName: string;
}

const linePattern = /^([0-9a-f]{64}) ([0-9A-F]+) (.+)$/;

/**
 * Brings the register up to date with an index that other programs may have written to. Costs one stat where nobody
 * else has. The lock must be held.
 */
export function syncKeyRegister(layout: CaLayout): void {
  makeFolder(layout.keyRegister);
  if (isRegisterCurrent(layout)) return;
  // In an older form keys were known by something else: every copy is looked at, and nothing that was known is lost.
  const isOfToday = readState(layout).startsWith(form);
  const lines = allLines(layout);
  const byName = new Set(lines.filter(isOfName).map(({ serialNumber }) => serialNumber));
  const byKey = new Set(lines.filter((line) => !isOfName(line)).map(({ serialNumber }) => serialNumber));
  const knownPairs = new Set(lines.map(pairOf));
  const missing: RegisteredKey[] = [];
  for (const { serialNumber } of readIndex(layout.index)) {
    if (isOfToday && byName.has(serialNumber) && byKey.has(serialNumber)) continue;
    const certificate = issuedCertificate(layout, serialNumber);
    const key = certificate && registeredKey(certificate);
    if (key !== undefined) missing.push(...linesOf(key).filter((line) => !knownPairs.has(pairOf(line))));
  }
  appendLines(layout, missing);
}

/** Whether nothing has changed the index since the register was brought up to date with it. */
export function isRegisterCurrent(layout: CaLayout): boolean {
  return readState(layout) === currentState(layout);
}

/** The serial numbers of all certificates that it has. */
export function registeredSerials(layout: CaLayout): Set<SerialNumber> {
  const buckets = files.list(layout.keyRegister).filter((name) => /^[0-9a-f]{2}$/.test(name));
  const lines = buckets.flatMap((name) => readLines(join(layout.keyRegister, name)));
  return new Set(lines.map(({ serialNumber }) => serialNumber));
}

/** Lets the next signature bring it up to date, whatever it says of itself. The lock must be held. */
export function forgetRegister(layout: CaLayout): void {
  files.removeFile(stateFile(layout));
}

/** All certificates of a key, in the order in which they were issued. The register must be up to date. */
export function certificatesOfKey(layout: CaLayout, hash: string): RegisteredKey[] {
  const content = readWhole(bucket(layout, hash));
  const found: RegisteredKey[] = [];
  for (let start = content.indexOf(hash); start >= 0; start = content.indexOf(hash, start + 1)) {
    const lines = parseLines(content.toString('latin1', start, content.indexOf('\n', start)));
    if (start === 0 || content[start - 1] === 0x0a) found.push(...lines);
  }
  return found;
}

/** The certificates of other names that are this name to other programs. The register must be up to date. */
export function namesakes(layout: CaLayout, commonName: string): RegisteredKey[] {
  const isOther = nameOfCommonName(commonName) ?? commonName;
  return certificatesOfKey(layout, nameHash(commonName)).filter(
    (line) => (nameOfCommonName(line.commonName) ?? line.commonName) !== isOther,
  );
}

/** Adds keys and notes that the register fits the index as it is now. The lock must be held. */
export function registerKeys(layout: CaLayout, keys: readonly RegisteredKey[]): void {
  appendLines(layout, keys.flatMap(linesOf));
}

/** By its key, and by its name. */
function linesOf(key: RegisteredKey): RegisteredKey[] {
  return [key, { ...key, hash: nameHash(key.commonName) }];
}

function appendLines(layout: CaLayout, lines: readonly RegisteredKey[]): void {
  const buckets = new Map<string, string>();
  for (const { hash, serialNumber, commonName } of lines) {
    const file = bucket(layout, hash);
    buckets.set(file, `${buckets.get(file) ?? ''}${hash} ${serialNumber} ${commonName}\n`);
  }
  for (const [file, text] of buckets) files.append(file, text);
  files.write(stateFile(layout), currentState(layout));
}

function registeredKey(certificate: Certificate): RegisteredKey {
  return {
    hash: keyHash(certificate.publicKey),
    serialNumber: certificate.serialNumber,
    commonName: attributeValues(certificate.subject, oid.commonName)[0]?.replaceAll(/[^\x20-\x7e]/g, '?') ?? '?',
  };
}

function issuedCertificate(layout: CaLayout, serialNumber: SerialNumber): Certificate | undefined {
  const file = issuedCertificateFile(layout, serialNumber);
  try {
    return readCertificate(file);
  } catch (error) {
    // Copies can be missing or damaged; then nothing can be known of their keys.
    if (error instanceof OvsPkiError) return undefined;
    throw error;
  }
}

function bucket(layout: CaLayout, hash: string): string {
  return join(layout.keyRegister, hash.slice(0, 2));
}

function allLines(layout: CaLayout): RegisteredKey[] {
  const buckets = files.list(layout.keyRegister).filter((name) => /^[0-9a-f]{2}$/.test(name));
  return buckets.flatMap((name) => {
    const file = join(layout.keyRegister, name);
    dropTornLine(file);
    return readLines(file);
  });
}

/** What a full disk or a kill left of a line would spoil the line that is appended to it. */
function dropTornLine(file: string): void {
  const content = files.readTail(file, Number.MAX_SAFE_INTEGER);
  const whole = content.lastIndexOf('\n') + 1;
  if (whole < content.length) files.truncate(file, whole);
}

function readLines(file: string): RegisteredKey[] {
  return parseLines(readWhole(file).toString('latin1'));
}

function readWhole(file: string): Buffer {
  return files.readTail(file, Number.MAX_SAFE_INTEGER);
}

function parseLines(text: string): RegisteredKey[] {
  return text.split('\n').flatMap((line) => {
    const [, hash, serialNumber, commonName] = linePattern.exec(line) ?? [];
    return hash === undefined ? [] : [{ hash, serialNumber, commonName } as RegisteredKey];
  });
}

function nameHash(commonName: string): string {
  return digestHex('sha256', Buffer.from(`name ${comparedName(commonName)}`));
}

function isOfName({ hash, commonName }: RegisteredKey): boolean {
  return hash === nameHash(commonName);
}

function pairOf({ hash, serialNumber }: RegisteredKey): string {
  return `${hash} ${serialNumber}`;
}

function stateFile(layout: CaLayout): string {
  return join(layout.keyRegister, 'state');
}

function readState(layout: CaLayout): string {
  return files.readTail(stateFile(layout), 1024).toString('latin1');
}

/** By what the keys of a register are known: the third form, that of names too, and of keys however they are written. */
const form = 'form-3 ';

/**
 * What index.txt is now, and since which start of the machine: the register is not synced to the disk, so after a
 * crash of the machine it is made good from the index.
 */
function currentState(layout: CaLayout): string {
  return `${form}${bootId} ${files.stampOf(layout.index)?.stamp ?? 'none'}`;
}
