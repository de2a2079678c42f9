import { chmodSync, existsSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ours, oursWell } from '../support/pki.js';
import { scratchFolder } from '../support/scratch.js';

test('--run-after runs a program once something was made, with the facts in its environment', async (t) => {
  const folder = await scene(t);
  const renewed = await ours(folder, ['renew', 'a', 'b', '--run-after', './hook']);
  t.is(renewed.status, 0);
  // Standard output holds the result only.
  t.notRegex(renewed.stdout, /heard/);
  t.regex(renewed.stderr, /heard/);
  const { OVS_PKI_SERIALS: serials = '', ...facts } = told(folder);
  t.deepEqual(facts, {
    OVS_PKI_COMMAND: 'renew',
    OVS_PKI_TYPE: 'switch',
    OVS_PKI_DIR: join(folder, 'pki'),
    OVS_PKI_COUNT: '2',
    OVS_PKI_NAMES: 'a\nb',
    OVS_PKI_FILES: `${join(folder, 'a-cert.pem')}\n${join(folder, 'b-cert.pem')}`,
  });
  for (const serial of serials.split('\n')) t.true(renewed.stdout.includes(serial));

  const made = await ours(folder, ['--json', 'crl', '--out', 'list.der', '--outform', 'DER', '--run-after=hook']);
  const { nextUpdate, runAfter } = JSON.parse(made.stdout) as { nextUpdate: string; runAfter: unknown };
  t.deepEqual(runAfter, { program: join(folder, 'hook'), exitStatus: 0 });
  t.deepEqual(told(folder), {
    OVS_PKI_COMMAND: 'crl',
    OVS_PKI_TYPE: 'switch',
    OVS_PKI_DIR: join(folder, 'pki'),
    OVS_PKI_FILES: `${join(folder, 'pki/switchca/crl.pem')}\n${join(folder, 'list.der')}`,
    OVS_PKI_CRL_NUMBER: '01',
    OVS_PKI_REVOKED: '0',
    OVS_PKI_NEXT_UPDATE: nextUpdate,
  });
});

test('--run-after runs nothing where nothing was made', async (t) => {
  const folder = await scene(t);
  for (const args of [
    ['renew', '--due'],
    ['renew', 'nobody'],
    ['crl', '--days', '0'],
    ['crl', 'nonsense'],
  ]) {
    await ours(folder, [...args, '--run-after', './hook']);
    t.false(existsSync(join(folder, 'told')), args.join(' '));
  }
  // One of two is something.
  t.is((await ours(folder, ['renew', 'nobody', 'a', '--run-after', './hook'])).status, 3);
  t.is(told(folder)['OVS_PKI_NAMES'], 'a');
});

test('a program that fails is told with its exit status, and what was made stays', async (t) => {
  const folder = await scene(t);
  for (const [script, end, exitStatus] of [
    ['#!/bin/sh\nexit 7\n', 'exit status 7', 7],
    ['#!/bin/sh\nkill -9 $$\n', 'ended by a signal', undefined],
    ['#!/no/such/shell\n', 'ENOENT', undefined],
  ] as const) {
    writeFileSync(join(folder, 'hook'), script);
    const { status, stdout, stderr } = await ours(folder, ['--json', 'crl', '--run-after', './hook']);
    t.is(status, 3, script);
    t.true(stderr.includes(`hook failed (${end}); what it was to tell of is made [RUN_AFTER_FAILED]`), stderr);
    const { runAfter, crlNumber } = JSON.parse(stdout) as {
      crlNumber: string;
      runAfter: { error: { code: string }; exitStatus?: number };
    };
    t.is(runAfter.error.code, 'RUN_AFTER_FAILED');
    t.is(runAfter.exitStatus, exitStatus);
    t.regex(readFileSync(join(folder, 'log'), 'utf8'), new RegExp(`number ${crlNumber},`));
  }
});

test('what cannot be run is refused before anything is made', async (t) => {
  const folder = await scene(t);
  chmodSync(join(folder, 'hook'), 0o644);
  for (const program of ['none', 'hook', '.', '', 'hook; echo x']) {
    const { status, stderr } = await ours(folder, ['crl', '--run-after', program]);
    t.is(status, 2, program);
    t.regex(stderr, /is not a program that can be run \[USAGE\]/);
  }
  t.false(existsSync(join(folder, 'pki/switchca/crl.pem')));
});

async function scene(t: ExecutionContext): Promise<string> {
  const folder = realpathSync(scratchFolder(t));
  await oursWell(folder, ['init', '-k', 'ec']);
  await oursWell(folder, ['req+sign', '-u', '-k', 'ec', 'a', 'b']);
  writeFileSync(join(folder, 'hook'), '#!/bin/sh\n[ $# = 0 ] || exit 1\necho heard\nenv -0 >told\n', { mode: 0o755 });
  return folder;
}

/** What the program was told last. */
function told(folder: string): Record<string, string> {
  const file = join(folder, 'told');
  const all = readFileSync(file, 'utf8').split('\0');
  rmSync(file);
  return Object.fromEntries(
    all
      .filter((line) => line.startsWith('OVS_PKI_') && !line.startsWith('OVS_PKI_TS'))
      .map((line) => line.split(/=(.*)/s)),
  );
}
