/**
 * Writing DER (ITU-T X.690): what `der.ts` reads, and nothing else.
 *
 * @module
 */

import { tag } from './der.js';

/** One element of the given type around its content. */
export function encode(identifier: number, ...content: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of content) length += part.length;
  const header = encodeHeader(identifier, length);
  const bytes = new Uint8Array(header.length + length);
  bytes.set(header);
  let offset = header.length;
  for (const part of content) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

export function encodeSequence(...parts: readonly Uint8Array[]): Uint8Array {
  return encode(tag.sequence, ...parts);
}

/** A SET OF: its elements in the order that DER demands. */
export function encodeSetOf(...parts: readonly Uint8Array[]): Uint8Array {
  return encode(tag.set, ...[...parts].sort(Buffer.compare));
}

/** An INTEGER that is not negative. */
export function encodeInteger(value: bigint | number): Uint8Array {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return (bytes[0] as number) & 0x80 ? encode(tag.integer, Buffer.from([0]), bytes) : encode(tag.integer, bytes);
}

export function encodeOid(dotted: string): Uint8Array {
  const [first, second, ...rest] = dotted.split('.').map(BigInt) as [bigint, bigint, ...bigint[]];
  const bytes: number[] = [];
  for (const arc of [first * 40n + second, ...rest]) {
    const digits = [Number(arc & 0x7fn)];
    for (let left = arc >> 7n; left > 0n; left >>= 7n) digits.unshift(Number(left & 0x7fn) | 0x80);
    bytes.push(...digits);
  }
  return encode(tag.oid, Uint8Array.from(bytes));
}

export function encodeText(identifier: number, text: string): Uint8Array {
  return encode(identifier, Buffer.from(text, 'utf8'));
}

export function encodeBoolean(value: boolean): Uint8Array {
  return encode(tag.boolean, Uint8Array.of(value ? 0xff : 0));
}

export function encodeNull(): Uint8Array {
  return encode(tag.null);
}

export function encodeOctetString(bytes: Uint8Array): Uint8Array {
  return encode(tag.octetString, bytes);
}

/** A BIT STRING without unused bits. */
export function encodeBitString(bytes: Uint8Array): Uint8Array {
  return encode(tag.bitString, Uint8Array.of(0), bytes);
}

/** A named BIT STRING: trailing zero bits left out, as X.690, section 11.2.2, demands. */
export function encodeNamedBits(numbers: readonly number[]): Uint8Array {
  const last = Math.max(...numbers);
  const bytes = new Uint8Array((last >> 3) + 1);
  for (const number of numbers) bytes[number >> 3] = (bytes[number >> 3] as number) | (0x80 >> (number & 7));
  return encode(tag.bitString, Uint8Array.of(7 - (last & 7)), bytes);
}

/** UTCTime through 2049, GeneralizedTime from 2050 on (RFC 5280, section 4.1.2.5); whole seconds. */
export function encodeTime(date: Date): Uint8Array {
  const text = timeText(date);
  return encodeText(text.length === 13 ? tag.utcTime : tag.generalizedTime, text);
}

/** YYMMDDhhmmssZ, or with all four digits from 2050 on, in UTC: the content of such a time, and what an index.txt holds. */
export function timeText(date: Date): string {
  const year = date.getUTCFullYear();
  const text = generalizedTimeText(date);
  return year >= 1950 && year < 2050 ? text.slice(2) : text;
}

function encodeHeader(identifier: number, length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(identifier, length);
  if (length < 0x100) return Uint8Array.of(identifier, 0x81, length);
  if (length < 0x10000) return Uint8Array.of(identifier, 0x82, length >> 8, length & 0xff);
  if (length < 0x1000000) return Uint8Array.of(identifier, 0x83, length >> 16, (length >> 8) & 0xff, length & 0xff);
  return Uint8Array.of(identifier, 0x84, length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff);
}

export function generalizedTimeText(date: Date): string {
  return `${date.toISOString().slice(-24, -5).replaceAll(/[-:T]/g, '')}Z`;
}
