/**
 * Which tunnels of a host are proved to be encrypted after its plan.
 *
 * @module
 */

import type { TunnelEnd } from '../desired/desired.js';
import { isAtWork } from '../tunnels/packets.js';
import type { HostPlan } from './action.js';
import type { HostInput } from './input.js';
import { actionsOf, actionsWith, provesAll } from './kinds.js';

/**
 * The tunnels that are changed, and with a new identity, for which ovs-monitor-ipsec rebuilds every tunnel of the host,
 * also those that work now: what did not work before is not the fault of the change, and what is taken down must not.
 */
export function endsToProve({
  input: { desired, watched, facts },
  plan: { actions },
}: {
  readonly input: HostInput;
  readonly plan: HostPlan;
}): TunnelEnd[] {
  const cut = new Set(actionsOf(actions, 'cut').map(({ port }) => port));
  // What takes the place of another tunnel is proved before that goes, also where an interrupted run has made it.
  const ports = new Set(actionsWith(actions, { proves: 'its own' }).map(({ port }) => port));
  const changed = desired.ends.filter(({ port }) => ports.has(port));
  if (!actions.some(provesAll)) return changed;
  const others = desired.ends.filter((end) => !ports.has(end.port) && !cut.has(end.port) && isAtWork(facts, end));
  return [...changed, ...others, ...watched];
}
