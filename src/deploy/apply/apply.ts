/**
 * Carries out the plans of many hosts, stage by stage: trust and keys are everywhere before anything points to them,
 * both ends of a tunnel are wired before it is proved, and what fails its proof is pointed back to what it had.
 *
 * @module
 */

import { decided } from '../facts/fact.js';
import { gatherPlanningFacts } from '../facts/host-facts.js';
import { goingThings } from '../plan/effects.js';
import { isOurAuthorityFile } from '../plan/identity-files.js';
import { authorityFiles } from '../plan/identity-paths.js';
import { ikeScriptFor } from '../plan/input.js';
import { actionsOf, actionsWith } from '../plan/kinds.js';
import { leavingIdentity } from '../plan/removal.js';
import { removeFromHost } from '../remote/remove.js';
import { databaseOf, prepareHost, refuseStrangersOn } from '../remote/run.js';
import { transactionFor } from '../remote/transaction.js';
import { proveAgain } from './again.js';
import { enroll } from './enroll.js';
import {
  type ApplyEdges,
  beginning,
  type HostResult,
  type HostWork,
  onEach,
  type Progress,
  resultOf,
} from './host-run.js';
import { pointBack, prove } from './prove.js';
import { isRenewed, renewInPlace } from './renew.js';
import { leaveOutFailedPeers, switchHosts } from './switch.js';

export type { ApplyEdges, HostResult, HostWork, Stage } from './host-run.js';

/** @param unasked hosts of the fleet that could not even be asked: no tunnel leads to them yet */
export async function applyPlans(
  work: readonly HostWork[],
  edges: ApplyEdges,
  unasked: readonly string[],
): Promise<HostResult[]> {
  const hosts = beginning(work, edges);
  // 1. Hosts without a key make one; what they ask for is signed in one go.
  await enroll(hosts, edges);
  // 2. Trust, certificates and keys beside the old ones, and the drop policy in the kernel.
  await onEach(hosts, edges, 'prepare', prepareOne(edges));
  // 3. Tunnels that are at work go over to a new certificate. charon has read all its connections again for that.
  await renewInPlace(hosts, edges);
  await onEach(hosts.filter(refusesStrangersNow), edges, 'switch', ({ work, input, plan }) =>
    refuseStrangersOn(work.shell, plan.host, ikeScriptFor(input)),
  );
  // 4. One transaction a host, where all that it rests on is in place; then the tunnels come up.
  leaveOutFailedPeers(hosts, unasked);
  await switchHosts(hosts, edges);
  // 5. The proof; who fails it is pointed back.
  prove(hosts);
  await pointBack(hosts, edges);
  // 6. The old generation goes last.
  await onEach(hosts, edges, 'done', cleanOne(edges));
  // 7. A port that has gone may have taken what others to the same peer had with it.
  await proveAgain(hosts, edges);
  return hosts.map(resultOf);
}

function prepareOne(edges: ApplyEdges): (host: Progress) => Promise<void> {
  return async ({ work, input, plan }) => {
    const actions = actionsWith(plan.actions, { stage: 'prepare' });
    if (actions.length === 0) return;
    const mark = actionsOf(actions, 'plaintext');
    await prepareHost(work.shell, plan.host, {
      actions,
      keys: new Map(
        actionsOf(actions, 'place').flatMap(({ path, source }) =>
          source === undefined ? [] : [[path, edges.readKey(source)]],
        ),
      ),
      ike: ikeScriptFor(input),
      plaintext: mark.length === 0 ? undefined : transactionFor(mark, databaseOf(plan.host, input.facts), () => ''),
    });
  };
}

function refusesStrangersNow({ plan }: Progress): boolean {
  return actionsOf(plan.actions, 'refuse-strangers').some(({ when }) => when === 'after the renewal');
}

function cleanOne(edges: ApplyEdges): (host: Progress) => Promise<void> {
  return async (host) => {
    const { work, input, plan } = host;
    const going = goingThings(plan.actions);
    const changes = actionsWith(plan.actions, { stage: 'clean', by: 'database' });
    if ([...Object.values(going), changes].every(({ length }) => length === 0)) return;
    // In between other tunnels were made, and bridges with them.
    const database =
      changes.length === 0
        ? undefined
        : decided(plan.host, 'its database', (await gatherPlanningFacts(work.shell, plan.host, [], edges.now)).ovsdb);
    const transaction = database && transactionFor(changes, database, () => '');
    await removeFromHost(work.shell, input.desired.name, {
      ...{ ...going, ike: ikeScriptFor(input), transaction, renewed: isRenewed(host) },
      identity: leavingIdentity(input.facts, plan.actions),
      ...(going.files.some(isOurAuthorityFile) ? { trusted: authorityFiles(input) } : {}),
    });
  };
}
