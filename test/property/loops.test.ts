/** Whatever an inventory joins: each host hears a broadcast once, and no frame goes round. */

import test from 'ava';
import fc from 'fast-check';
import type { DesiredHost } from '../../src/deploy/desired/desired.js';
import { absent, known } from '../../src/deploy/facts/fact.js';
import type { BridgeFact, OvsDatabase } from '../../src/deploy/facts/ovsdb.js';
import { checkInventory, expandInventory } from '../../src/deploy/inventory/inventory.js';
import { type HostLoops, type LoopHost, loopsOf } from '../../src/deploy/plan/loops.js';
import { ringsIn } from '../../src/deploy/tunnels/blocks.js';
import { broadcast, type ModelBridge, type ModelLink, reachable } from '../support/bridge-model.js';

const nameOf = (index: number): string => `host_${index + 1}`;

interface Entry {
  readonly form: 'mesh' | 'hub' | 'between';
  readonly hosts: readonly number[];
  readonly bridge: 'br-ipsec' | 'br-other';
  readonly type: 'gre' | 'geneve' | 'vxlan';
}

/** More of them: OVS_PKI_LOOP_RUNS=5000 npx ava build/test/property/loops.test.js */
const numRuns = Number(process.env['OVS_PKI_LOOP_RUNS'] ?? 120);

/** Few bridges and many hosts, or the reverse; meshes that share hosts, rings of pairs, hubs of hubs. */
function entries(count: number): fc.Arbitrary<Entry[]> {
  const host = fc.nat({ max: count - 1 });
  const entry = fc.record({
    form: fc.constantFrom<Entry['form']>('mesh', 'hub', 'between', 'between'),
    hosts: fc.uniqueArray(host, { minLength: 2, maxLength: Math.min(count, 9) }),
    bridge: fc.constantFrom<Entry['bridge']>('br-ipsec', 'br-ipsec', 'br-other'),
    type: fc.constantFrom<Entry['type']>('gre', 'gre', 'geneve', 'vxlan'),
  });
  return fc.array(entry, { minLength: 1, maxLength: 12 });
}

const fleets = fc.integer({ min: 2, max: 40 }).chain((count) => fc.tuple(fc.constant(count), entries(count)));

function expanded(count: number, wanted: readonly Entry[], protection: 'auto' | 'rstp'): readonly DesiredHost[] {
  const seen = new Set<string>();
  const isNew = (one: number, other: number, type: string): boolean => {
    const key = `${Math.min(one, other)} ${Math.max(one, other)} ${type}`;
    return !seen.has(key) && seen.add(key) !== undefined;
  };
  const tunnels = wanted.flatMap(({ form, hosts, bridge, type }) => {
    const pairs = hosts.flatMap((one, index) =>
      form === 'mesh'
        ? hosts.slice(index + 1).map((other) => [one, other] as const)
        : index > 0
          ? [[hosts[0] ?? 0, one] as const]
          : [],
    );
    const some = form === 'between' ? pairs.slice(0, 1) : pairs;
    // One host has one tunnel of a type to another one.
    return some
      .filter(([one, other]) => isNew(one, other, type))
      .map(([one, other]) => ({
        ...{ between: [nameOf(one), nameOf(other)], bridge, type },
        ...{ port: `p${one}-${other}${type.slice(0, 2)}` },
      }));
  });
  const hosts = Object.fromEntries(
    Array.from({ length: count }, (_, i) => [nameOf(i), { address: `10.0.0.${i + 1}` }]),
  );
  const inventory = { version: 1, defaults: { loop_protection: protection }, hosts, tunnels };
  return expandInventory(checkInventory(inventory), { folder: '/' }).hosts;
}

test('of random inventories every host of a flood domain hears every broadcast once', (t) => {
  const seen = { split: 0, rstp: 0, refused: 0, trees: 0 };
  fc.assert(
    fc.property(fleets, fc.constantFrom('auto', 'auto', 'rstp'), ([count, wanted], protection) => {
      const hosts = expanded(count, wanted, protection);
      const loops = loopsOf(hosts.map(asked));
      const { bridges, links } = modelOf(hosts, loops);
      const refused = new Set([...loops].flatMap(([name, { obstacles }]) => (obstacles.length > 0 ? [name] : [])));
      if (refused.size > 0) {
        seen.refused++;
        return;
      }
      const roles = new Set([...loops.values()].flatMap((item) => [...item.roles.values()]));
      seen[roles.has('rstp') ? 'rstp' : roles.has('split-horizon') ? 'split' : 'trees']++;
      for (const { id } of bridges) {
        const heard = broadcast(bridges, links, id);
        if (heard === undefined) throw new Error(`a broadcast of ${id} goes round`);
        const others = [...reachable(links, id)].filter((other) => other !== id).sort();
        t.deepEqual(
          [...heard].sort(),
          others.map((other) => [other, 1]),
          `from ${id}`,
        );
      }
    }),
    { numRuns },
  );
  t.true(seen.split > numRuns / 20 && seen.rstp > numRuns / 10 && seen.trees > numRuns / 20, JSON.stringify(seen));
});

test('without what is planned, the model has storms: it can tell', (t) => {
  const hosts = expanded(4, [{ form: 'mesh', hosts: [0, 1, 2, 3], bridge: 'br-ipsec', type: 'gre' }], 'auto');
  const nothing = new Map<string, HostLoops>();
  const { bridges, links } = modelOf(hosts, nothing);
  t.is(broadcast(bridges, links, 'host_1 br-ipsec'), undefined);
});

test('of a graph the rings are found, and no edge that is in none', (t) => {
  const edge = (one: string, other: string) => ({ ends: [{ vertex: one }, { vertex: other }] as const });
  const [ab, bc, ca, cd, de, de2] = [
    ...['ab', 'bc', 'ca', 'cd', 'de', 'de'].map(([one = '', two = '']) => edge(one, two)),
  ];
  const edges = [ab, bc, ca, cd, de, de2].filter((item) => item !== undefined);
  const found = ringsIn(edges).map((ring) => ring.map(({ ends }) => ends.map(({ vertex }) => vertex).join('')).sort());
  t.deepEqual(found.sort(), [
    ['ab', 'bc', 'ca'],
    ['de', 'de'],
  ]);
});

/** A host that has its bridges and no port. */
function asked({ name, ends, loopProtection }: DesiredHost): LoopHost {
  const bridges = [...new Set(ends.map(({ bridge }) => bridge))];
  const row = (bridge: string): BridgeFact => ({
    ...{
      uuid: bridge,
      name: bridge,
      datapathType: '',
      stp: false,
      rstp: false,
      failMode: undefined,
      hasController: false,
    },
    ...{ otherConfig: {}, externalIds: {} },
  });
  const database: OvsDatabase = {
    ...{ ovsVersion: '3.1.0', otherConfig: {}, externalIds: {}, bridges, ports: [], interfaces: [] },
    bridgeRows: new Map(bridges.map((bridge) => [bridge, row(bridge)])),
  };
  return { name, ends, protection: loopProtection, facts: { ovsdb: known(database), addresses: absent('not asked') } };
}

function modelOf(
  hosts: readonly DesiredHost[],
  loops: ReadonlyMap<string, HostLoops>,
): { readonly bridges: readonly ModelBridge[]; readonly links: readonly ModelLink[] } {
  const bridges = hosts.flatMap(({ name, ends }) =>
    [...new Set(ends.map(({ bridge }) => bridge))].map((bridge): ModelBridge => {
      const { enable = false, priority = '32768' } = loops.get(name)?.rstp.get(bridge) ?? {};
      return { id: `${name} ${bridge}`, rstp: enable, priority: Number(priority) };
    }),
  );
  const links = hosts.flatMap(({ name, ends }) =>
    ends.flatMap((end): ModelLink[] => {
      const back = hosts.find((host) => host.name === end.peer)?.ends.find(({ port }) => port === end.port);
      if (back === undefined || name > end.peer) return [];
      const side = (host: string, { bridge, port }: typeof end) => ({
        ...{ bridge: `${host} ${bridge}`, port },
        isProtected: loops.get(host)?.roles.get(port) === 'split-horizon',
      });
      return [[side(name, end), side(end.peer, back)]];
    }),
  );
  return { bridges, links };
}
