import { pruned, readFleet } from '../../usecases/fleet/inventory.js';
import { type PlannedHost, plan } from '../../usecases/fleet/plan.js';
import { planFileText, writePlan } from '../../usecases/fleet/plan-file.js';
import type { HostPlan } from '../../usecases/outputs.js';
import { chosenHostsOf, inventoryFileOf, planKeyOf } from '../options/fleet.js';
import { pkiDirectoryOf } from '../options/read.js';
import { standardStream } from '../options/streams.js';
import { exitStatusOf } from '../outcome/fleet.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';
import { errorsByCause, warningsByCause } from '../render/many/causes.js';
import { fleetPlanText, planCounts } from '../render/many/plan.js';
import { startProgress } from '../render/progress.js';

export async function run({ platform, options, operands }: CommandContext<'plan'>): Promise<Outcome> {
  const [out, key] = [options.out, planKeyOf(options)];
  const fleet = pruned(readFleet(inventoryFileOf(operands)), options.prune === true);
  const chosen = chosenHostsOf(options, fleet);
  const progress = await startProgress('asking hosts', fleet.hosts.length);
  const request = { fleet, pkiDirectory: pkiDirectoryOf(options), prove: options['skip-proof'] !== true };
  const planned = await plan(platform, { ...request, onProgress: progress.update }).finally(progress.stop);
  const plans = planned.filter((item): item is HostPlan => 'actions' in item);
  const failures = planned.flatMap((item: PlannedHost) => ('error' in item ? [item] : []));
  const errors = failures.map(({ error }) => error);
  const fleetPlan = { fleet, plans, failed: failures.map(({ host }) => host), chosen };
  const file = { ...request, hosts: plans };
  if (out !== undefined && out !== standardStream) writePlan(out, file, key);
  const isBlocked = plans.some(({ obstacles }) => obstacles.length > 0);
  return {
    exitStatus: errors.length > 0 || isBlocked ? exitStatusOf(errors) || 6 : 0,
    text: fleetPlanText(fleetPlan),
    ...(out === standardStream ? { content: planFileText(file, key) } : {}),
    json: { hosts: planned, counts: planCounts(fleetPlan) },
    errors: errorsByCause(failures),
    warnings: warningsByCause(plans),
  };
}
