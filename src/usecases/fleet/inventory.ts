/**
 * The inventory of a fleet: reading the file, and writing a first one.
 *
 * @module
 */

import { dirname } from 'node:path';
import { addressIn, targetOf } from '../../deploy/desired/address.js';
import type { DesiredFleet } from '../../deploy/desired/desired.js';
import { expandInventory, parseInventory } from '../../deploy/inventory/inventory.js';
import { OvsPkiError } from '../../errors.js';
import { nameFault } from '../../pki/name.js';
import { destinationFault } from '../../platform/destination.js';
import * as files from '../../platform/files.js';
import { isThisMachine } from '../../platform/network.js';
import { shellWord } from '../../platform/quote.js';
import { fillTemplate, templatePath } from '../../platform/templates.js';

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

/** Writes an inventory to be filled in. @param force over one that is there @throws FILE_EXISTS */
export function inventoryInit(file: string, force = false): { readonly file: string } {
  const write = force ? files.replaceFile : files.createFile;
  write(file, fillTemplate('fleet.yaml', { schema: templatePath('fleet.schema.json') }));
  return { file };
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

/** The same fleet, from whose hosts tunnels of ours go that the inventory has no longer. */
export function pruned(fleet: DesiredFleet, prune: boolean): DesiredFleet {
  if (!prune) return fleet;
  return {
    hosts: fleet.hosts.map((host) =>
      host.others === undefined ? host : { ...host, others: { ...host.others, prune: true } },
    ),
  };
}

/**
 * Hosts that only have to be reached.
 *
 * @param hosts destinations of ssh(1), `local`, or each with a name before it: `host_1=root@203.0.113.9`
 * @param become how an ordinary user becomes root there; undefined for sudo
 * @throws USAGE for what ssh would not take for a host, for a name that no host can have, and for one that two have
 */
export function fleetAt(hosts: readonly string[], become?: string): DesiredFleet {
  const named = new Map<string, string>();
  for (const host of hosts) {
    const [, given, destination = host] = /^([^=]*)=(.*)$/s.exec(host) ?? [];
    const fault = destinationFault(destination);
    if (fault !== undefined) throw unfitHost(`${JSON.stringify(destination)} ${fault}`);
    const badName = given === undefined ? undefined : nameFault(given);
    if (badName !== undefined) throw unfitHost(`${JSON.stringify(given)} is no name of a host: ${badName}`);
    const name = given ?? destination;
    const before = named.get(name) ?? destination;
    if (before !== destination) {
      throw unfitHost(`${name} is ${before} and ${destination}, and a name belongs to one host`);
    }
    named.set(name, destination);
  }
  return localized({
    hosts: [...named].map(([name, destination]) => ({
      name,
      target: targetOf(destination, become),
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

function unfitHost(message: string): OvsPkiError {
  return new OvsPkiError('USAGE', message, {
    hint: 'such as: --to root@203.0.113.9, --to host_1=root@203.0.113.9:2222, or a name with HostName and User in ~/.ssh/config',
  });
}
