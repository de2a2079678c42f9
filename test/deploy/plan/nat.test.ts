/** Hosts behind NAT: each end has the addresses that its own host knows, from the inventory to the other end. */

import test from 'ava';
import type { DesiredHost } from '../../../src/deploy/desired/desired.js';
import { known, knownValue } from '../../../src/deploy/facts/fact.js';
import type { IkeDaemonName } from '../../../src/deploy/ike/daemon.js';
import { expandInventory, parseInventory } from '../../../src/deploy/inventory/inventory.js';
import type { HostInput } from '../../../src/deploy/plan/input.js';
import { noLoops } from '../../../src/deploy/plan/loops.js';
import { tunnelActions } from '../../../src/deploy/plan/tunnels.js';
import { OvsPkiError } from '../../../src/errors.js';
import { capturedAt, capturedFacts } from '../../support/host-answers.js';

const facts = capturedFacts('strongswan-gre-ca-signed');

/** host_1 and host_2 behind NATs of their own, with the same network behind each; host_3 is in the open. */
const fleetOf = (more = '', daemon = 'strongswan'): readonly DesiredHost[] => {
  const text = `version: 1
defaults: {type: geneve}
hosts:
  host_1: {address: 10.0.0.5, peer_address: 203.0.113.7, ike_daemon: ${daemon}}
  host_2: {address: 10.0.0.5, peer_address: 203.0.113.8, ike_daemon: ${daemon}}
  host_3: {address: 198.51.100.9, ike_daemon: ${daemon}}
  host_4: {address: 198.51.100.10, ike_daemon: ${daemon}}
tunnels:
  - mesh: [host_1, host_2, host_3, host_4]
${more}`;
  return expandInventory(parseInventory(text, 'fleet.yaml'), { folder: '.' }).hosts;
};

test('an end starts from the address on its host and goes to the one that its peer is reached at', (t) => {
  const ways = fleetOf().flatMap(({ name, ends }) =>
    ends.map(({ peer, localIp, remoteIp, isTranslated }) =>
      [name, peer, localIp, remoteIp, isTranslated === true ? 'NAT' : 'open'].join(' '),
    ),
  );
  t.deepEqual(ways, [
    'host_1 host_2 10.0.0.5 203.0.113.8 NAT',
    'host_1 host_3 10.0.0.5 198.51.100.9 NAT',
    'host_1 host_4 10.0.0.5 198.51.100.10 NAT',
    'host_2 host_1 10.0.0.5 203.0.113.7 NAT',
    'host_2 host_3 10.0.0.5 198.51.100.9 NAT',
    'host_2 host_4 10.0.0.5 198.51.100.10 NAT',
    'host_3 host_1 198.51.100.9 203.0.113.7 NAT',
    'host_3 host_2 198.51.100.9 203.0.113.8 NAT',
    'host_3 host_4 198.51.100.9 198.51.100.10 open',
    'host_4 host_1 198.51.100.10 203.0.113.7 NAT',
    'host_4 host_2 198.51.100.10 203.0.113.8 NAT',
    'host_4 host_3 198.51.100.10 198.51.100.9 open',
  ]);
});

function optionsAt(desired: DesiredHost, ovsVersion: string | undefined): Record<string, Record<string, string>> {
  const database = knownValue(facts.ovsdb);
  if (database === undefined) throw new Error('the answer has no database');
  const input: HostInput = {
    desired,
    facts: { ...facts, ovsdb: known({ ...database, ovsVersion, interfaces: [] }) },
    ...{ identity: undefined, peers: new Map(), psks: new Map(), crls: [], revokedPeers: new Set() },
    ...{ notices: [], retired: [], watched: [], loops: noLoops, prove: true, now: capturedAt },
  };
  const ports = tunnelActions(input).flatMap((action) => (action.kind === 'port' ? [[action.peer, action.set]] : []));
  return Object.fromEntries(ports) as Record<string, Record<string, string>>;
}

const options: readonly (readonly [IkeDaemonName, string | undefined, Record<string, string>])[] = [
  ['strongswan', '3.1.0', { ipsec_forceencaps: 'yes' }],
  ['strongswan', '3.0.0', { ipsec_forceencaps: 'yes' }],
  ['libreswan', '3.5.0', { ipsec_encapsulation: 'yes' }],
  ['libreswan', '4.0.0', { ipsec_encapsulation: 'yes' }],
  ['strongswan', '2.17.9', {}],
  ['libreswan', undefined, {}],
];

for (const [daemon, version, set] of options) {
  test(`through NAT, ${daemon} under Open vSwitch ${version ?? 'of an unknown version'} is told ${JSON.stringify(set)}`, (t) => {
    const [, , open] = fleetOf('', daemon);
    if (open === undefined) throw new Error('the fleet has no host_3');
    const made = optionsAt(open, version);
    const common = { local_ip: '198.51.100.9' };
    t.deepEqual(made['host_1'], { ...set, ...common, remote_ip: '203.0.113.7', remote_name: 'host_1' });
    t.deepEqual(made['host_4'], { ...common, remote_ip: '198.51.100.10', remote_name: 'host_4' });
  });
}

test('what the inventory says of encapsulation itself holds', (t) => {
  const [first] = fleetOf('    options: {ipsec_forceencaps: "no"}\n');
  if (first === undefined) throw new Error('the fleet has no host_1');
  t.is(optionsAt(first, '3.1.0')['host_2']?.['ipsec_forceencaps'], 'no');
});

const pair = (one: string, other: string, more = ''): string =>
  `version: 1\nhosts:\n  a: {${one}}\n  b: {${other}}\ntunnels:\n  - between: [a, b]\n${more}`;

for (const [what, text, says] of [
  [
    'a pre-shared key',
    pair('address: 10.0.0.5, peer_address: 203.0.113.7', 'address: 198.51.100.9', '    auth: psk\n'),
    /pre-shared keys go by addresses, and those of a and b are translated/,
  ],
  [
    'the address of the peer as its own',
    pair('address: 10.0.0.5', 'address: 10.0.0.6, peer_address: 10.0.0.5'),
    /have the same address, 10\.0\.0\.5/,
  ],
  [
    'one public address for two hosts',
    pair('address: 10.0.0.5, peer_address: 203.0.113.7', 'address: 10.0.0.6, peer_address: 203.0.113.7'),
    /have the same address, 203\.0\.113\.7/,
  ],
  [
    'IPv6 outside and IPv4 inside',
    pair('address: 10.0.0.5, peer_address: "2001:db8::7"', 'address: 198.51.100.9', '    type: geneve\n'),
    /one end has an IPv4 and the other an IPv6 address: b 198\.51\.100\.9, a 2001:db8::7/,
  ],
  [
    'a name',
    pair('address: 10.0.0.5, peer_address: gateway', 'address: 198.51.100.9'),
    /hosts\.a\.peer_address: "gateway" is not an IPv4 or IPv6 address/,
  ],
] as const) {
  test(`through NAT no tunnel is made with ${what}`, (t) => {
    const error = t.throws(() => parseInventory(text, 'fleet.yaml'), { instanceOf: OvsPkiError });
    t.is(error.code, 'INVENTORY_INVALID');
    t.regex(error.message, says);
  });
}
