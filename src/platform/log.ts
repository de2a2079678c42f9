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
    const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = fs.constants;
    // A link may lead anywhere, and others may put one into a folder that is theirs too. A FIFO without a reader fails.
    const descriptor = fs.openSync(place, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o640);
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
  const code = systemErrorCode(error);
  const reason = code === 'ELOOP' ? 'it is a link, and links are not followed' : code;
  return new OvsPkiError('LOG_UNWRITABLE', `the log file ${place} cannot be written (${reason})`, {
    hint: 'give a place you may write to: --log FILE',
    details: { file: place },
    cause: error,
  });
}
