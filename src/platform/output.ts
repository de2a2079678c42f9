/**
 * Standard output and standard error, written to directly: to load what stands behind `process.stdout` takes longer
 * than to sign a certificate.
 *
 * @module
 */

import * as fs from 'node:fs';
import { OvsPkiError, systemErrorCode } from '../errors.js';
import { pause } from './clock.js';
import { visibleLines } from './visible.js';

/**
 * Writes text, with all that is none of a text made visible. That a reader of it has gone away is no error, as with any program in a pipe.
 *
 * @throws FILE_UNWRITABLE where standard output is a file on a full disk
 */
export function writeOut(stream: 'stdout' | 'stderr', content: string | Uint8Array): void {
  const bytes = typeof content === 'string' ? Buffer.from(visibleLines(content)) : content;
  for (let done = 0; done < bytes.length; ) {
    try {
      done += fs.writeSync(stream === 'stdout' ? 1 : 2, bytes, done);
    } catch (error) {
      const code = systemErrorCode(error);
      // A pipe that does not block and is full: Node waits for its reader, and for us.
      if (code === 'EAGAIN') writeLater(stream, bytes.subarray(done));
      else if (code !== 'EPIPE' && stream === 'stdout') throw unwritable(code, error);
      return;
    }
  }
}

/**
 * Writes a piece of a long text to standard output, and waits while its reader is slower. False where the reader has
 * gone away: then nothing more need be made.
 *
 * @throws FILE_UNWRITABLE
 */
export async function writePiece(text: string): Promise<boolean> {
  const bytes = Buffer.from(visibleLines(text));
  for (let done = 0; done < bytes.length; ) {
    try {
      done += fs.writeSync(1, bytes, done);
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === 'EPIPE') return false;
      if (code !== 'EAGAIN') throw unwritable(code, error);
      await pause(fullPipeMs);
    }
  }
  return true;
}

/** A pipe that does not block is looked at again after so long. */
const fullPipeMs = 5;

function writeLater(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
  const rest = stream === 'stdout' ? process.stdout : process.stderr;
  rest.once('error', (error) => {
    if (systemErrorCode(error) !== 'EPIPE') throw error;
  });
  rest.write(bytes);
}

function unwritable(code: string | undefined, cause: unknown): OvsPkiError {
  return new OvsPkiError('FILE_UNWRITABLE', `standard output cannot be written (${code})`, {
    hint: 'what was asked for is done; only its result could not be shown',
    cause,
  });
}
