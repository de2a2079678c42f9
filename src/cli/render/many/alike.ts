/**
 * What is said of many hosts and differs in names, numbers and paths only is said once.
 *
 * @module
 */

import { counted, someNames } from './names.js';

/** A line of a host, and the lines below it. */
export interface HostLine {
  readonly host: string;
  /** Lines of the same key are put together. */
  readonly key: string;
  readonly text: string;
  readonly parts?: readonly { readonly key: string; readonly text: string }[];
}

/** A line that stands for many. */
export interface AlikeLine {
  /** With … for what is not the same in all of them. */
  readonly text: string;
  readonly count: number;
  /** How often each host has it. */
  readonly hosts: ReadonlyMap<string, number>;
  readonly parts: readonly AlikeLine[];
}

/** The lines in the order in which they come first. */
export function alikeLines(lines: Iterable<HostLine>): AlikeLine[] {
  const groups = new Map<string, Group>();
  for (const line of lines) addTo(groups, line);
  return [...groups.values()].map(lineOf);
}

interface Group {
  words: readonly Word[];
  count: number;
  readonly hosts: Map<string, number>;
  readonly parts: Map<string, Group>;
}

/** A word as all lines have it, or how it begins and ends in all of them. */
interface Word {
  readonly head: string;
  readonly tail: string | undefined;
}

function addTo(groups: Map<string, Group>, { host, key, text, parts = [] }: HostLine): void {
  const words = text.split(' ');
  const wholeKey = `${key} ${words.length}`;
  let group = groups.get(wholeKey);
  if (group === undefined) {
    group = { words: words.map((head) => ({ head, tail: undefined })), count: 0, hosts: new Map(), parts: new Map() };
    groups.set(wholeKey, group);
  }
  group.words = mergedWords(group.words, words);
  group.count++;
  group.hosts.set(host, (group.hosts.get(host) ?? 0) + 1);
  for (const part of parts) addTo(group.parts, { host, ...part });
}

function lineOf({ words, count, hosts, parts }: Group): AlikeLine {
  const text = words.map(({ head, tail }) => (tail === undefined ? head : `${head}…${tail}`)).join(' ');
  return { text, count, hosts, parts: [...parts.values()].map(lineOf) };
}

function mergedWords(known: readonly Word[], words: readonly string[]): readonly Word[] {
  if (known.every((word, index) => covers(word, words[index] ?? ''))) return known;
  return known.map((word, index) => mergedWord(word, words[index] ?? ''));
}

function covers({ head, tail }: Word, word: string): boolean {
  if (tail === undefined) return word === head;
  return word.length >= head.length + tail.length && word.startsWith(head) && word.endsWith(tail);
}

/** A number is not cut in its middle: 10.0.0.1 and 10.0.0.12 are 10.0.0.… */
function mergedWord(known: Word, word: string): Word {
  if (covers(known, word)) return known;
  const head = sameHead(known.head, word).replace(/\d+$/, '');
  const rest = word.slice(head.length);
  const tail = sameTail(known.tail ?? known.head.slice(head.length), rest).replace(/^\d+/, '');
  return { head, tail };
}

function sameHead(one: string, other: string): string {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length++;
  return one.slice(0, length);
}

function sameTail(one: string, other: string): string {
  let length = 0;
  while (length < one.length && length < other.length && one.at(-1 - length) === other.at(-1 - length)) length++;
  return one.slice(one.length - length);
}

/** Where a line holds and how often, unless it holds once on each of `all` hosts. */
export function extentText({ count, hosts }: AlikeLine, all: number): string {
  const where = hosts.size === all ? undefined : `on ${counted(hosts.size, 'host')}: ${someNames(hosts.keys())}`;
  const often = count === hosts.size ? undefined : `${count}, ${perHost([...hosts.values()])}`;
  const said = [often, where].filter((text) => text !== undefined);
  return said.length === 0 ? '' : ` (${said.join(', ')})`;
}

function perHost(counts: readonly number[]): string {
  const [least, most] = counts.reduce(
    ([low, high], count) => [Math.min(low, count), Math.max(high, count)],
    [Number.POSITIVE_INFINITY, 0],
  );
  return least === most ? `${most} a host` : `${least} to ${most} a host`;
}

export function grouped<Item>(items: Iterable<Item>, keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
