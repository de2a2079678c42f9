/**
 * From the results of many names to one outcome.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Refused } from '../../usecases/summary.js';
import type { Outcome } from './outcome.js';

/** Renders what was done; refusals go to standard error and decide the exit status. */
export function outcomeOf<Result extends { readonly outcome: string }>(
  results: readonly (Result | Refused)[],
  render: (result: Result) => string,
): Outcome {
  const isRefused = (result: Result | Refused): result is Refused =>
    'error' in result && result.error instanceof OvsPkiError;
  const errors = results.filter(isRefused).map(({ error }) => error);
  const done = results.filter((result): result is Result => !isRefused(result));
  return {
    exitStatus: errors[0]?.exitStatus ?? 0,
    text: done.map(render).join(''),
    json: { results },
    errors,
  };
}

/** The one line that each of several names gets, and the text that ovs-pki prints for a single one. */
export function lineOrText(isSingle: boolean, line: string, text: string): string {
  return isSingle ? text : `${line}\n`;
}
