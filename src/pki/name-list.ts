/**
 * Many names in few words: `host_[1-500]`, and files with a name on each line.
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';

/** More than any fleet has; a slip such as `[1-99999999]` ends here and not with a full disk. */
const maximumNames = 100_000;
/** More than these in one name would not fit into a name anyway. */
const maximumRanges = 16;

/**
 * Replaces `[FROM-TO]` by each number of the range, as wide as FROM is written: `h[08-10]` is h08, h09, h10. Several
 * ranges in one name give every combination. Names that stand there twice are taken once. Throws USAGE.
 */
export function expandNames(patterns: readonly string[]): string[] {
  const names = new Set<string>();
  for (const pattern of patterns) {
    if (pattern.split('[').length - 1 > maximumRanges) throw usage(`more than ${maximumRanges} ranges`, pattern);
    for (const name of expandPattern(pattern)) {
      names.add(name);
      if (names.size > maximumNames) throw usage(`these are more than ${maximumNames} names`, pattern);
    }
  }
  return [...names];
}

/** The names of a file: a name or a pattern on each line; empty lines and what follows `#` do not count. */
export function parseNameFile(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '');
}

function* expandPattern(pattern: string): Generator<string> {
  const match = /^([^[\]]*)\[([^[\]]*)\](.*)$/s.exec(pattern);
  if (match === null) {
    if (/[[\]]/.test(pattern)) throw usage('a bracket without its other half', pattern);
    yield pattern;
    return;
  }
  const [, before, range, after] = match as unknown as [string, string, string, string];
  const [, from = '', to = ''] = /^(\d{1,9})-(\d{1,9})$/.exec(range) ?? [];
  if (from === '') throw usage('between brackets stands FROM-TO, two numbers', pattern);
  if (Number(to) < Number(from)) throw usage(`the range ${from}-${to} is empty`, pattern);
  for (let number = Number(from); number <= Number(to); number++) {
    for (const rest of expandPattern(after)) yield before + String(number).padStart(from.length, '0') + rest;
  }
}

function usage(reason: string, pattern: string): OvsPkiError {
  return new OvsPkiError('USAGE', `${JSON.stringify(pattern)}: ${reason}`, {
    hint: 'write a range of names as host_[1-500], in quotes',
  });
}
