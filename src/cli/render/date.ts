/**
 * Times of files, as date(1) prints them in the C locale: `Sun Nov 22 02:52:21 UTC 2026`.
 *
 * @module
 */

import { readFile } from '../../platform/files.js';

/** A time in the time zone of this process. */
export function formatLocalDate(date: Date): string {
  const [weekday, month, day, year, time] = date.toString().split(' ') as [string, string, string, string, string];
  return `${weekday} ${month} ${String(Number(day)).padStart(2)} ${time} ${zoneName(date)} ${year}`;
}

/**
 * The abbreviation of the zone, such as CET: Intl does not know most of them, but the rule at the end of a zone file
 * (RFC 9636, section 3.3), such as `CET-1CEST,M3.5.0,M10.5.0/3`, does.
 */
function zoneName(date: Date): string {
  const offset = -date.getTimezoneOffset();
  const [, standard, hours = '0', daylight] = zoneNamePattern.exec(zoneRule()) ?? [];
  const standardOffset = -minutesOf(hours);
  const name = offset === standardOffset ? standard : daylight;
  return name?.replaceAll(/[<>]/g, '') ?? numericZone(offset);
}

const zoneNamePattern = /^(<[^>]+>|[A-Za-z]+)([-+]?[\d:]+)(<[^>]+>|[A-Za-z]+)?/;

function zoneRule(): string {
  const zone = (process.env['TZ'] ?? '').replace(/^:/, '');
  if (zone === '' && process.env['TZ'] !== undefined) return 'UTC0';
  if (zoneNamePattern.test(zone)) return zone;
  const file = zone === '' ? '/etc/localtime' : zone.startsWith('/') ? zone : `/usr/share/zoneinfo/${zone}`;
  try {
    return readFile(file).toString('latin1').trimEnd().split('\n').at(-1) ?? 'UTC0';
  } catch {
    return 'UTC0';
  }
}

function minutesOf(hours: string): number {
  const [, sign, hour = '0', minute = '0'] = /^([-+]?)(\d+)(?::(\d+))?/.exec(hours) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hour) * 60 + Number(minute));
}

function numericZone(offset: number): string {
  const minutes = Math.abs(offset);
  const hour = String(Math.trunc(minutes / 60)).padStart(2, '0');
  const rest = minutes % 60 === 0 ? '' : String(minutes % 60).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${hour}${rest}`;
}
