/**
 * `remove`: takes tunnels and identities away from hosts.
 *
 * @module
 */

import { refusalOf } from '../../deploy/answer/answer.js';
import type { HostResult } from '../../deploy/apply/apply.js';
import { obstructed } from '../../deploy/apply/host-run.js';
import type { DesiredFleet } from '../../deploy/desired/desired.js';
import { goingThings } from '../../deploy/plan/effects.js';
import { ikeScriptFor } from '../../deploy/plan/input.js';
import { leavingIdentity, planRemoval, type Removal } from '../../deploy/plan/removal.js';
import { removeFromHost } from '../../deploy/remote/remove.js';
import { databaseOf } from '../../deploy/remote/run.js';
import { isChange, transactionFor } from '../../deploy/remote/transaction.js';
import type { Platform } from '../../platform/index.js';
import { type AskedHost, askHosts, closeAll } from './ask.js';

/** What `remove` is to take away, and from where. */
export interface RemoveRequest {
  /** The hosts; and of an inventory the ports of its tunnels. */
  readonly fleet: DesiredFleet;
  /** What goes from each host. */
  readonly removalOf: (host: DesiredFleet['hosts'][number]) => Removal;
}

/** A result for each host, in the order of the fleet. */
export async function remove(platform: Platform, { fleet, removalOf }: RemoveRequest): Promise<HostResult[]> {
  const asked = await askHosts(platform, fleet, true);
  try {
    return await Promise.all(asked.map((host) => removeOne(platform, host, removalOf(host.desired))));
  } finally {
    closeAll(asked);
  }
}

async function removeOne({ log }: Platform, host: AskedHost, removal: Removal): Promise<HostResult> {
  const name = host.desired.name;
  const base = { host: name, warnings: [], proofs: [], pointedBack: false };
  if ('error' in host) return { ...base, outcome: 'failed', actions: [], error: host.error, exchanges: 0 };
  let actions: HostResult['actions'] = [];
  try {
    const plan = planRemoval(host.desired, host.facts, removal);
    const { warnings } = plan;
    actions = plan.actions;
    const obstacle = obstructed(plan);
    if (obstacle !== undefined) throw obstacle;
    const changes = actions.filter(isChange);
    if (actions.length > 0) {
      await removeFromHost(host.shell, name, {
        ike: ikeScriptFor(host),
        transaction: changes.length === 0 ? undefined : transactionFor(changes, databaseOf(name, host.facts), () => ''),
        ...goingThings(actions),
        identity: leavingIdentity(host.facts, actions),
      });
      log.write(`remove ${name}: ${actions.length} changes`);
    }
    const outcome = actions.length === 0 ? 'unchanged' : 'changed';
    return { ...base, outcome, actions, warnings, error: undefined, exchanges: host.shell.exchanges() };
  } catch (error) {
    return { ...base, outcome: 'failed', actions, error: refusalOf(name, error), exchanges: host.shell.exchanges() };
  }
}
