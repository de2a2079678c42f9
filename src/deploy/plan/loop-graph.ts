/**
 * Hosts and their bridges as vertices, tunnels as edges: what hangs together, and what is a full mesh.
 *
 * @module
 */

import type { Edge } from '../tunnels/topology.js';

/** Rings that share bridges are decided together. */
export function regionsOf(rings: readonly Edge[][]): Edge[][][] {
  return joined(rings, verticesOf);
}

/** The parts of a fleet that nothing joins. */
export function partsOf(edges: readonly Edge[]): Edge[][] {
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

export function verticesOf(edges: readonly Edge[]): string[] {
  return [...new Set(edges.flatMap(({ ends }) => ends.map(({ vertex }) => vertex)))];
}

/** Each has one tunnel to each other one. */
export function isFullMesh(ring: readonly Edge[]): boolean {
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
