/**
 * The inventory of a fleet: reading the file, writing a first one, and doing without one.
 *
 * @module
 */

import { targetOf } from '../../deploy/desired/address.js';
import type { DesiredFleet } from '../../deploy/desired/desired.js';
import { localized } from '../../deploy/inventory/file.js';
import { OvsPkiError } from '../../errors.js';
import { nameFault } from '../../pki/name.js';
import { destinationFault } from '../../platform/destination.js';
import * as files from '../../platform/files.js';
import { fillTemplate, templatePath } from '../../platform/templates.js';

export { localized, readFleet } from '../../deploy/inventory/file.js';

/** Writes an inventory to be filled in. @param force over one that is there @throws FILE_EXISTS */
export function inventoryInit(file: string, force = false): { readonly file: string } {
  const write = force ? files.replaceFile : files.createFile;
  write(file, fillTemplate('fleet.yaml', { schema: templatePath('fleet.schema.json') }));
  return { file };
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
