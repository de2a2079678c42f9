/** What is done against a loop where a host is not bare. */

import test from 'ava';
import type { LoopProtection, TunnelEnd } from '../../../src/deploy/desired/desired.js';
import { absent, known } from '../../../src/deploy/facts/fact.js';
import type { BridgeFact, InterfaceFact, OvsDatabase, PortFact } from '../../../src/deploy/facts/ovsdb.js';
import { type LoopHost, loopMark, loopsOf } from '../../../src/deploy/plan/loops.js';

type Pair = readonly [number, number];
const addressOf = (index: number): string => `10.0.0.${index}`;
const nameOf = (index: number): string => `host_${index}`;

function endOf(peer: number, self: number): TunnelEnd {
  return {
    ...{ bridge: 'br', port: `tun_${peer}`, type: 'gre', method: 'ca-signed', peer: nameOf(peer), options: {} },
    ...{ localIp: addressOf(self), remoteIp: addressOf(peer), pskFile: undefined, initiates: true },
  };
}

/** What is special about a host: its bridge, the tunnels that it has already, what else is on its bridge. */
interface Special {
  readonly bridge?: Partial<BridgeFact>;
  readonly has?: readonly number[];
  readonly port?: Partial<PortFact>;
  readonly more?: readonly Partial<InterfaceFact>[];
}

function fleetOf(
  pairs: readonly Pair[],
  special: Readonly<Record<number, Special>> = {},
  protection: LoopProtection = 'auto',
): LoopHost[] {
  return [...new Set(pairs.flat())]
    .sort((one, other) => one - other)
    .map((self) => {
      const peers = pairs.flatMap(([one, other]) => (one === self ? [other] : other === self ? [one] : []));
      const { bridge, has = [], port, more = [] } = special[self] ?? {};
      const row = { name: 'br', datapathType: '', stp: false, rstp: false, failMode: undefined, hasController: false };
      const interfaces = [
        ...has.map((peer) => ({
          name: `tun_${peer}`,
          type: 'gre',
          options: { remote_ip: addressOf(peer) },
          bridge: 'br',
        })),
        ...more,
      ];
      const ports = interfaces.map(({ name = '' }) => ({
        ...{
          uuid: name,
          name,
          bridge: 'br',
          interfaces: [name],
          tag: undefined,
          protected: false,
          isFakeBridge: false,
        },
        ...{ otherConfig: {}, externalIds: {}, ...port },
      }));
      const database = {
        ...{ ovsVersion: '3.1.0', otherConfig: {}, externalIds: {}, bridges: ['br'], ports, interfaces },
        bridgeRows: new Map([['br', { ...row, otherConfig: {}, externalIds: {}, ...bridge }]]),
      } as unknown as OvsDatabase;
      const facts = { ovsdb: known(database), addresses: known([addressOf(self)]) };
      return { name: nameOf(self), ends: peers.map((peer) => endOf(peer, self)), protection, facts };
    });
}

const triangle: readonly Pair[] = [
  [1, 2],
  [2, 3],
  [1, 3],
];
const square: readonly Pair[] = [
  [1, 2],
  [2, 3],
  [3, 4],
  [1, 4],
];
const ring = (count: number): Pair[] =>
  Array.from({ length: count }, (_, index) => [index + 1, ((index + 1) % count) + 1]);
const twoMeshes: readonly Pair[] = [...triangle, [3, 4], [4, 5], [3, 5]];
const secure = { bridge: { failMode: 'secure' } };
const all = (count: number, item: Special) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [i + 1, item]));

/** Host by host: the roles of its ports, whether RSTP is set, `!` for an obstacle and `?` for a warning. */
function told(hosts: readonly LoopHost[]): string {
  return [...loopsOf(hosts)]
    .map(([, { roles, rstp, obstacles, warnings }]) => {
      const short = [...roles.values()].map((role) => role.slice(0, 1)).join('');
      const spanning = [...rstp.values()]
        .map(({ enable, priority }) => (enable ? (priority ? 'R' : 'r') : '-'))
        .join('');
      return `${short}${spanning}${'!'.repeat(obstacles.length)}${'?'.repeat(warnings.length)}`;
    })
    .join(' ');
}

const cases: readonly (readonly [what: string, hosts: readonly LoopHost[], expected: string])[] = [
  ['a pair has no loop', fleetOf([[1, 2]]), 'n- n-'],
  [
    'a hub forwards between its spokes',
    fleetOf([
      [1, 2],
      [1, 3],
      [1, 4],
    ]),
    'nnn- n- n- n-',
  ],
  ['a mesh splits the horizon', fleetOf(triangle), 'ss- ss- ss-'],
  ['a hub that is in a mesh forwards to its spoke', fleetOf([...triangle, [1, 4]]), 'ssn- ss- ss- n-'],
  ['a square needs RSTP, and one root', fleetOf(square), 'rrR rrr rrr rrr'],
  ['two meshes that share a host need RSTP, and it is the root', fleetOf(twoMeshes), 'rrr rrr rrrrR rrr rrr'],
  ['a mesh gets RSTP where that is asked for', fleetOf(triangle, {}, 'rstp'), 'rrR rrr rrr'],
  ['what is to be kept is kept, and it is told', fleetOf(triangle, {}, 'keep'), '? ? ?'],
  ["an operator's RSTP is enough", fleetOf(square, all(4, { bridge: { rstp: true } })), '   '],
  ["an operator's STP is enough", fleetOf(triangle, all(3, { bridge: { stp: true } })), '  '],
  ['RSTP at one host is asked of all', fleetOf(triangle, { 2: { bridge: { rstp: true } } }), 'rrR rrr rrr'],
  ['STP at one host is refused', fleetOf(triangle, { 2: { bridge: { stp: true } } }), '! ! !'],
  ['a secure bridge in a mesh is left alone', fleetOf(triangle, { 2: secure }), 'ss- nn? ss-'],
  ['a secure bridge in a square is refused', fleetOf(square, { 2: secure }), '! ! ! !'],
  ['so is a controller', fleetOf(square, { 2: { bridge: { hasController: true } } }), '! ! ! !'],
  [
    'what is there already is warned of',
    fleetOf(square, { 1: { ...secure, has: [2, 4] }, 2: { has: [1, 3] }, 3: { has: [2, 4] }, 4: { has: [1, 3] } }),
    '? ? ? ?',
  ],
  ['a tunnel by way of a stranger is refused', fleetOf([[1, 2]], { 1: { has: [3] }, 2: { has: [3] } }), '! !'],
  [
    'but not in a mesh of ours',
    fleetOf([[1, 2]], { 1: { has: [3], port: { protected: true } }, 2: { has: [3], port: { protected: true } } }),
    'ss- ss-',
  ],
  ['a ring of 36 hosts is the longest for RSTP', fleetOf(ring(36)).slice(0, 36), `rrR${' rrr'.repeat(35)}`],
  ['one of 38 is refused', fleetOf(ring(38)), Array.from({ length: 38 }, () => '!').join(' ')],
  [
    'an old Open vSwitch has RSTP only',
    fleetOf(triangle, { 1: { has: [2], port: { protected: undefined } as never } }),
    'rrR rrr rrr',
  ],
  [
    'a bond cannot run RSTP',
    fleetOf(square, { 1: { has: [2, 4], port: { name: 'bond', interfaces: ['tun_2', 'tun_4'] } } }),
    '! ! ! !',
  ],
  [
    'a tunnel by hand beside ours makes a loop',
    fleetOf([[1, 2]], {
      1: { more: [{ name: 'gen', type: 'geneve', options: { remote_ip: addressOf(2) }, bridge: 'br' }] },
      2: { more: [{ name: 'gen', type: 'geneve', options: { remote_ip: addressOf(1) }, bridge: 'br' }] },
    }),
    'rrR rrr',
  ],
  [
    'a tunnel that OpenFlow directs is none',
    fleetOf([[1, 2]], { 1: { more: [{ name: 'f', type: 'geneve', options: { remote_ip: 'flow' }, bridge: 'br' }] } }),
    'n- n-',
  ],
  [
    'what was set is taken back where there is no loop',
    fleetOf([[1, 2]], { 1: { bridge: { rstp: true, externalIds: { [loopMark]: 'rstp' } } } }),
    'n- n-',
  ],
  [
    'but not where a stranger may be part of one',
    fleetOf([[1, 2]], { 1: { has: [7], bridge: { rstp: true, externalIds: { [loopMark]: 'rstp' } } } }),
    ' ',
  ],
];

for (const [what, hosts, expected] of cases) {
  test(what, (t) => {
    t.is(told(hosts), expected);
    for (const { obstacles, warnings } of loopsOf(hosts).values()) {
      for (const text of [...warnings, ...obstacles.flatMap(({ message, hint }) => [message, hint])]) {
        t.notRegex(text, /undefined|\[object|\t/);
      }
    }
  });
}

test('a mesh of 200 hosts takes no time', (t) => {
  const pairs = Array.from({ length: 200 }, (_, i) =>
    Array.from({ length: i }, (_other, j): Pair => [j + 1, i + 1]),
  ).flat();
  const hosts = fleetOf(pairs).map((host) => ({ ...host, facts: { ...host.facts, addresses: absent('') } as never }));
  t.true(
    [...loopsOf(hosts).values()].every(({ roles }) => [...roles.values()].every((role) => role === 'split-horizon')),
  );
});
