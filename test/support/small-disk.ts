/**
 * A small file system of its own in a private mount namespace, that can be filled and made read-only. Needs root. Its
 * files are reached from outside through /proc.
 */

import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { programPath, type Run, run, runWell } from './programs.js';
import { scratchFolder } from './scratch.js';

export interface SmallDisk {
  /** The root of the disk as this process sees it. */
  readonly outside: string;
  /** Runs the program in a folder of the disk. */
  runOurs(folder: string, args: readonly string[]): Promise<Run>;
  /** Fills the disk until so many bytes are free, a multiple of 4096. */
  leaveFree(bytes: number): void;
  /** Frees what was filled. */
  empty(): void;
  remount(options: string): Promise<void>;
}

/** Mounts a tmpfs of 2 MiB, which is gone with the test. */
export async function smallDisk(t: ExecutionContext): Promise<SmallDisk> {
  const place = scratchFolder(t);
  const mounting = `mount -t tmpfs -o size=2m,mode=755 tmpfs ${place} && echo mounted && read line`;
  const holder = spawn('unshare', ['--mount', 'sh', '-c', mounting], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.teardown(() => holder.stdin.end());
  await new Promise((resolve, reject) => {
    holder.on('error', reject);
    holder.stdout.once('data', resolve);
    holder.once('close', () => reject(new Error('no file system could be mounted')));
  });
  const outside = `/proc/${holder.pid}/root${place}`;
  const inside = ['-t', String(holder.pid), '--mount'];
  const ballast = join(outside, 'ballast');
  return {
    outside,
    runOurs: (folder, args) =>
      run('nsenter', [
        ...inside,
        'sh',
        '-c',
        'cd "$0" && exec "$@"',
        join(place, folder),
        process.execPath,
        programPath,
        ...args,
      ]),
    leaveFree: (bytes) => fill(ballast, outside, bytes),
    empty: () => rmSync(ballast, { force: true }),
    remount: async (options) => {
      await runWell('nsenter', [...inside, 'mount', '-o', `remount,${options}`, place]);
    },
  };
}

function fill(ballast: string, disk: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(disk);
  const descriptor = openSync(ballast, 'w');
  try {
    for (let left = bavail * bsize - bytes; left > 0; left -= bsize) writeSync(descriptor, Buffer.alloc(bsize));
  } finally {
    closeSync(descriptor);
  }
}
