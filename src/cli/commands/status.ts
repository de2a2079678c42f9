import { status } from '../../usecases/fleet/status.js';
import { examineRequestOf } from '../options/fleet.js';
import { exitStatusOf } from '../outcome/fleet.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';
import { startProgress } from '../render/progress.js';
import { statusText, strayText } from '../render/status.js';

export async function run({ platform, options, operands }: CommandContext<'status'>): Promise<Outcome> {
  const request = examineRequestOf(options, operands);
  const progress = await startProgress('asking hosts', request.destinations.length);
  const result = await status(platform, { ...request, onProgress: progress.update }).finally(progress.stop);
  const isWell = result.hosts.every(
    ({ tunnels, findings }) => findings.errors === 0 && tunnels.every(({ state }) => state === 'encrypted'),
  );
  const errors = result.unasked.map(({ error }) => error);
  return {
    exitStatus: exitStatusOf(errors) || (isWell ? 0 : 4),
    text: [...result.hosts.map(statusText), ...strayText(result.withoutHost, options.dir)].join('\n'),
    json: { hosts: [...result.hosts, ...result.unasked], withoutHost: result.withoutHost },
    errors,
  };
}
