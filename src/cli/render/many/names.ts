/**
 * Many hosts in few words: `edge_[1-300]`, the form that commands take names in, so that what is shown can be typed.
 *
 * @module
 */

/** Up to so many hosts, each is told in full. */
export const fewHosts = 10;

/** Two names are as short as a range of two. */
const shortestRange = 3;
/** So many names or ranges are shown where the others say nothing more. */
const shownNames = 3;

interface Range {
  /** The name, or the range of names. */
  readonly text: string;
  /** How many names it stands for. */
  readonly count: number;
}

/** All names, none twice. */
export function allNames(names: Iterable<string>): string {
  return rangesOf(names)
    .map(({ text }) => text)
    .join(', ');
}

/** The first names, and how many more there are. */
export function someNames(names: Iterable<string>): string {
  const ranges = rangesOf(names);
  const shown = ranges.length <= shownNames + 1 ? ranges : ranges.slice(0, shownNames);
  const more = ranges.slice(shown.length).reduce((sum, { count }) => sum + count, 0);
  return `${shown.map(({ text }) => text).join(', ')}${more === 0 ? '' : ` and ${more} more`}`;
}

/** How many hosts, and which. */
export function hostsText(hosts: readonly { readonly host: string }[]): string {
  return `${counted(hosts.length, 'host')}: ${allNames(hosts.map(({ host }) => host))}`;
}

export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** Names that differ in their last number alone, and follow one another, become a range. */
function rangesOf(names: Iterable<string>): Range[] {
  const families = new Map<string, NumberedName[]>();
  for (const name of new Set(names)) {
    const numbered = numberedName(name);
    const key = numbered === undefined ? name : `${numbered.before}\0${numbered.after}`;
    const family = families.get(key);
    const member = numbered ?? { name, before: name, digits: '', after: '' };
    if (family === undefined) families.set(key, [member]);
    else family.push(member);
  }
  return [...families.values()].flatMap(rangesOfFamily);
}

interface NumberedName {
  readonly name: string;
  readonly before: string;
  readonly digits: string;
  readonly after: string;
}

/** A bracket would be read as that of a range. */
function numberedName(name: string): NumberedName | undefined {
  const [, before, digits, after] = /^([^[\]]*?)(\d{1,9})([^\d[\]]*)$/s.exec(name) ?? [];
  if (before === undefined || digits === undefined || after === undefined) return undefined;
  return { name, before, digits, after };
}

function rangesOfFamily(family: readonly NumberedName[]): Range[] {
  const sorted = family.toSorted((one, other) => Number(one.digits) - Number(other.digits));
  const runs: NumberedName[][] = [];
  for (const member of sorted) {
    const run = runs.at(-1);
    if (run !== undefined && follows(run, member)) run.push(member);
    else runs.push([member]);
  }
  return runs.flatMap((run) => {
    const [first] = run;
    if (first === undefined || run.length < shortestRange) return run.map(({ name }) => ({ text: name, count: 1 }));
    const { before, digits, after } = first;
    return [{ text: `${before}[${digits}-${run.at(-1)?.digits}]${after}`, count: run.length }];
  });
}

/** The next number, as wide as the range is written. */
function follows(run: readonly NumberedName[], { digits }: NumberedName): boolean {
  const [first, last] = [run[0]?.digits ?? '', run.at(-1)?.digits ?? ''];
  return digits === String(Number(last) + 1).padStart(first.length, '0');
}
