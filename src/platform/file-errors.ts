/**
 * What the system says of files, as errors with a code and a cure.
 *
 * @module
 */

import { lstatSync } from 'node:fs';
import * as path from 'node:path';
import { OvsPkiError, systemErrorCode } from '../errors.js';

/** What was found, or undefined where there is nothing; that it cannot be known is an error. */
export function orAbsent<T>(file: string, find: () => T): T | undefined {
  try {
    return find();
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return undefined;
    throw readError(file, error);
  }
}

export function existsError(file: string): OvsPkiError {
  return new OvsPkiError('FILE_EXISTS', `${file} already exists`, {
    hint: 'choose another name, or give --force to replace it',
    details: { file },
  });
}

export function notRegular(file: string): OvsPkiError {
  return new OvsPkiError('FILE_UNREADABLE', `${file} is not a regular file`, {
    hint: 'give the path of a file; of what a program writes, make a file first',
    details: { file },
  });
}

export function readError(file: string, error: unknown): unknown {
  const code = systemErrorCode(error);
  if (error instanceof OvsPkiError || code === undefined) return error;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const isDangling = code === 'ENOENT' && isLink(file);
    if (!isDangling) {
      return new OvsPkiError('FILE_NOT_FOUND', `${file} does not exist`, { details: { file }, cause: error });
    }
    return new OvsPkiError('FILE_NOT_FOUND', `${file} is a link to what does not exist`, {
      hint: `see where it leads: ls -l ${file}`,
      details: { file },
      cause: error,
    });
  }
  return new OvsPkiError('FILE_UNREADABLE', `${file} cannot be read (${code})`, {
    hint: code === 'EACCES' ? 'run as a user who may read it, such as root' : 'see what the file is: ls -l',
    details: { file, systemError: code },
    cause: error,
  });
}

/** Not by `linkTarget`, which reads links and tells what fails there with {@link readError}. */
function isLink(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

export function writeError(file: string, error: unknown): unknown {
  const code = systemErrorCode(error);
  if (error instanceof OvsPkiError || code === undefined) return error;
  const cures: Record<string, string> = {
    EACCES: 'run as a user who may write there, such as root, or choose another folder',
    EROFS: 'the file system is read-only: choose another folder',
    ENOSPC: 'the disk is full: free some room and run the command again',
    EDQUOT: 'the disk quota is used up: free some room and run the command again',
    ENOENT: `make the folder first: mkdir -p ${path.dirname(file)}`,
    ENAMETOOLONG: 'choose a shorter name',
  };
  return new OvsPkiError('FILE_UNWRITABLE', `${file} cannot be written (${code})`, {
    hint: cures[code] ?? 'see what is at that place: ls -ld',
    details: { file, systemError: code },
    cause: error,
  });
}
