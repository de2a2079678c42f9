/**
 * The lock of a CA: a flock(2) on a file that stays. The kernel gives it back when its owner ends, however it ends,
 * so there is no stale lock. flock(1) of util-linux takes it for us on a descriptor that it shares with us
 * (docs/adr/0001-lock.md).
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';
import * as files from '../platform/files.js';
import { runWithDescriptor } from '../platform/run.js';

/** How long we wait for another process, in seconds, unless the caller says otherwise. */
export const defaultLockWaitSeconds = 60;

/**
 * Runs an action while holding the lock. What can be prepared without it is prepared while we wait for it. Throws
 * PKI_LOCKED where another process holds it for too long.
 */
export async function withLock<Prepared, T>(
  file: string,
  prepare: () => Promise<Prepared>,
  action: (prepared: Prepared) => Promise<T>,
  waitSeconds = defaultLockWaitSeconds,
): Promise<T> {
  const descriptor = files.openForLock(file);
  try {
    const [prepared] = await Promise.all([prepare(), acquire(file, descriptor, waitSeconds)]);
    return await action(prepared);
  } finally {
    files.close(descriptor);
  }
}

async function acquire(file: string, descriptor: number, waitSeconds: number): Promise<void> {
  const args = ['--exclusive', '--wait', String(waitSeconds), '3'];
  if ((await runWithDescriptor('flock', args, descriptor)) === 0) return;
  throw new OvsPkiError('PKI_LOCKED', `${file} has been held by another process for ${waitSeconds} seconds`, {
    hint: `see which: fuser -v ${file}`,
    details: { file, waitSeconds },
  });
}
