/** Which tunnel of a host is which of the inventory: hosts as values, and what becomes of their ports. */

import test from 'ava';
import type { DesiredHost, OtherTunnels, TunnelEnd, TunnelType } from '../../../src/deploy/desired/desired.js';
import { known } from '../../../src/deploy/facts/fact.js';
import type { PlanningFacts } from '../../../src/deploy/facts/host-facts.js';
import { parsePolicies } from '../../../src/deploy/facts/kernel.js';
import type { InterfaceFact } from '../../../src/deploy/facts/ovsdb.js';
import { portNames } from '../../../src/deploy/inventory/port-names.js';
import { goneTunnels, unknownTunnels } from '../../../src/deploy/plan/leftovers.js';
import { matched } from '../../../src/deploy/tunnels/matching.js';
import { marks } from '../../../src/deploy/tunnels/ownership.js';
import { guardCommand } from '../../../src/deploy/tunnels/packets.js';
import { capturedFacts, policyOf } from '../../support/host-answers.js';

/** A tunnel that is there: `tun gre .2 host_2 marked`; a host ends in the last number of its address. */
interface There {
  readonly port: string;
  readonly type?: TunnelType;
  readonly to: number;
  readonly options?: Readonly<Record<string, string>>;
  /** What it is marked with. */
  readonly peer?: string;
  readonly replaces?: string;
  readonly guarded?: true;
}

interface Wanted {
  readonly peer: string;
  readonly to: number;
  readonly type?: TunnelType;
  /** The operator has named it. */
  readonly port?: string;
  readonly method?: TunnelEnd['method'];
}

interface Case {
  readonly title: string;
  readonly there: readonly There[];
  readonly wanted: readonly Wanted[];
  readonly others?: Partial<OtherTunnels>;
  /** The port of each end, and the port whose place it takes. */
  readonly ports: readonly (string | readonly [port: string, before: string])[];
  readonly gone?: readonly string[];
  readonly unknown?: readonly string[];
}

const cases: readonly Case[] = [
  {
    title: 'a tunnel keeps its name when a third host makes another one the default',
    there: [{ port: 'tun', to: 2, peer: 'host_2' }],
    wanted: [
      { peer: 'host_2', to: 2 },
      { peer: 'host_3', to: 3 },
    ],
    ports: ['tun', 'tun_host_3'],
  },
  {
    title: 'so does one of an earlier version, which has no mark',
    there: [{ port: 'tun', to: 2, guarded: true }],
    wanted: [
      { peer: 'host_2', to: 2 },
      { peer: 'host_3', to: 3 },
    ],
    ports: ['tun', 'tun_host_3'],
  },
  {
    title: 'a name that the operator gives is taken',
    there: [{ port: 'tun', to: 2, peer: 'host_2' }],
    wanted: [{ peer: 'host_2', to: 2, port: 'mine' }],
    ports: [['mine', 'tun']],
  },
  {
    title: 'a second tunnel by connect does not take the port of the first',
    there: [{ port: 'tun', to: 2, peer: 'host_2' }],
    wanted: [{ peer: 'host_3', to: 3 }],
    ports: ['tun_host_3'],
    unknown: ['tun'],
  },
  {
    title: 'nor that of a tunnel by hand',
    there: [{ port: 'tun', to: 2 }],
    wanted: [{ peer: 'host_3', to: 3 }],
    ports: ['tun_host_3'],
    unknown: ['tun'],
  },
  {
    title: 'a tunnel by hand to the same peer is the tunnel, whatever its name',
    there: [{ port: 'vpn0', to: 2 }],
    wanted: [{ peer: 'host_2', to: 2 }],
    ports: ['vpn0'],
  },
  {
    title: 'a peer with another address is the same peer',
    there: [{ port: 'tun', to: 2, peer: 'host_2' }],
    wanted: [{ peer: 'host_2', to: 9 }],
    ports: ['tun'],
  },
  {
    title: 'a peer with another name has its tunnel renamed, which is rebuilt anyhow',
    there: [{ port: 'tun_host_2', to: 2, peer: 'host_2' }],
    wanted: [
      { peer: 'host_a', to: 2 },
      { peer: 'host_3', to: 3 },
    ],
    ports: [['tun_host_a', 'tun_host_2'], 'tun_host_3'],
  },
  {
    title: 'with a PSK another name costs nothing, and the port keeps its own',
    there: [{ port: 'tun_host_2', to: 2, peer: 'host_2', options: { psk: 'x' } }],
    wanted: [
      { peer: 'host_a', to: 2, method: 'psk' },
      { peer: 'host_3', to: 3, method: 'psk' },
    ],
    ports: ['tun_host_2', 'tun_host_3'],
  },
  {
    title: 'two peers that swap their addresses keep what leads to those',
    there: [
      { port: 'tun_host_2', to: 2, peer: 'host_2' },
      { port: 'tun_host_3', to: 3, peer: 'host_3' },
    ],
    wanted: [
      { peer: 'host_2', to: 3 },
      { peer: 'host_3', to: 2 },
    ],
    ports: ['tun_host_3', 'tun_host_2'],
  },
  {
    title: 'another type comes beside the old one',
    there: [{ port: 'tun', to: 2, peer: 'host_2' }],
    wanted: [{ peer: 'host_2', to: 2, type: 'geneve' }],
    ports: [['tun_host_2', 'tun']],
  },
  {
    title: 'another type under a name that is given takes the place at once',
    there: [{ port: 'mine', to: 2, peer: 'host_2' }],
    wanted: [{ peer: 'host_2', to: 2, type: 'geneve', port: 'mine' }],
    ports: [['mine', 'mine']],
  },
  {
    title: 'a change of type that was interrupted goes on',
    there: [
      { port: 'tun', to: 2, peer: 'host_2' },
      { port: 'tun_host_2', type: 'geneve', to: 2, peer: 'host_2', replaces: 'tun' },
    ],
    wanted: [{ peer: 'host_2', to: 2, type: 'geneve' }],
    ports: [['tun_host_2', 'tun']],
  },
  {
    title: 'one that was interrupted and is not wanted any more goes back',
    there: [
      { port: 'tun', to: 2, peer: 'host_2' },
      { port: 'tun_host_2', type: 'geneve', to: 2, peer: 'host_2', replaces: 'tun' },
    ],
    wanted: [{ peer: 'host_2', to: 2 }],
    ports: ['tun'],
    gone: ['tun_host_2'],
  },
  {
    title: 'a second tunnel of another type is no change of type',
    there: [{ port: 'tun', to: 2, peer: 'host_2' }],
    wanted: [
      { peer: 'host_2', to: 2 },
      { peer: 'host_2', to: 2, type: 'vxlan' },
    ],
    ports: ['tun', 'vxlan_host_2'],
  },
  {
    title: 'a tunnel of ours that nobody names stays and is told of',
    there: [
      { port: 'tun_host_2', to: 2, peer: 'host_2' },
      { port: 'tun_host_4', to: 4, peer: 'host_4' },
    ],
    wanted: [{ peer: 'host_2', to: 2 }],
    ports: ['tun_host_2'],
    unknown: ['tun_host_4'],
  },
  {
    title: 'it goes with --prune, and one by hand does not',
    there: [
      { port: 'tun_host_2', to: 2, peer: 'host_2' },
      { port: 'tun_host_4', to: 4, peer: 'host_4' },
      { port: 'tun_host_5', to: 5, guarded: true },
      { port: 'vpn0', to: 6 },
    ],
    wanted: [{ peer: 'host_2', to: 2 }],
    others: { prune: true },
    ports: ['tun_host_2'],
    gone: ['tun_host_4', 'tun_host_5'],
    unknown: ['vpn0'],
  },
  {
    title: 'a port that goes gives its name to a tunnel that the operator calls so, and to no other',
    there: [{ port: 'tun', to: 4, peer: 'host_4' }],
    wanted: [{ peer: 'host_2', to: 2 }],
    others: { prune: true },
    ports: ['tun_host_2'],
    gone: ['tun'],
  },
  {
    title: 'so it is with --port',
    there: [{ port: 'tun', to: 4, peer: 'host_4' }],
    wanted: [{ peer: 'host_2', to: 2, port: 'tun' }],
    others: { prune: true },
    ports: ['tun'],
  },
  {
    title: 'a host that the inventory names as removed loses its tunnel',
    there: [
      { port: 'tun_host_2', to: 2, peer: 'host_2' },
      { port: 'tun_host_4', to: 4, peer: 'host_4' },
      { port: 'tun_host_5', to: 5, peer: 'host_5' },
    ],
    wanted: [{ peer: 'host_2', to: 2 }],
    others: { removedPeers: ['host_4'] },
    ports: ['tun_host_2'],
    gone: ['tun_host_4'],
    unknown: ['tun_host_5'],
  },
];

for (const { title, there, wanted, others = {}, ports, gone = [], unknown = [] } of cases) {
  test(title, (t) => {
    const facts = factsWith(there);
    const desired = matched(hostWith(wanted, { removedPeers: [], prune: false, ...others }), facts);
    t.deepEqual(
      desired.ends.map(({ port, before }) => (before === undefined ? port : [port, before])),
      ports as unknown[] as string[],
    );
    t.deepEqual(
      goneTunnels({ desired, facts }).map(({ port }) => port),
      gone,
    );
    t.deepEqual(
      unknownTunnels({ desired, facts }).map(({ port }) => port),
      unknown,
    );
  });
}

function hostWith(wanted: readonly Wanted[], others: OtherTunnels): DesiredHost {
  const counts = (peer: string) => ({
    all: wanted.length,
    toPeer: wanted.filter((one) => one.peer === peer).length,
  });
  const ends = wanted.map(({ peer, to, type = 'gre', port, method = 'ca-signed' }): TunnelEnd => {
    const names = port === undefined ? portNames(peer, type, counts(peer)) : { port };
    const addresses = { localIp: '198.51.100.1', remoteIp: `198.51.100.${to}` };
    return {
      bridge: 'br-ipsec',
      type,
      method,
      peer,
      options: {},
      pskFile: undefined,
      initiates: true,
      ...addresses,
      ...names,
    };
  });
  return {
    ...{ name: 'host_1', target: { kind: 'ssh', destination: 'host_1' }, ikeDaemon: 'strongswan', places: {} },
    ...{ plaintext: '0/1', identity: undefined, ends, bridgeAddresses: {}, loopProtection: 'keep', others },
  };
}

function factsWith(there: readonly There[]): PlanningFacts {
  const facts = capturedFacts('strongswan-gre-ca-signed');
  if (facts.ovsdb.state !== 'known') throw new Error('the captured host has no database');
  const interfaces = there.map(({ port, type = 'gre', to, options = {}, peer, replaces }): InterfaceFact => {
    const { psk, ...rest } = options;
    const addresses = { remote_ip: `198.51.100.${to}`, local_ip: '198.51.100.1' };
    return {
      ...{ uuid: port, name: port, type, ofport: 1, error: undefined, bridge: 'br-ipsec', portUuid: port },
      options: { ...addresses, ...(psk === undefined ? { remote_name: `host_${to}` } : {}), ...rest },
      psk: psk === undefined ? undefined : { reveal: () => psk },
      mtuRequest: undefined,
      externalIds: {
        ...(peer === undefined ? {} : { [marks.peer]: peer }),
        ...(replaces === undefined ? {} : { [marks.replaces]: replaces }),
      },
    };
  });
  const policies = there
    .filter(({ guarded, peer }) => guarded === true || peer !== undefined)
    .map(({ type = 'gre', to }) => policyOf(guardCommand({ type, remoteIp: `198.51.100.${to}` })));
  return {
    ...facts,
    ovsdb: known({ ...facts.ovsdb.value, interfaces }),
    policies: known(parsePolicies(policies.join(''))),
  };
}
