/** kill -9 at any moment of `sign`: the CA goes on as if nothing had been, and knows every certificate there is. */

import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { init, nodePlatform, req } from '../../src/index.js';
import { askOpenssl, caFaults, indexSerials, leftovers } from '../support/ca-state.js';
import { type Killer, killer, measureMs, twoAtATime } from '../support/killed-run.js';
import { runOurs, runWell } from '../support/programs.js';
import { type Chance, chance } from '../support/random.js';
import { scratchFolder } from '../support/scratch.js';

/** So many runs have to die; those that ended before their kill do not count. */
const killsWanted = 500;
const blockSize = 25;
const hostCount = 1000;

interface Scene {
  readonly pki: string;
  readonly ca: string;
  readonly hosts: string;
  readonly random: Chance;
  /** Requests that have no certificate yet. */
  readonly waiting: string[];
}

interface Job {
  readonly force: boolean;
  readonly names: string[];
}

test('500 sign runs that are killed at random moments leave a CA that knows every certificate', async (t) => {
  const scene = await makeScene(t);
  const durationMs = await measureMs(Array.from({ length: 4 }, () => () => signWell(t, scene)));
  const kills = killer(scene.random, durationMs);

  while (kills.killed() < killsWanted) {
    const wanted = kills.killed() + blockSize;
    await twoAtATime(
      () => kills.killed() >= wanted,
      () => signAndKill(t, scene, kills, nextJob(scene)),
    );
    t.deepEqual(caFaults(scene.ca, scene.hosts, { recovered: false }), [], 'after the kills');
    await signWell(t, scene);
    t.deepEqual(caFaults(scene.ca, scene.hosts, { recovered: true }), [], 'after a run that ended well');
  }

  const recovered = recoveredEvents(scene.ca);
  t.log(`${kills.killed()} runs killed, ${kills.ended()} ended before; a run takes ${kills.durationMs()} ms`);
  t.log(`closed by a later run: ${recovered.recorded} recorded, ${recovered.abandoned} abandoned`);
  t.log(`${indexSerials(scene.ca).length} certificates, ${leftovers(scene.pki).length} temporary files left in the CA`);
  t.log(`${leftovers(scene.hosts).length} beside the requests`);
  t.true(recovered.recorded + recovered.abandoned > 0, 'no kill hit the moments between intent and outcome');
  await everyProgramGoesOn(t, scene);
});

async function makeScene(t: ExecutionContext): Promise<Scene> {
  const random = chance();
  t.log(`OVS_PKI_TEST_SEED=${random.seed}`);
  const folder = scratchFolder(t);
  const scene = { pki: join(folder, 'pki'), ca: join(folder, 'pki/switchca'), hosts: join(folder, 'hosts'), random };
  const keySpec = { type: 'ec', curve: 'P-256' } as const;
  const platform = nodePlatform();
  await init(platform, { pkiDirectory: scene.pki, keySpec, days: 3650, force: false });
  mkdirSync(scene.hosts);
  const again = ['again_1', 'again_2'];
  const waiting = Array.from({ length: hostCount }, (_, index) => `host_${index}`);
  const names = [...again, ...waiting].map((name) => join(scene.hosts, name));
  await req(platform, { names, keySpec, unique: true, force: false });
  return { ...scene, waiting };
}

/**
 * One host, or several, or hosts that may have a certificate already and get another one. Where the runs end before
 * they are killed, the hosts without one become few; the last are for the runs between and after.
 */
function nextJob({ random, waiting }: Scene): Job {
  const kind = random.next();
  const areFewLeft = waiting.length < 100;
  if (kind < 0.15 || areFewLeft) return { force: true, names: kind < 0.1 ? ['again_1'] : ['again_1', 'again_2'] };
  return { force: false, names: waiting.splice(0, kind < 0.6 ? 1 : 6) };
}

function signArguments({ pki }: Scene, { force, names }: Job): string[] {
  return ['-d', pki, '-b', ...(force ? ['-f'] : []), 'sign', ...names];
}

/** A run that nothing disturbs, which finishes what the killed ones left: it must end well. */
async function signWell(t: ExecutionContext, scene: Scene, count = 1): Promise<void> {
  const names = scene.waiting.splice(0, count);
  const result = await runOurs(signArguments(scene, { force: false, names }), { cwd: scene.hosts });
  t.is(result.status, 0, result.stderr);
  for (const name of names) t.true(existsSync(certificateFile(scene, name)), name);
}

async function signAndKill(t: ExecutionContext, scene: Scene, kills: Killer, job: Job): Promise<void> {
  const { status, stderr } = await kills.run(signArguments(scene, job), scene.hosts);
  const missing = job.names.filter((name) => !existsSync(certificateFile(scene, name)));
  if (status !== null) t.deepEqual({ status, missing }, { status: 0, missing: [] }, stderr);
  // What an operator does: the same again for what has no certificate.
  if (!job.force) scene.waiting.push(...missing);
}

function certificateFile({ hosts }: Scene, name: string): string {
  return join(hosts, `${name}-cert.pem`);
}

function recoveredEvents(ca: string): { recorded: number; abandoned: number } {
  const lines = readFileSync(join(ca, 'audit.log'), 'utf8').trimEnd().split('\n');
  const entries = lines.map((line) => JSON.parse(line) as { event: string; recovered?: boolean });
  const count = (event: string): number => entries.filter((entry) => entry.recovered && entry.event === event).length;
  return { recorded: count('recorded'), abandoned: count('abandoned') };
}

async function everyProgramGoesOn(t: ExecutionContext, scene: Scene): Promise<void> {
  const { pki, ca, hosts, waiting } = scene;
  const [byOvsPki = '', byOpenssl = ''] = waiting.splice(0, 2);
  await runWell('ovs-pki', ['-b', '-d', pki, '-l', join(pki, 'log'), 'sign', byOvsPki], { cwd: hosts });
  const config = ['-config', 'ca.cnf', '-extensions', 'usr_cert', '-batch', '-notext'];
  const files = ['-in', join(hosts, `${byOpenssl}-req.pem`), '-out', certificateFile(scene, byOpenssl)];
  await runWell('openssl', ['ca', ...config, ...files], { cwd: ca });
  // How many are left depends on how fast the machine is; in the end every host has its certificate.
  await signWell(t, scene, waiting.length);
  const delivered = readdirSync(hosts).filter((name) => name.endsWith('-cert.pem'));
  t.is(delivered.filter((name) => name.startsWith('host_')).length, hostCount);
  await askOpenssl(
    ca,
    delivered.map((name) => join(hosts, name)),
  );
}
