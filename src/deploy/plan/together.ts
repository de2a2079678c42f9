/**
 * What hosts do together, which the plan of one alone cannot say: whose port comes first, and which ends of tunnels authenticate
 * again when certificates are renewed in place.
 *
 * @module
 */

import type { TunnelEnd } from '../desired/desired.js';
import { versionOf } from '../facts/host-facts.js';
import { isAtWork } from '../tunnels/packets.js';
import type { Action, HostPlan } from './action.js';
import { withEntailed } from './entailed.js';
import { daemonFor, type HostInput } from './input.js';
import { type ActionOf, actionsOf, actionsWith } from './kinds.js';
import { endsToProve } from './proving.js';

/** A host with its plan, as far as it depends on nobody else. */
export interface PlannedAlone {
  readonly input: HostInput;
  readonly plan: HostPlan;
}

/** The plans of hosts that are changed at the same time, in their order. */
export function plannedTogether(hosts: readonly PlannedAlone[]): HostPlan[] {
  const daemons = daemonsOf(hosts);
  const tunnels = tunnelsToAuthenticate(hosts);
  return hosts.map((host) => {
    const { plan } = host;
    if (plan.obstacles.length > 0) return plan;
    const ordered = plan.actions.map((action) => afterPeer(action, host, daemons));
    const wired = { ...plan, actions: ordered };
    const more = [...authentications(host, tunnels), ...waits({ ...host, plan: wired }, daemons)];
    return { ...plan, actions: withEntailed(ordered, more) };
  });
}

/** Whether an action is one of those that are planned here. */
export function isOfMany({ kind }: Action): boolean {
  return ofMany.some((one) => one === kind);
}

const ofMany: readonly Action['kind'][] = ['hold', 'authenticate', 'leave', 'wait-for-peer'];

export type Daemons = ReadonlyMap<string, ReturnType<typeof daemonFor>>;

export function daemonsOf(hosts: readonly Pick<PlannedAlone, 'input'>[]): Daemons {
  return new Map(hosts.map(({ input }) => [input.desired.name, daemonFor(input)]));
}

/** Where one of two daemons can be made to wait for its peer, it is the other that asks. */
export function asks(end: TunnelEnd, { input }: Pick<PlannedAlone, 'input'>, daemons: Daemons): boolean {
  const { waitsForPeer } = daemonFor(input);
  const peer = daemons.get(end.peer);
  return peer === undefined || peer.waitsForPeer === waitsForPeer ? end.initiates : !waitsForPeer;
}

/**
 * ovs-monitor-ipsec lets libreswan start all its connections, and libreswan 4 loses its count of messages when the
 * requests of both ends for a child cross in one IKE SA: it is deaf there for a minute. So a libreswan end that answers is
 * wired first, and then told to wait; only after that the end that asks is wired.
 */
function afterPeer(action: Action, host: PlannedAlone, daemons: Daemons): Action {
  if (action.kind !== 'port') return action;
  const end = host.input.desired.ends.find(({ port }) => port === action.port);
  const comesSecond = end !== undefined && daemons.get(end.peer)?.waitsForPeer === true && asks(end, host, daemons);
  return comesSecond ? { ...action, after: action.peer } : action;
}

/** Of libreswan ends that answer: whatever is changed in the database, ovs-monitor-ipsec may start them again. */
function waits(host: PlannedAlone, daemons: Daemons): ActionOf<'wait-for-peer'>[] {
  const { actions } = host.plan;
  if (!daemonFor(host.input).waitsForPeer) return [];
  if (actionsWith(actions, { stage: 'switch', by: 'database' }).length === 0) return [];
  const later = new Set(actionsOf(actions, 'port').flatMap(({ port, after }) => (after === undefined ? [] : [port])));
  return endsToProve(host)
    .filter((end) => !later.has(end.port) && !asks(end, host, daemons))
    .map(({ port, peer }) => ({ kind: 'wait-for-peer', port, peer }));
}

interface Tunnel {
  readonly asker: PlannedAlone;
  readonly end: TunnelEnd;
  /** The other end, where it is one of ours. */
  readonly peer: PlannedAlone | undefined;
  readonly back: TunnelEnd | undefined;
  /** The peer asks, and this end only where the peer cannot. */
  readonly isSecond: boolean;
  readonly turn: number;
}

function authentications(host: PlannedAlone, tunnels: readonly Tunnel[]): Action[] {
  const holds = tunnels.flatMap(({ asker, peer, back, isSecond, turn }): Action[] => {
    if (peer !== host || back === undefined || isSecond) return [];
    const { port, localIp, remoteIp } = back;
    const seconds = daemonFor(asker.input).renewalSeconds.hold;
    return [{ kind: 'hold', port, peer: nameOf(asker), localIp, remoteIp, seconds, turn }];
  });
  const asked = tunnels
    .filter(({ asker }) => asker === host)
    .map(({ end: { port, peer }, isSecond, turn }): Action => {
      return { kind: 'authenticate', port, peer, turn, ...(isSecond ? { unless: peer } : {}) };
    });
  const { leave } = daemonFor(host.input).renewalSeconds;
  return [...holds, ...asked, ...(asked.length === 0 ? [] : [{ kind: 'leave', seconds: leave } as const])];
}

/**
 * A renewed end asks, and of two one: charon makes a new IKE SA only where its own certificate is another one. pluto can be made to
 * do that for a peer that is pluto too; charon, as such a peer, drops what is up as soon as the new IKE SA is there. So what is
 * renewed at libreswan alone, opposite to strongSwan, is used when strongSwan authenticates again, every few hours.
 */
function tunnelsToAuthenticate(hosts: readonly PlannedAlone[]): Tunnel[] {
  const byName = new Map(hosts.map((host) => [nameOf(host), host]));
  const all = hosts.flatMap((asker) => {
    const { desired, watched, facts, revokedPeers } = asker.input;
    const ends = [...desired.ends, ...watched].filter(
      (end) => end.method !== 'psk' && !revokedPeers.has(end.peer) && isAtWork(facts, end),
    );
    return ends.flatMap((end): Omit<Tunnel, 'turn'>[] => {
      const peer = byName.get(end.peer);
      if (!canAsk(asker, peer)) return [];
      const isSecond = peer !== undefined && canAsk(peer, asker) && nameOf(peer) < nameOf(asker);
      return [{ asker, end, peer, back: peer && backOf(asker, end, peer), isSecond }];
    });
  });
  return withTurns(all);
}

function canAsk(host: PlannedAlone, peer: PlannedAlone | undefined): boolean {
  const daemon = daemonFor(host.input);
  const isLike = peer !== undefined && daemonFor(peer.input) === daemon;
  const whom = daemon.authenticatesAgain(versionOf(host.input.facts, daemon));
  const presentsAnew = host.input.prove && actionsOf(host.plan.actions, 'reread').length > 0;
  return presentsAnew && (whom === 'with any peer' || (whom === 'with its like' && isLike));
}

function backOf(asker: PlannedAlone, end: TunnelEnd, peer: PlannedAlone): TunnelEnd | undefined {
  return peer.input.desired.ends.find(
    ({ type, localIp, remoteIp, peer: theirs }) =>
      type === end.type &&
      (end.isTranslated === true ? theirs === nameOf(asker) : localIp === end.remoteIp && remoteIp === end.localIp),
  );
}

/** So many tunnels of a host at a time: all of them have to be done while the other ends are held. */
const atOnce = 16;

/** No host has more than some tunnels in a turn, whether it asks or answers. */
function withTurns(tunnels: readonly Omit<Tunnel, 'turn'>[]): Tunnel[] {
  const counts: Map<string, number>[] = [];
  const first = tunnels
    .filter(({ isSecond }) => !isSecond)
    .map((tunnel): Tunnel => {
      const names = [nameOf(tunnel.asker), tunnel.end.peer];
      const free = counts.findIndex((count) => names.every((name) => (count.get(name) ?? 0) < atOnce));
      const turn = free === -1 ? counts.length : free;
      const count = counts[turn] ?? new Map<string, number>();
      for (const name of names) count.set(name, (count.get(name) ?? 0) + 1);
      counts[turn] = count;
      return { ...tunnel, turn };
    });
  const turns = new Map(first.map(({ back, turn }) => [back, turn]));
  const second = tunnels.filter(({ isSecond }) => isSecond);
  return [...first, ...second.map((tunnel): Tunnel => ({ ...tunnel, turn: turns.get(tunnel.end) ?? 0 }))];
}

function nameOf({ input }: PlannedAlone): string {
  return input.desired.name;
}
