/**
 * From the results of hosts to one outcome.
 *
 * @module
 */

import type { OvsPkiError } from '../../errors.js';
import type { HostResult } from '../../usecases/outputs.js';
import { resultText } from '../render/fleet.js';
import type { Outcome } from './outcome.js';

export function fleetOutcome(results: readonly HostResult[]): Outcome {
  const errors = results.flatMap(({ error }) => (error === undefined ? [] : [error]));
  return {
    exitStatus: exitStatusOf(errors),
    text: results.map(resultText).join(''),
    json: { results },
    errors,
    // What is said of a CA is said once.
    warnings: [...new Set(results.flatMap(({ warnings }) => warnings))],
  };
}

/** 6 says that some host failed, whatever the reason; an interruption and a bug of ours say so themselves. */
export function exitStatusOf(errors: readonly OvsPkiError[]): number {
  if (errors.length === 0) return 0;
  const own = errors.find(({ code }) => code === 'INTERNAL_ERROR' || code === 'INTERRUPTED');
  return own?.exitStatus ?? 6;
}
