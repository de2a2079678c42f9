/**
 * PEM (RFC 7468): text around base64, with whatever text stands between the blocks, as `openssl -text` writes it.
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';

export interface PemBlock {
  /** What stands after BEGIN, such as `CERTIFICATE`. */
  readonly label: string;
  readonly bytes: Uint8Array;
}

/** One block, lines of 64 characters, with a newline at its end. */
export function encodePem(label: string, bytes: Uint8Array): string {
  const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** All blocks of a file, in order. Throws PEM_INVALID for a block that is damaged. */
export function decodePem(content: string, file: string): PemBlock[] {
  const text = narrowed(content).replace(byteOrderMark, '');
  const blocks: PemBlock[] = [];
  let open: { readonly label: string; readonly bodyStart: number } | undefined;
  for (const { side, label, start, end } of edgesIn(text)) {
    if (side === 'BEGIN') {
      if (open !== undefined) throw invalid(file, `block ${open.label} has no END line`);
      open = { label, bodyStart: end };
    } else {
      if (open?.label !== label) throw invalid(file, `END ${label} without its BEGIN line`);
      blocks.push(plain(label, decodeBody(text.slice(open.bodyStart, start), file, label)));
      open = undefined;
    }
  }
  if (open !== undefined) throw invalid(file, `block ${open.label} has no END line: the file is cut off`);
  return blocks;
}

/**
 * The blocks with one of the given labels; DER in place of PEM is the one block that is looked for. Throws PEM_INVALID where there
 * is none.
 *
 * @param text the file, read as Latin-1
 */
export function decodePemOf(labels: [string, ...string[]], text: string, file: string): [PemBlock, ...PemBlock[]] {
  if (isDer(text)) return [{ label: labels[0], bytes: derOf(text, file) }];
  const blocks = decodePem(text, file);
  const [first, ...rest] = blocks.filter((block) => labels.includes(block.label));
  if (first !== undefined) return [first, ...rest];
  const others = [...new Set(blocks.map((block) => block.label))].slice(0, 5).join(', ');
  const container = containers.get(blocks[0]?.label ?? '');
  throw invalid(
    file,
    `there is no ${labels[0]} in it${others === '' ? '' : `, but: ${others}`}`,
    container?.(file, ''),
  );
}

/** What takes certificates out of what they can be packed into. */
const containers: ReadonlyMap<string, (file: string, form: string) => string> = new Map([
  [
    'PKCS7',
    (file: string, form: string) =>
      `it holds certificates in PKCS #7; take them out: openssl pkcs7${form} -print_certs -in ${file} -out ${file}.pem`,
  ],
  [
    'PKCS12',
    (file: string) => `it is PKCS #12; take out what is needed: openssl pkcs12 -in ${file} -nodes -out ${file}.pem`,
  ],
]);

/** One whole element of ASN.1 and nothing else, in text that was read as Latin-1. */
function isDer(text: string): boolean {
  const at = (index: number): number => text.charCodeAt(index);
  if (at(0) !== 0x30 || text.length < 4) return false;
  // BER of PKCS #12, whose length is not told.
  return at(1) === 0x80 || elementLength(at) === text.length;
}

/** Of the first element with its header; undefined for a length of more than four octets. NaN where the header is cut. */
function elementLength(at: (index: number) => number): number | undefined {
  const octets = at(1) < 0x80 ? 0 : at(1) & 0x7f;
  if (octets > 4) return undefined;
  let length = octets === 0 ? at(1) : 0;
  for (let index = 0; index < octets; index++) length = length * 256 + at(2 + index);
  return 2 + octets + length;
}

/** Throws PEM_INVALID for PKCS #7 and PKCS #12, which hold more than one thing. */
function derOf(text: string, file: string): Uint8Array {
  const header = text.charCodeAt(1) < 0x80 ? 2 : 2 + (text.charCodeAt(1) & 0x7f);
  const [first, length] = [text.charCodeAt(header), text.charCodeAt(header + 1)];
  const isCms = first === 0x06;
  // The version of PKCS #12 is 3, that of nothing else here.
  const isPkcs12 = text.charCodeAt(1) === 0x80 || (first === 0x02 && length === 1 && text.charCodeAt(header + 2) === 3);
  if (!isCms && !isPkcs12) return Buffer.from(text, 'latin1');
  const hint = containers.get(isCms ? 'PKCS7' : 'PKCS12')?.(file, ' -inform DER');
  throw invalid(file, `it is ${isCms ? 'PKCS #7' : 'PKCS #12'}, not PEM`, hint);
}

/** Windows writes UTF-16, with and without a byte order mark. Text that was read as Latin-1; other text is left as it is. */
export function narrowed(text: string): string {
  const mark = /^\u00ff\u00fe|^\u00fe\u00ff/.exec(text)?.[0];
  const dashes = text.indexOf('-\0-\0-\0-\0-\0B');
  if (mark === undefined && dashes < 0) return text;
  const isLittle = mark === undefined ? dashes % 2 === 0 : mark === '\u00ff\u00fe';
  const start = mark?.length ?? 0;
  const bytes = Buffer.from(text.slice(start, start + 2 * Math.floor((text.length - start) / 2)), 'latin1');
  return (isLittle ? bytes : bytes.swap16()).toString('utf16le');
}

/** OpenSSL's own form is a certificate and behind it what it is trusted for, which counts for nothing here. */
function plain(label: string, bytes: Uint8Array): PemBlock {
  if (label !== 'TRUSTED CERTIFICATE') return { label, bytes };
  return {
    label: 'CERTIFICATE',
    bytes: bytes.subarray(
      0,
      elementLength((index) => bytes[index] ?? 0),
    ),
  };
}

/** The lines that begin and end blocks, found without making lines of all the others, of which there may be millions. */
function* edgesIn(text: string) {
  const pattern = /(?:^|[\r\n])-----(BEGIN|END) ([A-Z0-9][A-Z0-9 .]{0,63})-----[^\S\r\n]*(?=[\r\n]|$)/g;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const [whole, side, label = ''] = match;
    yield { side, label, start: match.index, end: match.index + whole.length };
  }
}

/** As editors put it before UTF-8, here in text that was read as Latin-1 or as UTF-8. */
const byteOrderMark = /^(?:\u00ef\u00bb\u00bf|\ufeff)/;

function decodeBody(body: string, file: string, label: string): Uint8Array {
  if (label.endsWith('PRIVATE KEY') && body.includes(':')) {
    // RFC 1421 headers: only the old encrypted keys carry them.
    throw new OvsPkiError('KEY_ENCRYPTED', `${file}: the block ${label} is encrypted`, {
      hint: `decrypt it first: openssl pkey -in ${file} -out decrypted.pem`,
      details: { file },
    });
  }
  // White space counts for nothing at the beginning and the end of a line only.
  const base64 = body.replaceAll(/\s+/g, (space) => (/[\r\n]/.test(space) ? '' : space)).trim();
  if (base64 === '' || base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) {
    throw invalid(file, `the base64 of block ${label} is damaged`);
  }
  return Buffer.from(base64, 'base64');
}

function invalid(file: string, reason: string, hint?: string): OvsPkiError {
  return new OvsPkiError('PEM_INVALID', `${file}: ${reason}`, {
    hint: hint ?? 'copy the file again from where it was made, whole',
    details: { file },
  });
}
