/**
 * What the hosts of a tunnel, and the tunnels of a host, have to agree on.
 *
 * @module
 */

import { addressFamily } from '../desired/address.js';
import type { DesiredHost, TunnelEnd } from '../desired/desired.js';
import { daemonNamed, ikeDaemons } from '../ike/daemons.js';
import { type Fault, formatPath } from './fault.js';
import type { Link } from './links.js';
import { addressOf, bridgeOf, type Half, hostOf, isTranslated, optionSources, peerAddressOf } from './lookup.js';
import type { Inventory } from './schema.js';
import { optionFaults, optionText } from './tunnel-options.js';

export function addressFaults(inventory: Inventory, halves: ReadonlyMap<string, readonly Half[]>): Fault[] {
  return [...halves].flatMap(([name, [first]]) =>
    first === undefined || addressOf(inventory, name) !== undefined
      ? []
      : [{ path: ['hosts', name], message: `needs an address, for it is in ${formatPath(first.link.path)}` }],
  );
}

/** Two names for one machine would take turns: each run gives it the identity of the other. */
export function destinationFaults(inventory: Inventory): Fault[] {
  const seen = new Map<string, string>();
  return Object.keys(inventory.hosts).flatMap((name): Fault[] => {
    const destination = hostOf(inventory, name).ssh ?? name;
    const other = seen.get(destination);
    seen.set(destination, other ?? name);
    if (other === undefined) return [];
    const path = hostOf(inventory, name).ssh === undefined ? ['hosts', name] : ['hosts', name, 'ssh'];
    return [{ path, message: `${destination} is ${other} already; one machine has one name and one identity` }];
  });
}

/** What two hosts of a tunnel have to agree on. */
export function linkFaults(inventory: Inventory, { hosts: [one, other], path, type, method }: Link): Fault[] {
  const faults: Fault[] = [];
  const way = wayFault(inventory, one, other) ?? wayFault(inventory, other, one);
  const address = addressOf(inventory, one);
  if (way !== undefined) faults.push({ path, message: way });
  else if (type === 'gre' && address !== undefined && addressFamily(address) === 6) {
    // Over IPv6 it is a type of its own, ip6gre, which ovs-monitor-ipsec does not know.
    faults.push({ path, message: `gre goes over IPv4 only, and ${one} has ${address}: take geneve or vxlan` });
  }
  if (method === 'psk' && (isTranslated(inventory, one) || isTranslated(inventory, other))) {
    // Without certificates the IKE daemons take each other by their addresses.
    const message = `pre-shared keys go by addresses, and those of ${one} and ${other} are translated (peer_address): take certificates`;
    faults.push({ path, message });
  }
  const inner = hostOf(inventory, one).bridge_address?.split('/')[0];
  if (inner !== undefined && inner === hostOf(inventory, other).bridge_address?.split('/')[0]) {
    faults.push({ path: ['hosts', other, 'bridge_address'], message: `${inner} is the bridge address of ${one} too` });
  }
  return faults;
}

/** What is wrong with the addresses of one direction. */
function wayFault(inventory: Inventory, one: string, other: string): string | undefined {
  const [address, far] = [addressOf(inventory, one), peerAddressOf(inventory, other)];
  if (address === undefined || far === undefined) return undefined;
  if (address === far || peerAddressOf(inventory, one) === far)
    return `${one} and ${other} have the same address, ${far}`;
  return addressFamily(address) === addressFamily(far)
    ? undefined
    : `one end has an IPv4 and the other an IPv6 address: ${one} ${address}, ${other} ${far}`;
}

export function hostFaults(inventory: Inventory, host: DesiredHost, halves: readonly Half[]): Fault[] {
  return [
    ...methodFaults(host.name, halves),
    ...repeatFaults(inventory, halves),
    ...portFaults(inventory, host, halves),
    ...identityFaults(inventory, host),
    ...lifeFaults(inventory, host),
    ...bridgeFaults(inventory, host),
    ...halves.flatMap((half) => halfFaults(inventory, host, half)),
  ];
}

function methodFaults(name: string, halves: readonly Half[]): Fault[] {
  const [first] = halves;
  return halves.flatMap(({ link }) => {
    if (first === undefined || link.method === first.link.method) return [];
    const both = `${name} has ${first.link.method} (${formatPath(first.link.path)}) and ${link.method} tunnels`;
    const why = [first.link.method, link.method].includes('psk')
      ? 'Open vSwitch refuses pre-shared keys on a host that has a certificate, and sends such a tunnel unencrypted'
      : 'a host has one certificate, and it is either self-signed or signed by the CA';
    return [{ path: link.path, message: `${both}, and ${why}` }];
  });
}

/** The kernel's policies know a tunnel by its type and its addresses, and pre-shared keys are kept by address. */
function repeatFaults(inventory: Inventory, halves: readonly Half[]): Fault[] {
  const seen = new Map<string, Half>();
  return halves.flatMap((half): Fault[] => {
    const { host, peer, link } = half;
    const remote = peerAddressOf(inventory, peer) ?? peer;
    const before = seen.get(`${link.type} ${remote}`);
    const sameKeys = seen.get(`psk ${remote}`);
    seen.set(`${link.type} ${remote}`, half);
    if (link.method === 'psk') seen.set(`psk ${remote}`, half);
    // Where both ends would say the same, one does.
    const isSaid = (other: Half | undefined): boolean => other?.peer === peer && link.hosts[0] !== host;
    if (before !== undefined) {
      if (isSaid(before)) return [];
      const message = `${host} has a ${link.type} tunnel to ${remote} (${before.peer}) already, in ${formatPath(before.link.path)}`;
      return [{ path: link.path, message }];
    }
    const { psk_file: file } = link.entry;
    if (link.method !== 'psk' || sameKeys === undefined || isSaid(sameKeys)) return [];
    if (file !== undefined && sameKeys.link.entry.psk_file === file) return [];
    const message = `${host} and ${peer} have one pre-shared key for all tunnels: name the same psk_file here and in ${formatPath(sameKeys.link.path)}`;
    return [{ path: link.path, message }];
  });
}

function portFaults(inventory: Inventory, { name, ends }: DesiredHost, halves: readonly Half[]): Fault[] {
  const bridges = new Set([...ends.map(({ bridge }) => bridge), bridgeOf(inventory, name)]);
  const taken = new Map<string, TunnelEnd>();
  return ends.flatMap((end): Fault[] => {
    const before = taken.get(end.port);
    taken.set(end.port, end);
    const isRepeat = before?.peer === end.peer && before.type === end.type;
    if (isRepeat || (before === undefined && !bridges.has(end.port))) return [];
    const path = halves.find(({ peer, link }) => peer === end.peer && link.type === end.type)?.link.path ?? [];
    const what = before === undefined ? 'a bridge' : `the port of its tunnel to ${before.peer}`;
    return [{ path, message: `${end.port} on ${name} is ${what} already; give port another name` }];
  });
}

function identityFaults(inventory: Inventory, { name, identity, ikeDaemon }: DesiredHost): Fault[] {
  if (identity?.keySpec.type !== 'ec' || daemonNamed(ikeDaemon)?.readsEcKeys === true) return [];
  const path = hostOf(inventory, name).key === undefined ? ['defaults', 'key'] : ['hosts', name, 'key'];
  const [able, unable] = [true, false].map((reads) => ikeDaemons.filter(({ readsEcKeys }) => readsEcKeys === reads));
  const names = able?.map((daemon) => daemon.name).join(' or ');
  const labels = unable?.map(({ label }) => label).join(' and ');
  const message = `${labels} reads only RSA keys from ovs-monitor-ipsec; EC keys need ike_daemon: ${names} at ${name}`;
  return [{ path, message }];
}

function lifeFaults(inventory: Inventory, { name, identity }: DesiredHost): Fault[] {
  const own = hostOf(inventory, name);
  const places = [
    { from: own, path: ['hosts', name, 'valid_for'] },
    { from: inventory.defaults, path: ['defaults', 'valid_for'] },
  ];
  const [said] = places.filter(({ from }) => from?.valid_for !== undefined || from?.days !== undefined);
  if (said?.from?.valid_for === undefined || identity === undefined) return [];
  const { path } = said;
  if (said.from.days !== undefined) return [{ path, message: 'and days say the same thing: take one of them' }];
  if (identity.method === 'ca-signed' || Number.isInteger(identity.days)) return [];
  return [{ path, message: `must be whole days for ${name}, which signs its own certificate with openssl` }];
}

function bridgeFaults(inventory: Inventory, host: DesiredHost): Fault[] {
  const path = ['hosts', host.name, 'bridge_address'];
  return Object.entries(host.bridgeAddresses).flatMap(([bridge, address]): Fault[] => {
    if (address.split('/')[0] === addressOf(inventory, host.name)) {
      return [{ path, message: 'is the address that its tunnels start from; the bridge needs one of its own' }];
    }
    if (host.ends.length === 0 || host.ends.some((end) => end.bridge === bridge)) return [];
    return [{ path, message: `is for ${bridge}, which none of its tunnels is on; say which one with bridge` }];
  });
}

function halfFaults(inventory: Inventory, host: DesiredHost, half: Half): Fault[] {
  const sources = optionSources(inventory, half);
  const options = Object.fromEntries(
    sources
      .flatMap(({ options: some }) => Object.entries(some))
      .map(([name, value]) => [name, optionText(name, value)]),
  );
  return optionFaults(options, half.link.type, host.ikeDaemon).map(({ option, message }) => ({
    path: [...(sources.findLast((source) => Object.hasOwn(source.options, option))?.path ?? []), option],
    message,
  }));
}
