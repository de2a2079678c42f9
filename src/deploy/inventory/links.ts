/**
 * Pairs, meshes, hubs with spokes: all of them are tunnels between two hosts.
 *
 * @module
 */

import type { AuthenticationMethod, TunnelType } from '../desired/desired.js';
import { closest, describeValue, type Fault, type Path } from './fault.js';
import type { Inventory } from './schema.js';

export type InventoryTunnel = NonNullable<Inventory['tunnels']>[number];

/** A tunnel between two hosts, as it was asked for. */
export interface Link {
  /** Where it stands in the inventory. */
  readonly path: Path;
  readonly entry: InventoryTunnel;
  readonly hosts: readonly [string, string];
  readonly type: TunnelType;
  readonly method: AuthenticationMethod;
  /** The host that asks first. */
  readonly initiator: string;
}

/** A mesh of 447 hosts; each host would have to hold as many IKE SAs as it has tunnels. */
const maximumLinks = 100_000;

export function linksOf(inventory: Inventory): { readonly links: readonly Link[]; readonly faults: readonly Fault[] } {
  const links: Link[] = [];
  const faults: Fault[] = [];
  for (const [index, entry] of (inventory.tunnels ?? []).entries()) {
    const path = ['tunnels', index];
    const found = [...formFaults(entry, path, inventory), ...nameFaults(entry, path, inventory)];
    faults.push(...found);
    if (found.length > 0) continue;
    const { type = 'gre', auth = 'ca-signed' } = { ...defined(inventory.defaults), ...defined(entry) };
    for (const { hosts, initiator } of pairsOf(entry)) {
      if (links.length === maximumLinks) {
        return { links, faults: [...faults, { path, message: `these are more than ${maximumLinks} tunnels` }] };
      }
      links.push({ path, entry, hosts, initiator, type, method: auth });
    }
  }
  return { links, faults };
}

/** Without the keys that are there and undefined, which objects may have. */
export function defined<Values extends object>(values: Values | undefined): Partial<Values> {
  const entries = Object.entries(values ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Partial<Values>;
}

function* pairsOf(entry: InventoryTunnel): Generator<Pick<Link, 'hosts' | 'initiator'>> {
  const { between, mesh, hub, spokes = [], initiates } = entry;
  if (hub !== undefined) {
    for (const spoke of spokes) yield { hosts: [hub, spoke], initiator: spoke };
    return;
  }
  const hosts = between ?? mesh ?? [];
  for (const [index, one] of hosts.entries()) {
    for (const other of hosts.slice(index + 1)) {
      yield { hosts: [one, other], initiator: initiates ?? firstByName(one, other) };
    }
  }
}

function firstByName(one: string, other: string): string {
  return [one, other].sort()[0] ?? one;
}

function formFaults(entry: InventoryTunnel, path: Path, { defaults }: Inventory): Fault[] {
  const forms = (['between', 'mesh', 'hub'] as const).filter((form) => entry[form] !== undefined);
  if (forms.length !== 1) {
    const message =
      forms.length === 0
        ? 'names no hosts: give between, mesh, or hub and spokes'
        : `has ${forms.join(' and ')}; make a tunnel of each`;
    return [{ path, message }];
  }
  const [form] = forms;
  const faults: Fault[] = [];
  if (form === 'hub' && entry.spokes === undefined) faults.push({ path, message: 'has a hub and no spokes' });
  if (form !== 'hub' && entry.spokes !== undefined) {
    faults.push({ path: [...path, 'spokes'], message: `goes with hub, not with ${form}` });
  }
  for (const [field, why] of Object.entries(onlyBetween)) {
    if (form === 'between' || entry[field as keyof typeof onlyBetween] === undefined) continue;
    faults.push({ path: [...path, field], message: `goes with between only: ${why}` });
  }
  const method = entry.auth ?? defaults?.auth ?? 'ca-signed';
  if (entry.psk_file !== undefined && method !== 'psk') {
    faults.push({ path: [...path, 'psk_file'], message: `goes with auth: psk, and this tunnel is ${method}` });
  }
  return faults;
}

const onlyBetween = {
  port: 'each tunnel of a host needs a port of its own',
  psk_file: 'hosts that share one key can pass for each other; without it each pair gets its own',
  initiates: 'spokes ask their hub, and in a mesh the first by name asks',
} as const;

function nameFaults(entry: InventoryTunnel, path: Path, { hosts }: Inventory): Fault[] {
  const places: { readonly path: Path; readonly name: string }[] = [];
  for (const field of ['between', 'mesh', 'spokes'] as const) {
    for (const [index, name] of (entry[field] ?? []).entries()) places.push({ path: [...path, field, index], name });
  }
  if (entry.hub !== undefined) places.push({ path: [...path, 'hub'], name: entry.hub });
  const names = new Set<string>();
  const faults: Fault[] = [];
  for (const { path: place, name } of places) {
    if (!Object.hasOwn(hosts, name)) {
      faults.push({
        path: place,
        message: `${describeValue(name)} is not among hosts${closest(name, Object.keys(hosts))}`,
      });
    } else if (names.has(name)) {
      faults.push({ path: place, message: `${name} is named twice, and a tunnel goes to another host` });
    }
    names.add(name);
  }
  if (entry.between !== undefined && entry.initiates !== undefined && !names.has(entry.initiates)) {
    faults.push({ path: [...path, 'initiates'], message: `is one of the two: ${entry.between.join(' or ')}` });
  }
  return faults;
}
