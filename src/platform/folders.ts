/**
 * Folders: made, moved to their place as a whole, and made durable.
 *
 * @module
 */

import * as fs from 'node:fs';
import * as path from 'node:path';
import { systemErrorCode } from '../errors.js';
import { existsError, orAbsent, writeError } from './file-errors.js';
import { settleFolder } from './ownership.js';

export function isFolder(file: string): boolean {
  return orAbsent(file, () => fs.statSync(file))?.isDirectory() ?? false;
}

/** Makes a folder that does not exist yet, parents included. Its mode is exact whatever the umask says, if given. */
export function makeFolder(folder: string, mode?: number): void {
  try {
    const parent = path.dirname(path.resolve(folder));
    if (!isFolder(parent)) makeFolder(parent);
    makeOneFolder(folder, mode);
    if (mode !== undefined) fs.chmodSync(folder, mode);
  } catch (error) {
    throw writeError(folder, error);
  }
}

/** Makes a folder that does not exist yet, in one that does. */
export function makeOneFolder(folder: string, mode?: number): void {
  try {
    fs.mkdirSync(folder, { mode: mode ?? 0o777 });
    settleFolder(folder, mode);
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST' || !isFolder(folder)) throw writeError(folder, error);
  }
}

/** Makes a new, empty folder that nobody else can enter yet, beside `place`, to be renamed there when it is complete. */
export function makeFolderBeside(place: string): string {
  try {
    const parent = path.dirname(path.resolve(place));
    makeFolder(parent);
    const folder = fs.mkdtempSync(path.join(parent, `.${path.basename(place)}.new-`));
    settleFolder(folder, 0o700);
    return folder;
  } catch (error) {
    throw writeError(place, error);
  }
}

/** A folder that is made out of sight. */
export interface StagedFolder {
  /** What is to be renamed to its place when it is complete: as open as a folder that is made there. */
  readonly folder: string;
  /** Nobody else can enter it; it is to be removed in the end. */
  readonly stage: string;
}

/** Makes a new, empty folder in one beside `place` that nobody else can enter. */
export function stageFolder(place: string): StagedFolder {
  const stage = makeFolderBeside(place);
  const folder = path.join(stage, 'new');
  try {
    fs.mkdirSync(folder);
    settleFolder(folder, undefined, path.dirname(path.resolve(place)));
    return { folder, stage };
  } catch (error) {
    fs.rmSync(stage, { force: true, recursive: true });
    throw writeError(place, error);
  }
}

/** Renames a folder to a place where there is nothing, or an empty folder, and makes that durable. */
export function moveFolder(from: string, to: string): void {
  try {
    syncFolder(from);
    fs.renameSync(from, to);
    syncFolder(path.dirname(path.resolve(to)));
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR') throw existsError(to);
    throw writeError(to, error);
  }
}

/** Gives a folder the mode that a folder made now would have. */
export function openFolderMode(folder: string): void {
  try {
    fs.chmodSync(folder, (fs.statSync(folder).mode & 0o7000) | (0o777 & ~process.umask()));
    settleFolder(folder, undefined);
  } catch (error) {
    throw writeError(folder, error);
  }
}

/** Removes whatever is at a place, a folder with all that is in it. */
export function removeTree(file: string): void {
  try {
    fs.rmSync(file, { force: true, recursive: true });
  } catch (error) {
    throw writeError(file, error);
  }
}

/** Removes a folder in which there is nothing; leaves any other, and one that cannot be removed. */
export function removeEmptyFolder(folder: string): void {
  try {
    fs.rmdirSync(folder);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
  }
}

/** Makes what was done to the names in a folder durable. */
export function syncFolder(folder: string): void {
  let descriptor: number | undefined;
  try {
    descriptor = fs.openSync(folder, 'r');
    fs.fsyncSync(descriptor);
  } catch (error) {
    // Some network file systems refuse to sync a folder, and one that may be written need not be readable.
    const code = systemErrorCode(error);
    if (code !== 'EINVAL' && code !== 'EACCES') throw writeError(folder, error);
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}
