/** A disk that is full, at every amount of room that is too little; and a disk that is read-only. */

import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { init, nodePlatform, req, sign } from '../../src/index.js';
import { caFaults, indexSerials, keyFaults, leftovers } from '../support/ca-state.js';
import type { Run } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';
import { type SmallDisk, smallDisk } from '../support/small-disk.js';

/** Only root can mount a file system. */
const rootTest = process.getuid?.() === 0 ? test.serial : test.serial.skip;

const keySpec = { type: 'ec', curve: 'P-256' } as const;
const signed = ['host_1', 'host_2', 'host_3', 'host_4'] as const;

interface Case {
  readonly args: readonly string[];
  /** What the command makes, in the folder of hosts. */
  readonly products: readonly string[];
}

const cases: readonly Case[] = [
  { args: ['sign', 'host_1'], products: ['host_1-cert.pem'] },
  { args: ['sign', ...signed], products: signed.map((name) => `${name}-cert.pem`) },
  { args: ['-f', 'sign', 'old_1'], products: ['old_1-cert.pem'] },
  { args: ['-u', '-k', 'ec', 'req', 'new'], products: ['new-privkey.pem', 'new-req.pem'] },
  { args: ['-f', '-u', '-k', 'ec', 'req', 'host_1'], products: ['host_1-privkey.pem', 'host_1-req.pem'] },
  {
    args: ['-u', '-k', 'ec', 'req+sign', 'new'],
    products: ['new-privkey.pem', 'new-req.pem', 'new-cert.pem'],
  },
  { args: ['self-sign', 'host_1'], products: ['host_1-cert.pem'] },
  { args: ['revoke', 'old_1', '--reason=superseded'], products: [] },
  { args: ['crl'], products: ['../pki/switchca/crl.pem'] },
  { args: ['-f', 'renew', 'old_1'], products: ['old_1-cert.pem'] },
  {
    args: ['-f', '-k', 'ec', 'renew', '--rekey', 'old_1'],
    products: ['old_1-privkey.pem', 'old_1-req.pem', 'old_1-cert.pem'],
  },
];

for (const item of cases) {
  const { args } = item;
  rootTest(
    `on a disk with too little room, whatever the amount, ${args.join(' ')} says so and spoils nothing`,
    async (t) => {
      const disk = await smallDisk(t);
      const pristine = await makePristine(t);
      let full = 0;
      for (let pages = 0; ; pages++) {
        restore(pristine, disk);
        disk.leaveFree(pages * 4096);
        const first = await disk.runOurs('hosts', ['-d', '../pki', '-b', ...args]);
        if (first.status === 0) break;
        full++;
        assertRefused(t, first, pages);
        assertSound(t, disk, args, false, `${pages} pages`);
        t.deepEqual(leftovers(disk.outside), [], `${pages} pages`);
        disk.empty();
        await assertWorksAgain(t, disk, item, `${pages} pages`);
      }
      t.log(`${full} levels at which the disk was too full`);
      t.true(full >= item.products.length);
      assertSound(t, disk, args, true, 'enough room');
    },
  );
}

for (const options of [[], ['--offline-root', 'usb']]) {
  const what = ['init', ...options].join(' ');
  rootTest(`on a disk with too little room, whatever the amount, ${what} says so and leaves nothing`, async (t) => {
    const disk = await smallDisk(t);
    mkdirSync(join(disk.outside, 'usb'));
    let full = 0;
    for (let pages = 0; ; pages++) {
      disk.leaveFree(pages * 4096);
      const first = await disk.runOurs('.', ['-d', 'pki', '-k', 'ec', 'init', ...options]);
      if (first.status === 0) break;
      full++;
      assertRefused(t, first, pages);
      t.deepEqual(readdirSync(disk.outside, { recursive: true }), ['ballast', 'usb'], `${pages} pages`);
      disk.empty();
    }
    t.log(`${full} levels at which the disk was too full`);
    t.true(full >= 10);
    t.is(readdirSync(join(disk.outside, 'usb')).length, options.length);
    if (options.length > 0) return;
    t.deepEqual(caFaults(join(disk.outside, 'pki/switchca'), disk.outside, { recovered: true }), []);
  });
}

rootTest('on a read-only disk every command says so', async (t) => {
  const disk = await smallDisk(t);
  restore(await makePristine(t), disk);
  await disk.remount('ro');
  for (const { args } of [...cases, { args: ['-d', '../other', 'init', '-k', 'ec'] }]) {
    const { status, stderr } = await disk.runOurs('hosts', ['-d', '../pki', '-b', ...args]);
    t.is(status, 3, `${args.join(' ')}: ${stderr}`);
    t.regex(stderr, /cannot be written \(EROFS\) \[FILE_UNWRITABLE\]/);
    t.regex(stderr, /hint: the file system is read-only: choose another folder/);
  }
});

/** A PKI whose index and audit log end near the border of a page, so that what is appended needs another one. */
async function makePristine(t: ExecutionContext): Promise<string> {
  const folder = scratchFolder(t);
  const [pkiDirectory, hosts] = [join(folder, 'pki'), join(folder, 'hosts')];
  const platform = nodePlatform({ operator: 'operator@host' });
  await init(platform, { pkiDirectory, keySpec, days: 3650, force: false });
  mkdirSync(hosts);
  const old = Array.from({ length: 32 }, (_, index) => join(hosts, `old_${index}`));
  const names = [...signed.map((name) => join(hosts, name)), ...old];
  await req(platform, { names, keySpec, unique: true, force: false });
  await sign(platform, { pkiDirectory, names: old, type: 'switch', days: 3650, force: false });
  return folder;
}

function restore(pristine: string, disk: SmallDisk): void {
  for (const name of readdirSync(disk.outside)) rmSync(join(disk.outside, name), { recursive: true });
  cpSync(pristine, disk.outside, { recursive: true, preserveTimestamps: true });
}

function assertRefused(t: ExecutionContext, { status, stderr }: Run, pages: number): void {
  t.is(status, 3, `${pages} pages: ${stderr}`);
  t.regex(stderr, /cannot be written \(ENOSPC\) \[FILE_UNWRITABLE\]/, `${pages} pages`);
  t.regex(stderr, /hint: (the disk is full: free some room|the CA has a copy of it: cp )/, `${pages} pages`);
}

function assertSound(
  t: ExecutionContext,
  { outside }: SmallDisk,
  args: readonly string[],
  recovered: boolean,
  what: string,
): void {
  const hosts = join(outside, 'hosts');
  const isOwn = args.includes('self-sign');
  t.deepEqual(caFaults(join(outside, 'pki/switchca'), isOwn ? join(outside, 'pki') : hosts, { recovered }), [], what);
  t.deepEqual(keyFaults(hosts), [], what);
}

/** The same command, after it was told which names are done: an operator takes those away from it. */
async function assertWorksAgain(t: ExecutionContext, disk: SmallDisk, item: Case, what: string): Promise<void> {
  const hosts = join(disk.outside, 'hosts');
  const done = item.args.includes('-f') ? [] : item.products.filter((name) => existsSync(join(hosts, name)));
  const isStuck = item.args.includes('req+sign') && done.length > 0;
  const names = done.map((name) => name.replace(/-cert\.pem$/, ''));
  const args = isStuck ? ['sign', 'new'] : item.args.filter((arg) => !names.includes(arg));
  const again = await disk.runOurs('hosts', ['-d', '../pki', '-b', ...args]);
  t.is(again.status, 0, `${what}: ${again.stderr}`);
  for (const name of item.products) t.true(existsSync(join(hosts, name)), `${what}: ${name}`);
  assertSound(t, disk, item.args, !item.args.includes('req') && !item.args.includes('self-sign'), what);
  t.true(indexSerials(join(disk.outside, 'pki/switchca')).length >= 33);
}
