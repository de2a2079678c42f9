/**
 * Tunnels between bridges that learn make loops, in which a broadcast goes round for ever. What is done against it
 * follows from the shape: where each host of a ring has a tunnel to each other one, split horizon (a frame that came by one
 * of these tunnels leaves by none of them); elsewhere RSTP, which also goes round a tunnel that is cut.
 *
 * @module
 */

import type { LoopProtection } from '../desired/desired.js';
import { knownValue } from '../facts/fact.js';
import { eccentricity, edgesByVertex, ringsIn } from '../tunnels/blocks.js';
import {
  type Edge,
  isControlled,
  type Topology,
  type TopologyHost,
  topologyOf,
  type Vertex,
} from '../tunnels/topology.js';
import type { LoopRole, Obstacle } from './action.js';
import { isFullMesh, partsOf, regionsOf, verticesOf } from './loop-graph.js';
import {
  farthestHop,
  isStranger,
  mixedStp,
  notByRstp,
  type Own,
  throughBond,
  throughPatch,
  throughStrangers,
  tooFar,
} from './loop-reasons.js';

/** What one host does against loops. */
export interface HostLoops {
  /** By port; what is not in it is left as it is. */
  readonly roles: ReadonlyMap<string, LoopRole>;
  /** By bridge: whether it runs RSTP, and with which priority; what is not in it is left as it is. */
  readonly rstp: ReadonlyMap<string, { readonly enable: boolean; readonly priority: string | undefined }>;
  readonly obstacles: readonly Obstacle[];
  readonly warnings: readonly string[];
}

export const noLoops: HostLoops = { roles: new Map(), rstp: new Map(), obstacles: [], warnings: [] };

/** `external_ids` of a Port or a Bridge on which we have set something against loops: what it was. */
export const loopMark = 'ovs-pki-ts-loop';

/** A host as far as loops go. */
export interface LoopHost extends TopologyHost {
  readonly protection: LoopProtection;
}

/** What each host does against loops, by its name. */
export function loopsOf(hosts: readonly LoopHost[]): Map<string, HostLoops> {
  const topology = topologyOf(hosts);
  const scene: Scene = { topology, hosts: new Map(hosts.map((host) => [host.name, host])), made: new Map() };
  for (const { name, ends } of hosts) scene.made.set(name, emptyLoops(ends.map(({ port }) => port)));
  const rings = ringsIn(topology.edges);
  const inRings = new Set(rings.flat());
  for (const edges of partsOf(topology.edges)) {
    const alone = edges.filter((edge) => edge.isWanted && !inRings.has(edge));
    // What else there is of a loop that strangers are part of cannot be seen: what was set against it stays.
    if (verticesOf(edges).some((id) => isStranger(topology.vertices.get(id)))) keep(alone, [], scene);
    else for (const id of verticesOf(alone)) setBridge(scene, id, { enable: false, priority: undefined });
  }
  for (const region of regionsOf(rings)) if (region.flat().some(({ isWanted }) => isWanted)) protect(region, scene);
  return scene.made as Map<string, HostLoops>;
}

interface Scene {
  readonly topology: Topology;
  readonly hosts: ReadonlyMap<string, LoopHost>;
  readonly made: Map<string, MadeLoops>;
}

interface MadeLoops {
  readonly roles: Map<string, LoopRole>;
  readonly rstp: Map<string, { enable: boolean; priority: string | undefined }>;
  readonly obstacles: Obstacle[];
  readonly warnings: string[];
}

function emptyLoops(ports: readonly string[]): MadeLoops {
  return { roles: new Map(ports.map((port) => [port, 'none'])), rstp: new Map(), obstacles: [], warnings: [] };
}

type Region = readonly (readonly Edge[])[];

function protect(region: Region, scene: Scene): void {
  const edges = region.flat();
  const vertices = verticesOf(edges).flatMap((id) => scene.topology.vertices.get(id) ?? []);
  const protections = new Set(vertices.map(({ host }) => scene.hosts.get(host ?? '')?.protection ?? 'auto'));
  const judged = vertices.filter(({ host }) => host === undefined || scene.hosts.get(host)?.facts !== undefined);
  const spanning = judged.filter((vertex) => isSpanning(vertex));
  const stp = spanning.filter(({ fact }) => fact?.stp === true);
  const isSplit = spanning.length === 0 && !protections.has('rstp') && region.every(isFullMesh) && shareNothing(region);
  if (protections.has('keep')) keep(edges, vertices, scene);
  else if (spanning.length > 0 && spanning.length === judged.length) keep(edges, [], scene);
  else if (stp.length > 0) refuse(edges, scene, (own) => mixedStp(own, stp, judged));
  else if (isSplit && knowsProtected(vertices, scene)) splitHorizon(edges, vertices, scene);
  else spanningTree(edges, vertices, scene);
}

/** Somebody else lets it run STP or RSTP. */
function isSpanning({ fact }: Vertex): boolean {
  return fact !== undefined && (fact.stp || (fact.rstp && fact.externalIds[loopMark] === undefined));
}

/** A bridge has one group of protected ports, and two meshes on it would have to reach each other. */
function shareNothing(region: Region): boolean {
  return region.length === 1;
}

function knowsProtected(vertices: readonly Vertex[], { hosts }: Scene): boolean {
  return vertices.every(({ host }) => {
    const facts = hosts.get(host ?? '')?.facts;
    const ports = facts === undefined ? [] : (knownValue(facts.ovsdb)?.ports ?? []);
    return !ports.some((port) => port.protected === undefined);
  });
}

function splitHorizon(edges: readonly Edge[], vertices: readonly Vertex[], scene: Scene): void {
  if (vertices.some((vertex) => isStranger(vertex)) && !areProtected(edges, scene)) {
    refuse(edges, scene, (own) => throughStrangers(own, vertices));
    return;
  }
  const controlled = new Set(vertices.filter(({ fact }) => isControlled(fact)).map(({ id }) => id));
  for (const { vertex, port } of edges.flatMap(({ ends }) => ends)) {
    if (!controlled.has(vertex)) setRole(scene, vertex, port, 'split-horizon');
  }
  for (const vertex of vertices) {
    if (controlled.has(vertex.id)) warn(scene, vertex, forwardsBy(vertex));
    else setBridge(scene, vertex.id, { enable: false, priority: undefined });
  }
}

/** At the hosts that we see, what is there of the ring is a mesh of ours: so it is at the others. */
function areProtected(edges: readonly Edge[], { topology, hosts }: Scene): boolean {
  const found = edges.flatMap(({ ends }) =>
    ends.flatMap(({ vertex, port }) => {
      const facts = hosts.get(topology.vertices.get(vertex)?.host ?? '')?.facts;
      return facts === undefined ? [] : (knownValue(facts.ovsdb)?.ports ?? []).filter(({ name }) => name === port);
    }),
  );
  return found.length > 0 && found.every((port) => port.protected === true);
}

/** Half-way between that of a bridge that nobody has configured and none; a multiple of 4096. */
const rootPriority = '28672';

function spanningTree(edges: readonly Edge[], vertices: readonly Vertex[], scene: Scene): void {
  const around = edgesByVertex(edges);
  const reach = vertices.map(({ id }) => ({
    id,
    hops: eccentricity(around, id),
    tunnels: around.get(id)?.length ?? 0,
  }));
  const why = againstRstp(edges, vertices, Math.max(...reach.map(({ hops }) => hops)), scene);
  if (why !== undefined) {
    refuse(edges, scene, why);
    return;
  }
  const [root] = reach.toSorted(
    (one, other) => one.hops - other.hops || other.tunnels - one.tunnels || (one.id < other.id ? -1 : 1),
  );
  const isChosen = vertices.every(({ fact }) => isOurPriority(fact));
  for (const { id } of vertices) {
    setBridge(scene, id, { enable: true, priority: isChosen && id === root?.id ? rootPriority : undefined });
  }
  for (const { vertex, port } of edges.flatMap(({ ends }) => ends)) setRole(scene, vertex, port, 'rstp');
}

type Reason = (own: Own) => Omit<Obstacle, 'code'>;

function againstRstp(
  edges: readonly Edge[],
  vertices: readonly Vertex[],
  hops: number,
  scene: Scene,
): Reason | undefined {
  if (vertices.some((vertex) => isStranger(vertex))) return (own) => throughStrangers(own, vertices);
  const controlled = vertices.filter(({ fact }) => isControlled(fact));
  if (controlled.length > 0) return (own) => notByRstp(own, controlled);
  if (edges.some(({ isPatch }) => isPatch)) return throughPatch;
  const bond = bondIn(edges, scene);
  if (bond !== undefined) return (own) => throughBond(own, bond);
  return hops > farthestHop ? tooFar : undefined;
}

/** Who has chosen a root already has done it for a reason. */
function isOurPriority(fact: Vertex['fact']): boolean {
  return fact?.otherConfig['rstp-priority'] === undefined || fact.externalIds[loopMark] !== undefined;
}

function bondIn(edges: readonly Edge[], { topology, hosts }: Scene): string | undefined {
  for (const { vertex, port } of edges.flatMap(({ ends }) => ends)) {
    const facts = hosts.get(topology.vertices.get(vertex)?.host ?? '')?.facts;
    const ports = facts === undefined ? [] : (knownValue(facts.ovsdb)?.ports ?? []);
    const bond = ports.find(
      ({ interfaces }) => port !== undefined && interfaces.length > 1 && interfaces.includes(port),
    );
    if (bond !== undefined) return bond.name;
  }
  return undefined;
}

function setRole({ topology, made }: Scene, id: string, port: string | undefined, role: LoopRole): void {
  const host = topology.vertices.get(id)?.host;
  if (host !== undefined && port !== undefined) made.get(host)?.roles.set(port, role);
}

/** A bridge of several rings keeps what was decided for any of them. */
function setBridge(
  { topology, made }: Scene,
  id: string,
  wish: { readonly enable: boolean; readonly priority: string | undefined },
): void {
  const vertex = topology.vertices.get(id);
  if (vertex?.host !== undefined) made.get(vertex.host)?.rstp.set(vertex.bridge, wish);
}

function warn({ made }: Scene, { host }: Vertex, text: string): void {
  if (host !== undefined) made.get(host)?.warnings.push(text);
}

/** What runs STP or RSTP already, and what the operator answers for, is left as it is. */
function keep(edges: readonly Edge[], warned: readonly Vertex[], scene: Scene): void {
  const { topology, made } = scene;
  for (const { vertex, port } of edges.flatMap(({ ends }) => ends)) {
    const { host, bridge = '' } = topology.vertices.get(vertex) ?? {};
    if (port !== undefined) made.get(host ?? '')?.roles.delete(port);
    made.get(host ?? '')?.rstp.delete(bridge);
  }
  for (const vertex of warned) {
    const own = tunnelsOf(vertex, edges);
    warn(scene, vertex, `${vertex.host}: ${own} of ${vertex.bridge} are part of a loop, and loop_protection is keep`);
  }
}

/** A new tunnel that would close a loop is not made; where all are there already, it is only said. */
function refuse(edges: readonly Edge[], scene: Scene, why: Reason): void {
  const { topology, hosts, made } = scene;
  const isNew = edges.some(
    ({ ends, isWanted }) => isWanted && ends.some((end) => isMissing(end.vertex, end.port, scene)),
  );
  keep(edges, [], scene);
  for (const id of verticesOf(edges)) {
    const vertex = topology.vertices.get(id);
    if (vertex?.host === undefined || hosts.get(vertex.host)?.facts === undefined) continue;
    const { message, hint } = why({ vertex, tunnels: tunnelsOf(vertex, edges) });
    if (isNew) made.get(vertex.host)?.obstacles.push({ code: 'HOST_UNFIT', message, hint });
    else warn(scene, vertex, message);
  }
}

function isMissing(id: string, port: string | undefined, { topology, hosts }: Scene): boolean {
  const facts = hosts.get(topology.vertices.get(id)?.host ?? '')?.facts;
  const database = facts && knownValue(facts.ovsdb);
  return database !== undefined && !database.interfaces.some(({ name }) => name === port);
}

function tunnelsOf({ id }: Vertex, edges: readonly Edge[]): string {
  const ports = edges.flatMap(({ ends }) => ends.flatMap(({ vertex, port }) => (vertex === id && port ? [port] : [])));
  const more = ports.length > 4 ? [`${ports.length - 3} more`] : [];
  return [...ports.slice(0, more.length > 0 ? 3 : 4), ...more].join(', ');
}

function forwardsBy({ host, bridge, fact }: Vertex): string {
  const why = fact?.hasController === true ? 'it has a controller' : 'fail_mode is secure';
  return `${host}: ${bridge} forwards as OpenFlow says (${why}); that its tunnels make no loop is up to its flows`;
}
