/**
 * The only place that asks what time it is.
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';

/** Tells the time. */
export interface Clock {
  /** The time now. */
  now(): Date;
}

/** The clock of this machine. */
export const systemClock: Clock = { now: () => new Date() };

/** Waits, in milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A clock that stands still, for tests and simulations. Throws USAGE for what is no time that certificates can say. */
export function fixedClock(date: Date): Clock {
  const year = date.getUTCFullYear();
  if (!(year >= 0 && year <= 9999)) throw new OvsPkiError('USAGE', `this is no time of a clock: ${date.getTime()}`);
  return { now: () => new Date(date) };
}
