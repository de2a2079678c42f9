/** Runs of the program that are killed after a while. */

import { spawn } from 'node:child_process';
import { programPath } from './programs.js';

export interface KilledRun {
  /** Exit status where it ended before the kill. */
  readonly status: number | null;
  readonly stderr: string;
}

/** Starts the program and sends it SIGKILL after a delay, unless it has ended before. */
export function runAndKill(args: readonly string[], cwd: string, delayMs: number): Promise<KilledRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [programPath, ...args], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), delayMs);
    child.on('error', reject);
    child.on('close', (status) => {
      clearTimeout(timer);
      resolve({ status, stderr });
    });
  });
}

/** How long the longest of some undisturbed runs takes, two at a time, as the killed ones run. */
export async function measureMs(runs: readonly (() => Promise<unknown>)[]): Promise<number> {
  let longest = 0;
  for (let start = 0; start < runs.length; start += 2) {
    await Promise.all(
      runs.slice(start, start + 2).map(async (run) => {
        const before = performance.now();
        await run();
        longest = Math.max(longest, performance.now() - before);
      }),
    );
  }
  return longest;
}

/** Works on items, two at a time. */
export async function twoAtATime<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all([worker(), worker()]);
}
