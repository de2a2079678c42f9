/** What others have on a host, and what a plan makes of it. */

import test from 'ava';
import type { DesiredHost, PlaintextPolicy, TunnelEnd } from '../../../src/deploy/desired/desired.js';
import { known } from '../../../src/deploy/facts/fact.js';
import type { PlanningFacts } from '../../../src/deploy/facts/host-facts.js';
import type { BridgeFact, InterfaceFact, OvsDatabase, PortFact } from '../../../src/deploy/facts/ovsdb.js';
import type { HostInput } from '../../../src/deploy/plan/input.js';
import { planHost } from '../../../src/deploy/plan/plan.js';
import { capturedFacts } from '../../support/host-answers.js';
import { nothingElse } from '../../support/host-model.js';

const end: TunnelEnd = {
  ...{ bridge: 'br', port: 'tun', type: 'gre', method: 'psk', localIp: '1.1.1.1', remoteIp: '2.2.2.2', peer: 'host_2' },
  ...{ options: {}, pskFile: undefined, initiates: true },
};

interface Found {
  readonly interfaces?: readonly Partial<InterfaceFact>[];
  readonly ports?: readonly Partial<PortFact>[];
  readonly bridge?: Partial<BridgeFact>;
  readonly externalIds?: Readonly<Record<string, string>>;
  readonly mark?: string;
  readonly ends?: readonly TunnelEnd[];
  readonly plaintext?: PlaintextPolicy;
  readonly isPlaintextNamed?: boolean;
  readonly identity?: DesiredHost['identity'];
  readonly more?: Partial<PlanningFacts>;
}

function inputOf(found: Found): HostInput {
  const { interfaces = [], ports = [], bridge = {}, externalIds = {}, mark, ends = [end], more = {} } = found;
  const database = {
    ...{ ovsVersion: '3.1.0', externalIds, bridges: ['br'], ports },
    otherConfig: mark === undefined ? {} : { ipsec_skb_mark: mark },
    bridgeRows: new Map([['br', { name: 'br', otherConfig: {}, externalIds: {}, ...bridge }]]),
    interfaces: interfaces.map((item) => ({ options: {}, externalIds: {}, bridge: 'br', psk: undefined, ...item })),
  } as unknown as OvsDatabase;
  const desired: DesiredHost = {
    ...{ name: 'host_1', target: { kind: 'ssh', destination: 'root@host_1' }, ikeDaemon: 'auto', places: {}, ends },
    ...{ plaintext: found.plaintext ?? '0/1', isPlaintextNamed: found.isPlaintextNamed === true },
    ...{ loopProtection: 'auto', identity: found.identity, bridgeAddresses: {} },
  };
  const facts = { ...capturedFacts('strongswan-gre-ca-signed'), ovsdb: known(database), ...more };
  return {
    ...{ desired, facts, identity: undefined, peers: new Map(), psks: new Map(), ...nothingElse },
    ...{ prove: true, now: new Date() },
  };
}

const vlanPort = { name: 'br-vlan', bridge: 'br', interfaces: ['br-vlan'], isFakeBridge: true };
const psk = { reveal: () => 'secret-of-the-tunnel' };
const gre = (name: string, options: Readonly<Record<string, string>>): Partial<InterfaceFact> => ({
  name,
  type: 'gre',
  options,
});
const identity = { method: 'ca-signed', type: 'switch', days: 1, keySpec: { type: 'rsa', bits: 2048 } } as const;

const obstacles: readonly (readonly [what: string, found: Found, message: RegExp | undefined])[] = [
  [
    'a tunnel by hand to the same address',
    { interfaces: [gre('gre0', { remote_ip: '2.2.2.2' })] },
    /gre0 of br is a gre tunnel to 2\.2\.2\.2 already/,
  ],
  ['one from the same address', { interfaces: [gre('gre0', { remote_ip: '2.2.2.2', local_ip: '1.1.1.1' })] }, /gre0/],
  ['one from another address', { interfaces: [gre('gre0', { remote_ip: '2.2.2.2', local_ip: '9.9.9.9' })] }, undefined],
  ['one with another key', { interfaces: [gre('gre0', { remote_ip: '2.2.2.2', key: '7' })] }, undefined],
  ['one of another type', { interfaces: [{ ...gre('v', { remote_ip: '2.2.2.2' }), type: 'vxlan' }] }, undefined],
  [
    'one of ours',
    { interfaces: [{ ...gre('old', { remote_ip: '2.2.2.2' }), externalIds: { 'ovs-pki-ts': 'x' } }] },
    undefined,
  ],
  [
    'a VLAN bridge',
    { ends: [{ ...end, bridge: 'br-vlan' }], ports: [{ ...vlanPort, tag: 100 }] },
    /br-vlan is a VLAN bridge, a port of br with the tag 100/,
  ],
  ['the userspace datapath', { bridge: { datapathType: 'netdev' } }, /datapath_type=netdev/],
  [
    'connections of the operator, and no ovs-monitor-ipsec',
    { more: { monitor: { state: 'absent', reason: '' }, ownConnections: ['office'] } },
    /overwrites \/etc\/ipsec\.conf, .*: office/,
  ],
  ['the same while it runs: the file is its own', { more: { ownConnections: ['office'] } }, undefined],
  [
    'several of them, where the IKE daemon does not run either',
    {
      more: {
        monitor: { state: 'absent', reason: '' },
        ike: { state: 'absent', reason: 'stopped' },
        ownConnections: ['office', 'vxlan-output'],
      },
    },
    /overwrites \/etc\/ipsec\.conf, .*: office, vxlan-output/,
  ],
];

for (const [what, found, message] of obstacles) {
  test(`${what} ${message === undefined ? 'is no obstacle' : 'is an obstacle, with a hint'}`, (t) => {
    const plan = planHost(inputOf(found));
    const [told] = plan.obstacles.filter((item) => message?.test(item.message));
    t.is(told === undefined, message === undefined, JSON.stringify(plan.obstacles));
    if (message === undefined) t.deepEqual(plan.obstacles, []);
    else t.true((told?.hint.length ?? 0) > 10 && plan.actions.length === 0);
  });
}

const plain: Partial<InterfaceFact> = { name: 'ovn-1', type: 'geneve', options: { remote_ip: '3.3.3.3', key: 'flow' } };
const marks: readonly (readonly [what: string, found: Found, to: string | undefined, warning: RegExp | undefined])[] = [
  ['alone, a host gets the mark', {}, '0/1', undefined],
  ['an unencrypted tunnel of others keeps the mark away', { interfaces: [plain] }, undefined, /left as it is.*ovn-1/],
  ['also where there is no tunnel of ours', { interfaces: [plain], ends: [] }, undefined, /ovn-1/],
  ['so do those that OVN will make', { externalIds: { 'ovn-encap-type': 'geneve' }, ends: [] }, undefined, /OVN makes/],
  ['GRE of another type is stopped too', { interfaces: [{ ...plain, type: 'erspan' }] }, undefined, /ovn-1/],
  ['a bond or a patch port is none', { interfaces: [{ name: 'p', type: 'patch' }] }, '0/1', undefined],
  [
    'who names the policy gets it, with a warning',
    { interfaces: [plain], isPlaintextNamed: true },
    '0/1',
    /stops the unencrypted tunnels of this host: ovn-1/,
  ],
  ['an encrypted tunnel is no reason', { interfaces: [{ ...plain, psk }] }, '0/1', undefined],
  ['what is set already stays', { interfaces: [plain], mark: '0/1' }, undefined, undefined],
];

for (const [what, found, to, warning] of marks) {
  test(`ipsec_skb_mark: ${what}`, (t) => {
    const { actions, warnings } = planHost(inputOf(found));
    t.is(actions.flatMap((action) => (action.kind === 'plaintext' ? [action.to] : []))[0], to);
    const told = warnings.filter((text) => /ipsec_skb_mark/.test(text));
    t.is(told.length, warning === undefined ? 0 : 1, told.join());
    if (warning !== undefined) t.regex(told[0] ?? '', warning);
    const guards = actions.filter(({ kind }) => kind === 'guard');
    t.is(guards.length, (found.ends ?? [end]).length, 'each tunnel of ours has a drop policy whatever the mark is');
  });
}

for (const option of ['dst_port', 'egress_pkt_mark', 'key', 'in_key', 'exts', 'remote_cert', 'ipsec_leftupdown']) {
  test(`options:${option} of an existing port goes, for the inventory does not have it`, (t) => {
    const options = { remote_ip: '2.2.2.2', local_ip: '1.1.1.1', ttl: '9', [option]: '4790' };
    const { actions } = planHost(inputOf({ interfaces: [{ ...gre('tun', options), psk }] }));
    const [port] = actions.filter((action) => action.kind === 'port');
    t.deepEqual(port?.kind === 'port' && port.remove, [option]);
  });
}

test('an OVN chassis is told that its certificate needs its system-id', (t) => {
  const externalIds = { 'system-id': 'chassis-2', 'ovn-remote': 'ssl:192.0.2.1:6642' };
  const told = planHost(inputOf({ externalIds, identity, ends: [] })).warnings.join('\n');
  t.regex(told, /system-id chassis-2/);
});
