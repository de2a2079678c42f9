/** kill -9 at any moment of what comes after `sign`: each run has done its work, or the next one does it. */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { nodePlatform, req, sign } from '../../src/index.js';
import { askOpenssl, caFaults, keyFaults } from '../support/ca-state.js';
import { type Killer, type KillScene, killer, killScene, measureMs, twoAtATime } from '../support/killed-run.js';
import { type Run, runOurs, runWell } from '../support/programs.js';

const killsWanted = 20;
const keySpec = { type: 'ec', curve: 'P-256' } as const;

interface Scene extends KillScene {
  /** Names with a certificate, none of them used yet. */
  readonly names: string[];
}

test.serial(
  'revoke runs that are killed at random moments revoke all that they were told to, or nothing is lost',
  async (t) => {
    const scene = await makeScene(t, 120);
    const told = new Set<string>();
    const next = (): string[] => {
      const names = scene.names.splice(0, 2);
      for (const name of names) told.add(name);
      return ['revoke', ...names, '--reason', 'superseded'];
    };
    const kills = await killMany(t, scene, next);
    t.log(`${kills.killed()} killed, ${kills.ended()} ended before`);
    const revoked = new Set(rows(scene, 'R'));
    t.deepEqual(
      [...revoked].filter((name) => !told.has(name)),
      [],
    );
    const again = await well(t, scene, ['revoke', ...told, '--reason', 'superseded']);
    t.is(again.stdout.match(/: (already )?revoked/g)?.length, told.size);
    t.deepEqual(rows(scene, 'R').sort(), [...told].sort());
    await everyProgramGoesOn(t, scene);
  },
);

test.serial('crl runs that are killed at random moments leave a whole list, and no number twice', async (t) => {
  const scene = await makeScene(t, 3);
  await well(t, scene, ['revoke', 'host_0', '--reason', 'superseded']);
  const list = join(scene.ca, 'crl.pem');
  const numbers: number[] = [];
  const kills = await killMany(
    t,
    scene,
    () => ['crl'],
    async () => {
      await runWell('openssl', ['crl', '-noout', '-CAfile', join(scene.ca, 'cacert.pem'), '-in', list]);
      const printed = await runWell('openssl', ['crl', '-noout', '-crlnumber', '-in', list]);
      numbers.push(Number.parseInt(/0x([0-9A-F]+)/.exec(printed)?.[1] ?? '', 16));
    },
  );
  t.log(`${kills.killed()} killed, ${kills.ended()} ended before`);
  const taken = auditEntries(scene).flatMap(({ event, crlNumber }) =>
    event === 'intent' && crlNumber ? [crlNumber] : [],
  );
  const published = auditEntries(scene).flatMap(({ event, crlNumber }) =>
    event === 'recorded' && crlNumber ? [crlNumber] : [],
  );
  t.is(new Set(published).size, published.length);
  t.true(taken.length >= published.length);
  t.is(Math.max(...numbers), Number.parseInt(published.at(-1) ?? '', 16), 'the last list is the one that counts');
  scene.names.splice(0, 1);
  await everyProgramGoesOn(t, scene);
});

test.serial('renew runs that are killed at random moments leave every key with its certificate', async (t) => {
  const scene = await makeScene(t, 8);
  const free = [...scene.names];
  const ways = [['renew'], ['renew', '--rekey', '-k', 'ec'], ['renew', '--rekey', '-k', 'ec']];
  const wrong: string[] = [];
  let count = 0;
  const kills = await killMany(t, scene, (): string[] => {
    // The other lane may be at work between two reads; what a killed run has left stays.
    const isWrong = (name: string) => isPair(scene, name) === false && isPair(scene, name) === false;
    wrong.push(...scene.names.filter(isWrong));
    // Two runs at a time never have the same names.
    const names = free.splice(0, 2);
    free.push(...names);
    return [...(ways[count++ % ways.length] as string[]), ...names];
  });
  t.log(`${kills.killed()} killed, ${kills.ended()} ended before`);
  t.deepEqual(wrong, [], 'at no moment');
  t.deepEqual(keyFaults(scene.hosts), []);
  await well(t, scene, ['renew', '--rekey', '-k', 'ec', '--due', '--before', '4200d', '--days', '2000']);
  t.deepEqual(
    scene.names.filter((name) => isPair(scene, name) !== true),
    [],
  );
  t.deepEqual(
    readdirSync(scene.hosts).filter((name) => name.endsWith('.new')),
    [],
  );
  t.deepEqual(caFaults(scene.ca, scene.hosts, { recovered: true }), []);
  await everyProgramGoesOn(t, scene);
});

/** Whether the key and the certificate of a name belong together; undefined where one is missing. */
function isPair({ hosts }: Scene, name: string): boolean | undefined {
  const [key, certificate] = [`${name}-privkey.pem`, `${name}-cert.pem`].map((file) => join(hosts, file)) as [
    string,
    string,
  ];
  try {
    return new X509Certificate(readFileSync(certificate)).checkPrivateKey(createPrivateKey(readFileSync(key)));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Runs that are killed, two at a time, and after them one that is not, which finishes what they left. */
async function killMany(
  t: ExecutionContext,
  scene: Scene,
  next: () => string[],
  check: () => Promise<unknown> = async () => undefined,
): Promise<Killer> {
  const durationMs = await measureMs([1, 2].map(() => () => well(t, scene, next())));
  const kills = killer(scene.random, durationMs);
  await twoAtATime(
    () => kills.killed() >= killsWanted,
    async () => {
      const { status, stderr } = await kills.run(['-d', scene.pki, ...next()], scene.hosts);
      t.true(status === null || status === 0, stderr);
    },
  );
  t.deepEqual(caFaults(scene.ca, scene.hosts, { recovered: false }), [], 'after the kills');
  await check();
  await well(t, scene, next());
  t.deepEqual(caFaults(scene.ca, scene.hosts, { recovered: true }), [], 'after a run that ended well');
  await check();
  return kills;
}

async function makeScene(t: ExecutionContext, count: number): Promise<Scene> {
  const [scene, platform] = [await killScene(t), nodePlatform()];
  const names = Array.from({ length: count }, (_, index) => `host_${index}`);
  const files = names.map((name) => join(scene.hosts, name));
  await req(platform, { names: files, keySpec, unique: true, force: false });
  const order = { pkiDirectory: scene.pki, type: 'switch', days: 20, force: false } as const;
  for (const result of await sign(platform, { ...order, names: files })) t.is(result.outcome, 'signed');
  return { ...scene, names };
}

async function well(t: ExecutionContext, { pki, hosts }: Scene, args: readonly string[]): Promise<Run> {
  const result = await runOurs(['-d', pki, ...args], { cwd: hosts });
  t.is(result.status, 0, result.stderr);
  return result;
}

/** The names in rows of a state. */
function rows({ ca }: Scene, state: 'V' | 'R'): string[] {
  const lines = readFileSync(join(ca, 'index.txt'), 'latin1').split('\n');
  return lines.filter((line) => line.startsWith(state)).flatMap((line) => /CN=(host_\d+)$/.exec(line)?.[1] ?? []);
}

function auditEntries({ ca }: Scene): { event: string; crlNumber?: string }[] {
  const lines = readFileSync(join(ca, 'audit.log'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as { event: string; crlNumber?: string });
}

async function everyProgramGoesOn(t: ExecutionContext, scene: Scene): Promise<void> {
  const [name = ''] = scene.names;
  const config = ['-config', 'ca.cnf', '-extensions', 'usr_cert', '-batch', '-notext'];
  const files = ['-in', join(scene.hosts, `${name}-req.pem`), '-out', join(scene.hosts, `${name}-cert.pem`)];
  await runWell('openssl', ['ca', ...config, ...files], { cwd: scene.ca });
  await runWell('ovs-pki', ['-b', '-f', '-d', scene.pki, '-l', 'log', 'sign', name], { cwd: scene.hosts });
  await well(t, scene, ['-b', '-f', 'sign', name]);
  await askOpenssl(scene.ca, [join(scene.hosts, `${name}-cert.pem`)]);
}
