/**
 * Hosts and the tunnels between them, each tunnel once, for those who draw.
 *
 * @module
 */

import type { StatusResult } from '../../../usecases/fleet/status.js';
import type { EndState, EndStatus } from '../../../usecases/outputs.js';

export interface Topology {
  readonly nodes: readonly TopologyNode[];
  readonly links: readonly TopologyLink[];
}

/**
 * `well` and `not well` as `status` has it; `not asked`: it gave no answer; `not known`: a tunnel leads there, and it is not
 * among the hosts.
 */
export interface TopologyNode {
  readonly name: string;
  readonly state: 'well' | 'not well' | 'not asked' | 'not known';
}

/** A tunnel, with what its ends say. */
export interface TopologyLink {
  /** Names of nodes. */
  readonly source: string;
  readonly target: string;
  readonly type: EndStatus['type'];
  readonly method: EndStatus['method'];
  /** The worse of its two ends. */
  readonly state: EndState;
  /** The ends that have been looked at: one or two. */
  readonly ends: readonly TopologyEnd[];
}

export interface TopologyEnd {
  readonly host: string;
  readonly port: string;
  readonly state: EndState;
}

/** From the best to the worst. */
const states: readonly EndState[] = ['encrypted', 'down', 'not-encrypted'];

/** @param isWell what `status` calls well */
export function topologyOf(
  { hosts, unasked }: StatusResult,
  isWell: (host: StatusResult['hosts'][number]) => boolean,
): Topology {
  const nodes = new Map<string, TopologyNode>();
  for (const host of hosts) nodes.set(host.host, { name: host.host, state: isWell(host) ? 'well' : 'not well' });
  for (const { host } of unasked) nodes.set(host, { name: host, state: 'not asked' });
  const hostAt = hostsByAddress(hosts);
  const links = new Map<string, TopologyLink>();
  for (const { host, tunnels } of hosts) {
    for (const end of tunnels) {
      const peer = nodes.has(end.peer) ? end.peer : (hostAt.get(end.remoteIp) ?? end.peer);
      if (!nodes.has(peer)) nodes.set(peer, { name: peer, state: 'not known' });
      const key = linkKey(host, peer, end);
      links.set(key, withEnd(links.get(key), host, peer, end));
    }
  }
  return { nodes: [...nodes.values()], links: [...links.values()] };
}

/** Where a host is named by its destination, its peers know its address alone. An address of two hosts tells nothing. */
function hostsByAddress(hosts: StatusResult['hosts']): ReadonlyMap<string, string | undefined> {
  const found = new Map<string, string | undefined>();
  for (const { host, tunnels } of hosts) {
    for (const { localIp } of tunnels) {
      found.set(localIp, found.has(localIp) && found.get(localIp) !== host ? undefined : host);
    }
  }
  return found;
}

/** What both ends of a tunnel have in common; behind NAT their addresses are not that. */
function linkKey(host: string, peer: string, { type }: EndStatus): string {
  return JSON.stringify([...[host, peer].sort(), type]);
}

function withEnd(link: TopologyLink | undefined, host: string, peer: string, end: EndStatus): TopologyLink {
  const { port, type, method, state } = end;
  const own = { host, port, state };
  if (link === undefined) return { source: host, target: peer, type, method, state, ends: [own] };
  return { ...link, state: worse(link.state, state), ends: [...link.ends, own] };
}

function worse(one: EndState, other: EndState): EndState {
  return states.indexOf(one) < states.indexOf(other) ? other : one;
}

/** `encrypted`, and where only one end was looked at, that too. */
export function linkText({ type, method, state, source, target, ends }: TopologyLink): string {
  const seen = new Set(ends.map(({ host }) => host));
  const half = seen.has(source) && seen.has(target) ? '' : `, as ${ends[0]?.host} sees it`;
  return `${type}, ${method}: ${state === 'not-encrypted' ? 'NOT ENCRYPTED' : state}${half}`;
}
