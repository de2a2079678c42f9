/**
 * Rules about bridges that tunnels are on, and about options that get packets past IPsec.
 *
 * @module
 */

import { shellCommand } from '../../platform/quote.js';
import { addressFamily } from '../desired/address.js';
import type { NetworkDevice } from '../facts/host-facts.js';
import { lookup } from '../facts/lookup.js';
import { connectCommand, databaseOf, endRule, interfaceOf, type Rule } from './rule.js';

const standardPorts: Readonly<Record<string, string>> = { geneve: '6081', vxlan: '4789', stt: '7471' };
/** What the header of a tunnel bears: both ends must have the same. */
const agreed = ['key', 'in_key', 'out_key', 'exts', 'packet_type', 'seq', 'dst_port'];

export const bridgingRules: readonly Rule[] = [
  {
    id: 'tunnel-loop',
    severity: 'error',
    meaning:
      'Tunnels between learning bridges make a loop that neither split horizon nor RSTP breaks: broadcasts go round for ever.',
    find: (host) =>
      host.loops.map(({ bridge, ports, hosts }) => ({
        message: `${ports.join(', ')} of ${bridge} make a loop with the tunnels of ${hosts.join(', ')}: a broadcast goes round for ever`,
        cure: shellCommand`ovs-vsctl set Bridge ${bridge} rstp_enable=true`,
        at: 'host' as const,
      })),
  },
  endRule(
    {
      id: 'userspace-datapath',
      severity: 'error',
      meaning: "A tunnel is on a bridge with datapath_type=netdev: its packets do not come by the kernel's IPsec.",
    },
    (end, host) => {
      const bridge = interfaceOf(host, end)?.bridge;
      const fact = bridge === undefined ? undefined : databaseOf(host)?.bridgeRows.get(bridge);
      if (fact?.datapathType !== 'netdev') return undefined;
      return {
        message: `${end.port} is on ${bridge}, which has datapath_type=netdev: the kernel never encrypts its packets`,
        cure: shellCommand`ovs-vsctl set Bridge ${bridge} datapath_type=system`,
        at: 'host',
      };
    },
  ),
  endRule(
    {
      id: 'bridge-mtu-too-large',
      severity: 'warning',
      meaning:
        'With the header of the tunnel and ESP, the largest packets of a bridge do not fit the network: they are lost.',
    },
    ({ bridge, type, localIp }, { facts: { devices } }) => {
      const [network] = withAddress(devices, localIp);
      const [own] = named(devices, bridge);
      if (network === undefined || own === undefined) return undefined;
      const overhead = overheadOf(type, addressFamily(localIp) === 6);
      if (own.mtu + overhead <= network.mtu) return undefined;
      return {
        message: `packets of ${bridge} have up to ${own.mtu} bytes, and ${type} with ESP makes up to ${own.mtu + overhead} of them, more than the ${network.mtu} of ${network.name}: the largest are lost`,
        cure: shellCommand`ovs-vsctl set Interface ${bridge} mtu_request=${String(network.mtu - overhead)}`,
        at: 'host',
      };
    },
  ),
  endRule(
    {
      id: 'option-past-ipsec',
      severity: 'error',
      meaning:
        'A tunnel has dst_port or egress_pkt_mark: the policies of ovs-monitor-ipsec do not match its packets, which leave unencrypted.',
    },
    (end, host) => {
      const { type, options } = interfaceOf(host, end) ?? {};
      const past = ['dst_port', 'egress_pkt_mark'].filter(
        (name) =>
          options?.[name] !== undefined && !(name === 'dst_port' && options[name] === standardPorts[type ?? '']),
      );
      if (past.length === 0) return undefined;
      return {
        message: `${past.map((name) => `options:${name}=${options?.[name]}`).join(' and ')} of ${end.port}: no IPsec policy matches its packets, and they leave unencrypted`,
        cure: `ovs-vsctl ${past.map((name) => shellCommand`-- remove Interface ${end.port} options ${name}`).join(' ')}`,
        at: 'host',
      };
    },
  ),
  endRule(
    {
      id: 'tunnel-options-differ',
      severity: 'error',
      meaning:
        'The two ends of a tunnel have different keys or headers: ESP arrives, and no frame comes out of the tunnel.',
    },
    (end, host) => {
      const peer = host.peerOf(end);
      if (peer?.end === undefined) return undefined;
      const [own, other] = [interfaceOf(host, end)?.options, interfaceOf(peer.host, peer.end)?.options];
      if (own === undefined || other === undefined) return undefined;
      const differing = agreed.filter((name) => own[name] !== other[counterpart(name)]);
      if (differing.length === 0) return undefined;
      const says = (some: typeof own, names: readonly string[]): string =>
        names.map((name) => `options:${name}=${some[name] ?? '(none)'}`).join(', ');
      return {
        message: `the ends of ${end.port} differ: ${says(own, differing)} here, and ${says(other, differing.map(counterpart))} at ${peer.host.name}; no frame gets through`,
        cure: connectCommand(host, peer.host, end),
        at: 'here',
      };
    },
  ),
];

const withAddress = lookup<NetworkDevice>(({ addresses }) => addresses);
const named = lookup<NetworkDevice>(({ name }) => [name]);

/** Bytes: the frame in the tunnel with a VLAN, the tunnel's header, that of IP, and about 46 of ESP. */
function overheadOf(type: string, isIpv6: boolean): number {
  return 18 + (type === 'gre' ? 8 : 16) + (isIpv6 ? 40 : 20) + 46;
}

/** What one end sends the other receives. */
function counterpart(name: string): string {
  return name === 'in_key' ? 'out_key' : name === 'out_key' ? 'in_key' : name;
}
