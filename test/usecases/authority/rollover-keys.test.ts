/** Keys with a passphrase, and folders of roots, in the steps of a rollover. */

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { crl, init, nodePlatform, prepareRollover, rolloverStatus } from '../../../src/index.js';
import { readCa } from '../../../src/store/ca/ca.js';
import { readRetired } from '../../../src/store/ca/retired.js';
import { runOurs } from '../../support/programs.js';
import { scratchFolder } from '../../support/scratch.js';

const passphrase = 'correct horse';
const keySpec = { type: 'ec', curve: 'P-256' } as const;

/** Steps that make lists after what they change, and in which phase they leave the rollover where they cannot. */
const listing = [
  { before: [], step: ['switch'], phase: 'prepared' },
  { before: ['switch'], step: ['back'], phase: 'switched' },
  { before: ['switch'], step: ['retire'], phase: 'switched' },
  { before: [], step: ['back'], phase: 'prepared' },
] as const;

for (const { before, step, phase } of listing) {
  test(`${[...before, ...step].join(', ')}: without the passphrase for the lists nothing changes`, async (t) => {
    const { pki, run } = await prepared(t);
    for (const one of before) t.is((await run(one, '--passphrase-file', 'secret')).status, 0);
    const there = readdirSync(pki, { recursive: true }).sort();
    const refused = await run(step[0]);
    t.regex(refused.stderr, /\[KEY_ENCRYPTED\]/);
    t.is((await rolloverStatus(nodePlatform(), { pkiDirectory: pki, type: 'switch' })).phase, phase);
    t.deepEqual(readdirSync(pki, { recursive: true }).sort(), there);
    const done = await run(step[0], '--passphrase-file', 'secret');
    t.is(done.status, 0, done.stderr);
  });
}

test('the one passphrase of both keys is asked for by the name of the one that people know', async (t) => {
  const { pki } = await prepared(t);
  const asked: string[] = [];
  const platform = nodePlatform({
    passphrase: async (file) => {
      asked.push(file);
      return passphrase;
    },
  });
  const made = await crl(platform, { pkiDirectory: pki, type: 'switch', days: 30, out: undefined });
  t.truthy(made.otherFile);
  t.deepEqual([...new Set(asked)], [join(pki, 'switchca/private/cakey.pem')]);
});

test('status names the file of the CA that hosts are to trust as well', async (t) => {
  const { pki, run } = await prepared(t);
  const { otherFile } = await rolloverStatus(nodePlatform(), { pkiDirectory: pki, type: 'switch' });
  t.true(existsSync(otherFile ?? ''));
  t.not(readFileSync(otherFile ?? '', 'utf8'), readFileSync(join(pki, 'switchca/cacert.pem'), 'utf8'));
  const { stdout } = await run('status');
  t.regex(stdout, /let all hosts trust what follows, too, then "rollover switch --pki-only"\n/);
  t.regex(stdout, /follows: .*switchca\/rollover\/new\/cacert\.pem\n/);
});

test('a certificate of a retired CA that is damaged is told of with its file', async (t) => {
  const { pki, run } = await prepared(t);
  for (const step of ['switch', 'retire']) t.is((await run(step, '--passphrase-file', 'secret')).status, 0);
  const ca = readCa(pki, 'switch');
  t.is(readRetired(ca).length, 1);
  writeFileSync(join(ca.layout.retired, 'damaged.pem'), '-----BEGIN CERTIFICATE-----\n');
  t.throws(() => readRetired(ca), { code: 'PKI_CORRUPT', message: /retired\/damaged\.pem/ });
});

test('a step in the wrong place says which one comes next, and distribute why it does not go with --pki-only', async (t) => {
  const { run } = await prepared(t);
  t.regex(
    (await run('retire')).stderr,
    /the next key of switchca is there; "switch" or "back" comes next \[ROLLOVER_STATE\]/,
  );
  await run('switch', '--passphrase-file', 'secret');
  t.regex((await run('switch')).stderr, /signs already; "retire" or "back" comes next \[ROLLOVER_STATE\]/);
  t.regex((await run('distribute')).stderr, /--pki-only looks at none \[USAGE\]/);
});

test('the folder of a root is refused where there is no root above the CA', async (t) => {
  const folder = scratchFolder(t);
  const pkiDirectory = join(folder, 'pki');
  mkdirSync(join(folder, 'usb'));
  await init(nodePlatform(), { pkiDirectory, keySpec, days: 3650, force: false });
  const preparing = prepareRollover(nodePlatform(), {
    ...{ pkiDirectory, type: 'switch', days: 3650, offlineRoot: join(folder, 'usb') },
  });
  t.like(await t.throwsAsync(preparing), { code: 'CA_UNFIT' });
  t.false(existsSync(join(pkiDirectory, 'switchca/rollover')));
});

/** A CA with a passphrase and a list, of which the next key is there. */
async function prepared(t: ExecutionContext) {
  const folder = scratchFolder(t);
  const pki = join(folder, 'pki');
  const platform = nodePlatform({ passphrase: async () => passphrase });
  await init(platform, { pkiDirectory: pki, keySpec, days: 3650, force: false, passphrase });
  const request = { pkiDirectory: pki, type: 'switch', days: 3650 } as const;
  await crl(platform, { ...request, days: 30, out: undefined });
  await prepareRollover(platform, request);
  writeFileSync(join(folder, 'secret'), passphrase, { mode: 0o600 });
  const run = (step: string, ...more: string[]) =>
    runOurs(['-d', pki, 'rollover', step, '--pki-only', ...more], { cwd: folder });
  return { pki, run };
}
