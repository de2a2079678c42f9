/**
 * What is in a DER element: numbers, names of objects, bits, text, times. Only their one encoding is read.
 *
 * @module
 */

import { type DerElement, expectTag, hexByte, invalid, tag, toHex } from './der.js';
import { generalizedTimeText } from './der-encode.js';

/** A key of a million bits is read and refused with its reason; nothing is computed with what is longer. */
const longestInteger = 1 << 17;

/** RFC 2578, section 3.5, has 128 numbers of 32 bits; nothing here has as many bytes as that. */
const longestOid = 64;

const longestNamedBits = 16;

/** The dotted form of an OBJECT IDENTIFIER. */
export function readOid(element: DerElement | undefined, what: string): string {
  const { content } = expectTag(element, tag.oid, what);
  if (content.length > longestOid) throw invalid(`${what}: an object identifier of ${content.length} bytes`);
  const arcs: bigint[] = [];
  let arc = 0n;
  let started = false;
  for (const byte of content) {
    if (!started && byte === 0x80) throw invalid(`${what}: padded object identifier`);
    started = (byte & 0x80) !== 0;
    arc = (arc << 7n) | BigInt(byte & 0x7f);
    if (!started) {
      arcs.push(arc);
      arc = 0n;
    }
  }
  const [first, ...rest] = arcs;
  if (first === undefined || started) throw invalid(`${what}: broken object identifier`);
  const root = first < 80n ? first / 40n : 2n;
  return [root, first - root * 40n, ...rest].join('.');
}

/** The value of an INTEGER. */
export function readInteger(element: DerElement | undefined, what: string): bigint {
  const bytes = integerBytes(element, what);
  const value = BigInt(`0x${toHex(bytes)}`);
  return (bytes[0] as number) & 0x80 ? value - (1n << BigInt(8 * bytes.length)) : value;
}

/** The content of an INTEGER: big-endian two's complement, of minimal length. */
export function integerBytes(element: DerElement | undefined, what: string): Uint8Array {
  const { content } = expectTag(element, tag.integer, what);
  const [first, second] = content;
  if (first === undefined) throw invalid(`${what}: empty integer`);
  if (content.length > longestInteger) throw invalid(`${what}: an integer of ${content.length} bytes`);
  if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
    throw invalid(`${what}: padded integer`);
  }
  return content;
}

export function readBoolean(element: DerElement, what: string): boolean {
  const { content } = expectTag(element, tag.boolean, what);
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw invalid(`${what}: broken boolean`);
  return content[0] === 0xff;
}

/** The bytes of a BIT STRING that has no unused bits: signatures and keys. */
export function bitStringBytes(element: DerElement | undefined, what: string): Uint8Array {
  const { content } = expectTag(element, tag.bitString, what);
  if (content[0] !== 0) throw invalid(`${what}: bit string with ${content[0] ?? 'no'} unused bits`);
  return content.subarray(1);
}

/** The bits of a named BIT STRING, first bit first (keyUsage, reasons). */
export function namedBits(element: DerElement | undefined, what: string): boolean[] {
  const { content } = expectTag(element, tag.bitString, what);
  const unused = content[0];
  if (content.length > longestNamedBits) throw invalid(`${what}: ${content.length} bytes of bits`);
  if (unused === undefined || unused > 7 || (content.length === 1 && unused > 0)) throw invalid(`${what}: broken bits`);
  const bits: boolean[] = [];
  for (let bit = 0; bit < (content.length - 1) * 8 - unused; bit++) {
    bits.push((((content[1 + (bit >> 3)] as number) >> (7 - (bit & 7))) & 1) === 1);
  }
  return bits;
}

/** The text of a character string of any of the types that names use. */
export function readText(element: DerElement, what: string): string {
  switch (element.tag) {
    case tag.utf8String:
      try {
        return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(element.content);
      } catch {
        throw invalid(`${what}: text is not UTF-8`);
      }
    case tag.bmpString:
      return new TextDecoder('utf-16be').decode(element.content);
    case tag.printableString:
    case tag.teletexString:
    case tag.ia5String:
      return Buffer.from(element.content.buffer, element.content.byteOffset, element.content.length).toString('latin1');
    default:
      throw invalid(`${what}: type ${hexByte(element.tag)} is no text`);
  }
}

/** A UTCTime or GeneralizedTime in the one form that RFC 5280, section 4.1.2.5, allows each. */
export function readTime(element: DerElement | undefined, what: string): Date {
  if (element === undefined) throw invalid(`${what} is missing`);
  const text = Buffer.from(element.content).toString('latin1');
  const utc = element.tag === tag.utcTime;
  if (!utc && element.tag !== tag.generalizedTime) throw invalid(`${what}: type ${hexByte(element.tag)} is no time`);
  const match = (utc ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/).exec(
    text,
  );
  if (match === null) throw invalid(`${what}: broken time`);
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [number, ...number[]];
  const date = new Date(0);
  date.setUTCFullYear(utc ? (year < 50 ? 2000 + year : 1900 + year) : year, (month as number) - 1, day as number);
  date.setUTCHours(hour as number, minute as number, second as number);
  if (!generalizedTimeText(date).endsWith(text)) throw invalid(`${what}: there is no such time`);
  return date;
}
