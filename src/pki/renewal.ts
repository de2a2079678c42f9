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

/** What lives no longer than the short-lived certificates of the CA/Browser Forum (BR, section 1.6.1). */
export const shortLifeMs = 7 * dayMs;

/** Whether a certificate is made to live for days or hours. An hour more is that by which its begin lies before its making. */
export function isShortLived({ notBefore, notAfter }: Validity): boolean {
  return notAfter.getTime() - notBefore.getTime() <= shortLifeMs + dayMs / 24;
}

/**
 * How long before its end a certificate ends soon. Where the whole life of a short-lived one is within that period, it would
 * always end soon: there it is a part of its life.
 *
 * @param parts the last third of the life, or a smaller part for what is more urgent
 */
export function soonMs(validity: Validity, withinMs: number, parts = 3): number {
  const lifeMs = validity.notAfter.getTime() - validity.notBefore.getTime();
  return isShortLived(validity) && withinMs >= lifeMs ? lifeMs / parts : withinMs;
}

/** A certificate ends with its issuer at the latest: a new one has to last a day longer to be worth it, or a third of its life. */
export function canLastLonger({ notBefore, notAfter }: Validity, issuer: Validity | undefined): boolean {
  const worthMs = Math.min(dayMs, (notAfter.getTime() - notBefore.getTime()) / 3);
  return issuer === undefined || issuer.notAfter.getTime() - notAfter.getTime() > worthMs;
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
