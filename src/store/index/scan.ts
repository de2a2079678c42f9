/**
 * Rows of an index.txt found in its bytes, and changed where they stand, without a look at the others.
 *
 * @module
 */

import { timeText } from '../../pki/der-encode.js';
import { nameOfCommonName } from '../../pki/name.js';
import type { ReasonCode, Revocation } from '../../pki/revocation.js';
import type { SerialNumber } from '../../pki/serial.js';
import * as files from '../../platform/files.js';
import {
  formatIndexRow,
  fullTime,
  type IndexRow,
  indexTimeMs,
  parseIndexRow,
  plainSerial,
  requireIndex,
  timeOf,
} from './row.js';

/** A row, and where it stands in the file. */
export interface PlacedRow {
  readonly row: IndexRow;
  readonly start: number;
  /** Of its newline. */
  readonly end: number;
}

/** An index as it is. Throws PKI_CORRUPT where there is none. */
export function readIndexBytes(file: string): Buffer {
  requireIndex(file);
  return files.readFile(file);
}

/** The rows of each of these names, `NAME` and `NAME id:…` alike, in the order of the index. */
export function findRowsByName(index: Buffer, names: ReadonlySet<string>): Map<string, PlacedRow[]> {
  const found = new Map<string, PlacedRow[]>();
  for (const { name, end } of namesIn(index)) {
    if (!names.has(name)) continue;
    const rows = found.get(name) ?? [];
    rows.push(placedRow(index, end - 1));
    found.set(name, rows);
  }
  return found;
}

/** The row of one serial number, found without reading the others. */
export function findIndexRow(file: string, serialNumber: SerialNumber): IndexRow | undefined {
  return findRowBySerial(files.readFile(file), serialNumber)?.row;
}

/** The column of the file name can look like a serial number, too. Zeros before a number do not count, as for openssl. */
export function findRowBySerial(index: Buffer, serialNumber: SerialNumber): PlacedRow | undefined {
  const wanted = plainSerial(serialNumber);
  const text = `${wanted}\t`;
  for (let at = index.indexOf(text); at >= 0; at = index.indexOf(text, at + 1)) {
    let before = at - 1;
    while (index[before] === zero) before -= 1;
    if (index[before] !== tabulator) continue;
    const found = placedRow(index, at);
    if (found.row.serialNumber === wanted) return found;
  }
  return undefined;
}

const [zero, tabulator] = [0x30, 0x09];

/** The host name that each row with a good one has, and where the row ends. */
export function* namesIn(index: Buffer): Generator<{ readonly name: string; readonly end: number }> {
  for (let first = index.indexOf('/CN='); first >= 0; ) {
    const end = endOfLine(index, first);
    // The last attribute of the subject, or the last but an address of mail; no good name has a slash in it.
    const at = index.lastIndexOf('/CN=', end - 4);
    const [commonName = ''] = index.toString('latin1', at + 4, end).split('/emailAddress=', 1);
    const name = nameOfCommonName(commonName);
    if (name !== undefined) yield { name, end };
    first = index.indexOf('/CN=', end);
  }
}

/** Until when the last certificate of each name is valid that is neither revoked nor expired. */
export function validNames(index: Buffer, now: Date): Map<string, Date> {
  const earliest = fullTime(timeText(now));
  const newest = new Map<string, string>();
  for (const { name, end } of namesIn(index)) {
    const start = index.lastIndexOf(0x0a, end - 1) + 1;
    const [state, expires = ''] = index.toString('latin1', start, start + 18).split('\t');
    const expiry = fullTime(expires);
    if (state === 'V' && expiry > (newest.get(name) ?? earliest)) newest.set(name, expiry);
  }
  return new Map([...newest].map(([name, expiry]) => [name, timeOf(expiry)]));
}

/** The certificates that were revoked and were the last of their names. */
export function lastRevoked(index: Buffer): Map<string, IndexRow> {
  const last = new Map<string, number>();
  for (const { name, end } of namesIn(index)) last.set(name, end);
  const revoked = [...last].filter(([, end]) => isRevokedRow(index, end));
  return new Map(revoked.map(([name, end]) => [name, placedRow(index, end - 1).row]));
}

/** The names of which a certificate is revoked, and none is valid. */
export function distrustedNames(index: Buffer, now: Date): Set<string> {
  const names = new Set<string>();
  for (const { name, end } of namesIn(index)) {
    if (isRevokedRow(index, end)) names.add(name);
  }
  for (const name of validNames(index, now).keys()) names.delete(name);
  return names;
}

function isRevokedRow(index: Buffer, end: number): boolean {
  return index[index.lastIndexOf(0x0a, end - 1) + 1] === 'R'.charCodeAt(0);
}

/** The serial numbers of all rows. */
export function serialsIn(index: Buffer): Set<SerialNumber> {
  const lines = index.toString('latin1').split('\n');
  return new Set(
    lines.flatMap((line) => {
      const columns = line.split('\t', 6);
      return columns.length === 6 ? plainSerial(columns[3] as SerialNumber) : [];
    }),
  );
}

/** Where each revoked row begins and ends. */
export function* revokedRows(index: Buffer): Generator<{ readonly start: number; readonly end: number }> {
  // An index that begins with a revoked row has no newline before it.
  for (let start = index.toString('latin1', 0, 2) === 'R\t' ? 0 : next(0); start >= 0; ) {
    const end = endOfLine(index, start);
    yield { start, end };
    start = next(end);
  }
  function next(from: number): number {
    const newline = index.indexOf('\nR\t', from);
    return newline < 0 ? -1 : newline + 1;
  }
}

/** What a row says of a certificate that is revoked. */
export interface RevokedRow {
  /** In the words of RFC 5280. */
  readonly reason: string;
  /** Milliseconds. */
  readonly expires: number;
}

/** All revoked certificates of an index. Throws PKI_CORRUPT where there is none. */
export function readRevoked(file: string): Map<SerialNumber, RevokedRow> {
  const index = readIndexBytes(file);
  const found = new Map<SerialNumber, RevokedRow>();
  for (const { start, end } of revokedRows(index)) {
    const [, expires = '', revoked = '', serialNumber = ''] = index.toString('latin1', start, end).split('\t');
    found.set(plainSerial(serialNumber), { reason: reasonOfColumn(revoked), expires: indexTimeMs(expires) });
  }
  return found;
}

/** The third column of a row that is revoked now, as `openssl ca -revoke` writes it. */
export function revokedColumn({ reason, invalidityDate }: Revocation, now: Date): string {
  const at = timeText(now);
  if (invalidityDate !== undefined) {
    const kind = reason === 'CACompromise' ? 'CAkeyTime' : 'keyTime';
    return `${at},${kind},${fullTime(timeText(invalidityDate))}`;
  }
  return reason === undefined ? at : `${at},${reason}`;
}

/** What the third column of a revoked row says in the words of RFC 5280; openssl has some of its own. */
export function reasonOfColumn(revoked: string): string {
  const [, word = 'unspecified'] = revoked.split(',');
  return reasonsOfOpenssl[word] ?? word;
}

const reasonsOfOpenssl: Readonly<Record<string, ReasonCode>> = {
  keyTime: 'keyCompromise',
  CAkeyTime: 'CACompromise',
  holdInstruction: 'certificateHold',
};

/**
 * Puts other rows in the place of some, all or none of them. What was before is kept as index.txt.old, as openssl does.
 */
export function replaceRows(file: string, index: Buffer, rows: readonly PlacedRow[]): void {
  const parts: Buffer[] = [];
  let done = 0;
  for (const { row, start, end } of [...rows].sort((left, right) => left.start - right.start)) {
    parts.push(index.subarray(done, start), Buffer.from(formatIndexRow(row), 'latin1'));
    done = end;
  }
  files.replaceFile(`${file}.old`, index);
  files.replaceFile(file, Buffer.concat([...parts, index.subarray(done)]));
}

/** The row that has this place in it. */
function placedRow(index: Buffer, at: number): PlacedRow {
  const [start, end] = [index.lastIndexOf(0x0a, at) + 1, endOfLine(index, at)];
  return { row: parseIndexRow(index.toString('latin1', start, end)), start, end };
}

function endOfLine(index: Buffer, at: number): number {
  const end = index.indexOf(0x0a, at);
  return end < 0 ? index.length : end;
}
