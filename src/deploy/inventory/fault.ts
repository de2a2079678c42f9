/**
 * What is wrong with an inventory: where, and in which words.
 *
 * @module
 */

/** The way to a value: keys of maps and indexes of lists. */
export type Path = readonly (string | number)[];

export interface Fault {
  readonly path: Path;
  readonly message: string;
}

/** `hosts.host_2.address`, `tunnels[0].between[1]`. */
export function formatPath(path: Path): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      return `${index === 0 ? '' : '.'}${/^[\w.-]{1,64}$/.test(part) ? part : describeValue(part)}`;
    })
    .join('');
}

/** A value in a message: short, on one line, and without what a terminal would obey. */
export function describeValue(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a map';
  if (typeof value !== 'string') return String(value);
  // Somebody named the wrong file.
  if (value.includes('PRIVATE KEY')) return 'a private key';
  const text = value.length > 60 ? `${value.slice(0, 60)}…` : value;
  return JSON.stringify(text).replaceAll(
    /[^\x20-\x7e…]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** `; did you mean …?` where one of the known words is near, else nothing. */
export function closest(word: unknown, known: readonly string[]): string {
  if (typeof word !== 'string' || word.length > 40) return '';
  const near = known
    .map((candidate) => ({ candidate, distance: editDistance(normal(word), normal(candidate)) }))
    .filter(({ candidate, distance }) => distance <= Math.min(2, Math.ceil(candidate.length / 4)))
    .sort((one, other) => one.distance - other.distance)[0];
  return near === undefined ? '' : `; did you mean ${near.candidate}?`;
}

function normal(word: string): string {
  return word.toLowerCase().replaceAll(/[-_ ]/g, '');
}

/** How many letters have to be changed, added or taken away (Levenshtein). */
function editDistance(one: string, other: string): number {
  let previous = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [row, letter] of [...one].entries()) {
    const current = [row + 1];
    for (const [column, otherLetter] of [...other].entries()) {
      const above = previous[column + 1] as number;
      const left = current[column] as number;
      const diagonal = previous[column] as number;
      current.push(Math.min(above + 1, left + 1, diagonal + (letter === otherLetter ? 0 : 1)));
    }
    previous = current;
  }
  return previous.at(-1) as number;
}

/** The message of an issue: what a value must be, and what it is. */
export function mustBe(wanted: string): (issue: { readonly input: unknown }) => string {
  return ({ input }) =>
    input === null || input === undefined
      ? `is empty; it must be ${wanted}`
      : `must be ${wanted}, not ${describeValue(input)}`;
}

/** The same of a text. */
export function mustBeText(wanted: string): (issue: { readonly input: unknown }) => string {
  return (issue) => {
    const kind = typeof issue.input;
    const advice = kind === 'number' || kind === 'boolean' ? `, which YAML reads as a ${kind}: put it in quotes` : '';
    return `${mustBe(wanted)(issue)}${advice}`;
  };
}

/** Whether a way goes through another one. */
export function isWithin(path: Path, outer: Path): boolean {
  return outer.every((part, depth) => part === path[depth]);
}
