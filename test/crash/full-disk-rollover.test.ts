/** A disk that is full in the middle of a rollover, at every amount of room that is too little. */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  crl,
  init,
  nodePlatform,
  prepareRollover,
  reqSign,
  rolloverStatus,
  switchRollover,
  undoRollover,
} from '../../src/index.js';
import { caFaults } from '../support/ca-state.js';
import { scratchFolder } from '../support/scratch.js';
import { type SmallDisk, smallDisk } from '../support/small-disk.js';

/** Only root can mount a file system. */
const rootTest = process.getuid?.() === 0 ? test.serial : test.serial.skip;

const keySpec = { type: 'ec', curve: 'P-256' } as const;
const platform = nodePlatform();

type Phase = 'none' | 'prepared' | 'switched';

interface Case {
  readonly args: readonly string[];
  readonly from: Phase;
  readonly to: Phase;
  /** Whether the rollover was switched and taken back before. */
  readonly wasBack?: true;
}

const cases: readonly Case[] = [
  { args: ['-k', 'ec', 'rollover', 'prepare'], from: 'none', to: 'prepared' },
  { args: ['rollover', '--pki-only', 'switch'], from: 'prepared', to: 'switched' },
  { args: ['rollover', '--pki-only', 'back'], from: 'prepared', to: 'none' },
  { args: ['rollover', '--pki-only', 'switch'], from: 'prepared', to: 'switched', wasBack: true },
  { args: ['rollover', '--pki-only', 'back'], from: 'prepared', to: 'none', wasBack: true },
  { args: ['rollover', '--pki-only', 'back'], from: 'switched', to: 'prepared' },
  { args: ['-f', 'rollover', '--pki-only', 'retire'], from: 'switched', to: 'none' },
];

for (const item of cases) {
  const { args, from, to, wasBack } = item;
  const title = `${args.join(' ')}, ${from}${wasBack ? ' again' : ''}`;
  rootTest(
    `on a disk with too little room, whatever the amount, ${title}: it is the old state or the new one`,
    async (t) => {
      const disk = await smallDisk(t);
      const pristine = await makePristine(t, item);
      const seen = { old: 0, new: 0 };
      for (let pages = 0; ; pages++) {
        restore(pristine, disk);
        disk.leaveFree(pages * 4096);
        const { status, stderr } = await disk.runOurs('.', ['-d', 'pki', ...args]);
        const phase = await assertWhole(t, disk, `${pages} pages`);
        if (status === 0) {
          t.is(phase, to);
          break;
        }
        t.is(status, 3, `${pages} pages: ${stderr}`);
        t.regex(stderr, /cannot be written \(ENOSPC\) \[FILE_UNWRITABLE\]/, `${pages} pages`);
        t.true(phase === from || phase === to, `${pages} pages: ${phase}`);
        seen[phase === from ? 'old' : 'new']++;
        disk.empty();
        await assertWorksAgain(t, disk, item, phase === from, `${pages} pages`);
      }
      t.log(`${seen.old} levels at which nothing was done, ${seen.new} at which only the lists were missing`);
      t.true(seen.old >= 1);
    },
  );
}

/** A CA with a list and a certificate, as far as the step that is tried. */
async function makePristine(t: ExecutionContext, { from, wasBack }: Case): Promise<string> {
  const folder = scratchFolder(t);
  const request = { pkiDirectory: join(folder, 'pki'), type: 'switch' } as const;
  await init(platform, { pkiDirectory: request.pkiDirectory, keySpec, days: 3650, force: false });
  mkdirSync(join(folder, 'hosts'));
  const order = { ...request, keySpec, unique: true, days: 60, force: false };
  await reqSign(platform, { ...order, names: [join(folder, 'hosts/host')] });
  await crl(platform, { ...request, days: 30, out: undefined });
  if (from !== 'none') await prepareRollover(platform, { ...request, days: 3650 });
  if (from === 'switched' || wasBack) await switchRollover(platform, request);
  if (wasBack) await undoRollover(platform, request);
  return folder;
}

function restore(pristine: string, { outside }: SmallDisk): void {
  for (const name of readdirSync(outside)) rmSync(join(outside, name), { recursive: true });
  cpSync(pristine, outside, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
}

/** Each CA that is there has its key, and nothing was signed that nobody knows. */
async function assertWhole(t: ExecutionContext, { outside }: SmallDisk, what: string): Promise<Phase> {
  const ca = join(outside, 'pki/switchca');
  const { phase } = await rolloverStatus(platform, { pkiDirectory: join(outside, 'pki'), type: 'switch' });
  const folders =
    phase === 'none' ? [''] : phase === 'prepared' ? ['', 'rollover/new'] : ['', 'rollover/new', 'rollover/old'];
  for (const folder of folders) {
    const key = createPrivateKey(readFileSync(join(ca, folder, 'private/cakey.pem')));
    t.true(new X509Certificate(readFileSync(join(ca, folder, 'cacert.pem'))).checkPrivateKey(key), what);
  }
  t.deepEqual(caFaults(ca, join(outside, 'hosts'), { recovered: false }), [], what);
  return phase;
}

/** With room again, the same step, or the lists that it could not make; then nothing is left over. */
async function assertWorksAgain(
  t: ExecutionContext,
  disk: SmallDisk,
  { args, to }: Case,
  isOld: boolean,
  what: string,
): Promise<void> {
  for (const next of [...(isOld ? [args] : []), ['crl'], ['-b', '-f', '--days=60', 'sign', 'hosts/host']]) {
    const { status, stderr } = await disk.runOurs('.', ['-d', 'pki', ...next]);
    t.is(status, 0, `${what}, ${next.join(' ')}: ${stderr}`);
  }
  t.is(await assertWhole(t, disk, what), to);
  const ca = join(disk.outside, 'pki/switchca');
  t.deepEqual(caFaults(ca, join(disk.outside, 'hosts'), { recovered: true }), [], what);
  const left = readdirSync(ca, { recursive: true, encoding: 'utf8' }).filter((name) => /(^|\/)\.|ended/.test(name));
  t.deepEqual(left, [], what);
}
