/**
 * Hints that name a command are to work as they stand: where the command that failed was told another PKI directory, so is the
 * one that helps.
 *
 * @module
 */

import type { OvsPkiError } from '../../errors.js';
import { shellWord, shownWord } from '../../platform/quote.js';

/** The hint of an error, to be typed as it stands. */
export function hintOf({ hint, details }: OvsPkiError, directory: string | undefined): string | undefined {
  if (hint === undefined) return undefined;
  const { file } = details ?? {};
  return withDirectory(typeof file === 'string' ? withQuotedFile(hint, file) : hint, directory);
}

/** A path with a space, or worse, is one word where it stands in a command, and so is its folder; ours are quoted already. */
export function withQuotedFile(hint: string, file: string): string {
  const folder = file.slice(0, Math.max(0, file.lastIndexOf('/')));
  return [file, folder].filter(isNoWord).reduce((text, place) => {
    const [first = '', ...rest] = text.split(place);
    const word = shownWord(place);
    return rest.reduce((done, part) => done + (done.endsWith("'") ? place : word) + part, first);
  }, hint);
}

function isNoWord(text: string): boolean {
  return text !== '' && (text.includes('\0') || shellWord(text) !== text);
}

/** Commands that read the PKI directory. */
const readers =
  'init|sign|req\\+sign|verify|passphrase|export|import|renew|revoke|crl|rollover|setup|list|check|connect|distribute|plan|apply';
const command = new RegExp(`\\bovs-pki-ts (${readers})(?= |$|[;:,)])(?! --help)`, 'g');

export function withDirectory(hint: string, directory: string | undefined): string {
  if (directory === undefined || hint.includes('--dir')) return hint;
  const typed = /^[\w./+:@%-]+$/.test(directory) ? directory : `'${directory.replaceAll("'", "'\\''")}'`;
  return hint.replaceAll(command, `$& --dir ${typed.replaceAll('$', '$$$$')}`);
}
