/** Runs of the program that are killed after a while. */

import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { init, nodePlatform } from '../../src/index.js';
import { programPath } from './programs.js';
import { type Chance, chance } from './random.js';
import { scratchFolder } from './scratch.js';

/** What runs that are killed work on. */
export interface KillScene {
  readonly pki: string;
  /** Its switchca. */
  readonly ca: string;
  readonly hosts: string;
  readonly random: Chance;
}

/** Makes a PKI directory with EC keys and an empty folder of hosts, and tells the seed. */
export async function killScene(t: ExecutionContext): Promise<KillScene> {
  const [random, folder] = [chance(), scratchFolder(t)];
  t.log(`OVS_PKI_TEST_SEED=${random.seed}`);
  const scene = { pki: join(folder, 'pki'), ca: join(folder, 'pki/switchca'), hosts: join(folder, 'hosts'), random };
  const keySpec = { type: 'ec', curve: 'P-256' } as const;
  await init(nodePlatform(), { pkiDirectory: scene.pki, keySpec, days: 3650, force: false });
  mkdirSync(scene.hosts);
  return scene;
}

export interface KilledRun {
  /** Exit status where it ended before the kill, null where it was killed. */
  readonly status: number | null;
  readonly stderr: string;
}

/** Kills runs of one kind at random moments, and counts them. */
export interface Killer {
  /** Starts the program and sends it SIGKILL at a random moment, unless it has ended before. */
  run(args: readonly string[], cwd: string, env?: Readonly<Record<string, string>>): Promise<KilledRun>;
  killed(): number;
  ended(): number;
  /** How long a run takes, as it is known now. */
  durationMs(): number;
}

/**
 * The moments are drawn over the duration of an undisturbed run: half of them anywhere in it, half of them in its
 * second half, where it works on files; before that Node starts. The duration follows the load of the machine: it
 * grows a little with each run that was killed, and goes to what a run took that ended before.
 */
export function killer(random: Chance, measuredMs: number): Killer {
  let [killed, ended, durationMs] = [0, 0, measuredMs];
  return {
    run: async (args, cwd, env = {}) => {
      const part = random.next() < 0.5 ? random.next() : 0.5 + random.next() / 2;
      const { elapsedMs, ...result } = await runAndKill(args, cwd, env, part * durationMs);
      if (result.status === null) killed++;
      else ended++;
      durationMs += result.status === null ? durationMs / 100 : (elapsedMs - durationMs) / 4;
      return result;
    },
    killed: () => killed,
    ended: () => ended,
    durationMs: () => Math.round(durationMs),
  };
}

/** How long the longest of some undisturbed runs takes, two at a time, as the killed ones run. */
export async function measureMs(runs: readonly (() => Promise<unknown>)[]): Promise<number> {
  const queue = runs.values();
  let longest = 0;
  await twoAtATime(
    () => false,
    async () => {
      const next = queue.next();
      if (next.done) return false;
      const before = performance.now();
      await next.value();
      longest = Math.max(longest, performance.now() - before);
      return true;
    },
  );
  return longest;
}

/** Works in two lanes until it is enough, or until there is no more work: then the work gives false. */
export async function twoAtATime(
  isEnough: () => boolean,
  work: (count: number, lane: number) => Promise<unknown>,
): Promise<void> {
  let count = 0;
  const workIn = async (lane: number): Promise<void> => {
    while (!isEnough()) if ((await work(count++, lane)) === false) return;
  };
  await Promise.all([workIn(0), workIn(1)]);
}

function runAndKill(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
  delayMs: number,
): Promise<KilledRun & { readonly elapsedMs: number }> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(process.execPath, [programPath, ...args], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), delayMs);
    let stderr = '';
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    child.on('error', reject);
    child.on('close', (status) => {
      clearTimeout(timer);
      resolve({ status, stderr, elapsedMs: performance.now() - start });
    });
  });
}
