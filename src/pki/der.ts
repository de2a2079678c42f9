/**
 * DER (ITU-T X.690), the part that X.509 needs: the elements, read strictly. `der-values.ts` reads what is in them, and
 * `der-encode.ts` writes both. Written here because it is on the path of every signature: through the general libraries a
 * certificate costs 7 to 10 ms, this way a fraction of one (ARCHITECTURE.md, "Stack").
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';

/** What a file can ask of us is bounded: an element costs us a hundred times its two bytes. */
const mostChildren = 10_000;

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

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

/** Whether two byte strings are the same. For public values: the time it takes tells where they differ. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
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

export function hexByte(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}

export function invalid(reason: string): OvsPkiError {
  return new OvsPkiError('DER_INVALID', `the ASN.1 structure is damaged: ${reason}`, {
    hint: 'get the file again from where it was made: openssl asn1parse -in FILE shows what is in it',
  });
}
