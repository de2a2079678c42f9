/**
 * What stands against a plan because of what others have made on a host, and what there is to say about it.
 *
 * @module
 */

import { shellCommand } from '../../platform/quote.js';
import type { TunnelEnd } from '../desired/desired.js';
import { knownValue } from '../facts/fact.js';
import type { InterfaceFact, OvsDatabase } from '../facts/ovsdb.js';
import type { Obstacle } from './action.js';
import type { HostInput } from './input.js';

export function strangerObstacles(input: HostInput): Obstacle[] {
  const database = knownValue(input.facts.ovsdb);
  if (database === undefined) return [];
  return [
    ...sameWay(input, database),
    ...vlanBridges(input, database),
    ...takenNames(input, database),
    ...userspaceBridges(input, database),
  ];
}

export function strangerWarnings(input: HostInput): string[] {
  return [...chassisName(input), ...plaintextWarnings(input)];
}

/** Tunnels without IPsec that the host has, or that OVN makes there. */
export function unencryptedTunnels({ desired, facts }: Pick<HostInput, 'desired' | 'facts'>): string[] {
  const database = knownValue(facts.ovsdb);
  const found = (database?.interfaces ?? []).filter(
    ({ name, type, options, psk }) =>
      markedTypes.test(type) &&
      psk === undefined &&
      options['remote_name'] === undefined &&
      options['remote_cert'] === undefined &&
      !desired.ends.some(({ port }) => port === name),
  );
  const ofOvn = found.length === 0 && database?.externalIds['ovn-encap-type'] !== undefined;
  return ofOvn ? ['those that OVN makes'] : found.map(({ name }) => name);
}

/** What `ipsec_skb_mark` stops: all that is GRE, or UDP from a port of geneve or vxlan, or TCP of stt. */
const markedTypes = /^(gre|ip6gre|erspan|ip6erspan|geneve|vxlan|stt)$/;

/**
 * `ipsec_skb_mark` that is to be set. Where nobody has named it, and it would cut tunnels that are not ours, it stays as
 * it is: our own drop policies stand for each tunnel of the inventory.
 */
export function markFor(input: Pick<HostInput, 'desired' | 'facts'>): string | undefined {
  const { plaintext, isPlaintextNamed } = input.desired;
  const now = knownValue(input.facts.ovsdb)?.otherConfig['ipsec_skb_mark'];
  if (plaintext === 'keep') return now;
  if (plaintext === '0/1' && isPlaintextNamed !== true && unencryptedTunnels(input).length > 0) return now;
  return plaintext === 'none' ? undefined : plaintext;
}

function plaintextWarnings(input: HostInput): string[] {
  const { name, plaintext } = input.desired;
  const plain = unencryptedTunnels(input).join(', ');
  const now = knownValue(input.facts.ovsdb)?.otherConfig['ipsec_skb_mark'];
  if (plaintext !== '0/1' || plain === '' || now === '0/1') return [];
  if (markFor(input) === '0/1')
    return [`${name}: ipsec_skb_mark=0/1 stops the unencrypted tunnels of this host: ${plain}`];
  return [
    `${name}: ipsec_skb_mark is left as it is, since 0/1 would stop unencrypted tunnels that are not ours: ${plain}. Each tunnel of the inventory has a drop policy of its own; to stop those too: plaintext: drop-unencrypted`,
  ];
}

/** Open vSwitch makes no second tunnel of one type, addresses and key: the datapath says "File exists". */
function sameWay({ desired }: HostInput, { interfaces }: OvsDatabase): Obstacle[] {
  const named = new Set(desired.ends.flatMap(({ port, before }) => [port, before]));
  return desired.ends.flatMap((end) => {
    if (interfaces.some(({ name }) => name === end.port)) return [];
    const other = interfaces.find((item) => !named.has(item.name) && !isOurs(item) && leadsLike(item, end));
    if (other === undefined) return [];
    const at = `on ${desired.target.destination}`;
    const takeOver = `let it be that tunnel: port: ${other.name} and bridge: ${other.bridge} in the inventory`;
    return [
      unfit(
        `${desired.name}: ${other.name} of ${other.bridge} is a ${end.type} tunnel to ${end.remoteIp} already; Open vSwitch makes no second one beside it`,
        `${takeOver}; or take it away: ${shellCommand`ovs-vsctl del-port ${other.name}`}, ${at}`,
      ),
    ];
  });
}

function isOurs({ externalIds }: InterfaceFact): boolean {
  return Object.keys(externalIds).some((key) => key.startsWith('ovs-pki-ts'));
}

function leadsLike({ type, options }: InterfaceFact, end: TunnelEnd): boolean {
  const keyOf = (some: Readonly<Record<string, string>>): string => some['in_key'] ?? some['key'] ?? '0';
  const local = options['local_ip'];
  return (
    type === end.type &&
    options['remote_ip'] === end.remoteIp &&
    (local === undefined || local === end.localIp) &&
    keyOf(options) === keyOf(end.options)
  );
}

/** `ovs-vsctl add-br NAME PARENT VLAN` makes a port of its parent that is called a bridge, and no row of Bridge. */
function vlanBridges({ desired }: HostInput, { ports }: OvsDatabase): Obstacle[] {
  return wantedBridges(desired.ends).flatMap((bridge) => {
    const fake = ports.find(({ name, isFakeBridge }) => isFakeBridge && name === bridge);
    if (fake === undefined) return [];
    return [
      unfit(
        `${desired.name}: ${bridge} is a VLAN bridge, a port of ${fake.bridge} with the tag ${fake.tag}`,
        `name its parent: bridge: ${fake.bridge}, or another bridge`,
      ),
    ];
  });
}

/**
 * Ports have a name once in a database, and so have interfaces: a bridge has a port and an interface of its name, and a bond
 * is a port without an interface of its name.
 */
function takenNames({ desired }: HostInput, { bridges, ports, interfaces }: OvsDatabase): Obstacle[] {
  const inTheWay = wantedBridges(desired.ends)
    .filter((name) => !bridges.includes(name))
    .flatMap((name) => {
      const port = ports.find((item) => item.name === name || item.interfaces.includes(name));
      if (port === undefined || port.isFakeBridge) return [];
      const of = `${port.name === name ? 'a port' : `a link of the bond ${port.name}`} of ${port.bridge}`;
      return [unfit(`${desired.name}: ${name} is ${of}, and no bridge`, `name a bridge: bridge: ${port.bridge}`)];
    });
  const bonds = desired.ends.flatMap(({ port: name }) => {
    const bond = ports.find((item) => item.name === name && !item.isFakeBridge);
    if (bond === undefined || bridges.includes(name) || interfaces.some((item) => item.name === name)) return [];
    return [
      unfit(
        `${desired.name}: the port ${name} is a bond of ${bond.interfaces.join(' and ')}, on the bridge ${bond.bridge}`,
        'choose another name for the port: --port NAME, or "port" in the inventory',
      ),
    ];
  });
  return [...inTheWay, ...bonds];
}

/** Packets of the userspace datapath do not pass the IPsec of the kernel. */
function userspaceBridges({ desired }: HostInput, { bridgeRows }: OvsDatabase): Obstacle[] {
  return wantedBridges(desired.ends)
    .filter((bridge) => bridgeRows.get(bridge)?.datapathType === 'netdev')
    .map((bridge) =>
      unfit(
        `${desired.name}: ${bridge} has datapath_type=netdev (userspace, DPDK), and its tunnels never come by the kernel's IPsec`,
        `name a bridge with the datapath of the kernel, or change it: ovs-vsctl set Bridge ${bridge} datapath_type=system, on ${desired.target.destination}`,
      ),
    );
}

function wantedBridges(ends: readonly TunnelEnd[]): string[] {
  return [...new Set(ends.map(({ bridge }) => bridge))];
}

/** OVN compares the name in a certificate with the system-id of the chassis. */
function chassisName({ desired, facts }: HostInput): string[] {
  const { 'system-id': systemId, 'ovn-remote': remote } = knownValue(facts.ovsdb)?.externalIds ?? {};
  if (desired.identity === undefined || remote === undefined || systemId === undefined) return [];
  if (systemId === desired.name) return [];
  return [
    `${desired.name}: this is an OVN chassis with the system-id ${systemId}, and OVN's tunnels need a certificate for that name; call the host ${systemId} in the inventory, with ssh: ${desired.target.destination}`,
  ];
}

function unfit(message: string, hint: string): Obstacle {
  return { code: 'HOST_UNFIT', message, hint };
}
