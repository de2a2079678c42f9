/**
 * A model of bridges that learn, joined by tunnels: what becomes of a broadcast. Protected ports do not forward to each
 * other, and bridges that run RSTP have agreed on a tree (IEEE 802.1D-2004, 17): root by priority and then by address, of
 * each other link the end that is farther from it does not forward.
 */

export interface ModelPort {
  readonly bridge: string;
  readonly port: string;
  readonly isProtected: boolean;
}

export interface ModelBridge {
  readonly id: string;
  readonly rstp: boolean;
  readonly priority: number;
}

export type ModelLink = readonly [ModelPort, ModelPort];

/** How often each bridge gets a broadcast that starts at one of them; undefined where it goes round for ever. */
export function broadcast(
  bridges: readonly ModelBridge[],
  links: readonly ModelLink[],
  from: string,
): ReadonlyMap<string, number> | undefined {
  const blocked = blockedPorts(bridges, links);
  const at = new Map<string, { readonly own: ModelPort; readonly far: ModelPort }[]>();
  for (const [one, other] of links) {
    at.set(one.bridge, [...(at.get(one.bridge) ?? []), { own: one, far: other }]);
    at.set(other.bridge, [...(at.get(other.bridge) ?? []), { own: other, far: one }]);
  }
  const heard = new Map<string, number>();
  // A frame that passed a tunnel in one direction before would do so again and again.
  const passed = new Set<string>();
  const waiting: { readonly bridge: string; readonly by: ModelPort | undefined }[] = [{ bridge: from, by: undefined }];
  for (let frame = waiting.pop(); frame !== undefined; frame = waiting.pop()) {
    const { bridge, by } = frame;
    if (by !== undefined) heard.set(bridge, (heard.get(bridge) ?? 0) + 1);
    for (const { own, far } of at.get(bridge) ?? []) {
      if (own === by || (by?.isProtected === true && own.isProtected)) continue;
      if (blocked.has(own) || blocked.has(far)) continue;
      const passage = `${own.bridge} ${own.port}`;
      if (passed.has(passage)) return undefined;
      passed.add(passage);
      waiting.push({ bridge: far.bridge, by: far });
    }
  }
  return heard;
}

/** The ports that RSTP keeps from forwarding. It runs on a link whose two bridges both speak it. */
function blockedPorts(bridges: readonly ModelBridge[], links: readonly ModelLink[]): ReadonlySet<ModelPort> {
  const speaks = new Map(bridges.filter(({ rstp }) => rstp).map((bridge) => [bridge.id, bridge]));
  const spoken = links.filter(([one, other]) => speaks.has(one.bridge) && speaks.has(other.bridge));
  const rank = ({ priority, id }: ModelBridge): string => `${String(priority).padStart(5, '0')} ${id}`;
  const order = [...speaks.values()].sort((one, other) => (rank(one) < rank(other) ? -1 : 1));
  const cost = new Map<string, number>();
  const forwarding = new Set<ModelLink>();
  for (const root of order) {
    if (cost.has(root.id)) continue;
    cost.set(root.id, 0);
    const queue = [root.id];
    for (const id of queue) {
      for (const link of spoken) {
        const far = link.find(({ bridge }) => bridge !== id);
        if (far === undefined || !link.some(({ bridge }) => bridge === id) || cost.has(far.bridge)) continue;
        cost.set(far.bridge, (cost.get(id) ?? 0) + 1);
        forwarding.add(link);
        queue.push(far.bridge);
      }
    }
  }
  return new Set(
    spoken.flatMap((link) => {
      if (forwarding.has(link)) return [];
      const [one, other] = link;
      return [(cost.get(one.bridge) ?? 0) > (cost.get(other.bridge) ?? 0) ? one : other];
    }),
  );
}

/** The bridges that can be reached over links, whether those forward or not. */
export function reachable(links: readonly ModelLink[], from: string): ReadonlySet<string> {
  const seen = new Set([from]);
  for (const id of seen) {
    for (const [one, other] of links) {
      if (one.bridge === id) seen.add(other.bridge);
      if (other.bridge === id) seen.add(one.bridge);
    }
  }
  return seen;
}
