/** A CA whose key has a passphrase, with the real programs beside ours. */

import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { changePassphrase, init, nodePlatform, sign } from '../../src/index.js';
import { appendAudit } from '../../src/store/journal/audit-log.js';
import { caFaults } from '../support/ca-state.js';
import { ecKeyFile } from '../support/keys.js';
import { killer, measureMs } from '../support/killed-run.js';
import { caCertificateIn, caFolderIn, makeRequest, opensslCa, ours, oursWell } from '../support/pki.js';
import { runOurs, runWell } from '../support/programs.js';
import { chance } from '../support/random.js';
import { scratchFolder } from '../support/scratch.js';

const [first, second] = ['the first passphrase', 'the second passphrase'];

test('a CA made with a passphrase signs with it, for us and for openssl ca', async (t) => {
  const folder = scene(t);
  await oursWell(folder, ['init', '--key=ec', '--encrypt-key', '--passphrase-file', 'first']);
  for (const type of ['switch', 'controller'] as const) {
    t.regex(keyText(folder, type), /^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/);
    t.is(statSync(keyFile(folder, type)).mode & 0o777, 0o600);
  }
  await makeRequest(folder, 'host', ecKeyFile('p256', 1));
  await makeRequest(folder, 'other', ecKeyFile('p256', 2));
  await oursWell(folder, ['sign', '--batch', 'host', '--passphrase-file', 'first']);
  const passphrase = ['-passin', 'file:../../first'];
  await opensslCa(folder, 'switch', [...passphrase, '-in', '../../other-req.pem', '-out', '../../other-cert.pem']);
  await opensslCa(folder, 'switch', [...passphrase, '-gencrl', '-out', 'crl.pem']);
  t.is(await oursWell(folder, ['verify', 'host', 'other']), 'host-cert.pem: OK\nother-cert.pem: OK\n');
  const certificates = ['host-cert.pem', 'other-cert.pem'];
  await runWell('openssl', ['verify', '-CAfile', caCertificateIn(folder, 'switch'), ...certificates], { cwd: folder });
});

test('the key of a CA of openssl is used with the passphrase that openssl gave it', async (t) => {
  const folder = scene(t);
  await oursWell(folder, ['init', '--key=ec']);
  const plain = keyText(folder);
  const forms = [['-v2', 'aes-256-cbc'], ['-scrypt']];
  for (const [index, form] of forms.entries()) {
    const args = ['pkcs8', '-topk8', ...form, '-passout', 'file:first', '-out', keyFile(folder)];
    execFileSync('openssl', args, { input: plain, cwd: folder });
    await oursWell(folder, ['req+sign', '--key=ec', '-u', `host_${index}`, '--passphrase-file', 'first']);
  }
  t.is(await oursWell(folder, ['verify', 'host_0', 'host_1']), 'host_0-cert.pem: OK\nhost_1-cert.pem: OK\n');
});

test('passphrase adds one, changes it and takes it away, and leaves no old key behind', async (t) => {
  const folder = scene(t);
  await oursWell(folder, ['init', '--key=ec']);
  const plain = keyText(folder);
  await oursWell(folder, ['passphrase', '--new-passphrase-file', 'first']);
  t.true(opensWith(folder, first) && !opensWith(folder, second));
  const change = ['--passphrase-file', 'first', '--new-passphrase-file', 'second'];
  await oursWell(folder, ['passphrase', 'switch', ...change]);
  t.true(opensWith(folder, second) && !opensWith(folder, first));
  const refused = await ours(folder, ['passphrase', '--passphrase-file', 'first', '--remove']);
  t.like(refused, { status: 3, stdout: '' });
  t.regex(
    refused.stderr,
    /not the passphrase of .*\[PASSPHRASE_WRONG\]\n.*hint: .*if it is lost.*init --dir pki --force/,
  );
  t.true(opensWith(folder, second));
  await oursWell(folder, ['passphrase', '--passphrase-file', 'second', '--remove']);
  t.is(keyText(folder), plain);
  t.deepEqual(readdirSync(join(caFolderIn(folder, 'switch'), 'private')), ['cakey.pem']);
  t.is(statSync(keyFile(folder)).mode & 0o777, 0o600);
  t.regex(keyText(folder, 'controller'), /BEGIN PRIVATE KEY/, 'the other CA is left alone');
  const events = auditEvents(folder).filter(({ action }) => action === 'passphrase');
  const once = ['intent', 'recorded'];
  t.deepEqual(
    events.map(({ event }) => event),
    [...once, ...once, ...once],
  );
  for (const secret of [first, second]) t.false(readFileSync(join(folder, 'log'), 'utf8').includes(secret));
});

test('a descriptor and a credential of systemd give the passphrase', async (t) => {
  const folder = scene(t);
  await oursWell(folder, ['init', '--key=ec', '--encrypt-key', '--passphrase-file', 'first']);
  const program = (...args: string[]): string[] => ['req+sign', '--key=ec', '-u', ...args, '--dir', 'pki', '-l', 'log'];
  const piped = await runOurs(program('by_fd', '--passphrase-fd', '0'), { cwd: folder, input: `${first}\n` });
  t.is(piped.status, 0, piped.stderr);
  mkdirSync(join(folder, 'credentials'));
  writeFileSync(join(folder, 'credentials/ca-passphrase'), first);
  chmodSync(join(folder, 'credentials/ca-passphrase'), 0o440);
  const given = program('by_credential', '--passphrase-file', 'credentials/ca-passphrase');
  t.regex((await runOurs(given, { cwd: folder })).stderr, /PASSPHRASE_EXPOSED/);
  const env = { CREDENTIALS_DIRECTORY: join(folder, 'credentials') };
  t.is((await runOurs(given, { cwd: folder, env })).status, 0);
  const beside = program('beside', '--passphrase-file', 'credentials/../exposed');
  writeFileSync(join(folder, 'exposed'), first);
  chmodSync(join(folder, 'exposed'), 0o644);
  t.regex((await runOurs(beside, { cwd: folder, env })).stderr, /PASSPHRASE_EXPOSED/);
});

test('the passphrase of the library is asked for once, however many certificates are made', async (t) => {
  const folder = scratchFolder(t);
  const pkiDirectory = join(folder, 'pki');
  const common = { days: 30, force: false } as const;
  const keySpec = { type: 'ec', curve: 'P-256' } as const;
  await init(nodePlatform(), { pkiDirectory, keySpec, passphrase: first, ...common });
  let asked = 0;
  const platform = nodePlatform({ passphrase: async () => [first][asked++] ?? '' });
  const names = Array.from({ length: 70 }, (_, index) => join(folder, `host_${index}`));
  const { req } = await import('../../src/index.js');
  await req(platform, { names, keySpec, unique: true, force: false });
  const results = await sign(platform, { pkiDirectory, names, type: 'switch', ...common });
  t.true(results.every(({ outcome }) => outcome === 'signed'));
  t.is(asked, 1);
  const change = { pkiDirectory, type: 'switch', newPassphrase: undefined } as const;
  await t.throwsAsync(changePassphrase(nodePlatform(), change), { message: /is encrypted/ });
});

test('a change of the passphrase that is killed leaves the old key or the new one', async (t) => {
  const folder = scene(t);
  await oursWell(folder, ['init', '--key=ec', '--encrypt-key', '--passphrase-file', 'first']);
  const args = (old: string, next: string): string[] => [
    ...['passphrase', '--passphrase-file', old, '--new-passphrase-file', next],
    ...['--dir', 'pki', '--log', 'log'],
  ];
  let [now, next] = ['first', 'second'];
  const turn = (): void => {
    if (opensWith(folder, now === 'first' ? second : first)) [now, next] = [next, now];
  };
  const measured = await measureMs([() => runOurs(args(now, next), { cwd: folder })]);
  const kills = killer(chance(20), measured);
  for (let round = 0; round < 12; round++) {
    turn();
    await kills.run(args(now, next), folder);
    t.true(opensWith(folder, first) !== opensWith(folder, second));
  }
  t.true(kills.killed() > 0);
  turn();
  await oursWell(folder, ['req+sign', '--key=ec', '-u', 'last', '--passphrase-file', now]);
  t.deepEqual(caFaults(caFolderIn(folder, 'switch'), folder, { recovered: true }), []);
});

test('an interrupted change is closed by the next run, and its unfinished key file goes', async (t) => {
  const folder = scene(t);
  await oursWell(folder, ['init', '--key=ec', '--encrypt-key', '--passphrase-file', 'first']);
  const [made] = auditEvents(folder);
  const log = join(caFolderIn(folder, 'switch'), 'audit.log');
  appendAudit(log, [{ ...(made as never as object), action: 'passphrase', event: 'intent', keyFile: '00' } as never]);
  const unfinished = join(caFolderIn(folder, 'switch'), 'private/.cakey.pem.0123456789ab.tmp');
  writeFileSync(unfinished, 'a plain key', { mode: 0o600 });
  await oursWell(folder, ['req+sign', '--key=ec', '-u', 'host', '--passphrase-file', 'first']);
  t.deepEqual(readdirSync(join(caFolderIn(folder, 'switch'), 'private')), ['cakey.pem']);
  t.deepEqual(
    auditEvents(folder)
      .filter(({ action }) => action === 'passphrase')
      .map(({ event }) => event),
    ['intent', 'abandoned'],
  );
});

/** A folder with two passphrase files. */
function scene(t: ExecutionContext): string {
  const folder = scratchFolder(t);
  writeFileSync(join(folder, 'first'), `${first}\n`, { mode: 0o600 });
  writeFileSync(join(folder, 'second'), second, { mode: 0o600 });
  return folder;
}

function keyFile(folder: string, type: 'switch' | 'controller' = 'switch'): string {
  return join(caFolderIn(folder, type), 'private/cakey.pem');
}

function keyText(folder: string, type: 'switch' | 'controller' = 'switch'): string {
  return readFileSync(keyFile(folder, type), 'latin1');
}

function opensWith(folder: string, passphrase: string): boolean {
  try {
    createPrivateKey({ key: keyText(folder), passphrase });
    return true;
  } catch {
    return false;
  }
}

function auditEvents(folder: string): { readonly action: string; readonly event: string }[] {
  const text = readFileSync(join(caFolderIn(folder, 'switch'), 'audit.log'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { action: string; event: string });
}
