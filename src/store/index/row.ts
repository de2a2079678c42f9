/**
 * index.txt: the database of `openssl ca`, a line a certificate, its six columns divided by tabs.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { timeText } from '../../pki/der-encode.js';
import { formatOneLine } from '../../pki/name.js';
import type { SerialNumber } from '../../pki/serial.js';
import { readChunks } from '../../platform/chunks.js';
import * as files from '../../platform/files.js';

/** Valid, revoked, expired. */
export type IndexState = 'V' | 'R' | 'E';

export interface IndexRow {
  readonly state: IndexState;
  /** notAfter as YYMMDDhhmmssZ, or with four digits of the year. */
  readonly expires: string;
  /** `YYMMDDhhmmssZ[,reason[,time]]` for a revoked certificate, else empty. */
  readonly revoked: string;
  readonly serialNumber: SerialNumber;
  /** `unknown`, always: OpenSSL keeps the place for a file name and never fills it. */
  readonly file: string;
  /** The subject in its one-line form. */
  readonly subject: string;
}

const rowPattern =
  /^([VRE])\t(\d{12,14}Z)\t((?:\d{12,14}Z(?:,[^\t\n]*)?)?)\t(-?(?:[0-9A-F]{2})+)\t([^\t\n]*)\t([^\t\n]*)$/;

/** No subject that a CA takes is near as long; more is no row, and is not held. */
const longestRow = 1024 * 1024;

/** The last row, where no newline ends it: it can have been cut inside its subject. */
export function unendedRow(file: string): IndexRow | undefined {
  const tail = files.exists(file) ? files.readTail(file, 8192) : Buffer.alloc(0);
  const line = tail.toString('latin1').split('\n').at(-1) as string;
  return rowPattern.test(line) ? parseIndexRow(line, file) : undefined;
}

/** Reads one line. Throws PKI_CORRUPT. */
export function parseIndexRow(line: string, file = 'index.txt'): IndexRow {
  const match = rowPattern.exec(line);
  const [, state, expires, revoked, serialNumber, name, subject] = match ?? [];
  if (match === null || (state === 'R') !== (revoked !== '')) {
    throw noRow(line, file);
  }
  return { state, expires, revoked, serialNumber: plainSerial(serialNumber ?? ''), file: name, subject } as IndexRow;
}

/** Without zeros before it, in pairs, as certificates have it read: openssl takes `0065` for `65`, and writes either. */
export function plainSerial(serialNumber: string): SerialNumber {
  return serialNumber.startsWith('00') ? serialNumber.replace(/^(?:00)+(?=..)/, '') : serialNumber;
}

function noRow(line: string, file: string): OvsPkiError {
  const shown = JSON.stringify(line.slice(0, 300));
  return new OvsPkiError('PKI_CORRUPT', `${file}: this line is not one of an index.txt: ${shown}`, {
    hint: `compare it with the last good copy: diff ${file}.old ${file}`,
    details: { file },
  });
}

export function formatIndexRow(row: IndexRow): string {
  return [row.state, row.expires, row.revoked, row.serialNumber, row.file, row.subject].join('\t');
}

/** When the certificate of a row expires. */
export function expiryOf({ expires }: IndexRow): Date {
  return timeOf(expires);
}

/** When it was revoked. */
export function revokedAt({ revoked }: IndexRow): Date {
  return timeOf(revoked.split(',')[0] as string);
}

/** A time of an index. */
export function timeOf(text: string): Date {
  return new Date(indexTimeMs(text));
}

/** A time of an index with all four digits of its year, and so in the order of time: two digits are from 1950 to 2049. */
export function fullTime(text: string): string {
  return text.length > 13 ? text : `${text < '5' ? '20' : '19'}${text}`;
}

/** The row of a certificate that has just been issued. */
export function indexRowFor(certificate: Certificate): IndexRow {
  return {
    state: 'V',
    expires: timeText(certificate.notAfter),
    revoked: '',
    serialNumber: certificate.serialNumber,
    file: 'unknown',
    subject: formatOneLine(certificate.subject),
  };
}

/** All rows of an index. Throws PKI_CORRUPT. */
export function readIndex(file: string): IndexRow[] {
  requireIndex(file);
  const text = files.readFile(file).toString('latin1');
  return text === ''
    ? []
    : text
        .replace(/\n$/, '')
        .split('\n')
        .map((line) => parseIndexRow(line, file));
}

/**
 * The rows of an index one after the other, without holding them and without the lock. What stands behind the last
 * newline is passed over unless it is a row: it is being written now, or was when a run was killed.
 *
 * @throws PKI_CORRUPT as {@link readIndex} does, where it comes to it
 */
export function* indexRows(file: string): Generator<IndexRow, void> {
  requireIndex(file);
  let rest = '';
  for (const chunk of readChunks(file)) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() as string;
    if (rest.length > longestRow) throw noRow(rest, file);
    for (const line of lines) yield parseIndexRow(line, file);
  }
  if (rowPattern.test(rest)) yield parseIndexRow(rest, file);
}

/** A time of an index in milliseconds: two digits of the year are read as those of a UTCTime are. */
export function indexTimeMs(text: string): number {
  const long = text.length > 13;
  const year = Number(text.slice(0, long ? 4 : 2));
  const at = (place: number): number => Number(text.substr((long ? 4 : 2) + place, 2));
  return Date.UTC(long ? year : year < 50 ? 2000 + year : 1900 + year, at(0) - 1, at(2), at(4), at(6), at(8));
}

/** Throws PKI_CORRUPT where there is none: a CA without its index knows no certificate. */
export function requireIndex(file: string): void {
  if (files.exists(file)) return;
  throw new OvsPkiError('PKI_CORRUPT', `${file} does not exist`, {
    hint: `put it back from a backup (see ${file}.old), or make it again from what is known: ovs-pki-ts check --repair`,
    details: { file },
  });
}

export function appendIndexRows(file: string, rows: readonly IndexRow[]): void {
  files.appendDurably(file, rows.map((row) => `${formatIndexRow(row)}\n`).join(''));
}

/**
 * Takes away what a crash left of a line that was being appended. Does nothing to an index that ends in a whole line,
 * and only completes one whose last line lacks but its newline.
 *
 * @param interrupted rows that an interrupted run may have been appending: the beginning of one of these is not a
 *   line, even where it reads as one because only the end of its subject is missing
 */
export function repairIndexTail(file: string, interrupted: readonly IndexRow[]): void {
  const tail = files.readTail(file, 8192);
  if (tail.length === 0 || tail.at(-1) === 0x0a) return;
  const line = tail.toString('latin1').split('\n').at(-1) as string;
  const isTorn = interrupted.some((row) => formatIndexRow(row).startsWith(line));
  if (rowPattern.test(line) && !isTorn) files.appendDurably(file, '\n');
  else files.truncate(file, (files.stampOf(file)?.size ?? 0) - line.length);
}
