/**
 * What fails on many hosts for one reason is told once, with all of these hosts.
 *
 * @module
 */

import { OvsPkiError } from '../../../errors.js';
import { allNames, counted, fewHosts } from './names.js';

/** What is said of a host. */
export interface Said {
  readonly host: string;
  readonly text: string;
  /** What else must be the same, such as the code of an error. */
  readonly kind?: string;
}

/** One sentence, as the first of its hosts has it. */
export interface Cause<Item extends Said = Said> {
  readonly first: Item;
  readonly hosts: readonly string[];
}

/** Sentences that differ in names and numbers only have one cause. `names` are words that say nothing of the cause. */
export function causesOf<Item extends Said>(items: readonly Item[], names: ReadonlySet<string>): Cause<Item>[] {
  const causes = new Map<string, { readonly first: Item; readonly hosts: Set<string> }>();
  for (const item of items) {
    const key = `${item.kind ?? ''}\0${skeletonOf(item.text, names)}`;
    const cause = causes.get(key);
    if (cause === undefined) causes.set(key, { first: item, hosts: new Set([item.host]) });
    else cause.hosts.add(item.host);
  }
  return [...causes.values()].map(({ first, hosts }) => ({ first, hosts: [...hosts] }));
}

/** The other hosts of which the same is said; undefined where there is none. */
export function likewise({ first, hosts }: Cause): string | undefined {
  const others = hosts.filter((host) => host !== first.host);
  return others.length === 0 ? undefined : `likewise ${counted(others.length, 'host')}: ${allNames(others)}`;
}

/** The errors of hosts, to be printed: those of one cause as one, where there are many. */
export function errorsByCause(
  failures: readonly { readonly host: string; readonly error: OvsPkiError }[],
): readonly OvsPkiError[] {
  if (failures.length <= fewHosts) return failures.map(({ error }) => error);
  const names = new Set(failures.flatMap(({ host, error }) => [host, ...destinationOf(error)]));
  const items = failures.map(({ host, error }) => ({ host, text: error.message, kind: error.code, error }));
  return causesOf(items, names).map((cause) => {
    const { code, message, hint, details } = cause.first.error;
    const others = likewise(cause);
    if (others === undefined) return cause.first.error;
    return new OvsPkiError(code, `${message} (${others})`, { ...(hint === undefined ? {} : { hint }), details });
  });
}

/** The warnings of hosts, none twice. */
export function warningsByCause(
  hosts: readonly { readonly host: string; readonly warnings: readonly string[] }[],
): readonly string[] {
  const items = hosts.flatMap(({ host, warnings }) => warnings.map((text) => ({ host, text })));
  // What is said of a CA is said once, and not of its hosts.
  const texts = new Map(items.map((item) => [item.text, item]));
  if (texts.size <= fewHosts) return [...texts.keys()];
  return causesOf([...texts.values()], new Set(hosts.map(({ host }) => host))).map((cause) => {
    const others = likewise(cause);
    return others === undefined ? cause.first.text : `${cause.first.text} (${others})`;
  });
}

/** Errors of connections name the destination, and not the host. */
function destinationOf({ details }: OvsPkiError): string[] {
  const { host } = details;
  return typeof host === 'string' ? [host] : [];
}

function skeletonOf(text: string, names: ReadonlySet<string>): string {
  return text.replaceAll(/[\p{L}\p{N}_.@:/%+-]+/gu, (word) => {
    const bare = word.replace(/[.:]+$/, '');
    return /\d/.test(word) || names.has(bare) ? '…' : word;
  });
}
