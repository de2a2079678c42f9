/**
 * Passphrases from where services keep them: a file that only its owner can read, or an open descriptor.
 *
 * @module
 */

import * as fs from 'node:fs';
import * as path from 'node:path';
import { OvsPkiError, systemErrorCode } from '../errors.js';
import { notRegular, readError } from './file-errors.js';

/** More than any passphrase has. */
const maximumBytes = 4096;

/**
 * Reads a passphrase file, or a pipe in its place.
 *
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE, PASSPHRASE_EXPOSED, PASSPHRASE_INVALID
 */
export function readPassphraseFile(file: string): string {
  let descriptor: number | undefined;
  try {
    descriptor = fs.openSync(file, 'r');
    const stat = fs.fstatSync(descriptor);
    if (!stat.isFile() && !stat.isFIFO()) throw notRegular(file);
    if ((stat.mode & 0o077) !== 0 && !isCredential(file)) throw exposed(file);
    return passphraseIn(descriptor, file);
  } catch (error) {
    throw readError(file, error);
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

/** Reads a passphrase from a descriptor that the caller has opened. */
export function readPassphraseDescriptor(descriptor: number): string {
  const what = `descriptor ${descriptor}`;
  try {
    return passphraseIn(descriptor, what);
  } catch (error) {
    if (error instanceof OvsPkiError || systemErrorCode(error) === undefined) throw error;
    throw new OvsPkiError('FILE_UNREADABLE', `${what} cannot be read`, {
      hint: 'open it for the command, as with --passphrase-fd 3 3<FILE',
      details: { descriptor },
      cause: error,
    });
  }
}

/** systemd guards its credentials by the folder and by access control lists, which look like a group's rights. */
function isCredential(file: string): boolean {
  const folder = process.env['CREDENTIALS_DIRECTORY'];
  return folder !== undefined && fs.realpathSync(file).startsWith(`${fs.realpathSync(folder)}${path.sep}`);
}

/** The one line that is read there, without its end. */
function passphraseIn(descriptor: number, what: string): string {
  const buffer = Buffer.alloc(maximumBytes);
  let length = 0;
  for (let got = -1; got !== 0 && length < maximumBytes; length += got) {
    got = fs.readSync(descriptor, buffer, length, maximumBytes - length, null);
  }
  const passphrase = buffer.toString('utf8', 0, length).replace(/\r?\n$/, '');
  buffer.fill(0);
  if (passphrase !== '' && length < maximumBytes && !/[\p{Cc}\ufffd]/u.test(passphrase)) return passphrase;
  throw new OvsPkiError('PASSPHRASE_INVALID', `${what} does not hold a passphrase: one line of UTF-8`, {
    hint: 'see how many lines and bytes it has: wc',
    details: { file: what },
  });
}

function exposed(file: string): OvsPkiError {
  return new OvsPkiError('PASSPHRASE_EXPOSED', `${file} can be read by others than its owner`, {
    hint: `chmod 600 ${file}; and change the passphrase, if others may have read it: ovs-pki-ts passphrase`,
    details: { file },
  });
}
