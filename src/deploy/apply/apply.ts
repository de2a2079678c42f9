/**
 * Carries out the plans of many hosts, stage by stage: trust and keys are everywhere before anything points to them,
 * both ends of a tunnel are wired before it is proved, and what fails its proof is pointed back to what it had.
 *
 * @module
 */

import { decided } from '../facts/fact.js';
import { gatherPlanningFacts } from '../facts/host-facts.js';
import type { Action } from '../plan/action.js';
import { authorityFiles, identityFiles } from '../plan/identity.js';
import { isOurAuthorityFile } from '../plan/identity-files.js';
import { daemonFor, ikeScriptFor } from '../plan/input.js';
import { leavingIdentity } from '../plan/removal.js';
import { databaseOf, prepareHost, refuseStrangersOn, removeFromHost } from '../remote/run.js';
import { isChange, transactionFor } from '../remote/transaction.js';
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
import { isForTheEnd, leaveOutFailedPeers, switchHosts } from './switch.js';

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
    const places = plan.actions.filter((action) => action.kind === 'place');
    const guards = plan.actions.filter((action) => action.kind === 'guard');
    const mark = plan.actions.filter((action) => action.kind === 'plaintext');
    const cuts = plan.actions.flatMap((action) => (action.kind === 'cut' ? [action.port] : []));
    const { identity } = input;
    const links = plan.actions.filter((action) => action.kind === 'link');
    const isNewIdentity = links.length > 0 || plan.actions.some(({ kind }) => kind === 'other_config');
    const trusted = edges.trustsAnew || places.some(({ role }) => role === 'ca') ? authorityFiles(input).slice(1) : [];
    const refusesStrangers = meetsStrangers(host) && !isRenewed(host);
    const isIdle = [places, guards, mark, cuts, trusted].every(({ length }) => length === 0);
    if (isIdle && !isNewIdentity && !refusesStrangers) return;
    await prepareHost(work.shell, plan.host, {
      places,
      keys: new Map(
        places.flatMap(({ path, source }) => (source === undefined ? [] : [[path, edges.readKey(source)]])),
      ),
      identity:
        identity === undefined || identity === 'enroll' || !isNewIdentity ? undefined : identityFiles(input, identity),
      links: links.filter(({ inUse }) => !inUse),
      trusted,
      ike: ikeScriptFor(input),
      guards,
      cuts,
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
  const isWired = actions.some(({ kind }) => kind === 'port');
  return isWired && daemonFor(input).meetsStrangers && (actions.some(({ kind }) => kind === 'plaintext') || hasMark());
}

function cleanOne(edges: ApplyEdges): (host: Progress) => Promise<void> {
  return async (host) => {
    const { work, input, plan } = host;
    const files = plan.actions.flatMap((action) => (action.kind === 'remove-file' ? [action.path] : []));
    const guards = plan.actions.filter((action) => action.kind === 'unguard');
    const changes = plan.actions.filter(isChange).filter(({ kind }) => isForTheEnd(kind));
    const ports = gonePorts(plan.actions);
    if ([files, guards, changes, ports].every(({ length }) => length === 0)) return;
    // In between other tunnels were made, and bridges with them.
    const database =
      changes.length === 0
        ? undefined
        : decided(plan.host, 'its database', (await gatherPlanningFacts(work.shell, plan.host, [], edges.now)).ovsdb);
    const transaction = database && transactionFor(changes, database, () => '');
    await removeFromHost(work.shell, input.desired.name, {
      ...{ ike: ikeScriptFor(input), transaction, guards, ports, files, renewed: isRenewed(host) },
      identity: leavingIdentity(input.facts, plan.actions),
      ...(files.some(isOurAuthorityFile) ? { trusted: authorityFiles(input) } : {}),
    });
  };
}

/** Ports that are gone from the database, or go now. */
function gonePorts(actions: readonly Action[]): string[] {
  return actions.flatMap((action) => {
    if (action.kind === 'remove-port') return [action.port];
    if (action.kind === 'replace') return [action.old.port];
    return action.kind === 'port' && action.before?.goes === 'at once' && action.before.port !== action.port
      ? [action.before.port]
      : [];
  });
}
