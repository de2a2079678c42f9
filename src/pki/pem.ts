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
  const text = content.replace(byteOrderMark, '');
  const blocks: PemBlock[] = [];
  let open: { readonly label: string; readonly bodyStart: number } | undefined;
  for (const { side, label, start, end } of edgesIn(text)) {
    if (side === 'BEGIN') {
      if (open !== undefined) throw invalid(file, `block ${open.label} has no END line`);
      open = { label, bodyStart: end };
    } else {
      if (open?.label !== label) throw invalid(file, `END ${label} without its BEGIN line`);
      blocks.push({ label, bytes: decodeBody(text.slice(open.bodyStart, start), file, label) });
      open = undefined;
    }
  }
  if (open !== undefined) throw invalid(file, `block ${open.label} has no END line: the file is cut off`);
  return blocks;
}

/** The blocks with one of the given labels. Throws PEM_INVALID where there is none. */
export function decodePemOf(labels: readonly string[], text: string, file: string): [PemBlock, ...PemBlock[]] {
  const blocks = decodePem(text, file);
  const [first, ...rest] = blocks.filter((block) => labels.includes(block.label));
  if (first !== undefined) return [first, ...rest];
  const others = [...new Set(blocks.map((block) => block.label))].slice(0, 5).join(', ');
  throw invalid(file, `there is no ${labels[0]} in it${others === '' ? '' : `, but: ${others}`}`);
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

function invalid(file: string, reason: string): OvsPkiError {
  return new OvsPkiError('PEM_INVALID', `${file}: ${reason}`, {
    hint: 'copy the file again from where it was made, whole',
    details: { file },
  });
}
