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

/** What ovs-pki gives certificates and CAs: ten years of 365 days. */
export const defaultDays = 3650;

const dayMs = 86_400_000;
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
      hint: 'if the clock of this machine is right, make a new CA: ovs-pki-ts init --dir NEW_DIRECTORY',
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

/** Reads a stretch of time as typed, such as `30d` or `12h`; a number alone is days. Throws USAGE. */
export function parseDurationMs(typed: string, option: string): number {
  const [, number, unit = 'd'] = /^([0-9]{1,5})([hdw]?)$/.exec(typed) ?? [];
  if (number === undefined) {
    throw new OvsPkiError('USAGE', `${option} takes a time such as 30d, 12h or 6w, not ${JSON.stringify(typed)}`);
  }
  return (Number(number) * dayMs * (unit === 'w' ? 168 : unit === 'h' ? 1 : 24)) / 24;
}

function wholeSeconds(timeMs: number): Date {
  return new Date(Math.floor(timeMs / 1000) * 1000);
}

function text(date: Date): string {
  return date.toISOString().slice(0, 19).replace('T', ' ');
}
