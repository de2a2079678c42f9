/**
 * Files that are too large to be held, read piece by piece; and files that are many, read one after the other into the
 * same room.
 *
 * @module
 */

import * as fs from 'node:fs';
import { readError } from './file-errors.js';

const chunkBytes = 256 * 1024;

/** The content of a file as text of one byte a character, in pieces. Throws FILE_NOT_FOUND or FILE_UNREADABLE. */
export function* readChunks(file: string): Generator<string, void> {
  const buffer = Buffer.alloc(chunkBytes);
  const descriptor = attempt(file, () => fs.openSync(file, 'r'));
  try {
    for (;;) {
      const got = attempt(file, () => fs.readSync(descriptor, buffer, 0, chunkBytes, null));
      if (got === 0) return;
      yield buffer.toString('latin1', 0, got);
    }
  } finally {
    fs.closeSync(descriptor);
  }
}

/** A reader of small files. What it gives is good until it is called again, and only the beginning of a larger file. */
export function smallFileReader(): (file: string) => Buffer {
  const buffer = Buffer.alloc(chunkBytes / 4);
  return (file) =>
    attempt(file, () => {
      const descriptor = fs.openSync(file, 'r');
      try {
        return buffer.subarray(0, fs.readSync(descriptor, buffer, 0, buffer.length, null));
      } finally {
        fs.closeSync(descriptor);
      }
    });
}

function attempt<T>(file: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw readError(file, error);
  }
}
