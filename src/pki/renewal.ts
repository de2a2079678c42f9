/**
 * When a certificate has to be renewed.
 *
 * @module
 */

import type { Crl } from './crl.js';
import { dayMs, dueDays, type Validity } from './validity.js';

/**
 * Thirty days before it expires, or in the last third of its life where that is later: a certificate for a week is not
 * due on the day it is made.
 */
export function isDueForRenewal({ notBefore, notAfter }: Validity, now: Date): boolean {
  const lifeMs = notAfter.getTime() - notBefore.getTime();
  return notAfter.getTime() - now.getTime() <= Math.min(dueDays * dayMs, lifeMs / 3);
}

/** A certificate ends with its issuer at the latest: a new one has to last a day longer to be worth it. */
export function canLastLonger({ notAfter }: Validity, issuer: Validity | undefined): boolean {
  return issuer === undefined || issuer.notAfter.getTime() - notAfter.getTime() > dayMs;
}

/**
 * Lists live for days and not for years: the next one is due within a week of the end, and in the last third of a life.
 *
 * @param withinMs another period than a week
 */
export function isCrlDue(
  { thisUpdate, nextUpdate }: Pick<Crl, 'thisUpdate' | 'nextUpdate'>,
  now: Date,
  withinMs: number = 7 * dayMs,
): boolean {
  if (nextUpdate === undefined) return false;
  const lifeMs = nextUpdate.getTime() - thisUpdate.getTime();
  return nextUpdate.getTime() - now.getTime() < Math.min(withinMs, lifeMs / 3);
}

/**
 * Which good certificates are replaced: those that are about to expire; with `all` those too that the CA has signed with the
 * key that a rollover replaces.
 */
export type Renewal = 'all' | 'expiring' | 'none';
