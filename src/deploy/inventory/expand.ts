/**
 * From an inventory to what each host should have. Pure: the same inventory gives the same fleet, in whatever order its
 * hosts and tunnels are written.
 *
 * @module
 */

import { resolve } from 'node:path';
import { defaultKeySpec, type KeySpec, parseKeySpec } from '../../pki/key-spec.js';
import { defaultDays, parseLife } from '../../pki/validity.js';
import { canonicalAddress, targetOf } from '../desired/address.js';
import type {
  AuthenticationMethod,
  DesiredFleet,
  DesiredHost,
  DesiredIdentity,
  TunnelEnd,
} from '../desired/desired.js';
import type { Places } from '../ike/daemon.js';
import type { Fault } from './fault.js';
import { defined, linksOf } from './links.js';
import {
  addressOf,
  bridgeOf,
  defaultBridge,
  type Half,
  hostOf,
  type InventoryHost,
  isTranslated,
  optionSources,
  peerAddressOf,
} from './lookup.js';
import { plaintextPolicies } from './plaintext-policies.js';
import { portNames, type TunnelCounts } from './port-names.js';
import { addressFaults, destinationFaults, hostFaults, linkFaults } from './rules.js';
import type { Inventory } from './schema.js';
import { optionText } from './tunnel-options.js';

/** What an inventory does not say about itself. */
export interface InventoryContext {
  /** The folder that file names in it are relative to. */
  readonly folder: string;
}

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
  const all = [
    ...faults,
    ...removedFaults(inventory),
    ...addressFaults(inventory, halves),
    ...links.flatMap((link) => linkFaults(inventory, link)),
  ];
  const hosts: DesiredHost[] = [];
  for (const [name, own] of [...halves].sort(([one], [other]) => (one < other ? -1 : 1))) {
    const host = expandHost(inventory, context, name, own);
    hosts.push(host);
    all.push(...hostFaults(inventory, host, own));
  }
  all.push(...destinationFaults(inventory));
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
    target: targetOf(host.ssh ?? name, host.become ?? defaults.become),
    ikeDaemon: host.ike_daemon ?? 'auto',
    places: placesOf(host),
    plaintext: plaintextPolicies[host.plaintext ?? defaults.plaintext ?? 'drop-unencrypted'],
    isPlaintextNamed: (host.plaintext ?? defaults.plaintext) !== undefined,
    loopProtection: defaults.loop_protection ?? 'auto',
    identity: identityOf(inventory, host, halves),
    ends,
    bridgeAddresses:
      host.bridge_address === undefined
        ? {}
        : { [addressedBridge(inventory, host, ends)]: canonicalPrefix(host.bridge_address) },
    ...bridgePortsOf(inventory, host, ends),
    others: { removedPeers: inventory.removed ?? [], prune: false },
  };
}

function expandEnd(inventory: Inventory, context: InventoryContext, half: Half, tunnels: TunnelCounts): TunnelEnd {
  const { link, host, peer } = half;
  const { entry, type, method } = link;
  return {
    bridge: entry.bridge ?? bridgeOf(inventory, host),
    ...(entry.port === undefined ? portNames(peer, type, tunnels) : { port: entry.port }),
    type,
    method,
    localIp: addressOf(inventory, host) ?? '',
    remoteIp: peerAddressOf(inventory, peer) ?? '',
    ...(isTranslated(inventory, host) || isTranslated(inventory, peer) ? { isTranslated: true as const } : {}),
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

function removedFaults({ hosts, removed = [] }: Inventory): Fault[] {
  return removed.flatMap((name, index) =>
    Object.hasOwn(hosts, name) ? [{ path: ['removed', index], message: `${name} is among hosts, too` }] : [],
  );
}

function placesOf(host: InventoryHost): Partial<Places> {
  const places = Object.entries(defined(host.places));
  return Object.fromEntries(places.map(([place, folder]) => [place, String(folder).replace(/\/$/, '')]));
}

function identityOf(inventory: Inventory, host: InventoryHost, halves: readonly Half[]): DesiredIdentity | undefined {
  const { defaults } = inventory;
  const method: AuthenticationMethod = halves[0]?.link.method ?? defaults?.auth ?? 'ca-signed';
  if (method === 'psk') return undefined;
  const days = daysSaid(host) ?? daysSaid(defaults) ?? defaultDays;
  return { method, type: 'switch', days, keySpec: keySpecOf(host.key ?? defaults?.key) };
}

function daysSaid(from: Pick<InventoryHost, 'days' | 'valid_for'> | undefined): number | undefined {
  return from?.valid_for === undefined ? from?.days : parseLife(from.valid_for);
}

function keySpecOf(text: string | undefined): KeySpec {
  if (text === undefined) return defaultKeySpec;
  const [type = '', size = ''] = text.split('-');
  return parseKeySpec(type, size.replace('p', ''));
}

/** The own port of the bridge that bridge_address is for; a host without tunnels has no use for it. */
function bridgePortsOf(
  inventory: Inventory,
  host: InventoryHost,
  ends: readonly TunnelEnd[],
): Pick<DesiredHost, 'bridgePorts'> {
  const mtu = host.bridge_mtu ?? inventory.defaults?.bridge_mtu;
  const tag = host.bridge_tag ?? inventory.defaults?.bridge_tag;
  if (ends.length === 0 || (mtu === undefined && tag === undefined)) return {};
  const wish = { ...(mtu === undefined ? {} : { mtu }), ...(tag === undefined ? {} : { tag }) };
  return { bridgePorts: { [addressedBridge(inventory, host, ends)]: wish } };
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

function withoutRepeats(faults: readonly Fault[]): Fault[] {
  return [...new Map(faults.map((fault) => [JSON.stringify([fault.path, fault.message]), fault])).values()];
}
