/**
 * Passphrases: from a file, or from whoever sits at the terminal.
 *
 * @module
 */

import { readFile } from '../platform/files.js';
import { readStandardInput } from '../platform/standard-input.js';
import { textOf } from './fleet-options.js';
import type { OptionValues } from './options.js';
import { askPassphrase } from './prompt.js';

/** Gives the passphrase of what is named. The file is read once; its first line, without the line end, is the passphrase. */
export function passphraseOf(options: OptionValues): (what: string) => Promise<string> {
  const file = textOf(options, 'passphrase-file');
  let line: string | undefined;
  return async (what) => {
    if (file === undefined) return askPassphrase(`Passphrase of ${what}:`, '--passphrase-file FILE');
    line ??= file === '-' ? await readStandardInput() : readFile(file).toString();
    return line.split(/\r?\n/, 1)[0] ?? '';
  };
}
