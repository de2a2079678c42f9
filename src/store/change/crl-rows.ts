/**
 * The revoked rows of an index as entries of a CRL.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { tag, toHex } from '../../pki/der.js';
import { encode } from '../../pki/der-encode.js';
import { encodeCrlEntry, encodeEntryExtensions } from '../../pki/issue/crl.js';
import { reasonCodes } from '../../pki/revocation.js';
import { parseSerial, type SerialNumber } from '../../pki/serial.js';
import type { History } from '../history/known.js';
import { parseIndexRow } from '../index/row.js';
import { readIndexBytes, reasonOfColumn, revokedRows } from '../index/scan.js';
import type { CaLayout } from '../layout.js';

/** Also those that have expired since: a list that once named a certificate goes on naming it, as openssl has it. */
export function revokedEntries({ index: file }: CaLayout, { shared }: History): Uint8Array[] {
  const index = readIndexBytes(file);
  const known = new Map<string, Uint8Array | undefined>();
  const entries: Uint8Array[] = [];
  const add = (file: string, line: string, serialNumber: SerialNumber, revoked: string): void => {
    if (!columnPattern.test(revoked)) throw corruptRow(file, line);
    const comma = revoked.indexOf(',');
    const details = comma < 0 ? '' : revoked.slice(comma);
    // In a complete list this says that nothing is revoked (RFC 5280, section 5.3.1).
    if (details === ',removeFromCRL') return;
    let extensions = known.get(details);
    if (extensions === undefined) {
      extensions = extensionsOf(details, file, line);
      known.set(details, extensions);
    }
    const date = comma < 0 ? revoked : revoked.slice(0, comma);
    entries.push(encodeCrlEntry(integerContent(serialNumber), encodeDate(date), extensions));
  };
  for (const { start, end } of revokedRows(index)) {
    const line = index.toString('latin1', start, end);
    const { revoked, serialNumber } = parseIndexRow(line, file);
    add(file, line, serialNumber, revoked);
  }
  for (const { serialNumber, column, source } of shared.values()) add(source, column, serialNumber, column);
  return entries;
}

/** What is revoked, as the list will have it. */
export function serialContents({ indexed, shared }: History): Set<string> {
  return new Set([...indexed.keys(), ...shared.keys()].map((serialNumber) => toHex(integerContent(serialNumber))));
}

/** A time that can be one, then a reason and what belongs to it. */
const columnPattern =
  /^(?:\d\d)?\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d[0-5]\dZ(?:,[A-Za-z]+|,(?:keyTime|CAkeyTime),\d{14}Z|,holdInstruction,[\w.]+)?$/;

function extensionsOf(details: string, file: string, line: string): Uint8Array | undefined {
  if (details === '') return undefined;
  const [, word = '', argument] = details.split(',');
  const reason = Object.entries(reasonCodes).find(([name]) => name === reasonOfColumn(details));
  if (reason === undefined) throw corruptRow(file, line);
  return encodeEntryExtensions(reason[1], word.endsWith('keyTime') ? argument : undefined);
}

/** As a UTCTime through 2049; openssl takes no other here. */
function encodeDate(text: string): Uint8Array {
  const isShort = text.length === 13 || text < '2050';
  return encode(isShort ? tag.utcTime : tag.generalizedTime, Buffer.from(isShort ? text.slice(-13) : text, 'latin1'));
}

/** The hexadecimal digits of an index as the content of an INTEGER; a foreign CA can have given numbers below zero. */
function integerContent(serialNumber: string): Uint8Array {
  if (serialNumber.startsWith('-')) return negativeContent(-parseSerial(serialNumber));
  const digits = serialNumber.replace(/^(?:00)+(?=..)/, '');
  return Buffer.from(/^[89A-F]/.test(digits) ? `00${digits}` : digits, 'hex');
}

/** Two's complement (X.690, 8.3.3), in as few octets as hold it. */
function negativeContent(magnitude: bigint): Uint8Array {
  let octets = 1n;
  while (magnitude > 1n << (8n * octets - 1n)) octets += 1n;
  const value = BigInt.asUintN(Number(8n * octets), -magnitude);
  return Buffer.from(value.toString(16).padStart(Number(2n * octets), '0'), 'hex');
}

function corruptRow(file: string, line: string): OvsPkiError {
  return new OvsPkiError('PKI_CORRUPT', `${file}: this revoked row says nothing that can be: ${JSON.stringify(line)}`, {
    hint: `compare it with the last good copy: diff ${file}.old ${file}`,
    details: { file },
  });
}
