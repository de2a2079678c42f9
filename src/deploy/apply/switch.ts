/**
 * One transaction a host, where all that it rests on is in place; then the tunnels come up.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { TunnelEnd } from '../desired/desired.js';
import type { Action } from '../plan/action.js';
import { daemonFor, ikeScriptFor, placesFor } from '../plan/input.js';
import { actionsOf, actionsWith, provesAll } from '../plan/kinds.js';
import { beginSwitch, databaseOf, switchHost, switchUnproved, withMark } from '../remote/run.js';
import { transactionFor } from '../remote/transaction.js';
import { isAtWork } from '../tunnels/packets.js';
import { type ApplyEdges, isChangedPort, nameOf, onEach, type Progress, warn } from './host-run.js';

export async function switchHosts(hosts: readonly Progress[], edges: ApplyEdges): Promise<void> {
  const daemons = daemonsOf(hosts);
  await onEach(withCollisions(hosts, daemons), edges, 'switch', answerersFirst(edges, daemons));
  leaveOutFailedPeers(hosts, []);
  await onEach(hosts, edges, 'switch', switchOne(edges, daemons));
}

/** A tunnel whose other end has failed is left for later, unless it is wired already; all else of its host goes on. */
export function leaveOutFailedPeers(hosts: readonly Progress[], unasked: readonly string[]): void {
  const failed = new Set([...unasked, ...hosts.filter(({ error }) => error !== undefined).map(nameOf)]);
  if (failed.size === 0) return;
  for (const host of hosts) {
    const left = actionsWith(host.plan.actions, { proves: 'its own' }).filter(
      (action) => failed.has(action.peer) && !host.begun.includes(action),
    );
    if (host.error !== undefined || left.length === 0) continue;
    const isLeft = new Set<Action>(left);
    host.plan = { ...host.plan, actions: host.plan.actions.filter((action) => !isLeft.has(action)) };
    warn(
      host,
      left.map(({ peer }) => `${nameOf(host)}: the tunnel to ${peer} waits until that host can be wired`),
    );
    const { desired } = host.input;
    const ends = desired.ends.filter(({ peer }) => !failed.has(peer));
    host.input = { ...host.input, desired: { ...desired, ends } };
  }
}

type Daemons = ReadonlyMap<string, ReturnType<typeof daemonFor>>;

function daemonsOf(hosts: readonly Progress[]): Daemons {
  return new Map(hosts.map((host) => [nameOf(host), daemonFor(host.input)]));
}

/** Where one of two daemons can be made to wait for its peer, it is the other that asks. */
function asks(end: TunnelEnd, host: Progress, daemons: Daemons): boolean {
  const { waitsForPeer } = daemonFor(host.input);
  const peer = daemons.get(end.peer);
  return peer === undefined || peer.waitsForPeer === waitsForPeer ? end.initiates : !waitsForPeer;
}

/**
 * ovs-monitor-ipsec lets libreswan start all its connections, and libreswan 4 loses its count of messages when the
 * requests of both ends for a child cross in one IKE SA: it is deaf there for a minute. So a libreswan end that answers is
 * wired first, and then told to wait; only after that the end that asks is wired.
 */
function withCollisions(hosts: readonly Progress[], daemons: Daemons): Progress[] {
  for (const host of hosts) {
    const ports = new Set(
      host.input.desired.ends
        .filter((end) => daemons.get(end.peer)?.waitsForPeer === true && asks(end, host, daemons))
        .map(({ port }) => port),
    );
    host.deferred = actionsOf(host.plan.actions, 'port').filter(({ port }) => ports.has(port));
  }
  return hosts.some(({ deferred }) => deferred.length > 0) ? [...hosts] : [];
}

function answerersFirst(edges: ApplyEdges, daemons: Daemons): (host: Progress) => Promise<void> {
  return async (host) => {
    const { work, plan, deferred } = host;
    const changes = changesOf(host).filter((change) => !deferred.includes(change));
    if (changes.length === 0) return;
    const transaction = transactionFor(changes, afterGuard(host), (port) => edges.pskOf(plan.host, port));
    await begin(host, changes, () =>
      beginSwitch(work.shell, plan.host, ikeScriptFor(host.input), transaction, portsToWait(host, daemons)),
    );
  };
}

/** The ports of libreswan ends that answer: whatever is changed in the database, ovs-monitor-ipsec may start them again. */
function portsToWait(host: Progress, daemons: Daemons): string[] {
  if (!daemonFor(host.input).waitsForPeer) return [];
  const later = portsIn(actionsOf(host.deferred, 'port'));
  return endsToProve(host).flatMap((end) => (later.has(end.port) || asks(end, host, daemons) ? [] : [end.port]));
}

function portsIn(actions: readonly { readonly port: string }[]): ReadonlySet<string> {
  return new Set(actions.map(({ port }) => port));
}

/** What the database refuses, because somebody else has changed it, is not ours to point back. */
async function begin<T>(host: Progress, changes: readonly Action[], action: () => Promise<T>): Promise<T> {
  const before = host.begun;
  host.begun = [...before, ...changes];
  try {
    return await action();
  } catch (error) {
    if (error instanceof OvsPkiError && error.code === 'PLAN_STALE') host.begun = before;
    throw error;
  }
}

function changesOf({ plan }: Progress) {
  return actionsWith(plan.actions, { stage: 'switch', by: 'database' });
}

function switchOne(edges: ApplyEdges, daemons: Daemons): (host: Progress) => Promise<void> {
  return async (host) => {
    const { work, input, plan } = host;
    const changes = changesOf(host).filter((change) => !host.begun.includes(change));
    const addresses = actionsWith(plan.actions, { stage: 'switch', by: 'script' });
    if (changes.length === 0 && addresses.length === 0 && host.begun.length === 0) return;
    const database = afterGuard(host);
    const transaction =
      changes.length === 0 ? undefined : transactionFor(changes, database, (port) => edges.pskOf(plan.host, port));
    const ends = (input.prove ? endsToProve(host) : []).map((end) => ({
      ...end,
      initiates: asks(end, host, daemons),
      mayBeIdle: !isChangedPort(host, end.port),
    }));
    if (ends.length === 0) {
      return begin(host, changes, () => switchUnproved(work.shell, plan.host, transaction, addresses));
    }
    const { facts, said } = await begin(host, changes, () =>
      switchHost(work.shell, plan.host, {
        ike: ikeScriptFor(input),
        transaction,
        addresses,
        waiting: transaction === undefined ? [] : portsToWait(host, daemons),
        ends,
        seconds: edges.proofSeconds,
        folders: Object.values(placesFor(input)),
        now: edges.now,
      }),
    );
    host.facts = facts;
    host.said = said;
  };
}

function afterGuard({ input, plan }: Progress): ReturnType<typeof databaseOf> {
  const database = databaseOf(plan.host, input.facts);
  const guard = actionsOf(plan.actions, 'plaintext')[0];
  return guard === undefined ? database : withMark(database, guard.to);
}

/**
 * The tunnels that are changed, and with a new identity, for which ovs-monitor-ipsec rebuilds every tunnel of the host,
 * also those that work now: what did not work before is not the fault of the change, and what is taken down must not.
 */
export function endsToProve({ input: { desired, watched, facts }, plan }: Progress): TunnelEnd[] {
  const cut = portsIn(actionsOf(plan.actions, 'cut'));
  // What takes the place of another tunnel is proved before that goes, also where an interrupted run has made it.
  const ports = portsIn(actionsWith(plan.actions, { proves: 'its own' }));
  const changed = desired.ends.filter(({ port }) => ports.has(port));
  if (!plan.actions.some(provesAll)) return changed;
  const others = desired.ends.filter((end) => !ports.has(end.port) && !cut.has(end.port) && isAtWork(facts, end));
  return [...changed, ...others, ...watched];
}
