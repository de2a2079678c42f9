/**
 * What counts as soon, and what is said of that which ends.
 *
 * @module
 */

import type { Crl } from '../../pki/crl.js';
import { isCrlDue, soonMs } from '../../pki/renewal.js';
import { periodText } from './period.js';
import { type CheckReason, type CheckRule, critical, warning } from './rule.js';

/** What counts as soon. */
export interface Deadlines {
  /** Milliseconds before an end from which it is a warning, and critical. */
  readonly warnMs: number;
  readonly criticalMs: number;
}

export const noNewer = ', and there is no newer one of that name';

/** Lists live for days and not for years: the period is that for what is critical, and the last third of their life. */
export function crlExpiryReasons(
  about: string,
  crl: Crl,
  { criticalMs }: Deadlines,
  now: number,
  name = 'CRL',
): CheckReason[] {
  const { nextUpdate } = crl;
  if (nextUpdate === undefined) return [];
  const at = nextUpdate.getTime();
  if (at < now) return [critical('crl-expiry', about, `the next ${name} was due ${lengthText(at, now)} ago`, at)];
  if (!isCrlDue(crl, new Date(now), criticalMs)) return [];
  return [warning('crl-expiry', about, `the next ${name} is due in ${lengthText(at, now)}`, at)];
}

/** What is made for days or hours ends within any usual period from the first moment: there it is a part of its life. */
export function ownDeadlines(
  { warnMs, criticalMs }: Deadlines,
  begins: number | undefined,
  expires: number,
): Deadlines {
  if (begins === undefined) return { warnMs, criticalMs };
  const validity = { notBefore: new Date(begins), notAfter: new Date(expires) };
  return { warnMs: soonMs(validity, warnMs), criticalMs: soonMs(validity, criticalMs, 6) };
}

export function expiryReason(
  rule: CheckRule,
  about: string,
  expires: number,
  { warnMs, criticalMs }: Deadlines,
  now: number,
  tail: string,
): CheckReason | undefined {
  if (expires >= now + warnMs) return undefined;
  if (expires < now) return critical(rule, about, `expired ${lengthText(expires, now)} ago${tail}`, expires);
  const make = expires < now + criticalMs ? critical : warning;
  return make(rule, about, `ends in ${lengthText(expires, now)}${tail}`, expires);
}

export function lengthText(at: number, now: number): string {
  return periodText(Math.abs(at - now) / 1000);
}
