/**
 * What an inventory says about a host, defaults included.
 *
 * @module
 */

import { addressIn, canonicalAddress } from '../desired/address.js';
import type { Path } from './fault.js';
import { defined, type Link } from './links.js';
import type { Inventory } from './schema.js';

export type InventoryHost = Inventory['hosts'][string];

/** A tunnel as one of its hosts sees it. */
export interface Half {
  readonly link: Link;
  readonly host: string;
  readonly peer: string;
}

export const defaultBridge = 'br-ipsec';

export function hostOf(inventory: Inventory, name: string): InventoryHost {
  const host = Object.hasOwn(inventory.hosts, name) ? inventory.hosts[name] : undefined;
  if (host === undefined) throw new Error(`${name} is not in the inventory`);
  return host;
}

export function bridgeOf(inventory: Inventory, name: string): string {
  return hostOf(inventory, name).bridge ?? inventory.defaults?.bridge ?? defaultBridge;
}

export function addressOf(inventory: Inventory, name: string): string | undefined {
  const { address, ssh } = hostOf(inventory, name);
  return address === undefined ? addressIn(ssh ?? '') : canonicalAddress(address);
}

/** Where its peers send to. */
export function peerAddressOf(inventory: Inventory, name: string): string | undefined {
  const { peer_address: address } = hostOf(inventory, name);
  return address === undefined ? addressOf(inventory, name) : canonicalAddress(address);
}

/** Whether its peers reach it by another address than its own. */
export function isTranslated(inventory: Inventory, name: string): boolean {
  return peerAddressOf(inventory, name) !== addressOf(inventory, name);
}

/** Where the options of an end come from; the later ones win. */
export function optionSources(inventory: Inventory, { link, host }: Half) {
  return [
    { path: ['defaults', 'options'], options: inventory.defaults?.options },
    { path: ['hosts', host, 'options'], options: hostOf(inventory, host).options },
    { path: [...link.path, 'options'], options: link.entry.options },
  ].map(({ path, options }): { readonly path: Path; readonly options: Record<string, string | number | boolean> } => ({
    path,
    options: defined(options) as Record<string, string | number | boolean>,
  }));
}
