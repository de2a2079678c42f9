/**
 * What a host says may be anything. Where it is what no host can say, that is the error of this host, and no other host
 * has to wait or to fail for it. No more for a bug of ours, which is called one all the same.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';

/** What went wrong with a host as its refusal, whatever was thrown. What no code of ours refuses is a bug of ours. */
export function refusalOf(host: string, error: unknown): OvsPkiError {
  if (error instanceof OvsPkiError) return error;
  const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  // The parser of JSON quotes what it does not understand, and there may be a secret in it.
  const said = error instanceof SyntaxError ? name : lastWords(`${name}: ${message}`);
  const places = stack.split('\n').filter((line) => /^\s+at /.test(line));
  return new OvsPkiError(
    'INTERNAL_ERROR',
    `${host}: this is a bug of ovs-pki-ts: ${said} (${places[0]?.trim() ?? ''})`,
    {
      hint: 'other hosts were finished; run the command again with --json, and report this with its details',
      details: { host, stack: places.slice(0, 10).map((line) => line.trim()) },
      cause: error,
    },
  );
}

export function invalidAnswer(host: string, reason: string): OvsPkiError {
  return new OvsPkiError('HOST_ANSWER_INVALID', `${host}: its answer cannot be used: ${lastWords(reason)}`, {
    hint: 'has somebody changed the programs of that host? Look at it before it is connected to others',
    details: { host },
  });
}

/** What a reader of a part of an answer throws where it is not what such a part can be. */
export function notUnderstood(reason: string): OvsPkiError {
  return new OvsPkiError('HOST_ANSWER_INVALID', reason);
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
