/**
 * Tunnels between bridges that learn make loops, in which a broadcast goes round for ever. What is done against it
 * follows from the shape: where each host of a ring has a tunnel to each other one, split horizon (a frame that came by one
 * of these tunnels leaves by none of them); elsewhere RSTP, which also goes round a tunnel that is cut.
 *
 * @module
 */

import { shellCommand } from '../../platform/quote.js';
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

/** Rings that share bridges are decided together. */
function regionsOf(rings: readonly Edge[][]): Edge[][][] {
  return joined(rings, verticesOf);
}

/** The parts of a fleet that nothing joins. */
function partsOf(edges: readonly Edge[]): Edge[][] {
  return joined(edges, (edge) => verticesOf([edge]));
}

/** Items that have something in common, directly or by way of others. */
function joined<Item>(items: readonly Item[], has: (item: Item) => readonly string[]): Item[][] {
  const leaders = new Map<string, string>();
  const leaderOf = (id: string): string => {
    let leader = id;
    for (let next = leaders.get(leader); next !== undefined; next = leaders.get(leader)) leader = next;
    if (leader !== id) leaders.set(id, leader);
    return leader;
  };
  for (const item of items) {
    const [first = '', ...others] = has(item);
    for (const other of others) {
      const [one, two] = [leaderOf(first), leaderOf(other)];
      if (one !== two) leaders.set(two, one);
    }
  }
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const leader = leaderOf(has(item)[0] ?? '');
    const group = groups.get(leader);
    if (group === undefined) groups.set(leader, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

function verticesOf(edges: readonly Edge[]): string[] {
  return [...new Set(edges.flatMap(({ ends }) => ends.map(({ vertex }) => vertex)))];
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

/** Each has one tunnel to each other one. */
function isFullMesh(ring: readonly Edge[]): boolean {
  const count = verticesOf(ring).length;
  const pairs = new Set(
    ring.map(({ ends }) =>
      ends
        .map(({ vertex }) => vertex)
        .sort()
        .join('\n'),
    ),
  );
  return (
    ring.length === (count * (count - 1)) / 2 && pairs.size === ring.length && !ring.some(({ isPatch }) => isPatch)
  );
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

function isStranger(vertex: Vertex | undefined): boolean {
  return vertex?.host === undefined;
}

/** The farthest that the information of RSTP gets is its max-age, 20 bridges. */
const farthestHop = 18;
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

interface Own {
  readonly vertex: Vertex;
  readonly tunnels: string;
}

function tunnelsOf({ id }: Vertex, edges: readonly Edge[]): string {
  const ports = edges.flatMap(({ ends }) => ends.flatMap(({ vertex, port }) => (vertex === id && port ? [port] : [])));
  const more = ports.length > 4 ? [`${ports.length - 3} more`] : [];
  return [...ports.slice(0, more.length > 0 ? 3 : 4), ...more].join(', ');
}

function where(vertices: readonly Vertex[]): string {
  return vertices.map(({ host, bridge }) => (host === undefined ? bridge : `${bridge} of ${host}`)).join(', ');
}

const answer = 'or answer for it yourself: loop_protection: keep in defaults of the inventory';

function forwardsBy({ host, bridge, fact }: Vertex): string {
  const why = fact?.hasController === true ? 'it has a controller' : 'fail_mode is secure';
  return `${host}: ${bridge} forwards as OpenFlow says (${why}); that its tunnels make no loop is up to its flows`;
}

function throughStrangers({ vertex, tunnels }: Own, vertices: readonly Vertex[]): Omit<Obstacle, 'code'> {
  const strangers = where(vertices.filter((item) => isStranger(item)));
  return {
    message: `${vertex.host}: ${tunnels} of ${vertex.bridge} would make a loop by way of ${strangers}, where nothing can be done against it`,
    hint: 'name all hosts of the loop in one inventory, as a mesh, and apply that: ovs-pki-ts inventory init',
  };
}

function mixedStp({ vertex, tunnels }: Own, stp: readonly Vertex[], all: readonly Vertex[]): Omit<Obstacle, 'code'> {
  const others = all.filter((item) => !stp.includes(item));
  return {
    message: `${vertex.host}: ${tunnels} of ${vertex.bridge} are part of a loop, in which ${where(stp)} runs STP and ${where(others)} does not`,
    hint: `let all of them run RSTP (${shellCommand`ovs-vsctl set Bridge ${vertex.bridge} stp_enable=false rstp_enable=true`}), or none; ${answer}`,
  };
}

function notByRstp({ vertex, tunnels }: Own, controlled: readonly Vertex[]): Omit<Obstacle, 'code'> {
  return {
    message: `${vertex.host}: ${tunnels} of ${vertex.bridge} would make a loop that needs RSTP, and ${where(controlled)} forwards as OpenFlow says`,
    hint: `make it a full mesh, or tunnels without a ring; ${answer}`,
  };
}

function throughPatch({ vertex, tunnels }: Own): Omit<Obstacle, 'code'> {
  return {
    message: `${vertex.host}: ${tunnels} of ${vertex.bridge} would make a loop by way of patch ports between bridges`,
    hint: `put the tunnels of the ring on one bridge of each host; ${answer}`,
  };
}

function throughBond({ vertex, tunnels }: Own, bond: string): Omit<Obstacle, 'code'> {
  return {
    message: `${vertex.host}: ${tunnels} of ${vertex.bridge} would make a loop that needs RSTP, which the bond ${bond} cannot run`,
    hint: `give each tunnel a port of its own, or make it a full mesh; ${answer}`,
  };
}

function tooFar({ vertex, tunnels }: Own): Omit<Obstacle, 'code'> {
  return {
    message: `${vertex.host}: ${tunnels} of ${vertex.bridge} would make a ring that is too long for RSTP: its hosts are more than ${farthestHop} tunnels apart`,
    hint: `make it a full mesh, or a hub with spokes; ${answer}`,
  };
}
