/**
 * What opens what is encrypted.
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';

/** Asked for where something is encrypted, and only then. */
export type AskPassphrase = () => Promise<string>;

export function wrongPassphrase(file: string, cause: unknown): OvsPkiError {
  return new OvsPkiError('PASSPHRASE_WRONG', `${file}: the passphrase does not open it`, {
    hint: 'look for spaces at its ends, and for another layout of the keyboard',
    details: { file },
    cause,
  });
}
