/**
 * The inventory: which hosts a fleet has and which tunnels between them, as the operator writes it down.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { DesiredFleet } from '../desired/desired.js';
import { expand, type InventoryContext } from './expand.js';
import { type Fault, formatPath, type Path } from './fault.js';
import { type Inventory, readInventory } from './schema.js';
import { readYaml } from './yaml.js';

export type { InventoryContext } from './expand.js';
export type { Inventory } from './schema.js';

/** One thing that is wrong with an inventory, as `details.faults` of INVENTORY_INVALID lists them. */
export interface InventoryFault {
  /** Undefined for an inventory that is not a file. */
  readonly line: number | undefined;
  /** Such as `hosts.host_2.address`; empty where the whole is meant. */
  readonly path: string;
  readonly message: string;
}

/** Reads an inventory and checks all of it; `file` is its name for messages. Throws INVENTORY_INVALID. */
export function parseInventory(text: string, file: string): Inventory {
  const read = readYaml(text.replace(/^\ufeff/, ''));
  if ('faults' in read)
    throw invalid(
      read.faults.map((fault) => ({ ...fault, path: formatPath(fault.path) })),
      file,
    );
  return check(read.value, file, read.lineOf);
}

/** Checks an inventory that was made by a program and not read from a file. Throws INVENTORY_INVALID. */
export function checkInventory(value: unknown): Inventory {
  return check(value, 'inventory', undefined);
}

/** What each host of the inventory should have. Throws INVENTORY_INVALID. */
export function expandInventory(inventory: Inventory, context: InventoryContext): DesiredFleet {
  return expand(checkInventory(inventory), context).fleet;
}

function check(value: unknown, file: string, lineOf: ((path: Path) => number) | undefined): Inventory {
  const read = readInventory(value);
  const faults: readonly Fault[] = 'faults' in read ? read.faults : expand(read.inventory, { folder: '/' }).faults;
  if ('inventory' in read && faults.length === 0) return read.inventory;
  throw invalid(
    faults.map(({ path, message }) => ({ line: lineOf?.(path), path: formatPath(path), message })),
    file,
  );
}

function invalid(faults: readonly InventoryFault[], file: string): OvsPkiError {
  const sorted = faults.toSorted((one, other) => (one.line ?? 0) - (other.line ?? 0));
  const lines = sorted.map(({ line, path, message }) =>
    [`${file}${line === undefined ? '' : `:${line}`}`, path, message].filter((part) => part !== '').join(': '),
  );
  const shown = lines.slice(0, maximumShown);
  const rest = lines.length > maximumShown ? [`and ${lines.length - maximumShown} more`] : [];
  return new OvsPkiError('INVENTORY_INVALID', [...shown, ...rest].join('\n'), {
    hint: 'for the form with explanations: ovs-pki-ts inventory init, and templates/fleet.schema.json for your editor',
    details: { file, faults: sorted },
  });
}

/** More than a screen of them helps nobody; `details` has all. */
const maximumShown = 20;
