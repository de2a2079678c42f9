/**
 * Why and since when a certificate is not to be trusted any more (RFC 5280, section 5.3).
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';

/**
 * Why a certificate is revoked (CRLReason, section 5.3.1), in the words of OpenSSL. removeFromCRL, which is for delta
 * CRLs, is not among those that can be given.
 */
export type ReasonCode =
  | 'unspecified'
  | 'keyCompromise'
  | 'CACompromise'
  | 'affiliationChanged'
  | 'superseded'
  | 'cessationOfOperation'
  | 'certificateHold';

export const reasonCodes: Readonly<Record<ReasonCode, number>> = {
  unspecified: 0,
  keyCompromise: 1,
  CACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
};

const harmlessReasons: readonly string[] = [
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'removeFromCRL',
];

/** Whether a reason, in the words of RFC 5280, says nothing against the key and who has it. */
export function isHarmless(reason: string): boolean {
  return harmlessReasons.includes(reason);
}

/** A revocation as it is ordered. */
export interface Revocation {
  readonly reason: ReasonCode | undefined;
  /** Since when the key is known or suspected to be in other hands (invalidityDate, section 5.3.2). */
  readonly invalidityDate: Date | undefined;
}

/** Reads a reason as typed. Throws USAGE. */
export function parseReason(typed: string): ReasonCode {
  const reasons = Object.keys(reasonCodes) as ReasonCode[];
  const found = reasons.find((reason) => reason.toLowerCase() === typed.toLowerCase());
  if (found !== undefined) return found;
  throw new OvsPkiError('USAGE', `--reason takes one of ${reasons.join(', ')}, not ${JSON.stringify(typed)}`);
}

/** Reads a time as typed, in UTC: 2026-11-22, 2026-11-22T08:30:00Z, or 20261122083000Z as openssl-ca(1) has it. */
export function parseTime(typed: string): Date {
  const match = /^(\d{4})-?(\d\d)-?(\d\d)(?:T?(\d\d):?(\d\d):?(\d\d)Z)?$/.exec(typed);
  const [, year, month, day, hour = '00', minute = '00', second = '00'] = match ?? [];
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const date = new Date(match === null ? Number.NaN : iso);
  // JavaScript takes the 31st of February for a day in March.
  if (!Number.isNaN(date.getTime()) && date.toISOString() === iso) return date;
  const form = 'a time in UTC such as 2026-11-22 or 2026-11-22T08:30:00Z';
  throw new OvsPkiError('USAGE', `--at takes ${form}, not ${JSON.stringify(typed)}`);
}
