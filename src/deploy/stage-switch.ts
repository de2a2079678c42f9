/**
 * One transaction a host, where all that it rests on is in place; then the tunnels come up.
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';
import type { Action } from './action.js';
import type { TunnelEnd } from './desired.js';
import { daemonFor, placesFor } from './host-input.js';
import { isAtWork } from './packets.js';
import { type ApplyEdges, nameOf, onEach, type Progress } from './progress.js';
import { beginSwitch, databaseOf, switchHost, switchUnproved, withMark } from './run-host.js';
import { isChange, transactionFor } from './transaction.js';

export async function switchHosts(hosts: readonly Progress[], edges: ApplyEdges): Promise<void> {
  await onEach(withCollisions(hosts), edges, 'switch', answerersFirst(edges));
  leaveOutFailedPeers(hosts, []);
  await onEach(hosts, edges, 'switch', switchOne(edges, daemonsOf(hosts)));
}

/** A tunnel whose other end has failed is left for later, unless it is wired already; all else of its host goes on. */
export function leaveOutFailedPeers(hosts: readonly Progress[], unasked: readonly string[]): void {
  const failed = new Set([...unasked, ...hosts.filter(({ error }) => error !== undefined).map(nameOf)]);
  if (failed.size === 0) return;
  for (const host of hosts) {
    const left = host.plan.actions.filter(
      (action) => action.kind === 'port' && failed.has(action.peer) && !host.begun.includes(action),
    );
    if (host.error !== undefined || left.length === 0) continue;
    host.plan = {
      ...host.plan,
      actions: host.plan.actions.filter((action) => !left.includes(action)),
      warnings: [
        ...host.plan.warnings,
        ...left.map(
          (action) =>
            `${nameOf(host)}: the tunnel to ${'peer' in action ? action.peer : ''} waits until that host can be wired`,
        ),
      ],
    };
    const { desired } = host.input;
    const ends = desired.ends.filter(({ peer }) => !failed.has(peer));
    host.input = { ...host.input, desired: { ...desired, ends } };
  }
}

type Daemons = ReadonlyMap<string, ReturnType<typeof daemonFor>>;

function daemonsOf(hosts: readonly Progress[]): Daemons {
  return new Map(hosts.map((host) => [nameOf(host), daemonFor(host.input)]));
}

/**
 * libreswan starts all connections of a tunnel by itself. strongSwan must not ask for the same ones meanwhile: what is
 * told of two libreswan ends happens to such a pair too, and geneve and vxlan need a second child in the IKE SA.
 */
function leavesItToPeer({ peer }: TunnelEnd, host: Progress, daemons: Daemons): boolean {
  return daemonFor(host.input) === 'strongswan' && daemons.get(peer) === 'libreswan';
}

/**
 * Two libreswan ends that are wired at the same moment both start their connections, and libreswan 4 loses its count of
 * messages when two requests for a child cross in one IKE SA: it is deaf there for a minute. So among them the end that
 * answers is wired first.
 */
function withCollisions(hosts: readonly Progress[]): Progress[] {
  const daemons = daemonsOf(hosts);
  for (const host of hosts) {
    if (daemons.get(nameOf(host)) !== 'libreswan') continue;
    const collides = ({ initiates, peer }: TunnelEnd): boolean => initiates && daemons.get(peer) === 'libreswan';
    const ports = new Set(host.input.desired.ends.filter(collides).map(({ port }) => port));
    host.deferred = host.plan.actions.filter((action) => action.kind === 'port' && ports.has(action.port));
  }
  return hosts.some(({ deferred }) => deferred.length > 0) ? [...hosts] : [];
}

function answerersFirst(edges: ApplyEdges): (host: Progress) => Promise<void> {
  return async (host) => {
    const { work, plan, deferred } = host;
    const changes = changesOf(host).filter((change) => !deferred.includes(change));
    if (changes.length === 0) return;
    const transaction = transactionFor(changes, afterGuard(host), (port) => edges.pskOf(plan.host, port));
    const ports = changes.flatMap((change) => (change.kind === 'port' ? [change.port] : []));
    await begin(host, changes, () =>
      beginSwitch(work.shell, plan.host, transaction, daemonFor(host.input) === 'libreswan' ? ports : []),
    );
  };
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
  return plan.actions.filter(isChange).filter(({ kind }) => kind !== 'plaintext');
}

function switchOne(edges: ApplyEdges, daemons: Daemons): (host: Progress) => Promise<void> {
  return async (host) => {
    const { work, input, plan } = host;
    const changes = changesOf(host).filter((change) => !host.begun.includes(change));
    const addresses = plan.actions.filter(({ kind }) => kind === 'address');
    if (changes.length === 0 && addresses.length === 0 && host.begun.length === 0) return;
    const database = afterGuard(host);
    const transaction =
      changes.length === 0 ? undefined : transactionFor(changes, database, (port) => edges.pskOf(plan.host, port));
    const ends = (input.prove ? endsToProve(host) : []).map((end) =>
      leavesItToPeer(end, host, daemons) ? { ...end, initiates: false } : end,
    );
    if (ends.length === 0) {
      return begin(host, changes, () => switchUnproved(work.shell, plan.host, transaction, addresses));
    }
    const { facts, said } = await begin(host, changes, () =>
      switchHost(work.shell, plan.host, {
        transaction,
        addresses,
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
  const guard = plan.actions.find((action) => action.kind === 'plaintext');
  return guard === undefined ? database : withMark(database, guard.to);
}

/**
 * The tunnels that are changed, and with a new identity, for which ovs-monitor-ipsec rebuilds every tunnel of the host,
 * also those that work now: what did not work before is not the fault of the change.
 */
export function endsToProve({ input: { desired, watched, facts }, plan }: Progress): TunnelEnd[] {
  const ports = new Set(plan.actions.flatMap((action) => (action.kind === 'port' ? [action.port] : [])));
  const changed = desired.ends.filter(({ port }) => ports.has(port));
  if (!plan.actions.some(({ kind }) => kind === 'other_config')) return changed;
  return [...changed, ...desired.ends.filter((end) => !ports.has(end.port) && isAtWork(facts, end)), ...watched];
}
