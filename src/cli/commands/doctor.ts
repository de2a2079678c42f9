import { doctor } from '../../usecases/fleet/doctor.js';
import { fleetToExamine } from '../../usecases/fleet/examine.js';
import { chosenHostsOf, examineRequestOf } from '../options/fleet.js';
import { exitStatusOf } from '../outcome/fleet.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';
import { errorsByCause } from '../render/many/causes.js';
import { findingsText } from '../render/many/findings.js';
import { startProgress } from '../render/progress.js';

export async function run({ platform, options, operands }: CommandContext<'doctor'>): Promise<Outcome> {
  const request = examineRequestOf(options, operands);
  const chosen = options.host && chosenHostsOf(options, fleetToExamine(request));
  const progress = await startProgress('asking hosts', request.destinations.length);
  const result = await doctor(platform, { ...request, onProgress: progress.update }).finally(progress.stop);
  const hasErrors = result.findings.some(({ severity }) => severity === 'error');
  const errors = result.unasked.map(({ error }) => error);
  return {
    exitStatus: exitStatusOf(errors) || (hasErrors ? 4 : 0),
    text: findingsText(result, chosen),
    json: { ...result },
    errors: errorsByCause(result.unasked),
  };
}
