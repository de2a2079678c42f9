/**
 * `connect HOST=ADDRESS HOST=ADDRESS`: both ends of an encrypted tunnel, from nothing to proof. It is an inventory of
 * two hosts and one tunnel.
 *
 * @module
 */

import type { DesiredFleet } from '../../deploy/desired/desired.js';
import { checkInventory, expandInventory } from '../../deploy/inventory/inventory.js';
import { OvsPkiError } from '../../errors.js';
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
}

/** The two hosts as they should be. @throws USAGE, INVENTORY_INVALID */
export function connectedFleet(request: ConnectRequest): DesiredFleet {
  const { hosts, days } = request;
  const names = hosts.map(({ name }) => name);
  if (names.length !== 2 || names[0] === names[1]) {
    throw new OvsPkiError('USAGE', 'a tunnel connects two hosts with two names', {
      hint: 'ovs-pki-ts connect host_1=root@198.51.100.7 host_2=root@203.0.113.9',
    });
  }
  const inventory = checkInventory({
    version: 1,
    defaults: { days },
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
        between: names,
        type: request.type,
        auth: request.auth,
        bridge: request.bridge,
        port: request.port,
        psk_file: request.pskFile,
        initiates: names[0],
      }),
    ],
  });
  return localized(expandInventory(inventory, { folder: '.' }));
}

function given(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
