/**
 * `--run-after PROGRAM`: a program of the operator, once something was made that others have to be told of.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { absolutePath, isExecutable } from '../../platform/files.js';
import { runToEnd } from '../../platform/run.js';
import type { Context } from '../options/context.js';
import { pkiDirectoryOf } from '../options/read.js';
import type { Outcome } from './outcome.js';

/** What the program finds in its environment, behind `OVS_PKI_`; of a list each item has a line. */
export type Facts = Readonly<Record<string, string | readonly string[]>>;

/** The kernel takes 128 KiB in one variable. */
const longestList = 100_000;

/** The program that is to run, if one is: looked at before anything is made. @throws FILE_NOT_FOUND, USAGE */
export function programAfter({ options: { 'run-after': typed } }: Context<'run-after'>): string | undefined {
  if (typed === undefined) return undefined;
  const program = absolutePath(typed);
  if (isExecutable(program)) return program;
  throw new OvsPkiError('USAGE', `--run-after: ${program} is not a program that can be run`, {
    hint: 'name a file that is executable; it gets no arguments and no shell, so put both into a script',
    details: { file: program },
  });
}

/** The outcome of a command with that of the program; undefined facts say that nothing was made. */
export async function afterwards(
  { platform, options }: Context<'dir'>,
  program: string | undefined,
  outcome: Outcome,
  facts: Facts | undefined,
): Promise<Outcome> {
  if (program === undefined || facts === undefined) return outcome;
  const environment = environmentOf({ DIR: absolutePath(pkiDirectoryOf(options)), ...facts });
  const { status, failure } = await runToEnd(program, environment);
  const end = failure ?? (status === undefined ? 'ended by a signal' : `exit status ${status}`);
  platform.log.write(`ran ${program}: ${end}`);
  const runAfter = { program, ...(status === undefined ? {} : { exitStatus: status }) };
  if (status === 0) return { ...outcome, json: { ...outcome.json, runAfter } };
  const error = new OvsPkiError('RUN_AFTER_FAILED', `${program} failed (${end}); what it was to tell of is made`, {
    hint: `run it again by itself, or the command without --run-after`,
    details: runAfter,
  });
  return {
    ...outcome,
    exitStatus: outcome.exitStatus === 0 ? error.exitStatus : outcome.exitStatus,
    json: { ...outcome.json, runAfter: { ...runAfter, error } },
    errors: [...outcome.errors, error],
  };
}

function environmentOf(facts: Facts): Record<string, string> {
  const lines = Object.entries(facts).map(([name, value]) => [
    `OVS_PKI_${name}`,
    typeof value === 'string' ? value : value.join('\n'),
  ]);
  return Object.fromEntries(lines.filter(([, text]) => (text?.length ?? 0) <= longestList));
}
