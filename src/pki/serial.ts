/**
 * Serial numbers (RFC 5280, section 4.1.2.2): 126 random bits, so that they cannot be foretold and do not collide.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';

/** A serial number as OpenSSL writes it in files: hexadecimal, upper case, an even number of digits. */
export type SerialNumber = string;

/** 16 random octets, the first made 0x40 to 0x7f: positive, always of the same length, 126 bits of chance. */
export function randomSerial(): SerialNumber {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] as number) & 0x3f) | 0x40;
  return formatSerial(BigInt(`0x${bytes.toString('hex')}`));
}

export function formatSerial(value: bigint): SerialNumber {
  const hex = (value < 0n ? -value : value).toString(16).toUpperCase();
  return (value < 0n ? '-' : '') + (hex.length % 2 === 0 ? hex : `0${hex}`);
}

export function parseSerial(serial: SerialNumber): bigint {
  return serial.startsWith('-') ? -BigInt(`0x${serial.slice(1)}`) : BigInt(`0x${serial}`);
}
