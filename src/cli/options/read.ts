/**
 * Options that several commands read.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Platform } from '../../platform/index.js';
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
import type { Options } from './specs.js';

export function pkiDirectoryOf({ dir }: Options<'dir'>): string {
  return dir ?? defaultPkiDirectory;
}

/** A fixed end is not for all. */
type LifeOptions = Options<'days' | 'valid-for'> & Partial<Options<'not-after'>>;

interface LifeContext {
  readonly platform: Pick<Platform, 'clock'>;
  readonly options: LifeOptions;
}

/** How long a certificate or a CRL is to be valid: one of --days, --valid-for and --not-after. @throws USAGE */
export function lifeOf(context: LifeContext, usual: number = defaultDays): Life {
  return givenLifeOf(context) ?? { days: usual };
}

/** The same where what is not given has another meaning. @throws USAGE */
export function givenLifeOf({
  platform: { clock },
  options: { days, 'valid-for': validFor, 'not-after': notAfter },
}: LifeContext): Life | undefined {
  const given = [days, validFor, notAfter].filter((value) => value !== undefined);
  if (given.length > 1) {
    throw new OvsPkiError('USAGE', 'only one of --days, --valid-for and --not-after can say how long it is valid');
  }
  if (days !== undefined) return { days: parseDays(days) };
  if (validFor !== undefined) return { days: parseLife(validFor) };
  return notAfter === undefined ? undefined : { days: defaultDays, notAfter: parseEnd(notAfter, clock.now()) };
}

export function keySpecOf({ key, bits }: Options<'key' | 'bits'>): KeySpec {
  return parseKeySpec(key ?? 'rsa', bits);
}

/** What must be said when EC keys are made. */
export function keyWarnings(spec: KeySpec): string[] {
  if (spec.type === 'rsa') return [];
  return ['EC keys work for TLS only: ovs-monitor-ipsec with strongSwan reads private keys as RSA keys'];
}
