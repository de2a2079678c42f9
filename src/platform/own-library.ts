/**
 * Whether a library that is to be loaded can only have been written by root and us.
 *
 * @module
 */

import * as fs from 'node:fs';
import * as path from 'node:path';
import { OvsPkiError, systemErrorCode } from '../errors.js';
import { notRegular, readError } from './file-errors.js';
import { shellCommand } from './quote.js';

/** More than any URI has. */
const longestUri = 1 << 16;

/**
 * Reads a file that names a library to be loaded: undefined where others than root and we ourselves can have written it.
 *
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE
 */
export function readOwnFile(file: string): string | undefined {
  let descriptor: number | undefined;
  try {
    // A FIFO in its place would be waited for.
    descriptor = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    const found = fs.fstatSync(descriptor);
    if (!found.isFile() || found.size > longestUri) throw notRegular(file);
    return isOurs(found) ? fs.readFileSync(descriptor, 'utf8') : undefined;
  } catch (error) {
    throw readError(file, error);
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

/** Whether only root and we ourselves can have written it. */
function isOurs({ uid, mode }: fs.Stats): boolean {
  return (uid === 0 || uid === process.getuid?.()) && (mode & 0o022) === 0;
}

/**
 * What is loaded runs as we do, with the PIN and the key at hand: nobody else may be able to change it, or to put another in
 * its place. If it is missing, loading it reports that.
 */
export function requireOwnLibrary(modulePath: string): void {
  let place: string;
  try {
    place = fs.realpathSync(modulePath);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return;
  }
  if (fs.statSync(place).isFile() && !isOurs(fs.statSync(place))) {
    throw foreignLibrary(
      modulePath,
      `others could have written ${place}`,
      shellCommand`chown root ${place}; chmod go-w ${place}`,
    );
  }
  for (let folder = path.dirname(place); ; folder = path.dirname(folder)) {
    const { mode } = fs.statSync(folder);
    if ((mode & 0o002) !== 0 && (mode & 0o1000) === 0) {
      throw foreignLibrary(modulePath, `all can write to ${folder}`, shellCommand`chmod o-w ${folder}`);
    }
    if (folder === path.dirname(folder)) return;
  }
}

function foreignLibrary(modulePath: string, fault: string, cure: string): OvsPkiError {
  return new OvsPkiError('TOKEN_MODULE_UNUSABLE', `${modulePath} is not loaded: ${fault}`, {
    hint: `make sure that it is the library of the maker, then: ${cure}`,
    details: { modulePath },
  });
}
