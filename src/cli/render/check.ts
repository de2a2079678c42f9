/**
 * What `check` found, for people and for Nagios.
 *
 * @module
 */

import type { OvsPkiError } from '../../errors.js';
import { visible } from '../../platform/visible.js';
import type { CheckReason, CheckResult, Deadlines } from '../../usecases/check/check.js';
import { withDirectory } from './hint.js';

/** @param directory the PKI directory, where it was named: commands that are told must name it too */
export function checkText({ reasons, authorities, failures }: CheckResult, directory?: string): string {
  if (reasons.length > 0) {
    return reasons.map((reason) => `${reason.severity}: ${withDirectory(reasonText(reason), directory)}\n`).join('');
  }
  if (failures.length > 0) return '';
  const names = authorities.reduce((sum, authority) => sum + authority.names, 0);
  const count = (many: number, what: string): string => `${many} ${what}${many === 1 ? '' : 's'}`;
  const what = authorities.length === 0 ? '' : `: ${count(names, 'name')}, ${count(authorities.length, 'CA')}`;
  return `nothing is due or wrong${what}\n`;
}

function reasonText({ about, type, message, rule }: CheckReason): string {
  return visible(`${about}${type === undefined ? '' : ` (${type})`}: ${message} [${rule}]`);
}

/** So many reasons are told in the one line. */
const toldReasons = 3;

/** The line of a plugin (Monitoring Plugins Development Guidelines): status, what is wrong, performance data. */
export function nagiosText(result: CheckResult, deadlines: Deadlines): string {
  const { outcome, reasons, unchecked } = result;
  const told = reasons.slice(0, toldReasons).map(reasonText);
  const more = reasons.length - told.length;
  const parts = [
    ...(told.length === 0 ? ['nothing is due or wrong'] : told),
    ...(more > 0 ? [`and ${more} more`] : []),
    ...(unchecked.length > 0 ? [`${unchecked.length} not checked`] : []),
  ];
  return `OVS-PKI ${outcome.toUpperCase()} - ${plain(parts.join('; '))} | ${performanceData(result, deadlines)}\n`;
}

export function nagiosFailure({ message, code }: OvsPkiError): string {
  return `OVS-PKI UNKNOWN - ${plain(visible(`${message} [${code}]`))}\n`;
}

/** The bar begins the performance data. */
function plain(text: string): string {
  return text.replaceAll('|', '/');
}

function performanceData({ reasons, authorities, checkedAt, newest }: CheckResult, deadlines: Deadlines): string {
  const count = (wanted: CheckReason['severity']) => reasons.filter(({ severity }) => severity === wanted).length;
  const sum = (state: 'valid' | 'expired' | 'revoked') =>
    authorities.reduce((all, { certificates }) => all + certificates[state], 0);
  const counts = { warnings: count('warning'), criticals: count('critical') };
  const states = { valid: sum('valid'), expired: sum('expired'), revoked: sum('revoked') };
  const data = Object.entries(authorities.length === 0 ? counts : { ...counts, ...states });
  const now = Date.parse(checkedAt);
  let next = Number.POSITIVE_INFINITY;
  for (const { notAfter } of newest()) {
    const left = notAfter.getTime() - now;
    if (left >= 0 && left < next) next = left;
  }
  const seconds = (ms: number): number => Math.trunc(ms / 1000);
  const { warnMs, criticalMs } = deadlines;
  const nextData = `next_expiry=${seconds(next)}s;${seconds(warnMs)}:;${seconds(criticalMs)}:`;
  return [
    ...data.map(([label, value]) => `${label}=${value};;;0`),
    ...(next === Number.POSITIVE_INFINITY ? [] : [nextData]),
  ].join(' ');
}
