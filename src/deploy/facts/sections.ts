/**
 * The answer of a remote script: sections, each behind a line with a mark, its name and an exit status.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { absent, type Fact, known, unknown } from './fact.js';

export interface Section {
  readonly status: number;
  readonly text: string;
}

/** Status of a shell that does not find a program. */
const notFound = 127;

export function parseSections(output: string, mark: string): ReadonlyMap<string, Section> {
  const sections = new Map<string, Section>();
  // What follows the last mark is complete only because the script says so itself: its section "end" is looked for.
  for (const part of `\n${output}`.split(`\n${mark} `).slice(1)) {
    const [, name, status, text] = /^([^\n]+) (\d{1,9})\n(.*)$/s.exec(`${part}\n`) ?? [];
    if (name !== undefined) sections.set(name, { status: Number(status), text: withoutLastNewlines(text ?? '') });
  }
  return sections;
}

/** Without a regular expression: one that looks for the end begins anew at each of a million newlines. */
function withoutLastNewlines(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === '\n') end -= 1;
  return text.slice(0, end);
}

/**
 * What a program of the host said: absent where the host has no such program, unknown where the reader refuses it. Anything
 * else that the reader throws is a bug of the reader.
 */
export function saidBy<T>(section: Section | undefined, parse: (text: string) => T): Fact<T> {
  if (section === undefined) return unknown('the host did not say');
  if (section.status === notFound) return absent(section.text);
  if (section.status !== 0) return unknown(lastLine(section.text) || `exit status ${section.status}`);
  try {
    return known(parse(section.text));
  } catch (error) {
    if (!(error instanceof OvsPkiError)) throw error;
    return unknown(`an answer that is not understood: ${error.message}`);
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
