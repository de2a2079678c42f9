/**
 * Names as people write them: in their own letters where the terminal shows UTF-8, and else by their bytes. What could deceive
 * the reader is written as its code in either case.
 *
 * @module
 */

import { visible } from '../../platform/visible.js';

/** A text of foreign names, on one line. `\xC3\xA9`, as names are formatted, and the letter itself are one. */
export function letters(text: string, isUtf8 = terminalIsUtf8()): string {
  return isUtf8 ? visible(text.replaceAll(byteRuns, lettersOf)) : visible(text.replaceAll(foreign, bytesOf));
}

/** A backslash of the name itself is written as two, and begins nothing. */
const byteRuns = /\\\\|(?:\\x[0-9A-F]{2})+/g;
/** What is hidden in either case keeps its own code. */
const foreign = /[^\p{ASCII}\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/gu;

function lettersOf(run: string): string {
  if (run === '\\\\') return run;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Buffer.from(run.replaceAll('\\x', ''), 'hex'),
    );
  } catch {
    return run;
  }
}

function bytesOf(character: string): string {
  return [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

/** POSIX: the first of these that is set and not empty says it. */
function terminalIsUtf8(): boolean {
  const { LC_ALL, LC_CTYPE, LANG } = process.env;
  return /utf-?8/i.test([LC_ALL, LC_CTYPE, LANG].find((value) => value !== undefined && value !== '') ?? '');
}
