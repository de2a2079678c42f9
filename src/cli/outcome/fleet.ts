/**
 * From the results of hosts to one outcome.
 *
 * @module
 */

import type { OvsPkiError } from '../../errors.js';
import type { HostResult } from '../../usecases/outputs.js';
import { errorsByCause, warningsByCause } from '../render/many/causes.js';
import { resultsText } from '../render/many/results.js';
import type { Outcome } from './outcome.js';

/** @param chosen the hosts that are shown, in full; all of them are in JSON */
export function fleetOutcome(results: readonly HostResult[], chosen?: readonly string[]): Outcome {
  const failures = results.flatMap(({ host, error }) => (error === undefined ? [] : [{ host, error }]));
  return {
    exitStatus: exitStatusOf(failures.map(({ error }) => error)),
    text: resultsText(results, chosen),
    json: { results },
    errors: errorsByCause(failures),
    warnings: warningsByCause(results),
  };
}

/** 6 says that some host failed, whatever the reason; an interruption and a bug of ours say so themselves. */
export function exitStatusOf(errors: readonly OvsPkiError[]): number {
  if (errors.length === 0) return 0;
  const own = errors.find(({ code }) => code === 'INTERNAL_ERROR' || code === 'INTERRUPTED');
  return own?.exitStatus ?? 6;
}
