/**
 * The only place that asks what time it is.
 *
 * @module
 */

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

/** A clock that stands still, for tests and simulations. */
export function fixedClock(date: Date): Clock {
  return { now: () => new Date(date) };
}
