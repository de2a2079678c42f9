/**
 * The inventory of a fleet: reading the file, and writing a first one.
 *
 * @module
 */

import { dirname } from 'node:path';
import { addressIn, destinationFault } from '../../deploy/desired/address.js';
import type { DesiredFleet } from '../../deploy/desired/desired.js';
import { expandInventory, parseInventory } from '../../deploy/inventory/inventory.js';
import { OvsPkiError } from '../../errors.js';
import * as files from '../../platform/files.js';
import { isThisMachine } from '../../platform/network.js';
import { fillTemplate, templatePath } from '../../platform/templates.js';

/** What the hosts of an inventory file should have. @throws FILE_NOT_FOUND, INVENTORY_INVALID */
export function readFleet(file: string): DesiredFleet {
  if (!files.exists(file)) {
    throw new OvsPkiError('FILE_NOT_FOUND', `the inventory ${file} does not exist`, {
      hint: `name yours, or make one: ovs-pki-ts inventory init ${file}`,
      details: { file },
    });
  }
  const inventory = parseInventory(files.readFile(file).toString('utf8'), file);
  return localized(expandInventory(inventory, { folder: dirname(file) }));
}

/** Writes an inventory to be filled in. @throws FILE_EXISTS */
export function inventoryInit(file: string): { readonly file: string } {
  files.createFile(file, fillTemplate('fleet.yaml', { schema: templatePath('fleet.schema.json') }));
  return { file };
}

/** Hosts whose address is one of this machine are handled without SSH; of another machine's plan it may be another host. */
export function localized(fleet: DesiredFleet): DesiredFleet {
  return {
    hosts: fleet.hosts.map((host) => {
      const { destination } = host.target;
      const isHere = isThisMachine(addressIn(destination) ?? destination);
      return { ...host, target: { kind: isHere ? 'local' : 'ssh', destination } };
    }),
  };
}

/** Hosts that only have to be reached. @throws USAGE for what ssh would not take for a host */
export function fleetAt(destinations: readonly string[]): DesiredFleet {
  for (const destination of destinations) {
    const fault = destinationFault(destination);
    if (fault !== undefined) {
      throw new OvsPkiError('USAGE', `${JSON.stringify(destination)} ${fault}`, {
        hint: 'such as: --to root@203.0.113.9',
      });
    }
  }
  return localized({
    hosts: [...new Set(destinations)].map((destination) => ({
      name: destination,
      target: { kind: 'ssh', destination },
      ikeDaemon: 'auto',
      places: {},
      plaintext: 'keep',
      loopProtection: 'auto',
      identity: undefined,
      ends: [],
      bridgeAddresses: {},
    })),
  });
}
