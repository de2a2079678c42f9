/** kill -9 at any moment of a rollover: the CA is the one before or the one after, and neither key is lost or in the open. */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { crl, nodePlatform, req, reqSign, rolloverStatus } from '../../src/index.js';
import { caFaults } from '../support/ca-state.js';
import { type KillScene, killer, killScene, measureMs } from '../support/killed-run.js';
import { runOurs, runWell } from '../support/programs.js';

const killsWanted = 60;
/** So many kinds of outcomes have to be met; where chance is against that, more runs are killed. */
const kindsWanted = 4;
const keySpec = { type: 'ec', curve: 'P-256' } as const;

type Phase = 'none' | 'prepared' | 'switched';

/** What may be done in a phase, and what comes of it. */
const ways: Readonly<Record<Phase, readonly { readonly args: readonly string[]; readonly next: Phase }[]>> = {
  none: [{ args: ['prepare'], next: 'prepared' }],
  prepared: [
    { args: ['switch'], next: 'switched' },
    { args: ['switch'], next: 'switched' },
    { args: ['back'], next: 'none' },
  ],
  switched: [
    { args: ['retire', '--force'], next: 'none' },
    { args: ['retire', '--force'], next: 'none' },
    { args: ['back'], next: 'prepared' },
  ],
};

test('steps of a rollover that are killed at random moments leave the CA before or after it, and every key', async (t) => {
  const scene = await makeScene(t);
  const kills = killer(
    scene.random,
    await measureMs([() => rollover(scene, ['prepare']), () => rollover(scene, ['status'])]),
  );
  const seen = new Map<string, number>();
  const kinds = (): number => [...seen.keys()].filter((what) => what.includes('killed')).length;
  while (kills.killed() < (kinds() < kindsWanted ? 5 * killsWanted : killsWanted)) {
    const before = await phaseOf(scene);
    const choices = ways[before];
    const { args, next } = choices[Math.floor(scene.random.next() * choices.length)] as (typeof choices)[number];
    const { status, stderr } = await kills.run(['-d', scene.pki, 'rollover', '--pki-only', ...args], scene.hosts);
    const isRefused = status === 3 && args[0] === 'back' && /\[ROLLOVER_LAGS\]/.test(stderr);
    t.true(status === null || status === 0 || isRefused, stderr);
    const after = await phaseOf(scene);
    const what = `${before} ${args[0]}, ${status === null ? 'killed' : 'ended'}: ${after}`;
    t.true(after === next || (status !== 0 && after === before), what);
    seen.set(what, (seen.get(what) ?? 0) + 1);
    t.deepEqual(keysInTheOpen(scene), [], what);
    t.deepEqual(pairFaults(scene), [], what);
    await opensslSigns(scene);
    await oursGoesOn(t, scene, what);
  }
  for (const [what, count] of [...seen].sort()) t.log(`${count} × ${what}`);
  t.log(`${kills.killed()} killed, ${kills.ended()} ended before; a run takes ${kills.durationMs()} ms`);
  t.true(kinds() >= kindsWanted);
});

async function makeScene(t: ExecutionContext): Promise<KillScene> {
  const [scene, platform] = [await killScene(t), nodePlatform()];
  const order = { pkiDirectory: scene.pki, type: 'switch', days: 60 } as const;
  await reqSign(platform, { ...order, names: [join(scene.hosts, 'first')], keySpec, unique: true, force: false });
  await req(platform, {
    names: ['ours', 'openssl'].map((name) => join(scene.hosts, name)),
    keySpec,
    unique: true,
    force: false,
  });
  await crl(platform, { ...order, out: undefined });
  return scene;
}

async function rollover({ pki, hosts }: KillScene, args: readonly string[]): Promise<void> {
  const { status, stderr } = await runOurs(['-d', pki, 'rollover', '--pki-only', ...args], { cwd: hosts });
  if (status !== 0) throw new Error(stderr);
}

async function phaseOf({ pki }: KillScene): Promise<Phase> {
  return (await rolloverStatus(nodePlatform(), { pkiDirectory: pki, type: 'switch' })).phase;
}

/** Files with a private key that others could read, wherever they are. */
function keysInTheOpen({ ca }: KillScene): string[] {
  return filesOf(ca).filter(
    (name) => isKey(join(ca, name)) && ((statSync(join(ca, name)).mode & 0o077) !== 0 || name.includes('.tmp.')),
  );
}

/** The CA that signs, and each that is to sign or has signed, has its key. */
function pairFaults({ ca }: KillScene): string[] {
  const folders = ['', 'rollover/old/', 'rollover/new/'].filter((folder) =>
    existsSync(join(ca, `${folder}cacert.pem`)),
  );
  return folders.filter((folder) => {
    const key = createPrivateKey(readFileSync(join(ca, `${folder}private/cakey.pem`)));
    return !new X509Certificate(readFileSync(join(ca, `${folder}cacert.pem`))).checkPrivateKey(key);
  });
}

async function opensslSigns({ ca, hosts }: KillScene): Promise<void> {
  const files = ['-in', join(hosts, 'openssl-req.pem'), '-out', join(hosts, 'openssl-cert.pem')];
  await runWell('openssl', ['ca', '-batch', '-notext', '-config', 'ca.cnf', '-days', '60', ...files], { cwd: ca });
  await runWell('openssl', ['verify', '-CAfile', join(ca, 'cacert.pem'), join(hosts, 'openssl-cert.pem')]);
}

/** The next command that changes the CA finishes what was left, and what it signs is of the CA that is there. */
async function oursGoesOn(t: ExecutionContext, scene: KillScene, what: string): Promise<void> {
  const { pki, ca, hosts } = scene;
  const commands = [['-b', '-f', '--days=60', 'sign', 'ours'], ['crl']];
  for (const args of commands) {
    const { status, stderr } = await runOurs(['-d', pki, ...args], { cwd: hosts });
    t.is(status, 0, `${what}: ${stderr}`);
  }
  await runWell('openssl', ['verify', '-CAfile', join(ca, 'cacert.pem'), join(hosts, 'ours-cert.pem')]);
  await runWell('openssl', ['crl', '-noout', '-CAfile', join(ca, 'cacert.pem'), '-in', join(ca, 'crl.pem')]);
  t.deepEqual(caFaults(ca, hosts, { recovered: true }), [], what);
  const phase = await phaseOf(scene);
  const keys = phase === 'none' ? ['private/cakey.pem'] : undefined;
  const left = filesOf(ca).filter((name) => isKey(join(ca, name)));
  if (keys !== undefined) t.deepEqual(left, keys, what);
  t.deepEqual(
    left.filter((name) => /(^|\/)\.|ended/.test(name)),
    [],
    what,
  );
}

function filesOf(ca: string): string[] {
  const names = readdirSync(ca, { recursive: true, encoding: 'utf8' });
  return names.filter(
    (name) => !name.startsWith('keys') && statSync(join(ca, name), { throwIfNoEntry: false })?.isFile(),
  );
}

function isKey(file: string): boolean {
  return readFileSync(file, 'latin1').includes('PRIVATE KEY');
}
