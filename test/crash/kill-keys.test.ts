/** kill -9 at any moment of the commands that make keys, requests and self-signed certificates. */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { init, nodePlatform, req } from '../../src/index.js';
import { askOpenssl, caFaults, keyFaults, leftovers } from '../support/ca-state.js';
import { killer, measureMs, twoAtATime } from '../support/killed-run.js';
import { runOurs } from '../support/programs.js';
import { type Chance, chance } from '../support/random.js';
import { scratchFolder } from '../support/scratch.js';

const keySpec = { type: 'ec', curve: 'P-256' } as const;

interface Scene {
  readonly pki: string;
  readonly hosts: string;
  readonly random: Chance;
}

interface Case {
  readonly title: string;
  /** What precedes the names. */
  readonly args: (scene: Scene) => readonly string[];
  readonly kills: number;
  /** New ones for each run, or the same again and again, but never those of the run beside it. */
  readonly names: (count: number, lane: number) => readonly string[];
  /** Whether requests are there before. */
  readonly hasRequests: boolean;
  /** The file of a name that a run which ended well has made. */
  readonly product: string;
}

const sameNames = (_count: number, lane: number): readonly string[] => [`same_${lane}`];
const newNames = (count: number): readonly string[] => (count % 3 === 0 ? several(count) : [`new_${count}`]);
const several = (count: number): readonly string[] => [0, 1, 2, 3].map((index) => `new_${count}_${index}`);

const cases: readonly Case[] = [
  {
    title: 'req never leaves a request without its key',
    args: () => ['-u', '-k', 'ec', 'req'],
    kills: 60,
    names: newNames,
    hasRequests: false,
    product: 'req.pem',
  },
  {
    title: 'req --force never leaves a request whose key was replaced',
    args: () => ['-f', '-u', '-k', 'ec', 'req'],
    kills: 60,
    names: sameNames,
    hasRequests: true,
    product: 'req.pem',
  },
  {
    title: 'req+sign leaves whole keys, and certificates that the CA knows',
    args: ({ pki }) => ['-d', pki, '-u', '-k', 'ec', 'req+sign'],
    kills: 60,
    names: newNames,
    hasRequests: false,
    product: 'cert.pem',
  },
  {
    title: 'req+sign --force leaves whole keys, and certificates that the CA knows',
    args: ({ pki }) => ['-d', pki, '-f', '-u', '-k', 'ec', 'req+sign'],
    kills: 60,
    names: sameNames,
    hasRequests: true,
    product: 'cert.pem',
  },
];

for (const item of cases) {
  test.serial(`killed at random moments, ${item.title}`, async (t) => {
    const scene = await makeScene(t, item);
    const ca = join(scene.pki, 'switchca');
    await killRuns(t, scene, item);
    t.deepEqual(caFaults(ca, scene.hosts, { recovered: false }), []);
    t.deepEqual(keyFaults(scene.hosts), []);

    const last = await runOurs(['-d', scene.pki, '-u', '-k', 'ec', 'req+sign', 'last'], { cwd: scene.hosts });
    t.is(last.status, 0, last.stderr);
    t.deepEqual(caFaults(ca, scene.hosts, { recovered: true }), []);
    t.deepEqual(keyFaults(scene.hosts), []);
    await askOpenssl(ca, certificates(scene.hosts));
    logLeftovers(t, scene.hosts);
  });
}

test.serial('killed at random moments, self-sign leaves whole certificates or none', async (t) => {
  const names = Array.from({ length: 150 }, (_, index) => newNames(index)).flat();
  const item = {
    args: () => ['self-sign'],
    kills: 60,
    names: newNames,
    hasRequests: true,
    product: 'cert.pem',
  } as const;
  const scene = await makeScene(t, item, names);
  await killRuns(t, scene, item);
  t.deepEqual(keyFaults(scene.hosts), []);
  for (const file of certificates(scene.hosts)) {
    const certificate = new X509Certificate(readFileSync(file));
    t.true(certificate.verify(certificate.publicKey), file);
  }
  const left = names.filter((name) => !existsSync(join(scene.hosts, `${name}-cert.pem`))).slice(0, 40);
  const again = await runOurs(['self-sign', ...left], { cwd: scene.hosts });
  t.is(again.status, 0, again.stderr);
});

test.serial('killed at random moments, init leaves a whole PKI directory or none', async (t) => {
  const folder = scratchFolder(t);
  const random = seeded(t);
  const argumentsFor = (name: string): string[] => ['-d', join(folder, name), '-k', 'ec', 'init'];
  const undisturbed = ['u0', 'u1'].map((name) => () => runOurs(argumentsFor(name)));
  const durationMs = await measureMs(undisturbed);
  const whole = inventory(join(folder, 'u0'));

  const killing = killer(random, durationMs);
  const places: string[] = [];
  await twoAtATime(
    () => killing.killed() >= 60,
    async (count) => {
      const name = `pki_${count}`;
      places.push(name);
      const { status, stderr } = await killing.run(argumentsFor(name), folder);
      if (status !== null) t.is(status, 0, stderr);
      if (status !== null || existsSync(join(folder, name))) t.deepEqual(inventory(join(folder, name)), whole);
    },
  );
  const absent = places.filter((name) => !existsSync(join(folder, name)));
  t.log(`${killing.killed()} runs killed; ${absent.length} places empty, ${places.length - absent.length} whole`);
  t.true(absent.length > 0);
  for (const name of readdirSync(folder).filter((entry) => entry.startsWith('.'))) {
    // It is opened when it is whole, just before it goes to its place.
    const isOpen = (statSync(join(folder, name)).mode & 0o777) !== 0o700;
    if (isOpen) t.deepEqual(inventory(join(folder, name)), whole, `${name} can be entered by others`);
  }
  logLeftovers(t, folder);
  for (const name of places) await nextInit(t, folder, name);
});

async function makeScene(
  t: ExecutionContext,
  { hasRequests, names }: Pick<Case, 'hasRequests' | 'names'>,
  requests: readonly string[] = [0, 1].flatMap((lane) => names(lane, lane)),
): Promise<Scene> {
  const folder = scratchFolder(t);
  const scene = { pki: join(folder, 'pki'), hosts: join(folder, 'hosts'), random: seeded(t) };
  await init(nodePlatform(), { pkiDirectory: scene.pki, keySpec, days: 3650, force: false });
  mkdirSync(scene.hosts);
  const places = requests.map((name) => join(scene.hosts, name));
  if (hasRequests) await req(nodePlatform(), { names: places, keySpec, unique: true, force: false });
  return scene;
}

async function killRuns(
  t: ExecutionContext,
  scene: Scene,
  { args, kills, names, product }: Pick<Case, 'args' | 'kills' | 'names' | 'product'>,
): Promise<void> {
  const before = [...args(scene)];
  const killing = killer(scene.random, await measureDuration(scene, before));
  await twoAtATime(
    () => killing.killed() >= kills,
    async (count, lane) => {
      const hosts = names(count, lane);
      const { status, stderr } = await killing.run([...before, ...hosts], scene.hosts);
      if (status !== null) t.is(status, 0, stderr);
      for (const host of status === 0 ? hosts : []) t.true(existsSync(join(scene.hosts, `${host}-${product}`)), host);
    },
  );
  t.log(`${killing.killed()} runs killed, ${killing.ended()} ended before; a run takes ${killing.durationMs()} ms`);
}

/** Measured in a folder of its own, with names that have requests there. */
async function measureDuration({ hosts }: Scene, before: readonly string[]): Promise<number> {
  const aside = join(hosts, '..', 'aside');
  mkdirSync(aside);
  const names = ['a', 'b', 'c', 'd'];
  if (before.includes('self-sign') || before.includes('-f')) {
    const places = names.map((name) => join(aside, name));
    await req(nodePlatform(), { names: places, keySpec, unique: true, force: false });
  }
  return measureMs(names.map((name) => () => runOurs([...before, name], { cwd: aside })));
}

function seeded(t: ExecutionContext): Chance {
  const random = chance();
  t.log(`OVS_PKI_TEST_SEED=${random.seed}`);
  return random;
}

function certificates(hosts: string): string[] {
  const names = readdirSync(hosts).filter((name) => name.endsWith('-cert.pem') && !name.startsWith('.'));
  return names.map((name) => join(hosts, name));
}

/** The paths and modes in a new PKI directory; the copy of the CA certificate has a name of its own each time. */
function inventory(pki: string): string[] {
  const names = readdirSync(pki, { recursive: true, encoding: 'utf8' }).sort();
  return names.map((name) => {
    const { mode, size } = statSync(join(pki, name));
    const content = size === 0 ? 'empty' : 'filled';
    return `${name.replace(/[0-9A-F]{32}/, 'SERIAL')} ${(mode & 0o777).toString(8)} ${content}`;
  });
}

/** A place that a killed run left empty is free, and one that it filled can be used. */
async function nextInit(t: ExecutionContext, folder: string, name: string): Promise<void> {
  const pkiDirectory = join(folder, name);
  const request = { pkiDirectory, keySpec, days: 3650, force: false };
  if (!existsSync(pkiDirectory)) await init(nodePlatform(), request);
  for (const type of ['switch', 'controller'] as const) {
    const ca = join(pkiDirectory, `${type}ca`);
    t.deepEqual(caFaults(ca, folder, { recovered: true }), [], ca);
    const certificate = new X509Certificate(readFileSync(join(ca, 'cacert.pem')));
    t.true(certificate.checkPrivateKey(createPrivateKey(readFileSync(join(ca, 'private/cakey.pem')))), ca);
  }
}

function logLeftovers(t: ExecutionContext, folder: string): void {
  const left = leftovers(folder);
  const keys = left.filter((name) => /key\.pem/.test(name) || name.includes('.new-'));
  t.log(`${left.length} temporary files left, ${keys.length} of them with a key`);
}
