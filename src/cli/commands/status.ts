import { fleetToExamine } from '../../usecases/fleet/examine.js';
import { status } from '../../usecases/fleet/status.js';
import { chosenHostsOf, examineRequestOf } from '../options/fleet.js';
import { exitStatusOf } from '../outcome/fleet.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';
import { errorsByCause } from '../render/many/causes.js';
import { hostStates, isWell } from '../render/many/status.js';
import { startProgress } from '../render/progress.js';
import { strayText } from '../render/status.js';

export async function run({ platform, options, operands }: CommandContext<'status'>): Promise<Outcome> {
  const request = examineRequestOf(options, operands);
  const chosen = options.host && chosenHostsOf(options, fleetToExamine(request));
  const progress = await startProgress('asking hosts', request.destinations.length);
  const result = await status(platform, { ...request, onProgress: progress.update }).finally(progress.stop);
  const errors = result.unasked.map(({ error }) => error);
  return {
    exitStatus: exitStatusOf(errors) || (result.hosts.every(isWell) ? 0 : 4),
    text: [...hostStates(result, chosen), ...strayText(result.withoutHost, options.dir)].join('\n'),
    json: { hosts: [...result.hosts, ...result.unasked], withoutHost: result.withoutHost },
    errors: errorsByCause(result.unasked),
  };
}
