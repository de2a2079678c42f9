/**
 * What a CRL says of one certificate (RFC 5280, section 5.3).
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';
import { decodeExtensions } from './certificate.js';
import type { Crl } from './crl.js';
import { type DerElement, eachChild, readDer, sequenceOf } from './der.js';
import { readInteger, readTime } from './der-values.js';
import { oid } from './oid.js';
import { type ReasonCode, reasonCodes } from './revocation.js';
import { formatSerial, type SerialNumber } from './serial.js';

export interface CrlEntry {
  readonly serialNumber: SerialNumber;
  readonly revokedAt: Date;
  /** Undefined where it is not said. */
  readonly reason: ReasonCode | undefined;
  readonly invalidityDate: Date | undefined;
}

/** The entries of these certificates. */
export function entriesOf(crl: Crl, serialNumbers: ReadonlySet<SerialNumber>): CrlEntry[] {
  if (serialNumbers.size === 0) return [];
  const found: CrlEntry[] = [];
  for (const entry of entriesIn(crl)) {
    const [number, date, extensions] = sequenceOf(entry, 'an entry of the CRL');
    const serialNumber = formatSerial(readInteger(number, 'a serial number'));
    if (!serialNumbers.has(serialNumber)) continue;
    const { code, invalidityDate } = detailsOf(extensions);
    const reason = (Object.keys(reasonCodes) as ReasonCode[]).find((name) => reasonCodes[name] === code);
    // Of a reason that OpenSSL has no word for, nothing is said.
    found.push({ serialNumber, revokedAt: readTime(date, 'revocationDate'), reason, invalidityDate });
  }
  return found;
}

/** What a list says of one certificate, whoever has made it. */
export interface ToldEntry extends Omit<CrlEntry, 'reason'> {
  /** Also one that is none of ours, such as `removeFromCRL`, or the number of one that has no name. */
  readonly reason: string | undefined;
}

/** All entries in their order; what an entry says besides is left out where it cannot be read. */
export function* toldEntries(crl: Crl): Generator<ToldEntry, void> {
  for (const entry of entriesIn(crl)) {
    const [number, date, extensions] = sequenceOf(entry, 'an entry of the CRL');
    const { code, invalidityDate } = detailsOrNothing(extensions);
    yield {
      serialNumber: formatSerial(readInteger(number, 'a serial number')),
      revokedAt: readTime(date, 'revocationDate'),
      reason: code === undefined ? undefined : (reasonNames[code] ?? `reason ${code}`),
      invalidityDate,
    };
  }
}

function entriesIn({ entries }: Crl): Iterable<DerElement> {
  return entries === undefined ? [] : eachChild(entries);
}

interface Details {
  readonly code?: number | undefined;
  readonly invalidityDate: Date | undefined;
}

function detailsOf(extensions: DerElement | undefined): Details {
  const found = extensions === undefined ? [] : decodeExtensions(extensions);
  const contentOf = (wanted: string) => found.find(({ type }) => type === wanted)?.value;
  const [reason, since] = [contentOf(oid.reasonCode), contentOf(oid.invalidityDate)];
  return {
    code: reason && readDer(reason).content.at(-1),
    invalidityDate: since && readTime(readDer(since), 'invalidityDate'),
  };
}

function detailsOrNothing(extensions: DerElement | undefined): Details {
  try {
    return detailsOf(extensions);
  } catch (error) {
    if (error instanceof OvsPkiError) return { invalidityDate: undefined };
    throw error;
  }
}

/** CRLReason (RFC 5280, section 5.3.1) in the words of OpenSSL. */
const reasonNames: Readonly<Record<number, string>> = {
  ...Object.fromEntries(Object.entries(reasonCodes).map(([name, code]) => [code, name])),
  8: 'removeFromCRL',
  9: 'privilegeWithdrawn',
  10: 'AACompromise',
};
