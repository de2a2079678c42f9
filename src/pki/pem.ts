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
export function decodePem(text: string, file: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let label: string | undefined;
  let body: string[] = [];
  for (const line of text.replace(byteOrderMark, '').split(/\r?\n|\r/)) {
    const edge = /^-----(BEGIN|END) ([A-Z0-9][A-Z0-9 .]*)-----\s*$/.exec(line);
    if (edge === null) {
      if (label !== undefined) body.push(line.trim());
    } else if (edge[1] === 'BEGIN') {
      if (label !== undefined) throw invalid(file, `block ${label} has no END line`);
      label = edge[2] as string;
      body = [];
    } else {
      if (label !== edge[2]) throw invalid(file, `END ${edge[2]} without its BEGIN line`);
      blocks.push({ label: label as string, bytes: decodeBody(body, file, label as string) });
      label = undefined;
    }
  }
  if (label !== undefined) throw invalid(file, `block ${label} has no END line: the file is cut off`);
  return blocks;
}

/** The blocks with one of the given labels. Throws PEM_INVALID where there is none. */
export function decodePemOf(labels: readonly string[], text: string, file: string): [PemBlock, ...PemBlock[]] {
  const blocks = decodePem(text, file);
  const [first, ...rest] = blocks.filter((block) => labels.includes(block.label));
  if (first !== undefined) return [first, ...rest];
  const others = [...new Set(blocks.map((block) => block.label))].join(', ');
  throw invalid(file, `there is no ${labels[0]} in it${others === '' ? '' : `, but: ${others}`}`);
}

/** As editors put it before UTF-8, here in text that was read as Latin-1 or as UTF-8. */
const byteOrderMark = /^(?:\u00ef\u00bb\u00bf|\ufeff)/;

function decodeBody(lines: readonly string[], file: string, label: string): Uint8Array {
  if (label.endsWith('PRIVATE KEY') && lines.some((line) => line.includes(':'))) {
    // RFC 1421 headers: only the old encrypted keys carry them.
    throw new OvsPkiError('KEY_ENCRYPTED', `${file}: the block ${label} is encrypted`, {
      hint: `decrypt it first: openssl pkey -in ${file} -out decrypted.pem`,
      details: { file },
    });
  }
  const base64 = lines.join('');
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
