/**
 * What a host says may be anything. Where it is what no host can say, that is the error of this host, and no other host
 * has to wait or to fail for it.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';

/** What went wrong with a host as its refusal, whatever was thrown. */
export function refusalOf(host: string, error: unknown): OvsPkiError {
  if (error instanceof OvsPkiError) return error;
  return invalidAnswer(host, error instanceof Error ? error.message : String(error), error);
}

export function invalidAnswer(host: string, reason: string, cause?: unknown): OvsPkiError {
  return new OvsPkiError('HOST_ANSWER_INVALID', `${host}: its answer cannot be used: ${lastWords(reason)}`, {
    hint: 'has somebody changed the programs of that host? If it is in order, report this as a bug',
    details: { host },
    cause,
  });
}

/** What a host said last, in one line that is not too long to be read. */
export function lastWords(text: string, lines = 3): string {
  const shown = text
    .slice(-10 * longest)
    .trim()
    .split('\n')
    .slice(-lines)
    .join(' ');
  return shown.length > longest ? `…${shown.slice(-longest)}` : shown;
}

const longest = 600;
