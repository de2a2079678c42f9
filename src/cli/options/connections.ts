/**
 * How many hosts are asked at once, and how many logins are under way at one sshd.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Platform } from '../../platform/index.js';
import type { Options } from './specs.js';

type ConnectionOptions = Options<'parallel' | 'per-jump-host'>;

/** Only what is given. @throws USAGE */
export function connectionsOf(options: ConnectionOptions): Partial<Pick<Platform, 'hostsAtOnce' | 'loginsAtOnce'>> {
  const [hostsAtOnce, loginsAtOnce] = [countOf(options, 'parallel'), countOf(options, 'per-jump-host')];
  return {
    ...(hostsAtOnce === undefined ? {} : { hostsAtOnce }),
    ...(loginsAtOnce === undefined ? {} : { loginsAtOnce }),
  };
}

function countOf(options: ConnectionOptions, name: keyof ConnectionOptions): number | undefined {
  const text = options[name];
  if (text === undefined) return undefined;
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= 1000) return count;
  throw new OvsPkiError('USAGE', `--${name} ${JSON.stringify(text)} is not a number from 1 to 1000`, {
    hint: `such as: --${name} 8`,
  });
}
