/** Chance that can be repeated: the seed of a run is printed, and `OVS_PKI_TEST_SEED` gives it again. */

import { randomInt } from 'node:crypto';

export interface Chance {
  readonly seed: number;
  /** At least 0, less than 1. */
  next(): number;
}

/** Mulberry32. */
export function chance(seed = Number(process.env['OVS_PKI_TEST_SEED'] ?? randomInt(2 ** 31))): Chance {
  let state = seed;
  return {
    seed,
    next: () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}
