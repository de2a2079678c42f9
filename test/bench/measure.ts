/** Timing of whole programs, always against a peer in the same run: the speed of a machine drifts, a ratio does not. */

import { spawn } from 'node:child_process';

/** Runs a program to its end and gives the seconds that took. A program that fails is an error. */
export function seconds(program: string, args: readonly string[], cwd: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const start = process.hrtime.bigint();
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (data) => {
      errors += data;
    });
    child.on('error', reject);
    child.on('close', (status) => {
      if (status === 0) resolve(Number(process.hrtime.bigint() - start) / 1e9);
      else reject(new Error(`${program} ${args.join(' ')}: exit status ${status}\n${errors}`));
    });
  });
}

/** Seconds of an action that may run several programs. */
export async function secondsOf(action: () => Promise<unknown>): Promise<number> {
  const start = process.hrtime.bigint();
  await action();
  return Number(process.hrtime.bigint() - start) / 1e9;
}

/** What is measured, and the bar that it is held against. */
export interface Row {
  readonly what: string;
  readonly comparison: Comparison;
  /** How the ratio is read: as it is, or the other way round as "times faster". */
  readonly reads: 'times the time of the peer' | 'times faster than the peer';
  readonly bar?: number;
  readonly note?: string;
}

export interface Comparison {
  /** Median seconds of the first and of the second. */
  readonly first: number;
  readonly second: number;
  /** Median, least and greatest of first / second, round by round. */
  readonly ratio: number;
  readonly least: number;
  readonly greatest: number;
}

/** Measures two actions in turn, after one round that does not count. */
export async function compare(
  rounds: number,
  first: (round: number) => Promise<number>,
  second: (round: number) => Promise<number>,
  warmUp = true,
): Promise<Comparison> {
  if (warmUp) {
    await first(-1);
    await second(-1);
  }
  const pairs: Pair[] = [];
  for (let round = 0; round < rounds; round++) {
    pairs.push({ first: await first(round), second: await second(round) });
  }
  return comparisonOf(pairs);
}

/** The seconds of both in one round. */
export interface Pair {
  readonly first: number;
  readonly second: number;
}

export function comparisonOf(pairs: readonly Pair[]): Comparison {
  const ratios = pairs.map((pair) => pair.first / pair.second);
  return {
    first: median(pairs.map((pair) => pair.first)),
    second: median(pairs.map((pair) => pair.second)),
    ratio: median(ratios),
    least: Math.min(...ratios),
    greatest: Math.max(...ratios),
  };
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
