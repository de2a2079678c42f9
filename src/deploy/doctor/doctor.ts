/**
 * All rules of `doctor`, and what they find on the hosts of a fleet, seen together.
 *
 * @module
 */

import type { DesiredHost, TunnelEnd } from '../desired/desired.js';
import { knownValue } from '../facts/fact.js';
import type { HostFacts } from '../facts/host-facts.js';
import { lookup } from '../facts/lookup.js';
import type { HostCrl } from '../plan/input.js';
import { unknownTunnels } from '../plan/leftovers.js';
import { loopsAmong } from '../tunnels/circulation.js';
import { existingEnds } from '../tunnels/existing.js';
import { bridgingRules } from './bridging.js';
import { crlRules } from './crls.js';
import { identityRules } from './identity.js';
import { loadedRules } from './loaded.js';
import { logRules } from './logs.js';
import { peerRules } from './peers.js';
import { plaintextRules } from './plaintext.js';
import { programsRules } from './programs.js';
import type { Finding, HostView, PeerEnd, Rule, SeenLoop } from './rule.js';
import { tunnelRules } from './tunnels.js';

/** In the order in which causes come before effects. */
export const rules: readonly Rule[] = [
  ...programsRules,
  ...identityRules,
  ...bridgingRules,
  ...tunnelRules,
  ...loadedRules,
  ...crlRules,
  ...peerRules,
  ...logRules,
  ...plaintextRules,
];

/** A host that has been asked. */
export interface ExaminedHost {
  readonly desired: DesiredHost;
  readonly facts: HostFacts;
}

/**
 * What is wrong on each host, in the order of the hosts and of the rules.
 *
 * @param crls the lists that the CAs here have
 * @param failed told of a host of whose facts a rule can make nothing
 */
export function findingsOn(
  hosts: readonly ExaminedHost[],
  now: Date,
  crls: readonly HostCrl[] = [],
  failed?: (host: string, error: unknown) => void,
): Finding[] {
  return viewsOf(hosts, now, crls).flatMap((host) => {
    try {
      return findingsOf(host);
    } catch (error) {
      if (failed === undefined) throw error;
      failed(host.name, error);
      return [];
    }
  });
}

function findingsOf(host: HostView): Finding[] {
  const causes = foundBy(
    rules.filter(({ isLast }) => isLast === undefined),
    host,
  );
  if (causes.some(({ severity }) => severity === 'error')) return causes;
  return [
    ...foundBy(
      rules.filter(({ isLast }) => isLast),
      host,
    ),
    ...causes,
  ];
}

function foundBy(some: readonly Rule[], host: HostView): Finding[] {
  return some.flatMap(({ id, severity, find }) =>
    find(host).map(({ port, packages: _, ...fault }): Finding => ({ id, severity, host: host.name, port, ...fault })),
  );
}

/** The ends that a host should have, and those that it has besides. */
export function endsOf({ desired, facts }: ExaminedHost): TunnelEnd[] {
  const wanted = new Set(desired.ends.map(({ port }) => port));
  return [...desired.ends, ...existingEnds(facts).filter(({ port }) => !wanted.has(port))];
}

function viewsOf(hosts: readonly ExaminedHost[], now: Date, crls: readonly HostCrl[]): HostView[] {
  const loops = loopsSeen(hosts);
  const views: HostView[] = hosts.map(({ desired, facts }) => ({
    name: desired.name,
    destination: desired.target.kind === 'local' ? 'local' : desired.target.destination,
    facts,
    crls,
    ends: endsOf({ desired, facts }),
    unknown: unknownTunnels({ desired, facts }),
    peerOf: remembered((end) => peerAmong(views, end, desired.name)),
    loops: loops.get(desired.name) ?? [],
    time: new Date(now.getTime() + (Number.isFinite(facts.clockAheadSeconds) ? facts.clockAheadSeconds : 0) * 1000),
  }));
  return views;
}

/** By host. */
function loopsSeen(hosts: readonly ExaminedHost[]): Map<string, SeenLoop[]> {
  const seen = new Map<string, SeenLoop[]>();
  const { loops, topology } = loopsAmong(hosts.map(({ desired, facts }) => ({ name: desired.name, ends: [], facts })));
  for (const ends of loops.map((ring) => ring.flatMap((edge) => edge.ends))) {
    const nameOf = (vertex: string): string => topology.vertices.get(vertex)?.host ?? '';
    for (const vertex of new Set(ends.map((end) => end.vertex))) {
      const host = nameOf(vertex);
      const ports = ends.flatMap((end) => (end.vertex === vertex && end.port !== undefined ? [end.port] : []));
      const others = [...new Set(ends.map((end) => nameOf(end.vertex)))].filter((name) => name !== host);
      const loop = { bridge: topology.vertices.get(vertex)?.bridge ?? '', ports, hosts: others };
      seen.set(host, [...(seen.get(host) ?? []), loop]);
    }
  }
  return seen;
}

/** By addresses, for names may be just what is wrong; by the name of the inventory where addresses are translated. */
function peerAmong(views: readonly HostView[], end: TunnelEnd, self: string): PeerEnd | undefined {
  const [own] = viewsNamed(views, self);
  const others = (some: readonly HostView[]): HostView | undefined => some.find(({ name }) => name !== self);
  const named = others(viewsNamed(views, end.peer));
  // Networks behind NAT may have the same addresses.
  const host = (end.isTranslated === true ? named : undefined) ?? others(viewsAt(views, end.remoteIp)) ?? named;
  if (host === undefined || own === undefined) return undefined;
  return { host, end: backFrom(host, end, own) };
}

function backFrom(host: HostView, end: TunnelEnd, own: HostView): TunnelEnd | undefined {
  if (end.isTranslated === true) return endsToPeer(host.ends, `${end.type} ${own.name}`)[0];
  const between = (localIp: string): TunnelEnd | undefined =>
    endsBetween(host.ends, `${end.type} ${localIp} ${end.localIp}`)[0];
  if (end.localIp !== '') return between(end.remoteIp) ?? between('');
  const ours = new Set(addressesOf(own));
  const leadsBack = ({ localIp }: TunnelEnd): boolean => localIp === '' || localIp === end.remoteIp;
  return host.ends.find((item) => item.type === end.type && ours.has(item.remoteIp) && leadsBack(item));
}

const viewsNamed = lookup<HostView>(({ name }) => [name]);
const viewsAt = lookup<HostView>(addressesOf);
const endsToPeer = lookup<TunnelEnd>(({ type, peer }) => [`${type} ${peer}`]);
const endsBetween = lookup<TunnelEnd>(({ type, localIp, remoteIp }) => [`${type} ${localIp} ${remoteIp}`]);

/** Several rules ask for the same. */
function remembered(find: HostView['peerOf']): HostView['peerOf'] {
  const found = new Map<TunnelEnd, ReturnType<HostView['peerOf']>>();
  return (end) => {
    if (!found.has(end)) found.set(end, find(end));
    return found.get(end);
  };
}

function addressesOf({ facts, ends }: HostView): readonly string[] {
  return knownValue(facts.addresses) ?? ends.map(({ localIp }) => localIp);
}
