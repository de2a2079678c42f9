/**
 * What a CRL says of one certificate (RFC 5280, section 5.3).
 *
 * @module
 */

import { decodeExtensions } from './certificate.js';
import type { Crl } from './crl.js';
import { children, readDer, readInteger, readTime, sequenceOf, tag } from './der.js';
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
  const fields = sequenceOf(crl.toBeSigned, 'the signed part of the CRL');
  // The list of entries stands behind the last of the times.
  const last = fields.findLastIndex(({ tag: found }) => found === tag.utcTime || found === tag.generalizedTime);
  const list = fields[last + 1];
  if (list === undefined || list.tag !== tag.sequence) return [];
  return children(list).flatMap((entry) => {
    const [number, date, extensions] = sequenceOf(entry, 'an entry of the CRL');
    const serialNumber = formatSerial(readInteger(number, 'a serial number'));
    if (!serialNumbers.has(serialNumber)) return [];
    const found = extensions === undefined ? [] : decodeExtensions(extensions);
    const contentOf = (wanted: string) => found.find(({ type }) => type === wanted)?.value;
    const [reason, since] = [contentOf(oid.reasonCode), contentOf(oid.invalidityDate)];
    return [
      {
        serialNumber,
        revokedAt: readTime(date, 'revocationDate'),
        reason: reason && reasonOf(readDer(reason).content),
        invalidityDate: since && readTime(readDer(since), 'invalidityDate'),
      },
    ];
  });
}

/** Of a reason that OpenSSL has no word for, nothing is said. */
function reasonOf(content: Uint8Array): ReasonCode | undefined {
  const code = content.at(-1);
  return (Object.keys(reasonCodes) as ReasonCode[]).find((reason) => reasonCodes[reason] === code);
}
