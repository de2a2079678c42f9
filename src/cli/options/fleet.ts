/**
 * Options of the commands that work on hosts.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { becomeFault } from '../../platform/become.js';
import { exists } from '../../platform/files.js';
import { onInterrupt } from '../../platform/interrupt.js';
import type { ExamineRequest } from '../../usecases/fleet/examine.js';
import { readPlanKey } from '../../usecases/fleet/plan-file.js';
import { expandNames } from '../../usecases/inputs.js';
import type { DesiredFleet } from '../../usecases/outputs.js';
import { pkiDirectoryOf } from './read.js';
import type { Options } from './specs.js';

/** How long tunnels may take to come up: an IKE daemon gives an exchange up after 60 seconds and begins anew. */
const defaultSeconds = 90;

export interface ApplyOptions {
  readonly prove: boolean;
  readonly proofSeconds: number;
  readonly interrupted: () => boolean;
}

export function applyOptionsOf(options: Options<'skip-proof' | 'timeout'>): ApplyOptions {
  return { prove: options['skip-proof'] !== true, proofSeconds: secondsOf(options), interrupted: onInterrupt() };
}

/** The key that seals a written plan. */
export function planKeyOf({ 'plan-key': file }: Options<'plan-key'>): string | undefined {
  return file === undefined ? undefined : readPlanKey(file);
}

/** `NAME=VALUE` of an operand or option. @throws USAGE */
export function pairOf(text: string, what: string): { readonly name: string; readonly value: string } {
  const [, name, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return { name, value };
  throw new OvsPkiError('USAGE', `${JSON.stringify(text)} is not ${what}`, {
    hint: 'ovs-pki-ts connect host_1=root@198.51.100.7 host_2=root@203.0.113.9',
  });
}

function secondsOf({ timeout }: Options<'timeout'>): number {
  if (timeout === undefined) return defaultSeconds;
  const seconds = /^\d{1,4}$/.test(timeout) ? Number(timeout) : 0;
  if (seconds > 0) return seconds;
  throw new OvsPkiError('USAGE', `${timeout} is no number of seconds from 1 to 9999`, {
    hint: 'such as: --timeout 60',
  });
}

/** The inventory (or plan) that is named, or the one that lies here. @throws USAGE */
export function inventoryFileOf(operands: readonly string[]): string {
  const [file = 'fleet.yaml', ...more] = operands;
  if (more.length === 0) return file;
  throw new OvsPkiError('USAGE', `${more[0]} is one file too many`, { hint: 'one inventory holds all hosts' });
}

/**
 * Hosts that are named, by `--to` or by operands of the form NAME=HOST, and the operands that are something else. A file
 * whose name has an equals sign is a file.
 */
export function namedHostsOf(
  options: Options<'to' | 'become'>,
  operands: readonly string[],
): { readonly destinations: string[]; readonly others: string[]; readonly become: string | undefined } {
  const isHost = (operand: string): boolean => operand.includes('=') && !exists(operand);
  return {
    destinations: [...(options.to ?? []), ...operands.filter(isHost)],
    others: operands.filter((operand) => !isHost(operand)),
    become: becomeOf(options),
  };
}

/** @throws USAGE */
export function becomeOf({ become }: Options<'become'>): string | undefined {
  const fault = become === undefined ? undefined : becomeFault(become);
  if (fault === undefined) return become;
  throw new OvsPkiError('USAGE', `--become ${JSON.stringify(become)} ${fault}`, { hint: 'such as: --become doas' });
}

/** The hosts that are shown in full; undefined where none is named. @throws USAGE for one that the fleet does not have */
export function chosenHostsOf({ host }: Options<'host'>, fleet: DesiredFleet): readonly string[] | undefined {
  if (host === undefined) return undefined;
  const known = new Set(fleet.hosts.map(({ name }) => name));
  const chosen = expandNames(host);
  const stranger = chosen.find((name) => !known.has(name));
  if (stranger === undefined) return chosen;
  const [first = 'NAME'] = known;
  throw new OvsPkiError('USAGE', `--host ${JSON.stringify(stranger)}: the fleet has no host of that name`, {
    hint: `name it as the inventory does, such as: --host ${first}`,
  });
}

/** Which hosts are looked at: those of an inventory, or those that are named. @throws USAGE */
export function examineRequestOf(
  options: Options<'to' | 'become' | 'dir'>,
  operands: readonly string[],
): Omit<ExamineRequest, 'onProgress'> {
  const { destinations, others, become } = namedHostsOf(options, operands);
  const file = others.length === 0 ? undefined : inventoryFileOf(others);
  requireNamed(options, destinations);
  return { file, destinations, become, pkiDirectory: pkiDirectoryOf(options) };
}

/** What says how hosts are reached that are named is said in an inventory for its hosts. @throws USAGE */
function requireNamed({ become }: Options<'become'>, destinations: readonly string[]): void {
  if (become === undefined || destinations.length > 0) return;
  throw new OvsPkiError('USAGE', '--become goes with hosts that are named, and none is', {
    hint: 'name them: --to root@203.0.113.9; in an inventory write become: at its host or in defaults',
  });
}
