import { pruned, readFleet } from '../../usecases/fleet/inventory.js';
import { type PlannedHost, plan } from '../../usecases/fleet/plan.js';
import { planFileText, writePlan } from '../../usecases/fleet/plan-file.js';
import type { HostPlan } from '../../usecases/outputs.js';
import { inventoryFileOf, planKeyOf } from '../options/fleet.js';
import { pkiDirectoryOf } from '../options/read.js';
import { standardStream } from '../options/streams.js';
import { exitStatusOf } from '../outcome/fleet.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';
import { planText } from '../render/fleet.js';
import { startProgress } from '../render/progress.js';

export async function run({ platform, options, operands }: CommandContext<'plan'>): Promise<Outcome> {
  const [out, key] = [options.out, planKeyOf(options)];
  const fleet = pruned(readFleet(inventoryFileOf(operands)), options.prune === true);
  const progress = await startProgress('asking hosts', fleet.hosts.length);
  const request = { fleet, pkiDirectory: pkiDirectoryOf(options), prove: options['skip-proof'] !== true };
  const planned = await plan(platform, { ...request, onProgress: progress.update }).finally(progress.stop);
  const plans = planned.filter((item): item is HostPlan => 'actions' in item);
  const errors = planned.flatMap((item: PlannedHost) => ('error' in item ? [item.error] : []));
  const file = { ...request, hosts: plans };
  if (out !== undefined && out !== standardStream) writePlan(out, file, key);
  const isBlocked = plans.some(({ obstacles }) => obstacles.length > 0);
  return {
    exitStatus: errors.length > 0 || isBlocked ? exitStatusOf(errors) || 6 : 0,
    text: planText(plans),
    ...(out === standardStream ? { content: planFileText(file, key) } : {}),
    json: { hosts: planned },
    errors,
    warnings: [...new Set(plans.flatMap(({ warnings }) => warnings))],
  };
}
