/** A kill at a chosen write: from then on nothing is written any more, as if the process had been killed there. */

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** What is thrown in place of the write. */
export class Killed extends Error {}

const writes = ['writeSync', 'renameSync', 'linkSync', 'symlinkSync', 'unlinkSync', 'rmSync', 'rmdirSync'] as const;
const more = ['mkdirSync', 'truncateSync', 'ftruncateSync', 'appendFileSync', 'fchmodSync', 'fchownSync'] as const;

type Patched = Record<string, (...args: unknown[]) => unknown>;

/** Runs an action that is killed before its write number `at`, if it comes to it. True where it was. */
export async function killedAt(at: number, action: () => Promise<unknown>): Promise<boolean> {
  let count = 0;
  const real = fs as unknown as Patched;
  const kept = [...writes, ...more].map((name) => [name, real[name]] as const);
  for (const [name, original] of kept) {
    real[name] = (...args) => {
      if (++count >= at) throw new Killed(`at write ${at}`);
      return (original as (...args: unknown[]) => unknown)(...args);
    };
  }
  syncBuiltinESMExports();
  try {
    await action();
    return false;
  } catch (error) {
    if (count >= at) return true;
    throw error;
  } finally {
    for (const [name, original] of kept) real[name] = original as Patched[string];
    syncBuiltinESMExports();
  }
}
