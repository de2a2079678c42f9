/**
 * The lock of a CA: a flock(2) on a file that stays. The kernel gives it back when its owner ends, however it ends,
 * so there is no stale lock. flock(1) of util-linux takes it for us on a descriptor that it shares with us
 * (docs/adr/0001-lock.md).
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';
import * as files from '../platform/files.js';
import type { Platform } from '../platform/index.js';
import { runWithDescriptor } from '../platform/run.js';

/** Runs an action while holding the lock. Throws PKI_LOCKED where another process holds it for too long. */
export async function withLock<T>({ lockWaitSeconds }: Platform, file: string, action: () => Promise<T>): Promise<T> {
  const descriptor = files.openForLock(file);
  try {
    const args = ['--exclusive', '--wait', String(lockWaitSeconds), '3'];
    if ((await runWithDescriptor('flock', args, descriptor)) !== 0) {
      throw new OvsPkiError('PKI_LOCKED', `${file} has been held by another process for ${lockWaitSeconds} seconds`, {
        hint: `see which: fuser -v ${file}`,
        details: { file, lockWaitSeconds },
      });
    }
    return await action();
  } finally {
    files.close(descriptor);
  }
}
