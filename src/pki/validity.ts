/**
 * From when and until when a certificate is valid.
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** So many days before its end a certificate is due for renewal. */
export const dueDays = 30;

/** What ovs-pki gives certificates and CAs: ten years of 365 days. */
export const defaultDays = 3650;

export const dayMs = 86_400_000;
/** Clocks of hosts differ; a certificate that begins at this very second would be refused by those that are behind. */
const backdateMs = 3_600_000;

/**
 * A validity that begins an hour ago and ends `days` days from now, and lies inside that of the issuer.
 * Throws CA_EXPIRED where the issuer is not valid now.
 */
export function validityFrom(now: Date, days: number, issuer?: Validity): Validity {
  const notBefore = wholeSeconds(now.getTime() - backdateMs);
  const notAfter = wholeSeconds(now.getTime() + days * dayMs);
  if (issuer === undefined) return { notBefore, notAfter };
  if (now > issuer.notAfter || now < issuer.notBefore) {
    const fault = now > issuer.notAfter ? `expired on ${text(issuer.notAfter)}` : `begins on ${text(issuer.notBefore)}`;
    throw new OvsPkiError('CA_EXPIRED', `the CA certificate ${fault}, and it is ${text(now)} now`, {
      hint: 'if the clock of this machine is right, give the CA another key: ovs-pki-ts rollover prepare',
    });
  }
  return {
    notBefore: new Date(Math.max(notBefore.getTime(), issuer.notBefore.getTime())),
    notAfter: new Date(Math.min(notAfter.getTime(), issuer.notAfter.getTime())),
  };
}

/** Reads a number of days as typed: 1 to 36500. Throws USAGE. */
export function parseDays(typed: string): number {
  const days = /^[0-9]{1,5}$/.test(typed) ? Number(typed) : 0;
  if (days < 1 || days > 36_500) {
    throw new OvsPkiError('USAGE', `--days takes a number of days from 1 to 36500, not ${JSON.stringify(typed)}`);
  }
  return days;
}

/** Reads a period as typed, `30d` or `12h`, in milliseconds. Throws USAGE. */
export function parsePeriod(typed: string): number {
  const [, number, unit] = /^(\d{1,5})([dh])$/.exec(typed) ?? [];
  if (number !== undefined) return Number(number) * (unit === 'd' ? dayMs : dayMs / 24);
  throw new OvsPkiError('USAGE', `${JSON.stringify(typed)} is no period of days or hours`, {
    hint: 'such as 30d or 12h',
  });
}

/** Reads a time as typed: a period from now, a day (`2027-01-31`, its beginning in UTC), or a time of ISO 8601. Throws USAGE. */
export function parseMoment(typed: string, now: Date): Date {
  if (/^\d+[dh]$/.test(typed)) return new Date(now.getTime() + parsePeriod(typed));
  const date = new Date(isoPattern.test(typed) ? typed : Number.NaN);
  // 2027-02-30 would be taken for the second of March.
  if (!Number.isNaN(date.getTime()) && new Date(typed.slice(0, 10)).toISOString().startsWith(typed.slice(0, 10)))
    return date;
  throw new OvsPkiError('USAGE', `${JSON.stringify(typed)} is neither a period nor a date`, {
    hint: 'such as 30d, 12h, 2027-01-31 or 2027-01-31T12:00:00Z',
  });
}

const isoPattern = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[-+]\d\d:\d\d))?$/;

function wholeSeconds(timeMs: number): Date {
  return new Date(Math.floor(timeMs / 1000) * 1000);
}

function text(date: Date): string {
  return date.toISOString().slice(0, 19).replace('T', ' ');
}
