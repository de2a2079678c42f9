/** Many processes at once in one place. */

import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { init, nodePlatform, req, sign } from '../../src/index.js';
import { askOpenssl, caFaults, indexSerials, keyFaults } from '../support/ca-state.js';
import { holdLock } from '../support/lock-holder.js';
import { type Run, runOurs } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

const keySpec = { type: 'ec', curve: 'P-256' } as const;
const processes = Array.from({ length: 8 }, (_, index) => index);

interface Scene {
  readonly folder: string;
  readonly pki: string;
  readonly ca: string;
  readonly hosts: string;
}

test.serial('8 processes sign 200 requests at once, and each gets its certificate', async (t) => {
  const scene = await makeScene(t);
  const names = Array.from({ length: 200 }, (_, index) => `host_${index}`);
  await makeRequests(scene, names);
  const runs = await Promise.all(
    processes.map((index) => runIn(scene, ['-b', 'sign', ...names.slice(index * 25, index * 25 + 25)])),
  );
  t.deepEqual(statuses(runs), Array(8).fill(0), errorsOf(runs));
  t.deepEqual(caFaults(scene.ca, scene.hosts, { recovered: true }), []);
  t.is(indexSerials(scene.ca).length, 201);
  const certificates = names.map((name) => join(scene.hosts, `${name}-cert.pem`));
  await askOpenssl(scene.ca, certificates);
  // Each key once, also after signing again: nothing was lost or noted twice while eight processes kept the register.
  const again = await runIn(scene, ['-b', '-f', 'sign', ...names.slice(0, 25)]);
  t.is(again.status, 0, again.stderr);
  t.is(registeredKeys(scene.ca).size, 2 * 201);
});

test.serial('single signatures of 40 processes at once all succeed', async (t) => {
  const scene = await makeScene(t);
  const names = Array.from({ length: 40 }, (_, index) => `host_${index}`);
  await makeRequests(scene, names);
  const queue = names.values();
  const runs: Run[] = [];
  await Promise.all(
    processes.map(async () => {
      for (const name of queue) runs.push(await runIn(scene, ['-b', 'sign', name]));
    }),
  );
  t.deepEqual(statuses(runs), Array(40).fill(0), errorsOf(runs));
  t.deepEqual(caFaults(scene.ca, scene.hosts, { recovered: true }), []);
  t.is(indexSerials(scene.ca).length, 41);
});

const sameName: readonly { readonly title: string; readonly args: readonly string[]; readonly hasRequest: boolean }[] =
  [
    { title: 'sign', args: ['-b', 'sign', 'one'], hasRequest: true },
    { title: 'req', args: ['-u', '-k', 'ec', 'req', 'one'], hasRequest: false },
    { title: 'req+sign', args: ['-u', '-k', 'ec', 'req+sign', 'one'], hasRequest: false },
    { title: 'self-sign', args: ['self-sign', 'one'], hasRequest: true },
  ];

for (const { title, args, hasRequest } of sameName) {
  test.serial(`of 8 processes that ${title} the same name, one wins and the others say FILE_EXISTS`, async (t) => {
    const scene = await makeScene(t);
    if (hasRequest) await makeRequests(scene, ['one']);
    const runs = await Promise.all(processes.map(() => runIn(scene, args)));
    t.deepEqual(statuses(runs), [0, 3, 3, 3, 3, 3, 3, 3], errorsOf(runs));
    for (const { stderr } of runs.filter(({ status }) => status === 3)) t.regex(stderr, /\[FILE_EXISTS\]/);
    if (title !== 'self-sign') t.deepEqual(caFaults(scene.ca, scene.hosts, { recovered: true }), []);
    t.deepEqual(keyFaults(scene.hosts), []);
    t.deepEqual(
      readdirSync(scene.hosts).filter((name) => name.startsWith('.')),
      [],
    );
  });
}

test.serial('of 8 processes that init the same place, one wins and the others say PKI_EXISTS', async (t) => {
  const folder = scratchFolder(t);
  const runs = await Promise.all(processes.map(() => runOurs(['-d', join(folder, 'pki'), '-k', 'ec', 'init'])));
  t.deepEqual(statuses(runs), [0, 3, 3, 3, 3, 3, 3, 3], errorsOf(runs));
  for (const { stderr } of runs.filter(({ status }) => status === 3)) t.regex(stderr, /\[PKI_EXISTS\]/);
  t.deepEqual(readdirSync(folder), ['pki']);
  t.deepEqual(caFaults(join(folder, 'pki/switchca'), folder, { recovered: true }), []);
});

test.serial('a lock that another process holds too long is PKI_LOCKED, and nothing is signed', async (t) => {
  const scene = await makeScene(t);
  await makeRequests(scene, ['one', 'two']);
  const { release } = await holdLock(t, join(scene.ca, 'lock'));
  const platform = nodePlatform({ lockWaitSeconds: 0.2 });
  const request = { pkiDirectory: scene.pki, type: 'switch', days: 30, force: false } as const;
  const error = await t.throwsAsync(sign(platform, { ...request, names: [join(scene.hosts, 'one')] }));
  t.like(error, { code: 'PKI_LOCKED', exitStatus: 5, details: { lockWaitSeconds: 0.2 } });
  t.regex(String(error), /process \d+ on .* holds .*lock; waited for 0.2 seconds/);
  t.is(indexSerials(scene.ca).length, 1);

  // One that lets go in time is waited for.
  const waiting = sign(nodePlatform(), { ...request, names: [join(scene.hosts, 'two')] });
  release();
  const [signed] = await waiting;
  t.is(signed?.outcome, 'signed');
});

async function makeScene(t: ExecutionContext): Promise<Scene> {
  const folder = scratchFolder(t);
  const scene = { folder, pki: join(folder, 'pki'), ca: join(folder, 'pki/switchca'), hosts: join(folder, 'hosts') };
  await init(nodePlatform(), { pkiDirectory: scene.pki, keySpec, days: 3650, force: false });
  mkdirSync(scene.hosts);
  return scene;
}

async function makeRequests({ hosts }: Scene, names: readonly string[]): Promise<void> {
  const places = names.map((name) => join(hosts, name));
  await req(nodePlatform(), { names: places, keySpec, unique: true, force: false });
}

function runIn({ pki, hosts }: Scene, args: readonly string[]): Promise<Run> {
  return runOurs(['-d', pki, ...args], { cwd: hosts });
}

function statuses(runs: readonly Run[]): (number | null)[] {
  return runs.map(({ status }) => status).sort();
}

function errorsOf(runs: readonly Run[]): string {
  return runs.map(({ stderr }) => stderr).join('');
}

/** The keys in the register of the CA: `HASH SERIAL NAME` lines; each certificate has a second line, by its name. */
function registeredKeys(ca: string): Set<string> {
  const buckets = readdirSync(join(ca, 'keys')).filter((name) => name !== 'state');
  const lines = buckets.flatMap((name) =>
    readFileSync(join(ca, 'keys', name), 'latin1')
      .trimEnd()
      .split('\n'),
  );
  return new Set(lines.map((line) => line.split(' ')[0] ?? ''));
}
