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
import { existsError, notRegular, orAbsent, readError, writeError } from './file-errors.js';
import { syncFolder } from './folders.js';
import { settleFile } from './ownership.js';

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
    if (!found.isFile()) throw notRegular(file);
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
  } catch (error) {
    throw readError(file, error);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** The identity of a file's present content, or undefined where there is no such file. */
export function stampOf(file: string): FileStamp | undefined {
  const found = orAbsent(file, () => fs.statSync(file, { bigint: true }));
  if (found === undefined) return undefined;
  return {
    stamp: `${found.ino} ${found.size} ${found.mtimeNs}`,
    size: Number(found.size),
    modifiedAt: new Date(Number(found.mtimeNs / 1_000_000n)),
  };
}

/** The permission bits of a file or folder; none where there is nothing. */
export function modeOf(file: string): number {
  return (orAbsent(file, () => fs.statSync(file))?.mode ?? 0) & 0o777;
}

export function exists(file: string): boolean {
  return orAbsent(file, () => fs.lstatSync(file)) !== undefined;
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

/** A file to be written as a whole. */
export interface NewFile {
  readonly file: string;
  readonly content: string | Uint8Array;
  /** Take the place of a file that exists; otherwise that is FILE_EXISTS, also when two processes race. */
  readonly replace: boolean;
}

/** A file that is complete and on the disk, but not in its place yet; to put it there takes no more room. */
export interface StagedFile {
  readonly file: string;
  readonly temporary: string;
}

/**
 * Makes a new file with all of its content, durably. The file is never seen incomplete, and never replaces another
 * one: throws FILE_EXISTS, also when two processes race.
 */
export function createFile(file: string, content: string | Uint8Array, mode?: number): void {
  placeNew(stageFile(file, content, mode));
}

/**
 * Makes a file or replaces its content as a whole, durably: at any moment it holds the old or the new content. Owner and
 * mode stay those of the old one, unless a mode is given.
 */
export function replaceFile(file: string, content: string | Uint8Array, mode?: number): void {
  placeOver(stageFile(file, content, mode));
}

/**
 * Writes many files, each as {@link createFile} or {@link replaceFile} does, and waits for the disk once for all of
 * them and not once for each. The result has, for each file, undefined or why it was not written.
 */
export async function writeFiles(targets: readonly NewFile[]): Promise<(OvsPkiError | undefined)[]> {
  const [only] = targets;
  if (only !== undefined && targets.length === 1) {
    const write = only.replace ? replaceFile : createFile;
    return [orError(() => write(only.file, only.content)) ?? undefined];
  }
  const staged = await Promise.all(targets.map(stageConcurrently));
  const errors = targets.map(({ replace }, index) => {
    const item = staged[index] as StagedFile | OvsPkiError;
    return item instanceof OvsPkiError ? item : (orError(() => place(item, replace)) ?? undefined);
  });
  const written = targets.filter((_, index) => errors[index] === undefined);
  for (const folder of new Set(written.map(({ file }) => path.dirname(file)))) syncFolder(folder);
  return errors;
}

/** Writes a file beside its place. */
export function stageFile(file: string, content: string | Uint8Array, mode?: number): StagedFile {
  const { descriptor, ...staged } = openTemporary(file, content, mode);
  try {
    fs.fsyncSync(descriptor);
    return staged;
  } catch (error) {
    discard(staged);
    throw writeError(file, error);
  } finally {
    fs.closeSync(descriptor);
  }
}

/**
 * Puts a staged file where there is nothing. Throws FILE_EXISTS.
 *
 * @param link how a hard link is made, where that is not what link(2) does
 */
export function placeNew(staged: StagedFile, link: typeof fs.linkSync = fs.linkSync): void {
  place(staged, false, link);
  syncFolder(path.dirname(staged.file));
}

/** Puts a staged file in its place, whatever is there. */
export function placeOver(staged: StagedFile): void {
  place(staged, true);
  syncFolder(path.dirname(staged.file));
}

export function discard({ temporary }: StagedFile): void {
  fs.rmSync(temporary, { force: true });
}

/** Removes what interrupted runs have left of a file that they were writing. Nobody may be writing it now. */
export function removeTemporaries(file: string): void {
  const [folder, start] = [path.dirname(file), `.${path.basename(file)}.`];
  for (const name of list(folder)) {
    if (name.startsWith(start) && name.endsWith('.tmp')) removeFile(path.join(folder, name));
  }
}

/**
 * Appends text to a file in one write and waits until it is on the disk. Where the disk is full, what was written of
 * the text is taken away again.
 */
export function appendDurably(file: string, text: string, mode?: number): void {
  let descriptor: number | undefined;
  try {
    const isNew = !exists(file);
    descriptor = fs.openSync(file, 'a', mode ?? 0o666);
    if (isNew) settleFile(descriptor, file, { isReplacing: false, mode });
    const before = fs.fstatSync(descriptor).size;
    try {
      writeAll(descriptor, Buffer.from(text));
      fs.fsyncSync(descriptor);
    } catch (error) {
      cutBack(descriptor, before);
      throw error;
    }
  } catch (error) {
    throw writeError(file, error);
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

/** What failed before is the error to be told, also where this fails too. */
function cutBack(descriptor: number, bytes: number): void {
  try {
    fs.ftruncateSync(descriptor, bytes);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
  }
}

/** Appends text to a file that can be made again from others: not waited for until it is on the disk. */
export function append(file: string, text: string): void {
  try {
    writeSettled(file, 'a', text);
  } catch (error) {
    throw writeError(file, error);
  }
}

/** Writes a small file that can be made again from others: neither atomic nor waited for. */
export function write(file: string, text: string): void {
  try {
    writeSettled(file, 'w', text);
  } catch (error) {
    throw writeError(file, error);
  }
}

function writeSettled(file: string, flags: 'a' | 'w', text: string): void {
  const isNew = !exists(file);
  const descriptor = fs.openSync(file, flags);
  try {
    if (isNew) settleFile(descriptor, file, { isReplacing: false, mode: undefined });
    writeAll(descriptor, Buffer.from(text));
  } finally {
    fs.closeSync(descriptor);
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

/** Removes a file, never a folder. */
export function removeFile(file: string): void {
  try {
    fs.unlinkSync(file);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw writeError(file, error);
  }
}

/** Writes a file beside its place; it is not on the disk yet, and its descriptor is open. */
function openTemporary(
  file: string,
  content: string | Uint8Array,
  mode: number | undefined,
): StagedFile & { descriptor: number } {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${randomBytes(6).toString('hex')}.tmp`);
  let descriptor: number | undefined;
  try {
    descriptor = fs.openSync(temporary, 'wx', mode ?? 0o666);
    settleFile(descriptor, file, { isReplacing: true, mode });
    writeAll(descriptor, typeof content === 'string' ? Buffer.from(content) : content);
    return { file, temporary, descriptor };
  } catch (error) {
    if (descriptor !== undefined) {
      fs.closeSync(descriptor);
      discard({ file, temporary });
    }
    throw writeError(file, error);
  }
}

async function stageConcurrently({ file, content }: NewFile): Promise<StagedFile | OvsPkiError> {
  const opened = orError(() => openTemporary(file, content, undefined));
  if (opened instanceof OvsPkiError) return opened;
  const error = await new Promise<Error | null>((resolve) => fs.fsync(opened.descriptor, resolve));
  fs.closeSync(opened.descriptor);
  if (error === null) return opened;
  discard(opened);
  return orError(() => {
    throw writeError(file, error);
  });
}

/** Gives a staged file its name. */
function place(staged: StagedFile, replace: boolean, link: typeof fs.linkSync = fs.linkSync): void {
  const { file, temporary } = staged;
  try {
    if (replace) fs.renameSync(temporary, file);
    else linkOrRename(temporary, file, link);
  } catch (error) {
    discard(staged);
    throw systemErrorCode(error) === 'EEXIST' ? existsError(file) : writeError(file, error);
  }
}

function orError<T>(action: () => T): T | OvsPkiError {
  try {
    return action();
  } catch (error) {
    if (error instanceof OvsPkiError) return error;
    throw error;
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += fs.writeSync(descriptor, bytes, done);
}

function linkOrRename(temporary: string, file: string, link: typeof fs.linkSync): void {
  try {
    link(temporary, file);
    fs.unlinkSync(temporary);
  } catch (error) {
    // Some file systems (vfat, many FUSE ones) have no hard links; there the check and the rename are two steps.
    const code = systemErrorCode(error);
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS' && code !== 'EMLINK') throw error;
    if (exists(file)) throw existsError(file);
    fs.renameSync(temporary, file);
  }
}

/** Whether it is a file that we may run. */
export function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/** A path for programs that run elsewhere. */
export function absolutePath(file: string): string {
  return path.resolve(file);
}
