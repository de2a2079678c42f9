/**
 * Programs that are started, and what goes through their pipes.
 *
 * @module
 */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { systemErrorCode } from '../errors.js';

/** A program that runs, with its three pipes as text. */
export interface RunningProgram {
  /** Puts text into its standard input. What a program that has ended does not take is lost in silence. */
  write(text: string): void;
  /** Says what comes out, in pieces as they come. */
  onOutput(listener: (stream: 'stdout' | 'stderr', text: string) => void): void;
  /** Resolves when it has ended and all its output was seen. */
  readonly ended: Promise<ProgramEnd>;
  /** Closes its standard input. */
  finish(): void;
  /** Ends it and what it has started at once, and listens no more: what has left its process group may hold the pipes. */
  kill(): void;
}

export interface ProgramEnd {
  /** Undefined where a signal ended it, or it could not be started. */
  readonly status: number | undefined;
  /** Why it could not be started, such as `ENOENT`. */
  readonly failure: string | undefined;
}

/** Starts a program, in a process group of its own so that Ctrl-C reaches it only through us. */
export function startProgram(file: string, args: readonly string[]): RunningProgram {
  const child = spawn(file, args, { stdio: 'pipe', detached: true });
  // A closed pipe is told by the end of the program; the error of the write says nothing more.
  child.stdin.on('error', () => undefined);
  child.stdout.setEncoding('utf8');
  child.stderr.setEncoding('utf8');
  return {
    write: (text) => child.stdin.write(text),
    onOutput: (listener) => {
      child.stdout.on('data', (text: string) => listener('stdout', text));
      child.stderr.on('data', (text: string) => listener('stderr', text));
    },
    ended: endOf(child),
    finish: () => child.stdin.end(),
    kill: () => killAll(child),
  };
}

/**
 * Runs a program of the operator to its end: without arguments, without a shell, with nothing to read. What it prints goes to
 * standard error, for standard output holds our result.
 */
export function runToEnd(file: string, environment: Readonly<Record<string, string>>): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    const failed = (error: unknown) =>
      resolve({ status: undefined, failure: systemErrorCode(error) ?? (error instanceof Error ? error.message : '') });
    try {
      const child = spawn(file, [], { stdio: ['ignore', 2, 2], env: { ...process.env, ...environment } });
      child.on('error', failed);
      // Not until what it has left behind lets go of the pipes.
      child.on('exit', (status) => resolve({ status: status ?? undefined, failure: undefined }));
    } catch (error) {
      failed(error);
    }
  });
}

function killAll(child: ChildProcessWithoutNullStreams): void {
  try {
    // Not where it could not be started, and has no group.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if (systemErrorCode(error) !== 'ESRCH') throw error;
  }
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
}

function endOf(child: ChildProcessWithoutNullStreams): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ status: undefined, failure: systemErrorCode(error) ?? error.message }));
    child.on('close', (status) => resolve({ status: status ?? undefined, failure: undefined }));
  });
}
