/**
 * The only place that asks what time it is.
 *
 * @module
 */

export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/** A clock that stands still, for tests and simulations. */
export function fixedClock(date: Date): Clock {
  return { now: () => new Date(date) };
}
