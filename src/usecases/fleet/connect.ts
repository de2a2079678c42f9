/**
 * `connect HOST=ADDRESS HOST=ADDRESS`: both ends of an encrypted tunnel, from nothing to proof. It is an inventory of
 * two hosts and one tunnel.
 *
 * @module
 */

import { addressIn } from '../../deploy/desired/address.js';
import type { DesiredFleet } from '../../deploy/desired/desired.js';
import { checkInventory, expandInventory, type InventoryFault } from '../../deploy/inventory/inventory.js';
import { OvsPkiError } from '../../errors.js';
import { destinationFault } from '../../platform/destination.js';
import { shellWord } from '../../platform/quote.js';
import { localized } from './inventory.js';

/** One of the two hosts, in the words of the inventory. */
export interface ConnectHost {
  readonly name: string;
  /** A destination of ssh(1) or an IP address; `local` for this machine. */
  readonly destination: string;
  /** Where its tunnel ends; by default the address of the destination. */
  readonly tunnelAddress: string | undefined;
  /** Given to the bridge, with its prefix length. */
  readonly bridgeAddress: string | undefined;
}

/** What `connect` makes; undefined takes the default of the inventory. */
export interface ConnectRequest {
  readonly hosts: readonly ConnectHost[];
  readonly type: string | undefined;
  readonly auth: string | undefined;
  readonly bridge: string | undefined;
  readonly port: string | undefined;
  readonly plaintext: string | undefined;
  readonly ikeDaemon: string | undefined;
  /** How an ordinary user becomes root on both hosts; undefined for sudo. */
  readonly become?: string | undefined;
  readonly pskFile: string | undefined;
  readonly days: number;
  /** In place of `days`, such as `12h`. */
  readonly validFor?: string | undefined;
}

/** The two hosts as they should be. @throws USAGE, INVENTORY_INVALID */
export function connectedFleet(request: ConnectRequest): DesiredFleet {
  const { hosts } = request;
  const names = hosts.map(({ name }) => name);
  if (names.length !== 2 || names[0] === names[1]) {
    throw new OvsPkiError('USAGE', 'a tunnel connects two hosts with two names', {
      hint: 'ovs-pki-ts connect host_1=root@198.51.100.7 host_2=root@203.0.113.9',
    });
  }
  requireAddresses(hosts);
  try {
    const { hosts: whole } = localized(expandInventory(checkInventory(inventoryOf(request)), { folder: '.' }));
    // It names one tunnel, and says nothing of others.
    return { hosts: whole.map(({ others: _, ...host }) => host) };
  } catch (error) {
    if (error instanceof OvsPkiError && error.code === 'INVENTORY_INVALID') throw inOurWords(error, names);
    throw error;
  }
}

/** Where a tunnel ends is an address, and a name of ssh(1) tells none. */
function requireAddresses(hosts: readonly ConnectHost[]): void {
  const lacking = hosts.filter(
    ({ destination, tunnelAddress }) =>
      tunnelAddress === undefined &&
      destinationFault(destination) === undefined &&
      addressIn(destination) === undefined,
  );
  if (lacking.length === 0) return;
  const pairs = hosts.map(({ name, destination }) => shellWord(`${name}=${destination}`)).join(' ');
  const addresses = lacking.map(({ name }) => `${name}=ADDRESS`).join(' ');
  const message = `${lacking.map(({ name }) => name).join(' and ')}: the tunnel needs the address of the host, and ${lacking
    .map(({ destination }) => destination)
    .join(' and ')} ${lacking.length === 1 ? 'is a name' : 'are names'}`;
  throw new OvsPkiError('INVENTORY_INVALID', message, {
    hint: `ovs-pki-ts connect ${pairs} --tunnel-address ${addresses}`,
    details: { hosts: lacking.map(({ name }) => name) },
  });
}

/** The two hosts as an inventory. */
function inventoryOf({ hosts, days, validFor, ...request }: ConnectRequest): unknown {
  return {
    version: 1,
    defaults: validFor === undefined ? { days } : { valid_for: validFor },
    hosts: Object.fromEntries(
      hosts.map(({ name, destination, tunnelAddress, bridgeAddress }) => [
        name,
        given({
          ssh: destination,
          address: tunnelAddress,
          bridge_address: bridgeAddress,
          ike_daemon: request.ikeDaemon,
          become: request.become,
          plaintext: request.plaintext,
        }),
      ]),
    ),
    tunnels: [
      given({
        between: hosts.map(({ name }) => name),
        type: request.type,
        auth: request.auth,
        bridge: request.bridge,
        port: request.port,
        psk_file: request.pskFile,
        initiates: hosts[0]?.name,
      }),
    ],
  };
}

/** What an inventory says of its keys, said of the options that became them. */
function inOurWords(error: OvsPkiError, names: readonly string[]): OvsPkiError {
  const faults = error.details['faults'] as readonly InventoryFault[];
  const lines = faults.map(({ path, message }) => {
    if (path === 'defaults.valid_for') return `--valid-for ${message}`;
    const name = names.find((item) => path === `hosts.${item}` || path.startsWith(`hosts.${item}.`));
    const key = name === undefined ? /^tunnels\[0\]\.?(\w*)/.exec(path)?.[1] : path.slice(`hosts.${name}.`.length);
    const place = placeOf(name, key) ?? path;
    return place === '' ? message : `${place} ${message}`;
  });
  return new OvsPkiError('INVENTORY_INVALID', [...new Set(lines)].join('\n'), {
    hint: 'ovs-pki-ts connect --help',
    details: error.details,
    cause: error,
  });
}

function placeOf(name: string | undefined, key: string | undefined): string | undefined {
  if (key === undefined) return undefined;
  if (name === undefined) return key === '' || key === 'between' ? '' : `--${key.replaceAll('_', '-')}`;
  if (key === '') return `${name}:`;
  if (key === 'ssh') return `${name}=`;
  if (key === 'address') return `--tunnel-address ${name}=`;
  return key === 'bridge_address' ? `--bridge-address ${name}=` : `--${key.replaceAll('_', '-')}`;
}

function given(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
