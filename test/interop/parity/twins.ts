/** One parity case, run by both programs in folders that are the same for both. */

import * as fs from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { programPath, projectRoot, run } from '../../support/programs.js';
import type { ParityCase, Step } from './case.js';
import { type Observation, observe, readFolder, type TwinRuns } from './observe.js';
import { freezeTimes, type ReadyFolders } from './ready.js';

type Side = 'theirs' | 'ours';

const nobody = 65534;
const isRoot = process.getuid?.() === 0;
const defaultLogFile = '/var/log/openvswitch/ovs-pki.log';

export async function runTwins(folder: string, ready: ReadyFolders, parityCase: ParityCase): Promise<TwinRuns> {
  const [theirs, ours] = [
    await runSide(join(folder, 'theirs'), ready, parityCase, 'theirs'),
    await runSide(join(folder, 'ours'), ready, parityCase, 'ours'),
  ];
  return { theirs, ours };
}

async function runSide(folder: string, ready: ReadyFolders, parityCase: ParityCase, side: Side): Promise<Observation> {
  const { from = 'own', prepare = [], args, log, as } = parityCase;
  const cwd = join(folder, 'work');
  fs.mkdirSync(cwd, { recursive: true });
  const source = from === 'own' ? ready[side] : from === 'ovs-pki' ? ready.foreign : undefined;
  if (source !== undefined) fs.cpSync(source, cwd, { recursive: true, preserveTimestamps: true });
  for (const step of prepare) takeStep(cwd, step);
  freezeTimes(cwd);
  const program = side === 'theirs' ? ['ovs-pki'] : [process.execPath, programFor(folder, as)];
  if (as === 'nobody' && isRoot) giveAway(folder);
  const before = readFolder(cwd);
  const logged = log === undefined ? [`--log=${join(folder, 'ovs-pki.log')}`] : [];
  const typed = args.map((arg) => arg.replace('{cwd}', cwd));
  const logSize = sizeOf(defaultLogFile);
  const result = await runAs(parityCase, ready, cwd, [...program, ...logged, ...typed]);
  const observation = await observe(cwd, before, result);
  return parityCase.needs === undefined ? observation : { ...observation, ...observeDefaultLog(logSize) };
}

function takeStep(cwd: string, step: Step): void {
  if ('write' in step) fs.writeFileSync(join(cwd, step.write), step.text);
  else if ('copy' in step) fs.cpSync(join(cwd, step.copy), join(cwd, step.to), { recursive: true });
  else if ('folder' in step) fs.mkdirSync(join(cwd, step.folder), { recursive: true });
  else if ('link' in step) fs.symlinkSync(step.to, join(cwd, step.link));
  else fs.rmSync(join(cwd, step.remove), { recursive: true });
}

/** Another user may not be able to read the project, so he gets a copy of the program. */
function programFor(folder: string, as: ParityCase['as']): string {
  if (as === undefined) return programPath;
  for (const part of ['bin', 'dist', 'templates', 'package.json']) {
    fs.cpSync(join(projectRoot, part), join(folder, 'program', part), { recursive: true });
  }
  return join(folder, 'program', 'bin', 'ovs-pki-ts.cjs');
}

function giveAway(folder: string): void {
  const names = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const name of ['.', ...names]) fs.lchownSync(join(folder, name), nobody, nobody);
}

function runAs(
  { umask = '022', env = {}, input = '', as }: ParityCase,
  ready: ReadyFolders,
  cwd: string,
  argv: string[],
) {
  const user = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'];
  const prefix = as === 'nobody' && isRoot ? user : [];
  const variables = Object.entries(env).map(([name, value]) => [name, value.replace('{locale}', ready.locale)]);
  return run('sh', ['-c', 'umask "$0" && exec "$@"', umask, ...prefix, ...argv], {
    cwd,
    env: Object.fromEntries(variables),
    input,
  });
}

function sizeOf(file: string): number {
  return fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function observeDefaultLog(before: number): Observation {
  const added = fs.readFileSync(defaultLogFile).subarray(before).toString('latin1');
  return { 'default log': added.includes('host_1') ? 'tells of host_1' : 'does not tell of host_1' };
}

let free = availableParallelism();
const waiting: (() => void)[] = [];

/** Runs an action when one of as many slots as there are cores is free: ava starts all tests of a file at once. */
export async function withSlot<T>(action: () => Promise<T>): Promise<T> {
  if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
  else free--;
  try {
    return await action();
  } finally {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  }
}
