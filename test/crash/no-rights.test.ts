/** A user who may not do what he asks for is told so, with a code, and nothing is changed. */

import { chmodSync, cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { init, nodePlatform, req } from '../../src/index.js';
import { projectRoot, type Run, run } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

/** Only root can become another user. */
const rootTest = process.getuid?.() === 0 ? test : test.skip;

const keySpec = { type: 'ec', curve: 'P-256' } as const;

const cases: readonly { readonly args: readonly string[]; readonly folder: string; readonly error: RegExp }[] = [
  {
    args: ['-d', '../pki', '-b', 'sign', 'host'],
    folder: 'hosts',
    error: /cakey\.pem cannot be read \(EACCES\) \[FILE_UNREADABLE\]/,
  },
  {
    args: ['-d', '../pki', 'req+sign', 'new'],
    folder: 'hosts',
    error: /cakey\.pem cannot be read \(EACCES\) \[FILE_UNREADABLE\]/,
  },
  {
    args: ['self-sign', 'host'],
    folder: 'hosts',
    error: /host-privkey\.pem cannot be read \(EACCES\) \[FILE_UNREADABLE\]/,
  },
  {
    args: ['-k', 'ec', 'req', 'new'],
    folder: 'hosts',
    error: /new-privkey\.pem cannot be written \(EACCES\) \[FILE_UNWRITABLE\]/,
  },
  {
    args: ['-k', 'ec', '-d', 'pki', 'init'],
    folder: 'hosts',
    error: /pki cannot be written \(EACCES\) \[FILE_UNWRITABLE\]/,
  },
  {
    args: ['-f', '-k', 'ec', '-d', '../pki', 'init'],
    folder: 'hosts',
    error: /pki cannot be written \(EACCES\) \[FILE_UNWRITABLE\]/,
  },
  {
    args: ['-d', '../closed/pki', '-b', 'sign', 'host'],
    folder: 'hosts',
    error: /closed\/pki.* cannot be read \(EACCES\) \[FILE_UNREADABLE\]/,
  },
  {
    args: ['-d', '../closed/pki', 'verify', 'host'],
    folder: 'hosts',
    error: /\(EACCES\) \[FILE_UNREADABLE\]|\[FILE_NOT_FOUND\]/,
  },
  {
    args: ['-k', 'ec', '-d', '../closed/new', 'init'],
    folder: 'hosts',
    error: /closed\/new cannot be read \(EACCES\) \[FILE_UNREADABLE\]/,
  },
  { args: ['-k', 'ec', 'req', '../closed/new'], folder: 'hosts', error: /\(EACCES\) \[FILE_UNREADABLE\]/ },
  { args: ['fingerprint', '../closed/host-req.pem'], folder: 'hosts', error: /\(EACCES\) \[FILE_UNREADABLE\]/ },
  { args: ['show', '../closed/host-req.pem'], folder: 'hosts', error: /\(EACCES\) \[FILE_UNREADABLE\]/ },
  { args: ['show', 'host-privkey.pem'], folder: 'hosts', error: /\(EACCES\) \[FILE_UNREADABLE\]/ },
  { args: ['check', 'host-privkey.pem'], folder: 'hosts', error: /\(EACCES\) \[FILE_UNREADABLE\]/ },
  { args: ['-d', '../closed/pki', 'list'], folder: 'hosts', error: /\(EACCES\) \[FILE_UNREADABLE\]/ },
  { args: ['-l', '/proc/ovs-pki.log', '-k', 'ec', 'req', 'new'], folder: 'open', error: /\[LOG_UNWRITABLE\]/ },
];

for (const { args, folder, error } of cases) {
  rootTest(`without the rights for it, ${args.join(' ')} is refused`, async (t) => {
    const scene = await makeScene(t);
    const before = readdirSync(scene, { recursive: true, encoding: 'utf8' }).sort();
    const { status, stderr } = await runAsNobody(scene, folder, args);
    t.is(status, 3, stderr);
    t.regex(stderr, error);
    t.regex(stderr, /hint: /);
    t.deepEqual(readdirSync(scene, { recursive: true, encoding: 'utf8' }).sort(), before);
  });
}

rootTest('a user without any rights in /var makes a PKI in a folder of his own', async (t) => {
  const scene = await makeScene(t);
  const made = await runAsNobody(scene, 'open', ['-k', 'ec', '-d', 'pki', 'init']);
  t.is(made.status, 0, made.stderr);
  const signed = await runAsNobody(scene, 'open', ['-k', 'ec', '-d', 'pki', '-u', 'req+sign', 'host']);
  t.is(signed.status, 0, signed.stderr);
});

rootTest(
  'check says that it could not look at keys that it may not read, and does not take them for good or bad',
  async (t) => {
    const scene = await makeScene(t);
    const { status, stdout, stderr } = await runAsNobody(scene, 'open', ['-d', '../pki', 'check', '--json']);
    const { outcome, unchecked } = JSON.parse(stdout) as { outcome: string; unchecked: string[] };
    t.deepEqual([status, outcome], [0, 'ok']);
    t.is(unchecked.filter((reason) => /cakey\.pem cannot be read \(EACCES\)/.test(reason)).length, 2);
    t.is(unchecked.filter((reason) => /audit\.log cannot be read \(EACCES\)/.test(reason)).length, 2);
    t.is(stderr.match(/^ovs-pki-ts: warning: not checked: /gm)?.length, 4);
  },
);

test('a log on a full disk does not stop the work', async (t) => {
  const scene = await makeScene(t);
  const args = ['-l', '/dev/full', '-d', '../pki', '-b', 'sign', 'host'];
  const { status, stderr } = await run(process.execPath, [`${projectRoot}bin/ovs-pki-ts.cjs`, ...args], {
    cwd: join(scene, 'hosts'),
  });
  t.is(status, 0, stderr);
  t.true(readdirSync(join(scene, 'hosts')).includes('host-cert.pem'));
});

/** The program itself is copied too: the checkout may be where nobody else can read. */
async function makeScene(t: ExecutionContext): Promise<string> {
  const scene = scratchFolder(t);
  const keyRequest = { keySpec, unique: true, force: false };
  await init(nodePlatform(), { pkiDirectory: join(scene, 'pki'), keySpec, days: 3650, force: false });
  for (const folder of ['hosts', 'closed', 'open']) mkdirSync(join(scene, folder));
  await req(nodePlatform(), { names: [join(scene, 'hosts/host'), join(scene, 'closed/host')], ...keyRequest });
  for (const part of ['bin', 'dist', 'templates', 'package.json']) {
    cpSync(join(projectRoot, part), join(scene, 'program', part), { recursive: true });
  }
  for (const [folder, mode] of [
    ['closed', 0o700],
    ['open', 0o777],
    ['', 0o755],
  ] as const)
    chmodSync(join(scene, folder), mode);
  return scene;
}

function runAsNobody(scene: string, folder: string, args: readonly string[]): Promise<Run> {
  const asNobody = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath];
  const program = join(scene, 'program/bin/ovs-pki-ts.cjs');
  return run('setpriv', [...asNobody, program, ...args], { cwd: join(scene, folder) });
}
