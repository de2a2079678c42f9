/**
 * An inventory in a file, and what its hosts should have.
 *
 * @module
 */

import { dirname } from 'node:path';
import { OvsPkiError } from '../../errors.js';
import * as files from '../../platform/files.js';
import { isThisMachine } from '../../platform/network.js';
import { shellWord } from '../../platform/quote.js';
import { addressIn } from '../desired/address.js';
import type { DesiredFleet } from '../desired/desired.js';
import { expandInventory, parseInventory } from './inventory.js';

/** What the hosts of an inventory file should have. @throws FILE_NOT_FOUND, INVENTORY_INVALID */
export function readFleet(file: string): DesiredFleet {
  if (!files.exists(file)) {
    throw new OvsPkiError('FILE_NOT_FOUND', `the inventory ${file} does not exist`, {
      hint: `name yours, or make one: ovs-pki-ts inventory init ${shellWord(file)}`,
      details: { file },
    });
  }
  const inventory = parseInventory(files.readFile(file).toString('utf8'), file);
  return localized(expandInventory(inventory, { folder: dirname(file) }));
}

/** Hosts whose address is one of this machine are handled without SSH; of another machine's plan it may be another host. */
export function localized(fleet: DesiredFleet): DesiredFleet {
  return {
    hosts: fleet.hosts.map((host) => {
      const { destination } = host.target;
      const isHere = isThisMachine(addressIn(destination) ?? destination);
      return { ...host, target: { ...host.target, kind: isHere ? 'local' : 'ssh' } };
    }),
  };
}
