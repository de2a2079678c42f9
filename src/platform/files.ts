/**
 * Files: whole, durable, never wider than their mode. The calls are synchronous on purpose: they are short, and while
 * keys are made the thread pool that asynchronous calls would share is busy with them.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { OvsPkiError, systemErrorCode } from '../errors.js';

/** No file that we read as a whole is larger: 64 MiB. */
const maximumBytes = 64 * 1024 * 1024;

export interface FileStamp {
  /** Inode, size in bytes and time of the last change in nanoseconds, as one comparable text. */
  readonly stamp: string;
  readonly size: number;
  readonly modifiedAt: Date;
}

/** Reads a whole regular file. Throws FILE_NOT_FOUND or FILE_UNREADABLE. */
export function readFile(file: string): Buffer {
  try {
    const found = fs.statSync(file);
    if (!found.isFile()) throw new OvsPkiError('FILE_UNREADABLE', `${file} is not a regular file`);
    if (found.size > maximumBytes) {
      throw new OvsPkiError('FILE_UNREADABLE', `${file} has ${found.size} bytes, which is more than ${maximumBytes}`);
    }
    return fs.readFileSync(file);
  } catch (error) {
    throw readError(file, error);
  }
}

/** Reads the last `bytes` of a file, or all of it where it is shorter; an empty buffer where it does not exist. */
export function readTail(file: string, bytes: number): Buffer {
  let descriptor: number;
  try {
    descriptor = fs.openSync(file, 'r');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return Buffer.alloc(0);
    throw readError(file, error);
  }
  try {
    const size = fs.fstatSync(descriptor).size;
    const buffer = Buffer.alloc(Math.min(size, bytes));
    const got = fs.readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
    return buffer.subarray(0, got);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** The identity of a file's present content, or undefined where there is no such file. */
export function stampOf(file: string): FileStamp | undefined {
  const found = fs.statSync(file, { bigint: true, throwIfNoEntry: false });
  if (found === undefined) return undefined;
  return {
    stamp: `${found.ino} ${found.size} ${found.mtimeNs}`,
    size: Number(found.size),
    modifiedAt: new Date(Number(found.mtimeNs / 1_000_000n)),
  };
}

export function exists(file: string): boolean {
  return orAbsent(file, () => fs.lstatSync(file, { throwIfNoEntry: false })) !== undefined;
}

export function isFolder(file: string): boolean {
  return orAbsent(file, () => fs.statSync(file, { throwIfNoEntry: false }))?.isDirectory() ?? false;
}

/** Below a file there is nothing. Whether something is there may be unknown, too: throws FILE_UNREADABLE. */
function orAbsent(file: string, look: () => fs.Stats | undefined): fs.Stats | undefined {
  try {
    return look();
  } catch (error) {
    if (systemErrorCode(error) === 'ENOTDIR') return undefined;
    throw readError(file, error);
  }
}

/** The names in a folder, sorted; none where it does not exist. */
export function list(folder: string): string[] {
  try {
    return fs.readdirSync(folder).sort();
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw readError(folder, error);
  }
}

/**
 * Makes a new file with all of its content, durably. The file is never seen incomplete, and never replaces another
 * one: throws FILE_EXISTS, also when two processes race.
 */
export function createFile(file: string, content: string | Uint8Array, mode = 0o666): void {
  const temporary = writeTemporary(file, content, mode);
  try {
    linkOrRename(temporary, file);
    syncFolder(path.dirname(file));
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    if (systemErrorCode(error) === 'EEXIST') throw existsError(file);
    throw writeError(file, error);
  }
}

/** Makes a file or replaces its content as a whole, durably: at any moment it holds the old or the new content. */
export function replaceFile(file: string, content: string | Uint8Array, mode = 0o666): void {
  const temporary = writeTemporary(file, content, mode);
  try {
    fs.renameSync(temporary, file);
    syncFolder(path.dirname(file));
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw writeError(file, error);
  }
}

/**
 * Appends text to a file in one write and waits until it is on the disk. Where the disk is full, what was written of
 * the text is taken away again.
 */
export function appendDurably(file: string, text: string, mode = 0o666): void {
  let descriptor: number | undefined;
  try {
    descriptor = fs.openSync(file, 'a', mode);
    const before = fs.fstatSync(descriptor).size;
    try {
      writeAll(descriptor, Buffer.from(text));
      fs.fsyncSync(descriptor);
    } catch (error) {
      fs.ftruncateSync(descriptor, before);
      throw error;
    }
  } catch (error) {
    throw writeError(file, error);
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

/** Appends text to a file that can be made again from others: not waited for until it is on the disk. */
export function append(file: string, text: string): void {
  try {
    fs.appendFileSync(file, text);
  } catch (error) {
    throw writeError(file, error);
  }
}

/** Writes a small file that can be made again from others: neither atomic nor waited for. */
export function write(file: string, text: string): void {
  try {
    fs.writeFileSync(file, text);
  } catch (error) {
    throw writeError(file, error);
  }
}

/** Cuts a file to a length in bytes. */
export function truncate(file: string, bytes: number): void {
  try {
    fs.truncateSync(file, bytes);
  } catch (error) {
    throw writeError(file, error);
  }
}

export function remove(file: string): void {
  fs.rmSync(file, { force: true, recursive: true });
}

/** Makes a folder that does not exist yet, parents included. Its mode is exact whatever the umask says, if given. */
export function makeFolder(folder: string, mode?: number): void {
  try {
    fs.mkdirSync(folder, { recursive: true, mode: mode ?? 0o777 });
    if (mode !== undefined) fs.chmodSync(folder, mode);
  } catch (error) {
    throw writeError(folder, error);
  }
}

/** Makes a new, empty folder that nobody else can enter yet, beside `place`, to be renamed there when it is complete. */
export function makeFolderBeside(place: string): string {
  try {
    const parent = path.dirname(path.resolve(place));
    fs.mkdirSync(parent, { recursive: true });
    return fs.mkdtempSync(path.join(parent, `.${path.basename(place)}.new-`));
  } catch (error) {
    throw writeError(place, error);
  }
}

/** Renames a folder to a place where there is nothing, or an empty folder, and makes that durable. */
export function moveFolder(from: string, to: string): void {
  try {
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
  fs.chmodSync(folder, 0o777 & ~process.umask());
}

/** Opens a file for a lock that lives as long as the descriptor, making it where it is missing. */
export function openForLock(file: string): number {
  try {
    return fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
  } catch (error) {
    throw writeError(file, error);
  }
}

export function close(descriptor: number): void {
  fs.closeSync(descriptor);
}

function writeTemporary(file: string, content: string | Uint8Array, mode: number): string {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${randomBytes(6).toString('hex')}.tmp`);
  let descriptor: number | undefined;
  try {
    descriptor = fs.openSync(temporary, 'wx', mode);
    writeAll(descriptor, typeof content === 'string' ? Buffer.from(content) : content);
    fs.fsyncSync(descriptor);
    return temporary;
  } catch (error) {
    if (descriptor !== undefined) fs.rmSync(temporary, { force: true });
    throw writeError(file, error);
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += fs.writeSync(descriptor, bytes, done);
}

function linkOrRename(temporary: string, file: string): void {
  try {
    fs.linkSync(temporary, file);
    fs.unlinkSync(temporary);
  } catch (error) {
    // Some file systems (vfat, many FUSE ones) have no hard links; there the check and the rename are two steps.
    const code = systemErrorCode(error);
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS' && code !== 'EMLINK') throw error;
    if (exists(file)) throw existsError(file);
    fs.renameSync(temporary, file);
  }
}

function syncFolder(folder: string): void {
  const descriptor = fs.openSync(folder, 'r');
  try {
    fs.fsyncSync(descriptor);
  } catch (error) {
    // Some network file systems refuse to sync a folder; there is nothing more that could be done there.
    if (systemErrorCode(error) !== 'EINVAL') throw error;
  } finally {
    fs.closeSync(descriptor);
  }
}

function existsError(file: string): OvsPkiError {
  return new OvsPkiError('FILE_EXISTS', `${file} already exists`, {
    hint: 'choose another name, or give --force to replace it',
    details: { file },
  });
}

function readError(file: string, error: unknown): unknown {
  const code = systemErrorCode(error);
  if (error instanceof OvsPkiError || code === undefined) return error;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new OvsPkiError('FILE_NOT_FOUND', `${file} does not exist`, { details: { file }, cause: error });
  }
  return new OvsPkiError('FILE_UNREADABLE', `${file} cannot be read (${code})`, {
    hint: code === 'EACCES' ? 'run as a user who may read it, such as root' : 'see what the file is: ls -l',
    details: { file, systemError: code },
    cause: error,
  });
}

function writeError(file: string, error: unknown): unknown {
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
