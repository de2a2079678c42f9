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

/** How long a certificate is to be valid: so many days from now, or, where that is given, until a fixed time. */
export interface Life {
  /** Also a part of a day. */
  readonly days: number;
  readonly notAfter?: Date;
}

/** So many days before its end a certificate is due for renewal. */
export const dueDays = 30;

/** What ovs-pki gives certificates and CAs: ten years of 365 days. */
export const defaultDays = 3650;

export const dayMs = 86_400_000;
/** Clocks of hosts differ; a certificate that begins at this very second would be refused by those that are behind. */
const backdateMs = 3_600_000;
/** Of a life of hours, an hour more would be a large part. */
const backdatePart = 12;
const minimumLifeMs = 60_000;
const maximumDays = 36_500;

/**
 * A validity that begins an hour ago (a life below twelve hours: a twelfth of it) and ends `days` days from now, and lies
 * inside that of the issuer; or ends at the time that was given, which has to lie inside.
 *
 * @throws CA_EXPIRED where the issuer is not valid now; VALIDITY_REFUSED for an end that has passed, is later than that of the
 *   issuer, or further away than any; USAGE for days that are no length of time
 */
export function validityFrom(now: Date, life: number | Life, issuer?: Validity): Validity {
  const { days, notAfter: end }: Life = typeof life === 'object' ? life : { days: life };
  const lifeMs = end === undefined ? daysMs(days) : endMs(end) - now.getTime();
  if (end !== undefined && !(lifeMs > 0)) throw pastEnd(end, now);
  const notBefore = wholeSeconds(now.getTime() - Math.min(backdateMs, lifeMs / backdatePart));
  const notAfter = wholeSeconds(now.getTime() + lifeMs);
  if (issuer === undefined) {
    if (lifeMs > maximumDays * dayMs) throw farEnd(end ?? notAfter);
    return { notBefore, notAfter };
  }
  if (now > issuer.notAfter || now < issuer.notBefore) {
    const fault = now > issuer.notAfter ? `expired on ${text(issuer.notAfter)}` : `begins on ${text(issuer.notBefore)}`;
    throw new OvsPkiError('CA_EXPIRED', `the CA certificate ${fault}, and it is ${text(now)} now`, {
      hint: 'if the clock of this machine is right, give the CA another key: ovs-pki-ts rollover prepare',
    });
  }
  if (end !== undefined && end > issuer.notAfter && !isSameLastDay(end, issuer.notAfter)) throw lateEnd(end, issuer);
  return {
    notBefore: new Date(Math.max(notBefore.getTime(), issuer.notBefore.getTime())),
    notAfter: new Date(Math.min(notAfter.getTime(), issuer.notAfter.getTime())),
  };
}

/** How long a certificate was made for: without what its begin lies before its making. */
export function lifeMsOf({ notBefore, notAfter }: Validity): number {
  const wholeMs = notAfter.getTime() - notBefore.getTime();
  const lifeMs = Math.max(wholeMs - backdateMs, (wholeMs * backdatePart) / (backdatePart + 1));
  // Begin and end are cut to seconds: many renewals must not make it shorter and shorter.
  return Math.max(minimumLifeMs, Math.round(lifeMs / minimumLifeMs) * minimumLifeMs);
}

/** Whole milliseconds, since a part of a day is no whole number in binary: a second would be lost. */
function daysMs(days: number): number {
  if (typeof days === 'number' && days > 0 && days <= maximumDays) return Math.round(days * dayMs);
  throw new OvsPkiError('USAGE', `${days} is no number of days for a certificate or a CRL`, {
    hint: `more than 0, and at most ${maximumDays}`,
  });
}

/** Who writes JavaScript can hand in what is no Date. */
function endMs(end: Date): number {
  return end instanceof Date ? end.getTime() : Number.NaN;
}

function farEnd(end: Date): OvsPkiError {
  return new OvsPkiError('VALIDITY_REFUSED', `${text(end)} is more than ${maximumDays} days from now`, {
    hint: 'choose an earlier end',
  });
}

function pastEnd(end: Date, now: Date): OvsPkiError {
  const fault = Number.isNaN(endMs(end)) ? 'is no time' : `${text(end)} has passed: it is ${text(now)} now`;
  return new OvsPkiError('VALIDITY_REFUSED', `the end of the certificate ${fault}`, {
    hint: 'choose a later one, such as --not-after 30d',
  });
}

function lateEnd(end: Date, { notAfter }: Validity): OvsPkiError {
  const message = `${text(end)} is after the end of the CA itself, ${text(notAfter)}`;
  return new OvsPkiError('VALIDITY_REFUSED', message, {
    hint: `the latest is --not-after ${notAfter.toISOString().replace('.000', '')}`,
    details: { latest: notAfter.toISOString() },
  });
}

/** Who names the last day of the CA means as long as the CA is valid. */
function isSameLastDay(end: Date, ofIssuer: Date): boolean {
  const [day, time] = end.toISOString().split('T');
  return time?.startsWith(lastOfDay) === true && ofIssuer.toISOString().startsWith(`${day}T`);
}

const lastOfDay = '23:59:59';

/** Reads a number of days as typed: up to 36500, also a part of a day such as `0.5`. Throws USAGE. */
export function parseDays(typed: string): number {
  const days = /^\d{1,5}(\.\d{1,6})?$/.test(typed) ? Number(typed) : 0;
  if (days * dayMs < minimumLifeMs || days > maximumDays) {
    throw new OvsPkiError(
      'USAGE',
      `--days takes a number of days up to ${maximumDays}, such as 90 or 0.5, not ${JSON.stringify(typed)}`,
      { hint: 'the shortest life is a minute: --valid-for 1m' },
    );
  }
  return days;
}

/** Reads how long something is to be valid, `90m`, `12h` or `7d`, in days. Throws USAGE. */
export function parseLife(typed: string): number {
  const lifeMs = parsePeriod(typed);
  if (lifeMs >= minimumLifeMs && lifeMs <= maximumDays * dayMs) return lifeMs / dayMs;
  throw new OvsPkiError(
    'USAGE',
    `--valid-for takes a period from 1m to ${maximumDays}d, not ${JSON.stringify(typed)}`,
    {
      hint: 'such as: --valid-for 12h',
    },
  );
}

/** What is wrong with such a text, behind it. */
export function lifeFault(typed: string): string | undefined {
  try {
    parseLife(typed);
    return undefined;
  } catch (error) {
    if (error instanceof OvsPkiError) return `is no period from 1m to ${maximumDays}d, such as 90m, 12h or 7d`;
    throw error;
  }
}

/** Reads a period as typed, `30d`, `12h` or `90m`, in milliseconds. Throws USAGE. */
export function parsePeriod(typed: string): number {
  const [, number, unit = ''] = /^(\d{1,5})([dhm])$/.exec(typed) ?? [];
  if (number !== undefined) return Number(number) * (periodUnits[unit] ?? 0);
  throw new OvsPkiError('USAGE', `${JSON.stringify(typed)} is no period of days, hours or minutes`, {
    hint: 'such as 30d, 12h or 90m',
  });
}

const periodUnits: Readonly<Record<string, number>> = { d: dayMs, h: dayMs / 24, m: 60_000 };

/**
 * Reads an end as typed: what {@link parseMoment} reads, where a day is meant to its end, or a time as openssl writes it
 * (`20270131235959Z`). Throws USAGE.
 */
export function parseEnd(typed: string, now: Date): Date {
  const [, year, month, day, hour, minute, second] =
    /^(\d\d(?:\d\d)?)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(typed) ?? [];
  const fullYear = year?.length === 2 ? `${Number(year) < 50 ? '20' : '19'}${year}` : year;
  const iso = year === undefined ? typed : `${fullYear}-${month}-${day}T${hour}:${minute}:${second}Z`;
  const end = parseMoment(/^\d{4}-\d\d-\d\d$/.test(iso) ? `${iso}T${lastOfDay}Z` : iso, now);
  if (end.getTime() - now.getTime() <= maximumDays * dayMs) return end;
  throw new OvsPkiError('USAGE', `${JSON.stringify(typed)} is more than ${maximumDays} days from now`, {
    hint: 'such as: --not-after 2027-01-31',
  });
}

/** Reads a time as typed: a period from now, a day (`2027-01-31`, its beginning in UTC), or a time of ISO 8601. Throws USAGE. */
export function parseMoment(typed: string, now: Date): Date {
  if (/^\d+[dhm]$/.test(typed)) return new Date(now.getTime() + parsePeriod(typed));
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
