/**
 * A shell on a host that stays open: one connection a host, however many scripts go through it. The scripts go in on
 * standard input, so that nothing of them is seen in the host's list of processes.
 *
 * @module
 */

import { randomBytes, randomInt } from 'node:crypto';
import { OvsPkiError } from '../errors.js';
import { sshCommand } from './destination.js';
import {
  addPiece,
  emptyStreams,
  framed,
  hasBegun,
  isTooLong,
  resultIn,
  type ScriptResult,
  type Streams,
  textOf,
} from './frame.js';
import type { ProgramEnd, RunningProgram } from './run.js';
import { type Dialer, type Line, makeDialer } from './ssh-dial.js';
import type { ShellTarget } from './ssh-failure-table.js';
import { shellFailure, wasNotAdmitted } from './ssh-failures.js';

export type { ShellTarget } from './ssh-failure-table.js';

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

/**
 * Opens the shell; whether the host can be reached is told by the first script.
 *
 * @param preamble lines for the shell itself and not for a subshell, such as a lock that is held to its end
 * @param dialer shared by the hosts that are asked together
 */
export function openHostShell(target: ShellTarget, preamble = '', dialer: Dialer = makeDialer()): HostShell {
  let exchanges = 0;
  let isClosed = false;
  let connection: Promise<Connection> | undefined;
  const connect = async (tries: number): Promise<Connection> => {
    const opened = connectionOf(target, await dialer.dial(target), preamble, tries);
    if (isClosed) opened.close();
    return opened;
  };
  connection = connect(1);
  const run = async (script: string, timeoutMs: number): Promise<ScriptResult> => {
    exchanges += 1;
    for (const [index, pauseMs] of [...dialer.pausesMs, undefined].entries()) {
      connection ??= connect(index + 1);
      const answer = await (await connection).exchange(script, timeoutMs);
      if (!('notAdmitted' in answer)) return answer;
      if (exchanges > 1 || pauseMs === undefined || isClosed) throw answer.notAdmitted;
      dialer.onRetry(target, index + 1, answer.notAdmitted.message);
      connection = undefined;
      await pause(pauseMs + randomInt(1 + Math.ceil(pauseMs / 2)));
    }
    throw new Error('the last try has no pause behind it');
  };
  const close = (): void => {
    isClosed = true;
    void connection?.then((opened) => opened.close());
  };
  return { run, exchanges: () => exchanges, close };
}

type Answer = ScriptResult | { readonly notAdmitted: OvsPkiError };

/** One process of ssh. */
interface Connection {
  exchange(script: string, timeoutMs: number): Promise<Answer>;
  close(): void;
}

/** What has come from it. */
interface Heard {
  output: Streams;
  /** The first script has begun. */
  answered: boolean;
  end: ProgramEnd | undefined;
  /** It has said more than we are ready to hold, and was cut off. */
  isFlooded: boolean;
}

function connectionOf(target: ShellTarget, { program, isLoggedIn }: Line, preamble: string, tries: number): Connection {
  const heard: Heard = { output: emptyStreams(), answered: false, end: undefined, isFlooded: false };
  let listener: (() => void) | undefined;
  program.write(preamble);
  program.onOutput((stream, text) => {
    keep(heard, stream, text, listener !== undefined);
    if (heard.isFlooded) program.kill();
    listener?.();
  });
  void program.ended.then((value) => {
    heard.end = value;
    isLoggedIn();
    listener?.();
  });
  const exchange: Connection['exchange'] = (script, timeoutMs) =>
    new Promise((resolve, reject) => {
      const mark = randomBytes(12).toString('hex');
      // What ssh said before it was asked for anything is the reason where there is no shell.
      if (heard.answered) heard.output = emptyStreams();
      const settle = (answer: Answer | OvsPkiError): void => {
        clearTimeout(timer);
        listener = undefined;
        if (heard.answered) heard.output = emptyStreams();
        if (answer instanceof OvsPkiError) reject(answer);
        else resolve(answer);
      };
      const leave = (error: OvsPkiError): void => {
        program.kill();
        settle(error);
      };
      const timer = setTimeout(() => leave(timedOut(target, timeoutMs)), timeoutMs);
      listener = () => {
        if (!heard.answered && hasBegun(heard.output, mark)) {
          heard.answered = true;
          isLoggedIn();
        }
        const result = resultIn(heard.output, mark);
        if (result !== undefined) settle(result);
        else if (heard.isFlooded) leave(talkative(target));
        else if (heard.end !== undefined) settle(failureOf(target, heard, heard.end, tries));
      };
      program.write(framed(script, mark));
      listener();
    });
  return { exchange, close: () => closeProgram(program) };
}

/** Keeps what has come, as far as we are ready to hold it. @param isAsked a script is at work */
function keep(heard: Heard, stream: keyof Streams, text: string, isAsked: boolean): void {
  if (heard.isFlooded) return;
  addPiece(heard.output[stream], text);
  heard.isFlooded = isTooLong(heard.output, isAsked);
  if (heard.isFlooded) heard.output = emptyStreams();
}

function failureOf(
  target: ShellTarget,
  { output, answered }: Heard,
  end: ProgramEnd,
  tries: number,
): OvsPkiError | { readonly notAdmitted: OvsPkiError } {
  const [stdout, stderr] = [textOf(output.stdout), textOf(output.stderr)];
  const error = shellFailure(target, { end, stdout, stderr, began: answered, tries });
  return !answered && end.failure === undefined && wasNotAdmitted(stderr) ? { notAdmitted: error } : error;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function talkative({ destination }: ShellTarget): OvsPkiError {
  return new OvsPkiError('HOST_STEP_FAILED', `${destination} printed more than a host can have to say`, {
    hint: `see what is so long there: ${sshCommand(destination, 'ls -lR /etc/ipsec.d /etc/keys')}`,
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
