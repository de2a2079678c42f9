/**
 * Whether a broadcast goes round by the tunnels that are there: a frame that came by one tunnel leaves by the others of the
 * bridge, but not from one protected port to another.
 *
 * @module
 */

import { knownValue } from '../facts/fact.js';
import { ringsIn } from './blocks.js';
import { type Edge, isControlled, type Topology, type TopologyHost, topologyOf } from './topology.js';

/** The tunnels of a loop that nothing breaks; each with all that is in the same ring. */
export function loopsAmong(hosts: readonly TopologyHost[]): { readonly loops: Edge[][]; readonly topology: Topology } {
  const topology = topologyOf(hosts.map((host) => ({ ...host, ends: [] })));
  const guarded = new Set(
    hosts.flatMap(({ name, facts }) =>
      (facts === undefined ? [] : (knownValue(facts.ovsdb)?.ports ?? []))
        .filter((port) => port.protected === true)
        .map((port) => `${name} ${port.name}`),
    ),
  );
  return { loops: ringsIn(topology.edges).filter((ring) => goesRound(ring, topology, guarded)), topology };
}

interface Arrival {
  readonly edge: Edge;
  /** The end that it arrives at: 0 or 1. */
  readonly at: 0 | 1;
}

function goesRound(ring: readonly Edge[], { vertices }: Topology, guarded: ReadonlySet<string>): boolean {
  const facts = [...new Set(ring.flatMap(({ ends }) => ends.map(({ vertex }) => vertex)))].map(
    (id) => vertices.get(id)?.fact,
  );
  // Where all bridges of a ring speak it, one of its links is out of use.
  if (facts.every((fact) => fact?.stp === true || fact?.rstp === true)) return false;
  const leaving = new Map<string, Arrival[]>();
  for (const edge of ring) {
    for (const at of [0, 1] as const) {
      const from = edge.ends[at === 0 ? 1 : 0].vertex;
      const ways = leaving.get(from);
      if (ways === undefined) leaving.set(from, [{ edge, at }]);
      else ways.push({ edge, at });
    }
  }
  const isGuarded = ({ vertex, port }: Edge['ends'][number]): boolean =>
    guarded.has(`${vertices.get(vertex)?.host} ${port}`);
  const next = ({ edge, at }: Arrival): Arrival[] => {
    const { vertex } = edge.ends[at];
    const { host, fact } = vertices.get(vertex) ?? {};
    if (host === undefined || isControlled(fact)) return [];
    const isFromGuarded = isGuarded(edge.ends[at]);
    return (leaving.get(vertex) ?? []).filter(
      (way) => way.edge !== edge && !(isFromGuarded && isGuarded(way.edge.ends[way.at === 0 ? 1 : 0])),
    );
  };
  return hasCycle([...leaving.values()].flat(), next);
}

/** Depth-first, without recursion. */
function hasCycle(starts: readonly Arrival[], next: (from: Arrival) => Arrival[]): boolean {
  const state = new Map<Arrival, 'open' | 'done'>();
  for (const start of starts) {
    if (state.has(start)) continue;
    const path = [{ arrival: start, ways: next(start) }];
    state.set(start, 'open');
    for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
      const way = step.ways.pop();
      if (way === undefined) {
        state.set(step.arrival, 'done');
        path.pop();
      } else if (state.get(way) === 'open') return true;
      else if (!state.has(way)) {
        state.set(way, 'open');
        path.push({ arrival: way, ways: next(way) });
      }
    }
  }
  return false;
}
