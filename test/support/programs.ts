/** Running the program under test, and the real programs that it is held against. */

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Run {
  /** Exit status; null where a signal ended it. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** The program is killed after so many seconds, and its status is null then. */
  readonly seconds?: number;
}

/** The root of the project, seen from build/test/support. */
export const projectRoot = fileURLToPath(new URL('../../../', import.meta.url));
export const programPath = `${projectRoot}bin/ovs-pki-ts.cjs`;
export const fixturesFolder = `${projectRoot}test/fixtures`;

/** Runs a program to its end, whatever its exit status. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, LC_ALL: 'C', TZ: 'UTC', ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.seconds === undefined ? {} : { timeout: options.seconds * 1000, killSignal: 'SIGKILL' }),
    });
    const output = { stdout: '', stderr: '' };
    // What comes in pieces may be cut within a character.
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      output.stderr += text;
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ status, signal, ...output }));
  });
}

/** Runs a program that must succeed, and gives what it printed to standard output. */
export async function runWell(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await run(program, args, options);
  if (result.status !== 0) {
    throw new Error(`${program} ${args.join(' ')}: exit status ${result.status}\n${result.stdout}\n${result.stderr}`);
  }
  return result.stdout;
}

/** Runs ovs-pki-ts from source, as an installed program runs. */
export function runOurs(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  return run(process.execPath, [programPath, ...args], options);
}
