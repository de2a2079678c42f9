/**
 * Blocks of a graph: its largest parts in which any two edges lie on one ring. A loop is always within one block, and
 * what two blocks share is a single vertex.
 *
 * @module
 */

/** An edge between two vertices; there may be several between the same two. */
export interface GraphEdge {
  readonly ends: readonly [{ readonly vertex: string }, { readonly vertex: string }];
}

/** The edges of each block that has more than one: those in which there is a ring. */
export function ringsIn<Edge extends GraphEdge>(edges: readonly Edge[]): Edge[][] {
  const around = edgesByVertex(edges);
  const found: Edge[][] = [];
  const search: Search<Edge> = { around, depth: new Map(), low: new Map(), open: [], seen: new Set(), found };
  for (const vertex of around.keys()) if (!search.depth.has(vertex)) searchFrom(vertex, search);
  return found.filter((block) => block.length > 1);
}

export function edgesByVertex<Edge extends GraphEdge>(edges: readonly Edge[]): Map<string, Edge[]> {
  const around = new Map<string, Edge[]>();
  for (const edge of edges) {
    for (const { vertex } of edge.ends) {
      const own = around.get(vertex);
      if (own === undefined) around.set(vertex, [edge]);
      else own.push(edge);
    }
  }
  return around;
}

export function otherEnd({ ends: [one, other] }: GraphEdge, vertex: string): string {
  return one.vertex === vertex ? other.vertex : one.vertex;
}

/** How far the farthest vertex is from this one, in edges. */
export function eccentricity<Edge extends GraphEdge>(
  around: ReadonlyMap<string, readonly Edge[]>,
  from: string,
): number {
  const distance = new Map([[from, 0]]);
  let farthest = 0;
  for (const [vertex, steps] of distance) {
    farthest = steps;
    for (const edge of around.get(vertex) ?? []) {
      const next = otherEnd(edge, vertex);
      if (!distance.has(next)) distance.set(next, steps + 1);
    }
  }
  return farthest;
}

interface Search<Edge> {
  readonly around: ReadonlyMap<string, readonly Edge[]>;
  readonly depth: Map<string, number>;
  readonly low: Map<string, number>;
  readonly open: Edge[];
  readonly seen: Set<Edge>;
  readonly found: Edge[][];
}

/** Tarjan's depth-first search, without recursion: a chain of ten thousand hosts is as deep. */
function searchFrom<Edge extends GraphEdge>(root: string, search: Search<Edge>): void {
  const { around, depth, low, open, seen } = search;
  const path: { readonly vertex: string; readonly by: Edge | undefined; next: number }[] = [];
  const enter = (vertex: string, by: Edge | undefined): void => {
    depth.set(vertex, path.length);
    low.set(vertex, path.length);
    path.push({ vertex, by, next: 0 });
  };
  enter(root, undefined);
  for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
    const edge = around.get(step.vertex)?.[step.next++];
    if (edge === undefined) {
      path.pop();
      leave(step, path.at(-1)?.vertex, search);
    } else if (!seen.has(edge)) {
      seen.add(edge);
      open.push(edge);
      const next = otherEnd(edge, step.vertex);
      const above = depth.get(next);
      if (above === undefined) enter(next, edge);
      else low.set(step.vertex, Math.min(low.get(step.vertex) ?? 0, above));
    }
  }
}

/** Where nothing below a vertex leads above its parent, a block ends at the edge between the two. */
function leave<Edge extends GraphEdge>(
  { vertex, by }: { readonly vertex: string; readonly by: Edge | undefined },
  parent: string | undefined,
  { depth, low, open, found }: Search<Edge>,
): void {
  if (by === undefined || parent === undefined) return;
  const lowest = low.get(vertex) ?? 0;
  if (lowest >= (depth.get(parent) ?? 0)) found.push(open.splice(open.lastIndexOf(by)));
  else low.set(parent, Math.min(low.get(parent) ?? 0, lowest));
}
