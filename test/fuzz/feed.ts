/** Feeds a reader until its time is over, and says what came of it. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { OvsPkiError } from '../../src/errors.js';
import type { Reader } from './readers.js';

export interface Fed {
  readonly inputs: number;
  /** How many were read, and how many refused by each code. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** CPU time of the slowest input. */
  readonly slowestMs: number;
  /** What was held at most, beyond what was held before. */
  readonly heldMb: number;
}

/** What one small input may cost; the smallest of three attempts counts, since others use this machine. */
const defaultLongestMs = 1000;

/** @throws where a reader fails with anything but an OvsPkiError, or takes too long: with the input */
export async function feed(
  { name, input, read, longestMs = defaultLongestMs }: Reader,
  cpuSeconds: number,
  seed: number,
): Promise<Fed> {
  const outcomes: Record<string, number> = {};
  const before = process.memoryUsage().rss;
  const begun = cpuMs();
  let [inputs, slowestMs, held] = [0, 0, 0];
  // A generator of its own for each thousand: inputs grow with their number.
  for (let round = 0; cpuMs() - begun < cpuSeconds * 1000; round++) {
    for (const bytes of fc.sample(input, { numRuns: 200, seed: seed + round })) {
      inputs += 1;
      let { outcome, ms } = await attempt(name, read, bytes);
      for (let again = 0; again < 2 && ms > longestMs; again++)
        ms = Math.min(ms, (await attempt(name, read, bytes)).ms);
      if (ms > longestMs) throw new Error(`${name}: ${ms} ms of CPU for ${bytes.length} bytes: ${shown(bytes)}`);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      slowestMs = Math.max(slowestMs, ms);
      if (cpuMs() - begun > cpuSeconds * 1000) break;
    }
    // Two hundred inputs of up to 300 kB and what was made of them: what nobody holds any more is not counted.
    collect();
    held = Math.max(held, process.memoryUsage().rss - before);
  }
  return { inputs, outcomes, slowestMs: Math.round(slowestMs), heldMb: Math.round(held / 1024 / 1024) };
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

async function attempt(
  name: string,
  read: Reader['read'],
  bytes: Uint8Array,
): Promise<{ outcome: string; ms: number }> {
  const begun = cpuMs();
  try {
    await read(bytes);
    return { outcome: 'read', ms: cpuMs() - begun };
  } catch (error) {
    if (!(error instanceof OvsPkiError)) throw new Error(`${name}: a bug with ${shown(bytes)}`, { cause: error });
    return { outcome: error.code, ms: cpuMs() - begun };
  }
}

function shown(bytes: Uint8Array): string {
  return `base64 ${Buffer.from(bytes.subarray(0, 20_000)).toString('base64')}`;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
