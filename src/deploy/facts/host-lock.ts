/**
 * The lock that a run holds on each host it changes, and who holds it where we do not get it.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { shellWord } from '../../platform/quote.js';
import { fillTemplate } from '../../platform/templates.js';
import type { Section } from '../answer/sections.js';

/** Lines for the shell of a host, which holds the lock to its end. @param operator who says so, for others who come */
export function takeLock(operator: string): string {
  return fillTemplate('remote/lock.sh', { operator: shellWord(visible(operator)) });
}

/** @param host its name @param lock what the facts say of it @throws HOST_LOCKED */
export function requireLock(host: string, lock: Section | undefined): void {
  if (lock === undefined || lock.status === 0) return;
  const holders = visible(lock.text);
  throw new OvsPkiError('HOST_LOCKED', `${host}: another run is at work there${holders === '' ? '' : `: ${holders}`}`, {
    hint: 'wait until it has ended, then run the command again',
    details: { host, holders },
  });
}

/** What stands there was written by others. */
function visible(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .slice(0, 300)
    .trim();
}
