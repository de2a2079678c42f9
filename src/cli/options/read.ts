/**
 * Options that several commands read.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import {
  defaultDays,
  defaultPkiDirectory,
  type KeySpec,
  type Life,
  parseDays,
  parseEnd,
  parseKeySpec,
  parseLife,
} from '../../usecases/inputs.js';
import type { CommandContext } from '../outcome/outcome.js';
import type { OptionValues } from './specs.js';

export function pkiDirectoryOf({ dir }: OptionValues): string {
  return typeof dir === 'string' ? dir : defaultPkiDirectory;
}

/** How long a certificate or a CRL is to be valid: one of --days, --valid-for and --not-after. @throws USAGE */
export function lifeOf(context: Pick<CommandContext, 'platform' | 'options'>, usual: number = defaultDays): Life {
  return givenLifeOf(context) ?? { days: usual };
}

/** The same where what is not given has another meaning. @throws USAGE */
export function givenLifeOf({
  platform: { clock },
  options: { days, 'valid-for': validFor, 'not-after': notAfter },
}: Pick<CommandContext, 'platform' | 'options'>): Life | undefined {
  const given = [days, validFor, notAfter].filter((value) => value !== undefined);
  if (given.length > 1) {
    throw new OvsPkiError('USAGE', 'only one of --days, --valid-for and --not-after can say how long it is valid');
  }
  if (typeof days === 'string') return { days: parseDays(days) };
  if (typeof validFor === 'string') return { days: parseLife(validFor) };
  return typeof notAfter === 'string' ? { days: defaultDays, notAfter: parseEnd(notAfter, clock.now()) } : undefined;
}

export function keySpecOf({ key, bits }: OptionValues): KeySpec {
  return parseKeySpec(typeof key === 'string' ? key : 'rsa', typeof bits === 'string' ? bits : undefined);
}

/** What must be said when EC keys are made. */
export function keyWarnings(spec: KeySpec): string[] {
  if (spec.type === 'rsa') return [];
  return ['EC keys work for TLS only: ovs-monitor-ipsec with strongSwan reads private keys as RSA keys'];
}
