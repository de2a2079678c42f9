/**
 * The log file of ovs-pki (`--log`): what was done, in lines that a person reads.
 *
 * @module
 */

import * as fs from 'node:fs';
import * as path from 'node:path';
import { OvsPkiError, systemErrorCode } from '../errors.js';
import type { Clock } from './clock.js';

/** Where ovs-pki keeps its log. */
export const defaultLogFile = '/var/log/openvswitch/ovs-pki.log';

/** Where it is noted what was done. */
export interface Log {
  /** Adds a line; the log puts the time before it. Never throws: on a full disk lines are lost, and the work goes on. */
  write(line: string): void;
}

/** A log that keeps nothing. */
export const silentLog: Log = { write: () => undefined };

/**
 * Opens the log file, its folder made with mode 0750 where it is missing.
 *
 * @param file the place; undefined takes the default place, and there does without a log when it cannot be written,
 *   so that an ordinary user can work in a directory of his own.
 * @throws LOG_UNWRITABLE for a place that was asked for.
 */
export function openLog(file: string | undefined, clock: Clock): Log {
  const place = path.resolve(file ?? defaultLogFile);
  try {
    fs.mkdirSync(path.dirname(place), { recursive: true, mode: 0o750 });
    const descriptor = fs.openSync(place, 'a', 0o640);
    return {
      write: (line) => {
        const text = `${clock.now().toISOString()} ovs-pki-ts ${line.replaceAll(/[^\x20-\x7e]/g, '?')}\n`;
        try {
          fs.writeSync(descriptor, text);
        } catch (error) {
          if (systemErrorCode(error) === undefined) throw error;
        }
      },
    };
  } catch (error) {
    if (file === undefined) return silentLog;
    throw unwritable(place, error);
  }
}

function unwritable(place: string, error: unknown): OvsPkiError {
  return new OvsPkiError('LOG_UNWRITABLE', `the log file ${place} cannot be written (${systemErrorCode(error)})`, {
    hint: 'give a place you may write to: --log FILE',
    details: { file: place },
    cause: error,
  });
}
