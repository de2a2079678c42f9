/**
 * How the bridges of a fleet are joined: by the tunnels that are wanted, by those that are there besides, and by patch
 * ports. A bridge that learns forwards between all of them.
 *
 * @module
 */

import type { TunnelEnd } from '../desired/desired.js';
import { tunnelTypes } from '../desired/desired.js';
import { type Fact, knownValue } from '../facts/fact.js';
import { lookup } from '../facts/lookup.js';
import { type BridgeFact, type InterfaceFact, interfaceNamed, type OvsDatabase } from '../facts/ovsdb.js';

/** A host as far as its bridges and tunnels go; without facts where it could not be asked. */
export interface TopologyHost {
  readonly name: string;
  readonly ends: readonly TunnelEnd[];
  readonly facts: { readonly ovsdb: Fact<OvsDatabase>; readonly addresses: Fact<readonly string[]> } | undefined;
}

/** A bridge of a host, or an address that belongs to no host we know. */
export interface Vertex {
  readonly id: string;
  /** Undefined for a stranger. */
  readonly host: string | undefined;
  /** For a stranger its address. */
  readonly bridge: string;
  /** Undefined where the bridge is not there yet, or was not looked at. */
  readonly fact: BridgeFact | undefined;
}

export interface EdgeEnd {
  readonly vertex: string;
  /** Undefined at the end of a stranger. */
  readonly port: string | undefined;
}

/** What joins two bridges. */
export interface Edge {
  readonly ends: readonly [EdgeEnd, EdgeEnd];
  readonly isPatch: boolean;
  /** It is one of the tunnels that are wanted. */
  readonly isWanted: boolean;
}

export interface Topology {
  readonly vertices: ReadonlyMap<string, Vertex>;
  readonly edges: readonly Edge[];
}

/** Frames go where OpenFlow says, and not by what the bridge has learned: it is not for us to change that. */
export function isControlled(fact: BridgeFact | undefined): boolean {
  return fact !== undefined && (fact.failMode === 'secure' || fact.hasController);
}

export function topologyOf(hosts: readonly TopologyHost[]): Topology {
  const scene = sceneOf(hosts);
  const edges = new Map<string, Edge>();
  const add = (name: string, edge: Edge): void => {
    const key = [...edge.ends.map(({ vertex }) => vertex).sort(), name].join('\n');
    if (!edges.has(key)) edges.set(key, edge);
  };
  for (const host of hosts) for (const [name, edge] of wantedEdges(host, scene)) add(name, edge);
  for (const host of hosts) for (const [name, edge] of foundEdges(host, scene)) add(name, edge);
  const used = [...edges.values()].flatMap(({ ends }) => ends.map(({ vertex }) => vertex));
  return { vertices: new Map(used.map((id) => [id, vertexOf(id, scene)])), edges: [...edges.values()] };
}

interface Scene {
  readonly hosts: ReadonlyMap<string, TopologyHost>;
  /** By address. */
  readonly owners: ReadonlyMap<string, TopologyHost>;
}

type NamedEdge = readonly [name: string, edge: Edge];

function sceneOf(hosts: readonly TopologyHost[]): Scene {
  const owners = new Map<string, TopologyHost>();
  const loopback = /^(127\.|::1$|fe80:)/;
  for (const host of hosts) {
    const own = host.facts === undefined ? [] : (knownValue(host.facts.addresses) ?? []);
    for (const address of own) if (!loopback.test(address) && !owners.has(address)) owners.set(address, host);
  }
  for (const host of hosts) for (const { localIp } of host.ends) if (localIp !== '') owners.set(localIp, host);
  return { hosts: new Map(hosts.map((host) => [host.name, host])), owners };
}

const separator = '\t';
const idOf = (host: string, bridge: string): string => `${host}${separator}${bridge}`;

function vertexOf(id: string, { hosts }: Scene): Vertex {
  const [host = '', bridge = ''] = id.split(separator);
  if (host === '') return { id, host: undefined, bridge, fact: undefined };
  const facts = hosts.get(host)?.facts;
  return { id, host, bridge, fact: facts && knownValue(facts.ovsdb)?.bridgeRows.get(bridge) };
}

/** Tunnels of one type and key between two bridges are one; Open vSwitch would not make a second. */
function nameOf(type: string, options: Readonly<Record<string, string>>): string {
  return `${type} ${options['key'] ?? options['out_key'] ?? ''}`;
}

function wantedEdges({ name, ends }: TopologyHost, { hosts }: Scene): NamedEdge[] {
  return ends.map((end) => {
    const peer = hosts.get(end.peer);
    const back = peer?.ends.find(
      (item) => item.peer === name && item.type === end.type && item.options['key'] === end.options['key'],
    );
    const far: EdgeEnd =
      peer === undefined || back === undefined
        ? { vertex: idOf('', end.remoteIp), port: undefined }
        : { vertex: idOf(peer.name, back.bridge), port: back.port };
    const near = { vertex: idOf(name, end.bridge), port: end.port };
    return [nameOf(end.type, end.options), { ends: [near, far], isPatch: false, isWanted: true }];
  });
}

/** Those of learning bridges alone: what a controller does with a port that is not ours is its own affair. */
function foundEdges(host: TopologyHost, scene: Scene): NamedEdge[] {
  const database = host.facts && knownValue(host.facts.ovsdb);
  if (database === undefined) return [];
  const wanted = new Set(host.ends.map(({ port }) => port));
  const isLearning = (bridge: string | undefined): bridge is string =>
    bridge !== undefined && !isControlled(database.bridgeRows.get(bridge));
  return database.interfaces.flatMap((found): NamedEdge[] => {
    const { bridge, name, type } = found;
    if (wanted.has(name) || !isLearning(bridge)) return [];
    const near = { vertex: idOf(host.name, bridge), port: name };
    if (type === 'patch') {
      const far = interfaceNamed(database.interfaces, found.options['peer']);
      if (far === undefined || !isLearning(far.bridge) || far.bridge === bridge) return [];
      const ends = [near, { vertex: idOf(host.name, far.bridge), port: far.name }] as const;
      return [['patch', { ends, isPatch: true, isWanted: false }]];
    }
    const far = tunnelTypes.some((item) => item === type) ? farEnd(host, found, scene) : undefined;
    if (far === undefined) return [];
    return [[nameOf(type, found.options), { ends: [near, far], isPatch: false, isWanted: false }]];
  });
}

const withHeader = lookup<InterfaceFact>(({ type, options }) => [nameOf(type, options)]);

/** Undefined where nothing comes out at the other end: a tunnel that OpenFlow directs, or one that only one host has. */
function farEnd(host: TopologyHost, found: InterfaceFact, { owners }: Scene): EdgeEnd | undefined {
  const remote = found.options['remote_ip'];
  if (remote === undefined || remote === 'flow') return undefined;
  const peer = owners.get(remote);
  if (peer === undefined || peer === host) return { vertex: idOf('', remote), port: undefined };
  const key = nameOf(found.type, found.options);
  const wanted = peer.ends.find((end) => owners.get(end.remoteIp) === host && nameOf(end.type, end.options) === key);
  if (wanted !== undefined) return { vertex: idOf(peer.name, wanted.bridge), port: wanted.port };
  const database = peer.facts && knownValue(peer.facts.ovsdb);
  const back = withHeader(database?.interfaces ?? [], key).find(
    ({ options }) => owners.get(options['remote_ip'] ?? '') === host,
  );
  if (back?.bridge === undefined || isControlled(database?.bridgeRows.get(back.bridge))) return undefined;
  return { vertex: idOf(peer.name, back.bridge), port: back.name };
}
