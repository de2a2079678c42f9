/** A process that takes the lock of a folder, and what holds it for a test. */

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { nodePlatform } from '../../src/platform/index.js';
import { withLock } from '../../src/store/journal/lock.js';

export interface LockHolder {
  readonly process: ChildProcess;
  /** Lets it give the lock back and end. */
  readonly release: () => void;
}

/** Starts a process that holds the lock until it is released or killed, or the test ends. */
export function holdLock(t: ExecutionContext, folder: string): Promise<LockHolder> {
  const holder = spawn(process.execPath, [fileURLToPath(import.meta.url), folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const release = (): void => {
    holder.stdin.end();
  };
  t.teardown(release);
  return new Promise((resolve, reject) => {
    holder.on('error', reject);
    holder.stdout.once('data', () => resolve({ process: holder, release }));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await withLock(nodePlatform(), process.argv[2] as string, async () => {
    process.stdout.write('held\n');
    for await (const _ of process.stdin);
  });
}
