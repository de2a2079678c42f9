/**
 * `plan`: what `apply` would do, and what stands against it.
 *
 * @module
 */

import { refusalOf } from '../../deploy/answer/answer.js';
import type { DesiredFleet } from '../../deploy/desired/desired.js';
import type { HostPlan } from '../../deploy/plan/action.js';
import type { HostInput } from '../../deploy/plan/input.js';
import { planHost } from '../../deploy/plan/plan.js';
import { plannedTogether } from '../../deploy/plan/together.js';
import type { OvsPkiError } from '../../errors.js';
import type { Platform } from '../../platform/index.js';
import { askHosts, closeAll } from './ask.js';
import { prepareFleet } from './prepare.js';

/** What `plan` compares the hosts with. */
export interface PlanRequest {
  readonly fleet: DesiredFleet;
  readonly pkiDirectory: string;
  readonly prove: boolean;
  /** Called as hosts answer. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** The plan of one host, or why there is none. */
export type PlannedHost = HostPlan | { readonly host: string; readonly error: OvsPkiError };

/** A plan for each host, in the order of the fleet. Changes nothing. */
export async function plan(platform: Platform, request: PlanRequest): Promise<PlannedHost[]> {
  const asked = await askHosts(platform, request.fleet, false, request.onProgress);
  try {
    const { work, failed } = await prepareFleet(platform, asked, request, 'planned');
    const alone = work.map(({ input }) => ({ input, plan: planOf(input) }));
    const planned: PlannedHost[] = [
      ...plannedTogether(alone.flatMap(({ input, plan }) => ('error' in plan ? [] : [{ input, plan }]))),
      ...alone.flatMap(({ plan }) => ('error' in plan ? [plan] : [])),
      ...failed.map(({ desired, error }) => ({ host: desired.name, error })),
    ];
    const byName = new Map(planned.map((item) => [item.host, item]));
    return request.fleet.hosts.flatMap(({ name }) => byName.get(name) ?? []);
  } finally {
    closeAll(asked);
  }
}

function planOf(input: HostInput): PlannedHost {
  try {
    return planHost(input);
  } catch (error) {
    return { host: input.desired.name, error: refusalOf(input.desired.name, error) };
  }
}
