/**
 * The edges of the program, gathered in one record that every use case takes first.
 *
 * @module
 */

import { availableParallelism, hostname, userInfo } from 'node:os';
import { OvsPkiError } from '../errors.js';
import { type Clock, systemClock } from './clock.js';
import { type Log, silentLog } from './log.js';
import { defaultLoginsAtOnce } from './ssh-gate.js';

/** What use cases touch the world through. */
export interface Platform {
  readonly clock: Clock;
  readonly log: Log;
  /** The WebCrypto provider that makes keys and signatures; undefined for Node's own. */
  readonly crypto: Crypto | undefined;
  /** Gives the passphrase of an encrypted key file; called only for one. Undefined where nobody can. */
  readonly passphrase: ((keyFile: string) => Promise<string>) | undefined;
  /** Gives the PIN of a PKCS #11 token; called only where a key is in one, once. Undefined where nobody can. */
  readonly pin: ((token: string) => Promise<string>) | undefined;
  /** How many keys are made at once. */
  readonly concurrency: number;
  /** How long we wait for another process that holds the lock of a CA. */
  readonly lockWaitSeconds: number;
  /** How many hosts are asked at once. */
  readonly hostsAtOnce: number;
  /** How many logins are under way at once at one jump host, or at one sshd. */
  readonly loginsAtOnce: number;
  /** Who acts, for the audit log: `user@host`. */
  readonly operator: string;
}

/** The real edges: system clock, Node's own WebCrypto, no log. Any of them can be replaced. Throws USAGE. */
export function nodePlatform(replace: Partial<Platform> = {}): Platform {
  for (const name of ['concurrency', 'hostsAtOnce', 'loginsAtOnce', 'lockWaitSeconds'] as const) {
    if (name in replace) requireCount(name, replace[name], name === 'lockWaitSeconds' ? 0 : 1);
  }
  return {
    clock: systemClock,
    log: silentLog,
    crypto: undefined,
    passphrase: undefined,
    pin: undefined,
    concurrency: availableParallelism(),
    lockWaitSeconds: 60,
    hostsAtOnce: 32,
    loginsAtOnce: defaultLoginsAtOnce,
    operator: operatorName(),
    ...replace,
  };
}

function requireCount(name: string, value: unknown, least: number): void {
  if (typeof value === 'number' && value >= least) return;
  throw new OvsPkiError('USAGE', `${name} is a number, ${least} at least, not ${String(value)}`);
}

function operatorName(): string {
  const sudo = process.env['SUDO_USER'];
  let user: string;
  try {
    user = userInfo().username;
  } catch {
    user = `uid ${process.getuid?.() ?? 'unknown'}`;
  }
  return `${sudo === undefined || sudo === user ? user : `${sudo} as ${user}`}@${hostname()}`;
}
