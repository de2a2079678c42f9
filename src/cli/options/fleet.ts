/**
 * Options of the commands that work on hosts.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { onInterrupt } from '../../platform/interrupt.js';
import type { ExamineRequest } from '../../usecases/fleet/examine.js';
import { pkiDirectoryOf } from './read.js';
import type { OptionName, OptionValues } from './specs.js';

/** How long tunnels may take to come up: an IKE daemon gives an exchange up after 60 seconds and begins anew. */
const defaultSeconds = 90;

export interface ApplyOptions {
  readonly prove: boolean;
  readonly proofSeconds: number;
  readonly interrupted: () => boolean;
}

export function applyOptionsOf(options: OptionValues): ApplyOptions {
  return { prove: options['skip-proof'] !== true, proofSeconds: secondsOf(options), interrupted: onInterrupt() };
}

export function textOf(options: OptionValues, name: OptionName): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

export function listOf(options: OptionValues, name: OptionName): string[] {
  return (textOf(options, name) ?? '').split(',').filter((item) => item !== '');
}

/** `NAME=VALUE` of an operand or option. @throws USAGE */
export function pairOf(text: string, what: string): { readonly name: string; readonly value: string } {
  const [, name, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return { name, value };
  throw new OvsPkiError('USAGE', `${JSON.stringify(text)} is not ${what}`, {
    hint: 'ovs-pki-ts connect host_1=root@198.51.100.7 host_2=root@203.0.113.9',
  });
}

function secondsOf({ timeout }: OptionValues): number {
  if (typeof timeout !== 'string') return defaultSeconds;
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

/** Which hosts are looked at: those of an inventory, or those that are named. @throws USAGE */
export function examineRequestOf(
  options: OptionValues,
  operands: readonly string[],
): Omit<ExamineRequest, 'onProgress'> {
  const file = operands.length === 0 ? undefined : inventoryFileOf(operands);
  return { file, destinations: listOf(options, 'to'), pkiDirectory: pkiDirectoryOf(options) };
}
