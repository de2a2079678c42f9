/**
 * A shell on a host that stays open: one connection a host, however many scripts go through it. The scripts go in on
 * standard input, so that nothing of them is seen in the host's list of processes.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { OvsPkiError } from '../errors.js';
import {
  addPiece,
  emptyStreams,
  framed,
  hasBegun,
  resultIn,
  type ScriptResult,
  type Streams,
  textOf,
} from './frame.js';
import { shellWord } from './quote.js';
import { type ProgramEnd, type RunningProgram, startProgram } from './run.js';

/** How a host is reached: a destination of ssh(1), or this machine without it. */
export interface ShellTarget {
  readonly kind: 'ssh' | 'local';
  readonly destination: string;
}

/** A root shell on a host. */
export interface HostShell {
  /**
   * Runs a script of POSIX sh, which begins only when all of it has arrived: a connection that is cut in the middle
   * runs nothing. In a subshell, so that `exit` ends the script alone.
   *
   * @throws HOST_UNREACHABLE, HOST_KEY_UNKNOWN, HOST_LOGIN_REFUSED, HOST_SUDO_REFUSED, HOST_CONNECTION_LOST, HOST_TIMEOUT
   */
  run(script: string, timeoutMs: number): Promise<ScriptResult>;
  /** How many scripts were run: the round trips. */
  exchanges(): number;
  /** Ends the shell; a script that runs is left to its end on the host. */
  close(): void;
}

/** How long a host may take to answer at all. */
const connectSeconds = 10;

/** What a script may print before we stop to listen. */
const outputLimit = 64 * 1024 * 1024;

/**
 * Opens the shell; whether the host can be reached is told by the first script.
 *
 * @param preamble lines for the shell itself and not for a subshell, such as a lock that is held to its end
 */
export function openHostShell(target: ShellTarget, preamble = ''): HostShell {
  const program = target.kind === 'ssh' ? startSsh(target.destination) : startProgram('sh', ['-c', becomeRoot]);
  let output = emptyStreams();
  let exchanges = 0;
  program.write(preamble);
  let listener: (() => void) | undefined;
  program.onOutput((stream, text) => {
    addPiece(output[stream], text);
    listener?.();
  });
  let end: ProgramEnd | undefined;
  void program.ended.then((value) => {
    end = value;
    listener?.();
  });
  const run = (script: string, timeoutMs: number): Promise<ScriptResult> =>
    new Promise((resolve, reject) => {
      exchanges += 1;
      const mark = randomBytes(12).toString('hex');
      output = emptyStreams();
      const timer = setTimeout(() => {
        program.kill();
        settle(() => reject(timedOut(target, timeoutMs)));
      }, timeoutMs);
      const settle = (action: () => void): void => {
        clearTimeout(timer);
        listener = undefined;
        action();
      };
      listener = () => {
        const result = resultIn(output, mark);
        const ended = end;
        if (result !== undefined) settle(() => resolve(result));
        else if (isTooLong(output)) {
          program.kill();
          settle(() => reject(talkative(target)));
        } else if (ended !== undefined)
          settle(() =>
            reject(failureOf(target, ended, textOf(output.stderr), exchanges > 1 || hasBegun(output, mark))),
          );
      };
      program.write(framed(script, mark));
      listener();
    });
  return { run, exchanges: () => exchanges, close: () => closeProgram(program) };
}

/** The login shell of the host can be any: it sees one word and one quoted text. */
function startSsh(destination: string): RunningProgram {
  const options = [
    '-T',
    '-oBatchMode=yes',
    `-oConnectTimeout=${connectSeconds}`,
    '-oServerAliveInterval=5',
    '-oServerAliveCountMax=3',
    '-oForwardAgent=no',
    '-oClearAllForwardings=yes',
  ];
  return startProgram('ssh', [...options, '--', destination, `exec sh -c ${shellWord(becomeRoot)}`]);
}

const becomeRoot = 'if [ "$(id -u)" -eq 0 ]; then exec sh -s; else exec sudo -n -- sh -s; fi';

function isTooLong({ stdout, stderr }: Streams): boolean {
  return stdout.length >= outputLimit || stderr.length >= outputLimit;
}

function talkative({ destination }: ShellTarget): OvsPkiError {
  return new OvsPkiError('HOST_STEP_FAILED', `${destination} printed more than ${outputLimit} bytes`, {
    hint: `see what is so long there: ssh ${destination} 'ls -lR /etc/ipsec.d /etc/keys'`,
    details: { host: destination },
  });
}

function closeProgram(program: RunningProgram): void {
  program.finish();
  // A connection that hangs must not keep us here.
  const timer = setTimeout(() => program.kill(), 2000);
  void program.ended.then(() => clearTimeout(timer));
}

function timedOut({ destination }: ShellTarget, timeoutMs: number): OvsPkiError {
  return new OvsPkiError('HOST_TIMEOUT', `${destination} did not answer within ${Math.round(timeoutMs / 1000)} s`, {
    hint: 'is the host overloaded, or the network cut? Run the command again: it goes on where it stopped',
    details: { host: destination },
  });
}

interface Failure {
  readonly code: 'HOST_UNREACHABLE' | 'HOST_KEY_UNKNOWN' | 'HOST_LOGIN_REFUSED' | 'HOST_SUDO_REFUSED';
  readonly pattern: RegExp;
  readonly message: string;
  readonly hint: (destination: string) => string;
}

/** What OpenSSH and sudo say, and what is to be done about it. */
const failures: readonly Failure[] = [
  {
    code: 'HOST_KEY_UNKNOWN',
    pattern: /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED/i,
    message: 'its host key is not known, or is not the one that was known',
    hint: (destination) => `compare the key and accept it once: ssh ${destination} true`,
  },
  {
    code: 'HOST_LOGIN_REFUSED',
    pattern: /Permission denied \(|Too many authentication failures|No supported authentication/i,
    message: 'it refused the login',
    hint: (destination) => `a login must work without a question: ssh-copy-id ${destination}`,
  },
  {
    code: 'HOST_SUDO_REFUSED',
    pattern: /sudo: |sudo: not found|not in the sudoers/i,
    message: 'sudo would not make us root without a password',
    hint: (destination) =>
      `allow it: "USER ALL=(ALL) NOPASSWD: ALL" in /etc/sudoers.d on ${destination}, or log in as root@`,
  },
];

function failureOf(target: ShellTarget, end: ProgramEnd, stderr: string, began: boolean): OvsPkiError {
  const { destination } = target;
  const said = stderr
    .replaceAll(/^[0-9a-f]{24} begins$/gm, '')
    .trim()
    // ssh itself ends its lines as a terminal in raw mode wants them.
    .split(/\r*\n/)
    .slice(-3)
    .join(' ')
    .trim();
  const details = { host: destination, said };
  if (end.failure !== undefined) {
    return new OvsPkiError(
      'HOST_UNREACHABLE',
      `${target.kind === 'ssh' ? 'ssh' : 'sh'} cannot be started: ${end.failure}`,
      {
        hint: 'install the OpenSSH client: apt-get install openssh-client',
        details,
      },
    );
  }
  // What a script printed is not what ssh or sudo said about the login.
  const known = began ? undefined : failures.find(({ pattern }) => pattern.test(stderr));
  if (known !== undefined) {
    return new OvsPkiError(known.code, `${destination}: ${known.message} (${said})`, {
      hint: known.hint(destination),
      details,
    });
  }
  return new OvsPkiError(
    began ? 'HOST_CONNECTION_LOST' : 'HOST_UNREACHABLE',
    `${destination}: ${began ? 'the connection was lost' : 'it cannot be reached'} (${said || `status ${end.status ?? 'none'}`})`,
    {
      hint: began ? 'run the command again: it goes on where it stopped' : `find out why with: ssh ${destination} true`,
      details,
    },
  );
}
