/**
 * Versions of IKE daemons: `5.9.8`, `4.10`, `5.2-2.2`.
 *
 * @module
 */

/** Whether a version is older than another: compared number by number, and what is missing counts as 0. */
export function isOlder(version: string, than: string): boolean {
  const [one, other] = [numbersOf(version), numbersOf(than)];
  for (let index = 0; index < Math.max(one.length, other.length); index++) {
    const difference = (one[index] ?? 0) - (other[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** A version that is newer than all that were tried, counted by its first two numbers. */
export function isNewerThan(version: string, tried: string): boolean {
  return /^\d/.test(version) && isOlder(tried, numbersOf(version).slice(0, 2).join('.'));
}

function numbersOf(version: string): number[] {
  return (/^[\d.]+/.exec(version)?.[0] ?? '').split('.').map(Number);
}
