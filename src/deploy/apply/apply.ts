/**
 * Carries out the plans of many hosts, stage by stage: trust and keys are everywhere before anything points to them,
 * both ends of a tunnel are wired before it is proved, and what fails its proof is pointed back to what it had.
 *
 * @module
 */

import { decided } from '../facts/fact.js';
import { gatherPlanningFacts } from '../facts/host-facts.js';
import { goingThings } from '../plan/effects.js';
import { authorityFiles, identityFiles } from '../plan/identity.js';
import { isOurAuthorityFile } from '../plan/identity-files.js';
import { daemonFor, ikeScriptFor } from '../plan/input.js';
import { actionsOf, actionsWith } from '../plan/kinds.js';
import { leavingIdentity } from '../plan/removal.js';
import { databaseOf, prepareHost, refuseStrangersOn, removeFromHost } from '../remote/run.js';
import { transactionFor } from '../remote/transaction.js';
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
  const hosts = work.map((item): Progress => beginning(item, edges));
  // 1. Hosts without a key make one; what they ask for is signed in one go.
  await enroll(hosts, edges);
  // 2. Trust, certificates and keys beside the old ones, and the drop policy in the kernel.
  await onEach(hosts, edges, 'prepare', prepareOne(edges));
  // 3. Tunnels that are at work go over to a new certificate. charon has read all its connections again for that.
  await renewInPlace(hosts, edges);
  const anew = hosts.filter((host) => isRenewed(host) && meetsStrangers(host));
  await onEach(anew, edges, 'switch', ({ work, input, plan }) =>
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
  return hosts.map(resultOf);
}

function prepareOne(edges: ApplyEdges): (host: Progress) => Promise<void> {
  return async (host) => {
    const { work, input, plan } = host;
    const actions = actionsWith(plan.actions, { stage: 'prepare' });
    const places = actionsOf(actions, 'place');
    const mark = actionsOf(actions, 'plaintext');
    const { identity } = input;
    const isNewIdentity = actionsOf(actions, 'link').length > 0 || actionsOf(plan.actions, 'other_config').length > 0;
    const trusted = edges.trustsAnew || places.some(({ role }) => role === 'ca') ? authorityFiles(input).slice(1) : [];
    const refusesStrangers = meetsStrangers(host) && !isRenewed(host);
    if (actions.length === 0 && trusted.length === 0 && !isNewIdentity && !refusesStrangers) return;
    await prepareHost(work.shell, plan.host, {
      actions,
      keys: new Map(
        places.flatMap(({ path, source }) => (source === undefined ? [] : [[path, edges.readKey(source)]])),
      ),
      identity:
        identity === undefined || identity === 'enroll' || !isNewIdentity ? undefined : identityFiles(input, identity),
      trusted,
      ike: ikeScriptFor(input),
      refusesStrangers,
      plaintext: mark.length === 0 ? undefined : transactionFor(mark, databaseOf(plan.host, input.facts), () => ''),
    });
  };
}

/**
 * Whether it gets a port while ovs-monitor-ipsec has drop policies there, or will have: the connections that charon has for
 * them let any peer in.
 */
function meetsStrangers({ input, plan: { actions } }: Progress): boolean {
  const { desired, facts } = input;
  const hasMark = (): boolean => databaseOf(desired.name, facts).otherConfig['ipsec_skb_mark'] !== undefined;
  const isWired = actionsOf(actions, 'port').length > 0;
  return isWired && daemonFor(input).meetsStrangers && (actionsOf(actions, 'plaintext').length > 0 || hasMark());
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
