/**
 * How the ssh process of a host is started: not more logins at once than an sshd admits.
 *
 * @module
 */

import { rootShellCommand } from './become.js';
import { sshArguments } from './destination.js';
import { shellWord } from './quote.js';
import { type RunningProgram, startProgram } from './run.js';
import type { ShellTarget } from './ssh-failure-table.js';
import { defaultLoginsAtOnce, loginGate } from './ssh-gate.js';
import { sshRoutes } from './ssh-route.js';

/** A shell that is being reached. */
export interface Line {
  readonly program: RunningProgram;
  /** To be called when the login is over, well or not: others wait for it. */
  readonly isLoggedIn: () => void;
}

export interface Dialer {
  dial(target: ShellTarget): Promise<Line>;
  /** Before a login that was not admitted is tried again; each is up to half as long again. */
  readonly pausesMs: readonly number[];
  /** Called for a login that was not admitted and is tried again. */
  readonly onRetry: (target: ShellTarget, tries: number, why: string) => void;
}

/** How long a host may take to answer at all. */
const connectSeconds = 10;

export interface DialerOptions {
  /** At one jump host, or at one sshd. */
  readonly loginsAtOnce?: number;
  readonly pausesMs?: readonly number[];
  readonly onRetry?: Dialer['onRetry'];
}

/** One for all hosts that are asked together. */
export function makeDialer({
  loginsAtOnce = defaultLoginsAtOnce,
  pausesMs = [500, 1000, 2000, 4000],
  onRetry = () => undefined,
}: DialerOptions = {}): Dialer {
  const routes = sshRoutes();
  const gate = loginGate(loginsAtOnce);
  return {
    pausesMs,
    onRetry,
    dial: async (target) => {
      const command = rootShellCommand(target.become);
      if (target.kind === 'local') {
        return { program: startProgram('sh', ['-c', command]), isLoggedIn: () => undefined };
      }
      const { stations, options } = await routes(target.destination);
      const isLoggedIn = await gate(stations);
      // The login shell of the host can be any: it sees one word and one quoted text.
      const shell = `exec sh -c ${shellWord(command)}`;
      const words = [...ourOptions, ...options, ...sshArguments(target.destination), shell];
      return { program: startProgram('ssh', words), isLoggedIn };
    },
  };
}

/** A configuration is made for people: nothing of it may ask, run another command, or read our standard input. */
const ourOptions = [
  '-T',
  '-oBatchMode=yes',
  `-oConnectTimeout=${connectSeconds}`,
  '-oServerAliveInterval=5',
  '-oServerAliveCountMax=3',
  // Whatever the operator's configuration says: the host gets nothing of this machine.
  '-oForwardAgent=no',
  '-oForwardX11=no',
  '-oForwardX11Trusted=no',
  '-oTunnel=no',
  '-oClearAllForwardings=yes',
  '-oRemoteCommand=none',
  '-oPermitLocalCommand=no',
  // With QUIET there would be no reason to tell.
  '-oLogLevel=INFO',
];
