/**
 * What was found out about a host. That something is not there and that we could not see whether it is are two
 * answers: nothing is decided from the second.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';

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

/** What a reader of a part of an answer throws where it is not what such a part can be. */
export function notUnderstood(reason: string): OvsPkiError {
  return new OvsPkiError('HOST_ANSWER_INVALID', reason);
}

/** The value of a fact that is known, or undefined: for showing, never for deciding. */
export function knownValue<T>(fact: Fact<T>): T | undefined {
  return fact.state === 'known' ? fact.value : undefined;
}

/** The value, or undefined where it is absent. Throws HOST_FACT_UNKNOWN where it could not be found out. */
export function decided<T>(host: string, what: string, fact: Fact<T>): T | undefined {
  if (fact.state !== 'unknown') return knownValue(fact);
  throw new OvsPkiError('HOST_FACT_UNKNOWN', `${host}: ${what} could not be found out: ${fact.reason}`, {
    hint: `see what is wrong there: ovs-pki-ts doctor --to ${host}`,
    details: { host, what },
  });
}
