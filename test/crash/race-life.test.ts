/** Many processes at once that renew, revoke, make lists, and roll the key of the CA over. */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { init, nodePlatform, req, reqSign } from '../../src/index.js';
import { caFaults, indexSerials, keyFaults } from '../support/ca-state.js';
import { type Run, runOurs, runWell } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

const keySpec = { type: 'ec', curve: 'P-256' } as const;
const lanes = [0, 1, 2, 3, 4, 5, 6, 7];

interface Scene {
  readonly pki: string;
  readonly ca: string;
  readonly hosts: string;
}

const renewals: readonly { readonly title: string; readonly args: (lane: number) => readonly string[] }[] = [
  { title: 'renew the same names', args: () => [] },
  { title: 'renew the same names with new keys', args: () => ['--rekey', '-k', 'ec'] },
  {
    title: 'renew the same names, every second one with new keys',
    args: (lane) => (lane % 2 ? ['--rekey', '-k', 'ec'] : []),
  },
];

for (const { title, args } of renewals) {
  test.serial(
    `of 8 processes that ${title}, each leaves key, request and certificate that belong together`,
    async (t) => {
      const scene = await makeScene(t, ['host_1', 'host_2']);
      const runs = await Promise.all(lanes.map((lane) => runIn(scene, ['renew', ...args(lane), 'host_1', 'host_2'])));
      assertClear(t, runs, /\[PKI_LOCKED\]/);
      for (const name of ['host_1', 'host_2']) assertTriple(t, scene, name);
      t.deepEqual(keyFaults(scene.hosts), []);
      t.deepEqual(
        readdirSync(scene.hosts).filter((name) => name.endsWith('.new')),
        [],
      );
      t.deepEqual(caFaults(scene.ca, scene.hosts, { recovered: true }), []);
      t.is(indexSerials(scene.ca).length, 1 + 2 + 2 * runs.filter(({ status }) => status === 0).length);
    },
  );
}

test.serial('8 processes revoke overlapping names, and each certificate is revoked once', async (t) => {
  const names = Array.from({ length: 24 }, (_, index) => `host_${index}`);
  const scene = await makeScene(t, names);
  const runs = await Promise.all(
    lanes.map((lane) => runIn(scene, ['revoke', ...names.slice(2 * lane, 2 * lane + 10), '--reason', 'superseded'])),
  );
  assertClear(t, runs, /never/);
  t.deepEqual(caFaults(scene.ca, scene.hosts, { recovered: true }), []);
  t.is(rows(scene, 'R').length, 24);
  const intents = auditEntries(scene).filter(({ action, event }) => action === 'revoke' && event === 'intent');
  t.is(new Set(intents.map(({ serialNumber }) => serialNumber)).size, 24);
  t.is(intents.length, 24, 'none twice');
});

test.serial('lists of 8 processes have numbers that grow, none twice, and the last one stays', async (t) => {
  const scene = await makeScene(t, []);
  const numbers: number[][] = [];
  await Promise.all(
    lanes.map(async () => {
      const own: number[] = [];
      for (let count = 0; count < 4; count++) {
        const { status, stdout, stderr } = await runIn(scene, ['crl', '--json']);
        t.is(status, 0, stderr);
        own.push(Number.parseInt(/"crlNumber": ?"(\w+)"/.exec(stdout)?.[1] ?? '', 16));
      }
      numbers.push(own);
    }),
  );
  const all = numbers.flat();
  t.is(new Set(all).size, 32);
  for (const own of numbers)
    t.deepEqual(
      own,
      own.toSorted((left, right) => left - right),
    );
  const printed = await runWell('openssl', ['crl', '-noout', '-crlnumber', '-in', join(scene.ca, 'crl.pem')]);
  t.is(Number.parseInt(/0x(\w+)/.exec(printed)?.[1] ?? '', 16), Math.max(...all));
});

test.serial('while the CA is switched to and fro, each sign succeeds or says that the CA was replaced', async (t) => {
  const names = Array.from({ length: 60 }, (_, index) => `host_${index}`);
  const scene = await makeScene(t, []);
  await req(nodePlatform(), {
    names: names.map((name) => join(scene.hosts, name)),
    keySpec,
    unique: true,
    force: false,
  });
  t.is((await runIn(scene, ['rollover', 'prepare'])).status, 0);
  const queue = names.values();
  const signed: Run[] = [];
  const signing = lanes.slice(0, 4).map(async () => {
    for (const name of queue) signed.push(await runIn(scene, ['-b', 'sign', name]));
  });
  let isOver = false;
  const steps: Run[] = [];
  const rolling = (async () => {
    for (let count = 0; !isOver; count++)
      steps.push(await runIn(scene, ['rollover', '--pki-only', count % 2 === 0 ? 'switch' : 'back']));
  })();
  await Promise.all(signing);
  isOver = true;
  await rolling;
  assertClear(t, signed, /\[KEY_MISMATCH\]/);
  assertClear(t, steps, /never/);
  const good = signed.filter(({ status }) => status === 0).length;
  t.log(`${good} signed, ${signed.length - good} refused, ${steps.length} steps`);
  t.true(good > 0);
  t.deepEqual(caFaults(scene.ca, scene.hosts, { recovered: true }), []);
  // Each is of one of the two CAs, and in the index.
  const both = join(scene.hosts, 'both.pem');
  writeFileSync(both, ['old', 'new'].map((one) => readFileSync(join(scene.ca, `rollover/${one}/cacert.pem`))).join(''));
  const certificates = readdirSync(join(scene.ca, 'newcerts')).map((name) => join(scene.ca, 'newcerts', name));
  t.is(certificates.length, good + 1);
  await runWell('openssl', ['verify', '-CAfile', both, ...certificates]);
  const verified = await runIn(scene, [
    'verify',
    ...names.filter((name) => readdirSync(scene.hosts).includes(`${name}-cert.pem`)),
  ]);
  t.is(verified.status, 0, verified.stderr);
});

test.serial(
  'steps of a rollover, lists and certificates of many processes at once leave a CA that is whole',
  async (t) => {
    const scene = await makeScene(t, ['host_1']);
    const steps = [['prepare'], ['switch'], ['back'], ['retire', '--force']];
    const runs: Run[] = [];
    await Promise.all(
      lanes.slice(0, 6).map(async (lane) => {
        for (let count = 0; count < 6; count++) {
          const args =
            lane < 4
              ? ['rollover', '--pki-only', ...(steps[(lane + count) % 4] ?? [])]
              : lane === 4
                ? ['crl']
                : ['renew', 'host_1'];
          runs.push(await runIn(scene, args));
        }
      }),
    );
    assertClear(t, runs, /\[(ROLLOVER_STATE|ROLLOVER_LAGS|KEY_MISMATCH|CERTIFICATE_UNKNOWN)\]/);
    t.log(`${runs.filter(({ status }) => status === 0).length} of ${runs.length} went through`);
    assertCaPair(t, scene);
    t.deepEqual(caFaults(scene.ca, scene.hosts, { recovered: true }), []);
  },
);

test.serial(
  'a CA that init --force replaces during its rollover is whole, and so is the one that it replaces',
  async (t) => {
    const scene = await makeScene(t, ['host_1']);
    t.is((await runIn(scene, ['rollover', 'prepare'])).status, 0);
    const runs = await Promise.all(
      lanes.map((lane) =>
        runIn(
          scene,
          lane < 2 ? ['-f', '-k', 'ec', 'init'] : ['rollover', '--pki-only', lane % 2 === 0 ? 'switch' : 'back'],
        ),
      ),
    );
    assertClear(
      t,
      runs,
      /\[(ROLLOVER_STATE|ROLLOVER_LAGS|KEY_MISMATCH|PKI_NOT_FOUND|FILE_EXISTS|PKI_EXISTS|FILE_UNWRITABLE)\]/,
    );
    t.log(runs.map(({ status, stderr }) => /\[\w+\]/.exec(stderr)?.[0] ?? status).join(' '));
    const folders = readdirSync(scene.pki).filter((name) => name.startsWith('switchca'));
    t.true(folders.length >= 2);
    for (const folder of folders) assertCaPair(t, { ...scene, ca: join(scene.pki, folder) });
    t.is((await runIn(scene, ['rollover', 'prepare'])).status, 0);
  },
);

function assertClear(t: ExecutionContext, runs: readonly Run[], refusal: RegExp): void {
  for (const { status, stderr } of runs) t.true(status === 0 || refusal.test(stderr), `${status}: ${stderr}`);
}

function assertCaPair(t: ExecutionContext, { ca }: Scene): void {
  const key = createPrivateKey(readFileSync(join(ca, 'private/cakey.pem')));
  t.true(new X509Certificate(readFileSync(join(ca, 'cacert.pem'))).checkPrivateKey(key), ca);
}

function assertTriple(t: ExecutionContext, { hosts }: Scene, name: string): void {
  const key = createPrivateKey(readFileSync(join(hosts, `${name}-privkey.pem`)));
  const certificate = new X509Certificate(readFileSync(join(hosts, `${name}-cert.pem`)));
  t.true(certificate.checkPrivateKey(key), name);
}

async function makeScene(t: ExecutionContext, names: readonly string[]): Promise<Scene> {
  const folder = scratchFolder(t);
  const scene = { pki: join(folder, 'pki'), ca: join(folder, 'pki/switchca'), hosts: join(folder, 'hosts') };
  await init(nodePlatform(), { pkiDirectory: scene.pki, keySpec, days: 3650, force: false });
  mkdirSync(scene.hosts);
  if (names.length === 0) return scene;
  const order = { pkiDirectory: scene.pki, type: 'switch', days: 60, force: false } as const;
  const places = names.map((name) => join(scene.hosts, name));
  await reqSign(nodePlatform(), { ...order, names: places, keySpec, unique: true });
  return scene;
}

function runIn({ pki, hosts }: Scene, args: readonly string[]): Promise<Run> {
  return runOurs(['-d', pki, ...args], { cwd: hosts });
}

function rows({ ca }: Scene, state: 'V' | 'R'): string[] {
  return readFileSync(join(ca, 'index.txt'), 'latin1')
    .split('\n')
    .filter((line) => line.startsWith(state));
}

function auditEntries({ ca }: Scene): { action: string; event: string; serialNumber?: string }[] {
  const lines = readFileSync(join(ca, 'audit.log'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as { action: string; event: string; serialNumber?: string });
}
