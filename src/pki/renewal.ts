/**
 * When a certificate has to be renewed.
 *
 * @module
 */

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
