/**
 * Options that several commands read.
 *
 * @module
 */

import { defaultDays, defaultPkiDirectory, type KeySpec, parseDays, parseKeySpec } from '../../usecases/inputs.js';
import type { OptionValues } from './specs.js';

export function pkiDirectoryOf({ dir }: OptionValues): string {
  return typeof dir === 'string' ? dir : defaultPkiDirectory;
}

export function daysOf({ days }: OptionValues): number {
  return typeof days === 'string' ? parseDays(days) : defaultDays;
}

export function keySpecOf({ key, bits }: OptionValues): KeySpec {
  return parseKeySpec(typeof key === 'string' ? key : 'rsa', typeof bits === 'string' ? bits : undefined);
}

/** What must be said when EC keys are made. */
export function keyWarnings(spec: KeySpec): string[] {
  if (spec.type === 'rsa') return [];
  return ['EC keys work for TLS only: ovs-monitor-ipsec with strongSwan reads private keys as RSA keys'];
}
