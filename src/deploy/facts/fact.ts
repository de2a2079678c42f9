/**
 * What was found out about a host. That something is not there and that we could not see whether it is are two
 * answers: nothing is decided from the second.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { shellCommand } from '../../platform/quote.js';
import type { Section } from '../answer/sections.js';

export type Fact<T> =
  | { readonly state: 'known'; readonly value: T }
  | { readonly state: 'absent'; readonly reason: string }
  | { readonly state: 'unknown'; readonly reason: string };

export function known<T>(value: T): Fact<T> {
  return { state: 'known', value };
}

export function absent(reason: string): Fact<never> {
  return { state: 'absent', reason };
}

export function unknown(reason: string): Fact<never> {
  return { state: 'unknown', reason };
}

/** The value of a fact that is known, or undefined: for showing, never for deciding. */
export function knownValue<T>(fact: Fact<T>): T | undefined {
  return fact.state === 'known' ? fact.value : undefined;
}

/** The value, or undefined where it is absent. Throws HOST_FACT_UNKNOWN where it could not be found out. */
export function decided<T>(host: string, what: string, fact: Fact<T>): T | undefined {
  if (fact.state !== 'unknown') return knownValue(fact);
  throw new OvsPkiError('HOST_FACT_UNKNOWN', `${host}: ${what} could not be found out: ${fact.reason}`, {
    hint: `see what is wrong there: ${shellCommand`ovs-pki-ts doctor --to ${host}`}`,
    details: { host, what },
  });
}

/** Status of a shell that does not find a program. */
const notFound = 127;

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
