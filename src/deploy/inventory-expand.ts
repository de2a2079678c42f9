/**
 * From an inventory to what each host should have. Pure: the same inventory gives the same fleet, in whatever order its
 * hosts and tunnels are written.
 *
 * @module
 */

import { resolve } from 'node:path';
import { defaultKeySpec, type KeySpec, parseKeySpec } from '../pki/key.js';
import { defaultDays } from '../pki/validity.js';
import { addressFamily, addressIn, canonicalAddress, targetOf } from './address.js';
import type { AuthenticationMethod, DesiredFleet, DesiredHost, DesiredIdentity, Places, TunnelEnd } from './desired.js';
import { type Fault, formatPath, type Path } from './inventory-fault.js';
import { defined, type Link, linksOf } from './inventory-links.js';
import { type Inventory, plaintextPolicies } from './inventory-schema.js';
import { portName, type TunnelCounts } from './port-names.js';
import { optionFaults, optionText } from './tunnel-options.js';

/** What an inventory does not say about itself. */
export interface InventoryContext {
  /** The folder that file names in it are relative to. */
  readonly folder: string;
}

type InventoryHost = Inventory['hosts'][string];

/** A tunnel as one of its hosts sees it. */
interface Half {
  readonly link: Link;
  readonly host: string;
  readonly peer: string;
}

const defaultBridge = 'br-ipsec';

export function expand(
  inventory: Inventory,
  context: InventoryContext,
): { readonly fleet: DesiredFleet; readonly faults: readonly Fault[] } {
  const { links, faults } = linksOf(inventory);
  const halves = new Map<string, Half[]>(Object.keys(inventory.hosts).map((name) => [name, []]));
  for (const link of links) {
    const [one, other] = link.hosts;
    halves.get(one)?.push({ link, host: one, peer: other });
    halves.get(other)?.push({ link, host: other, peer: one });
  }
  const all = [...faults, ...addressFaults(inventory, halves), ...links.flatMap((link) => linkFaults(inventory, link))];
  const hosts: DesiredHost[] = [];
  for (const [name, own] of [...halves].sort(([one], [other]) => (one < other ? -1 : 1))) {
    const host = expandHost(inventory, context, name, own);
    hosts.push(host);
    all.push(...hostFaults(inventory, host, own));
  }
  return { fleet: { hosts }, faults: withoutRepeats(all) };
}

function expandHost(
  inventory: Inventory,
  context: InventoryContext,
  name: string,
  halves: readonly Half[],
): DesiredHost {
  const host = hostOf(inventory, name);
  const { defaults = {} } = inventory;
  const toPeers = new Map<string, number>();
  for (const { peer } of halves) toPeers.set(peer, (toPeers.get(peer) ?? 0) + 1);
  const ends = halves
    .map((half) => expandEnd(inventory, context, half, { all: halves.length, toPeer: toPeers.get(half.peer) ?? 1 }))
    .sort((one, other) => (one.port < other.port ? -1 : 1));
  return {
    name,
    target: targetOf(host.ssh ?? name),
    ikeDaemon: host.ike_daemon ?? 'auto',
    places: placesOf(host),
    plaintext: plaintextPolicies[host.plaintext ?? defaults.plaintext ?? 'drop-unencrypted'],
    identity: identityOf(inventory, host, halves),
    ends,
    bridgeAddresses:
      host.bridge_address === undefined
        ? {}
        : { [addressedBridge(inventory, host, ends)]: canonicalPrefix(host.bridge_address) },
  };
}

function expandEnd(inventory: Inventory, context: InventoryContext, half: Half, tunnels: TunnelCounts): TunnelEnd {
  const { link, host, peer } = half;
  const { entry, type, method } = link;
  return {
    bridge: entry.bridge ?? bridgeOf(inventory, host),
    port: entry.port ?? portName(peer, type, tunnels),
    type,
    method,
    localIp: addressOf(inventory, host) ?? '',
    remoteIp: addressOf(inventory, peer) ?? '',
    peer,
    options: Object.fromEntries(
      optionSources(inventory, half)
        .flatMap(({ options }) => Object.entries(options))
        .map(([name, value]) => [name, optionText(name, value)]),
    ),
    pskFile: entry.psk_file === undefined ? undefined : resolve(context.folder, entry.psk_file),
    initiates: link.initiator === host,
  };
}

function placesOf(host: InventoryHost): Partial<Places> {
  const places = Object.entries(defined(host.places));
  return Object.fromEntries(places.map(([place, folder]) => [place, String(folder).replace(/\/$/, '')]));
}

/** Where the options of an end come from; the later ones win. */
function optionSources(inventory: Inventory, { link, host }: Half) {
  return [
    { path: ['defaults', 'options'], options: inventory.defaults?.options },
    { path: ['hosts', host, 'options'], options: hostOf(inventory, host).options },
    { path: [...link.path, 'options'], options: link.entry.options },
  ].map(({ path, options }): { readonly path: Path; readonly options: Record<string, string | number | boolean> } => ({
    path,
    options: defined(options) as Record<string, string | number | boolean>,
  }));
}

function identityOf(inventory: Inventory, host: InventoryHost, halves: readonly Half[]): DesiredIdentity | undefined {
  const { defaults } = inventory;
  const method: AuthenticationMethod = halves[0]?.link.method ?? defaults?.auth ?? 'ca-signed';
  if (method === 'psk') return undefined;
  const days = host.days ?? defaults?.days ?? defaultDays;
  return { method, type: 'switch', days, keySpec: keySpecOf(host.key ?? defaults?.key) };
}

function keySpecOf(text: string | undefined): KeySpec {
  if (text === undefined) return defaultKeySpec;
  const [type = '', size = ''] = text.split('-');
  return parseKeySpec(type, size.replace('p', ''));
}

function hostOf(inventory: Inventory, name: string): InventoryHost {
  const host = Object.hasOwn(inventory.hosts, name) ? inventory.hosts[name] : undefined;
  if (host === undefined) throw new Error(`${name} is not in the inventory`);
  return host;
}

function bridgeOf(inventory: Inventory, name: string): string {
  return hostOf(inventory, name).bridge ?? inventory.defaults?.bridge ?? defaultBridge;
}

function addressOf(inventory: Inventory, name: string): string | undefined {
  const { address, ssh } = hostOf(inventory, name);
  return address === undefined ? addressIn(ssh ?? '') : canonicalAddress(address);
}

/** The one bridge that its tunnels are on; where there are several, the one that the host names. */
function addressedBridge(inventory: Inventory, host: InventoryHost, ends: readonly TunnelEnd[]): string {
  const bridges = new Set(ends.map(({ bridge }) => bridge));
  const [only] = bridges;
  return bridges.size === 1 && only !== undefined ? only : (host.bridge ?? inventory.defaults?.bridge ?? defaultBridge);
}

function canonicalPrefix(text: string): string {
  const [address = '', prefix] = text.split('/');
  return `${canonicalAddress(address)}/${prefix}`;
}

function addressFaults(inventory: Inventory, halves: ReadonlyMap<string, readonly Half[]>): Fault[] {
  return [...halves].flatMap(([name, [first]]) =>
    first === undefined || addressOf(inventory, name) !== undefined
      ? []
      : [{ path: ['hosts', name], message: `needs an address, for it is in ${formatPath(first.link.path)}` }],
  );
}

/** What two hosts of a tunnel have to agree on. */
function linkFaults(inventory: Inventory, { hosts: [one, other], path }: Link): Fault[] {
  const address = addressOf(inventory, one);
  const otherAddress = addressOf(inventory, other);
  const faults: Fault[] = [];
  if (address !== undefined && address === otherAddress) {
    faults.push({ path, message: `${one} and ${other} have the same address, ${address}` });
  } else if (
    address !== undefined &&
    otherAddress !== undefined &&
    addressFamily(address) !== addressFamily(otherAddress)
  ) {
    faults.push({
      path,
      message: `one end has an IPv4 and the other an IPv6 address: ${one} ${address}, ${other} ${otherAddress}`,
    });
  }
  const inner = hostOf(inventory, one).bridge_address?.split('/')[0];
  if (inner !== undefined && inner === hostOf(inventory, other).bridge_address?.split('/')[0]) {
    faults.push({ path: ['hosts', other, 'bridge_address'], message: `${inner} is the bridge address of ${one} too` });
  }
  return faults;
}

function hostFaults(inventory: Inventory, host: DesiredHost, halves: readonly Half[]): Fault[] {
  return [
    ...methodFaults(host.name, halves),
    ...repeatFaults(inventory, halves),
    ...portFaults(inventory, host, halves),
    ...identityFaults(inventory, host),
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
    const remote = addressOf(inventory, peer) ?? peer;
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
  if (identity?.keySpec.type !== 'ec' || ikeDaemon === 'libreswan') return [];
  const path = hostOf(inventory, name).key === undefined ? ['defaults', 'key'] : ['hosts', name, 'key'];
  const message = `strongSwan reads only RSA keys from ovs-monitor-ipsec; EC keys need ike_daemon: libreswan at ${name}`;
  return [{ path, message }];
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

function withoutRepeats(faults: readonly Fault[]): Fault[] {
  return [...new Map(faults.map((fault) => [JSON.stringify([fault.path, fault.message]), fault])).values()];
}
