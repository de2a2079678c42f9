/**
 * One transaction a host, where all that it rests on is in place; then the tunnels come up.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { TunnelEnd } from '../desired/desired.js';
import type { Action } from '../plan/action.js';
import { ikeScriptFor, placesFor } from '../plan/input.js';
import { actionsOf, actionsWith } from '../plan/kinds.js';
import { endsToProve } from '../plan/proving.js';
import { asks, type Daemons, daemonsOf } from '../plan/together.js';
import { beginSwitch, databaseOf, switchHost, switchUnproved, withMark } from '../remote/run.js';
import type { SettlingEnd } from '../remote/scripts.js';
import { transactionFor } from '../remote/transaction.js';
import { type ApplyEdges, isChangedPort, nameOf, onEach, type Progress, warn } from './host-run.js';

export async function switchHosts(hosts: readonly Progress[], edges: ApplyEdges): Promise<void> {
  const daemons = daemonsOf(hosts);
  const isInOrder = hosts.some((host) => deferredOf(host).length > 0);
  await onEach(isInOrder ? hosts : [], edges, 'switch', answerersFirst(edges));
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
    const waiting = actionsOf(host.plan.actions, 'wait-for-peer').filter(({ peer }) => failed.has(peer));
    const isLeft = new Set<Action>([...left, ...waiting]);
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

/** What is wired when its peer is. */
function deferredOf({ plan }: Progress): readonly Action[] {
  return actionsOf(plan.actions, 'port').filter(({ after }) => after !== undefined);
}

function answerersFirst(edges: ApplyEdges): (host: Progress) => Promise<void> {
  return async (host) => {
    const { work, plan } = host;
    const deferred = deferredOf(host);
    const changes = changesOf(host).filter((change) => !deferred.includes(change));
    if (changes.length === 0) return;
    const transaction = transactionFor(changes, afterGuard(host), (port) => edges.pskOf(plan.host, port));
    await begin(host, changes, () =>
      beginSwitch(work.shell, plan.host, ikeScriptFor(host.input), transaction, waitingPorts(host)),
    );
  };
}

function waitingPorts({ plan }: Progress): string[] {
  return actionsOf(plan.actions, 'wait-for-peer').map(({ port }) => port);
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
    const addresses = actionsOf(plan.actions, 'address');
    if (changes.length === 0 && addresses.length === 0 && host.begun.length === 0) return;
    const database = afterGuard(host);
    const transaction =
      changes.length === 0 ? undefined : transactionFor(changes, database, (port) => edges.pskOf(plan.host, port));
    const ends = input.prove ? settlingEnds(host, endsToProve(host), daemons) : [];
    if (ends.length === 0) {
      return begin(host, changes, () => switchUnproved(work.shell, plan.host, transaction, addresses));
    }
    const { facts, said } = await begin(host, changes, () =>
      switchHost(work.shell, plan.host, {
        ike: ikeScriptFor(input),
        transaction,
        addresses,
        waiting: transaction === undefined ? [] : waitingPorts(host),
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

/** Ends that are to carry ESP, with what is to be waited for. */
export function settlingEnds(host: Progress, ends: readonly TunnelEnd[], daemons: Daemons): SettlingEnd[] {
  return ends.map((end) => ({
    ...end,
    initiates: asks(end, host, daemons),
    mayBeIdle: !isChangedPort(host, end.port),
  }));
}

function afterGuard({ input, plan }: Progress): ReturnType<typeof databaseOf> {
  const database = databaseOf(plan.host, input.facts);
  const guard = actionsOf(plan.actions, 'plaintext')[0];
  return guard === undefined ? database : withMark(database, guard.to);
}
