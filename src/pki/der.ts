/**
 * DER (ITU-T X.690), the part that X.509 needs: a strict reader and a writer. Written here because it is on the path
 * of every signature: through the general libraries a certificate costs 7 to 10 ms, this way a fraction of one
 * (ARCHITECTURE.md, "Stack").
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';

/** What a file can ask of us is bounded: an element costs us a hundred times its two bytes. */
const mostChildren = 10_000;
/** A key of a million bits is read and refused with its reason; nothing is computed with what is longer. */
const longestInteger = 1 << 17;
/** RFC 2578, section 3.5, has 128 numbers of 32 bits; nothing here has as many bytes as that. */
const longestOid = 64;
const longestNamedBits = 16;

/** Identifier octets of the types that X.509 uses. */
export const tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Identifier octet of a context-specific tag, such as `[0]`. */
export function contextTag(number: number, constructed: boolean): number {
  return 0x80 | (constructed ? 0x20 : 0) | number;
}

/** One element: its identifier octet, its content, and both with the length between them. */
export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly bytes: Uint8Array;
}

/** Reads exactly one element that fills `bytes`. Throws DER_INVALID. */
export function readDer(bytes: Uint8Array): DerElement {
  const { element, end } = readElement(bytes, 0);
  if (end !== bytes.length) throw invalid(`${bytes.length - end} bytes after the end of the structure`);
  return element;
}

/** Reads the elements inside a constructed element, of which no structure but a CRL has many. */
export function children(element: DerElement): DerElement[] {
  const found: DerElement[] = [];
  for (const child of eachChild(element)) {
    if (found.length === mostChildren) throw invalid(`more than ${mostChildren} elements in one`);
    found.push(child);
  }
  return found;
}

/** The same one after the other, however many there are. */
export function* eachChild(element: DerElement): Generator<DerElement, void> {
  if ((element.tag & 0x20) === 0) throw invalid(`element of type ${hexByte(element.tag)} holds no elements`);
  for (let offset = 0; offset < element.content.length; ) {
    const { element: child, end } = readElement(element.content, offset);
    yield child;
    offset = end;
  }
}

/** The element, if it is there and of that type. Throws DER_INVALID otherwise. */
export function expectTag(element: DerElement | undefined, wanted: number, what: string): DerElement {
  if (element === undefined) throw invalid(`${what} is missing`);
  if (element.tag !== wanted) throw invalid(`${what} has type ${hexByte(element.tag)}, not ${hexByte(wanted)}`);
  return element;
}

/** The elements of a SEQUENCE. */
export function sequenceOf(element: DerElement | undefined, what: string): DerElement[] {
  return children(expectTag(element, tag.sequence, what));
}

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

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

/** Whether two byte strings are the same. For public values: the time it takes tells where they differ. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

function generalizedTimeText(date: Date): string {
  return `${date.toISOString().slice(-24, -5).replaceAll(/[-:T]/g, '')}Z`;
}

function encodeHeader(identifier: number, length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(identifier, length);
  if (length < 0x100) return Uint8Array.of(identifier, 0x81, length);
  if (length < 0x10000) return Uint8Array.of(identifier, 0x82, length >> 8, length & 0xff);
  if (length < 0x1000000) return Uint8Array.of(identifier, 0x83, length >> 16, (length >> 8) & 0xff, length & 0xff);
  return Uint8Array.of(identifier, 0x84, length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff);
}

function readElement(bytes: Uint8Array, offset: number): { element: DerElement; end: number } {
  const identifier = bytes[offset];
  const first = bytes[offset + 1];
  if (identifier === undefined || first === undefined) throw invalid('the structure ends too early');
  if ((identifier & 0x1f) === 0x1f) throw invalid('type numbers above 30 do not occur in X.509');
  let start = offset + 2;
  let length = first;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0) throw invalid('indefinite length, which is BER but not DER');
    if (count > 4) throw invalid(`a length of ${count} bytes`);
    length = 0;
    for (let index = 0; index < count; index++) length = length * 256 + (bytes[start + index] ?? 0);
    start += count;
    if (length < 0x80 || length < 256 ** (count - 1)) throw invalid('a length that is not of minimal form');
  }
  const end = start + length;
  if (end > bytes.length) throw invalid('the structure ends too early');
  return {
    element: { tag: identifier, content: bytes.subarray(start, end), bytes: bytes.subarray(offset, end) },
    end,
  };
}

function hexByte(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}

function invalid(reason: string): OvsPkiError {
  return new OvsPkiError('DER_INVALID', `the ASN.1 structure is damaged: ${reason}`, {
    hint: 'get the file again from where it was made: openssl asn1parse -in FILE shows what is in it',
  });
}
