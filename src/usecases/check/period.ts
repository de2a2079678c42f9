/**
 * Lengths of time in words.
 *
 * @module
 */

const units = [
  ['year', 365 * 86_400],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

/** The two greatest units: `9 years 364 days`, `3 days 4 hours`, `59 seconds`. */
export function periodText(seconds: number): string {
  const counts: { readonly count: number; readonly name: string }[] = [];
  let rest = Math.max(0, Math.trunc(seconds));
  for (const [name, length] of units) {
    counts.push({ count: Math.trunc(rest / length), name });
    rest %= length;
  }
  const first = counts.findIndex(({ count }) => count > 0);
  if (first < 0) return '0 seconds';
  const words = counts
    .slice(first, first + 2)
    .filter(({ count }) => count > 0)
    .map(({ count, name }) => `${count} ${name}${count === 1 ? '' : 's'}`);
  return words.join(' ');
}
