import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  changePassphrase,
  check,
  crl,
  defaultDays,
  exportCertificate,
  fixedClock,
  init,
  list,
  nodePlatform,
  type Platform,
  prepareRollover,
  renew,
  reqSign,
  retireRollover,
  revoke,
  rolloverStatus,
  switchRollover,
  undoRollover,
  verify,
} from '../../../src/index.js';
import { caFaults } from '../../support/ca-state.js';
import { runOurs } from '../../support/programs.js';
import { scratchFolder } from '../../support/scratch.js';

const keySpec = { type: 'ec', curve: 'P-256' } as const;
const platform = nodePlatform();
const dayMs = 86_400_000;

interface Scene {
  readonly folder: string;
  readonly pki: string;
  readonly ca: string;
  readonly hosts: string;
  readonly platform: Platform;
}

type Step =
  | 'prepare'
  | 'switch'
  | 'back'
  | 'retire'
  | 'retire --force'
  | 'renew host_1'
  | 'renew host_2'
  | 'revoke host_1'
  | 'expire';

/** Which steps may follow which; the codes of those that may not. */
const orders: readonly { readonly steps: readonly Step[]; readonly code?: string; readonly phase?: string }[] = [
  { steps: ['switch'], code: 'ROLLOVER_STATE' },
  { steps: ['back'], code: 'ROLLOVER_STATE' },
  { steps: ['retire'], code: 'ROLLOVER_STATE' },
  { steps: ['retire --force'], code: 'ROLLOVER_STATE' },
  { steps: ['prepare'], phase: 'prepared' },
  { steps: ['prepare', 'prepare'], code: 'ROLLOVER_STATE' },
  { steps: ['prepare', 'retire'], code: 'ROLLOVER_STATE' },
  { steps: ['prepare', 'retire --force'], code: 'ROLLOVER_STATE' },
  { steps: ['prepare', 'back'], phase: 'none' },
  { steps: ['prepare', 'back', 'back'], code: 'ROLLOVER_STATE' },
  { steps: ['prepare', 'back', 'prepare', 'switch'], phase: 'switched' },
  { steps: ['prepare', 'switch', 'switch'], code: 'ROLLOVER_STATE' },
  { steps: ['prepare', 'switch', 'prepare'], code: 'ROLLOVER_STATE' },
  { steps: ['prepare', 'switch', 'back'], phase: 'prepared' },
  { steps: ['prepare', 'switch', 'back', 'back'], phase: 'none' },
  { steps: ['prepare', 'switch', 'back', 'switch', 'back', 'switch'], phase: 'switched' },
  { steps: ['prepare', 'switch', 'retire'], code: 'ROLLOVER_LAGS' },
  { steps: ['prepare', 'switch', 'retire --force'], phase: 'none' },
  { steps: ['prepare', 'switch', 'revoke host_1', 'retire'], phase: 'none' },
  { steps: ['prepare', 'switch', 'expire', 'retire'], phase: 'none' },
  { steps: ['prepare', 'switch', 'renew host_1', 'retire'], phase: 'none' },
  { steps: ['prepare', 'switch', 'renew host_1', 'retire', 'back'], code: 'ROLLOVER_STATE' },
  { steps: ['prepare', 'switch', 'renew host_1', 'retire', 'prepare', 'switch'], phase: 'switched' },
  // The certificate in use is one of the CA that would go, whatever the host had before.
  { steps: ['prepare', 'switch', 'renew host_1', 'back', 'back'], code: 'ROLLOVER_LAGS' },
  { steps: ['prepare', 'switch', 'renew host_1', 'back', 'renew host_1', 'back'], phase: 'none' },
];

for (const { steps, code, phase } of orders) {
  test(`${steps.join(', ')}: ${code ?? phase}`, async (t) => {
    let scene = await makeScene(t, ['host_1']);
    for (const step of steps.slice(0, -1)) scene = await take(scene, step);
    const before = inventory(scene.ca);
    const last = take(scene, steps.at(-1) as Step);
    if (code === undefined) {
      await t.notThrowsAsync(last);
      t.is((await rolloverStatus(scene.platform, request(scene))).phase, phase as 'none');
    } else {
      const error = await t.throwsAsync(last);
      t.like(error, { code });
      if (code === 'ROLLOVER_LAGS') t.like(error, { details: { lagging: ['host_1'] } });
      t.deepEqual(inventory(scene.ca), before, 'nothing has changed');
    }
    assertWhole(t, scene);
  });
}

test('a CA is unknown, or there is none: that is said as everywhere', async (t) => {
  const scene = { ...(await makeScene(t, [])), pki: '/nowhere' };
  for (const step of ['prepare', 'switch', 'back', 'retire'] as const) {
    t.like(await t.throwsAsync(take(scene, step)), { code: 'PKI_NOT_FOUND' });
  }
  t.is((await runOurs(['rollover'])).status, 2);
  t.is((await runOurs(['rollover', 'sideways'])).status, 2);
  t.is((await runOurs(['rollover', 'prepare', 'third'])).status, 2);
});

test('the next CA has the name of the one before, another key of the same kind, and nothing else of it', async (t) => {
  const scene = await makeScene(t, []);
  const before = certificateIn(scene.ca);
  const { signing, other } = await prepareRollover(platform, { ...request(scene), days: 100 });
  t.is(signing.serialNumber, before.serialNumber);
  t.is(other?.subject, signing.subject);
  t.is(other?.key, 'EC P-256');
  const next = new X509Certificate(readFileSync(join(scene.ca, 'rollover/new/cacert.pem')));
  t.true(next.verify(next.publicKey) && !next.verify(before.publicKey));
  t.not(next.serialNumber, before.serialNumber);
  t.is(Math.round((Date.parse(next.validTo) - Date.now()) / dayMs), 100);
  t.is(mode(join(scene.ca, 'rollover/new/private')), 0o700);
  t.is(mode(join(scene.ca, 'rollover/new/private/cakey.pem')), 0o600);
  t.deepEqual(certificateIn(scene.ca).serialNumber, before.serialNumber, 'nothing signs with it yet');
});

test('a retired CA leaves its certificate and no key, no list and no link', async (t) => {
  const scene = await makeScene(t, ['host_1']);
  await crl(platform, { ...request(scene), days: 30, out: undefined });
  const [oldKey, old] = [keyIn(scene.ca), certificateIn(scene.ca)];
  for (const step of ['prepare', 'switch', 'renew host_1'] as const) await take(scene, step);
  t.deepEqual(readdirSync(join(scene.ca, 'crl')).length, 1, 'a list of the old CA beside that of the new one');
  await take(scene, 'retire');
  const retired = readdirSync(join(scene.ca, 'retired'));
  t.is(retired.length, 1);
  const kept = readFileSync(join(scene.ca, 'retired', retired[0] ?? ''), 'latin1');
  t.is(new X509Certificate(kept).serialNumber, old.serialNumber);
  t.deepEqual(readdirSync(join(scene.ca, 'crl')), []);
  for (const file of inventory(scene.ca)) {
    t.false(lstatSync(join(scene.ca, file)).isSymbolicLink(), file);
    if (statSync(join(scene.ca, file)).isFile())
      t.false(readFileSync(join(scene.ca, file), 'latin1').includes(oldKey), file);
  }
});

test('a CA below an offline root needs the folder of that root, and no other', async (t) => {
  const folder = scratchFolder(t);
  for (const name of ['usb', 'other']) mkdirSync(join(folder, name));
  const scene = sceneIn(folder);
  await init(platform, {
    pkiDirectory: scene.pki,
    ...{ keySpec, days: 3650, force: false },
    offlineRoot: join(folder, 'usb'),
  });
  const elsewhere = { pkiDirectory: join(folder, 'pki2'), keySpec, days: 3650, force: false };
  await init(platform, { ...elsewhere, offlineRoot: join(folder, 'other') });
  const prepare = (offlineRoot?: string) =>
    prepareRollover(platform, { ...request(scene), days: 100, ...(offlineRoot === undefined ? {} : { offlineRoot }) });
  const without = await t.throwsAsync(prepare());
  t.like(without, { code: 'CA_UNFIT' });
  t.regex(hintOf(without), /--offline-root DIR/);
  t.like(await t.throwsAsync(prepare(join(folder, 'other'))), { code: 'CA_UNFIT' });
  t.like(await t.throwsAsync(prepare(folder)), { code: 'FILE_NOT_FOUND' });
  t.is((await prepare(join(folder, 'usb'))).phase, 'prepared');
  await take(scene, 'switch');
  await issue(scene, ['host_1']);
  const verifying = ['verify', '-x509_strict', '-CAfile', join(folder, 'usb/rootca-cert.pem'), '-untrusted'];
  execFileSync('openssl', [...verifying, join(scene.ca, 'cacert.pem'), join(scene.hosts, 'host_1-cert.pem')]);
  t.deepEqual(await verdicts(scene, ['host_1']), ['valid']);
});

test('an imported intermediate of which the root is not here is CA_UNFIT, with a hint', async (t) => {
  const folder = scratchFolder(t);
  mkdirSync(join(folder, 'usb'));
  const scene = sceneIn(folder);
  const made = { pkiDirectory: join(folder, 'company'), keySpec, days: 3650, force: false };
  await init(platform, { ...made, offlineRoot: join(folder, 'usb') });
  const company = join(folder, 'company/switchca');
  const files = ['--ca-cert', join(company, 'cacert.pem'), '--ca-key', join(company, 'private/cakey.pem')];
  const imported = await runOurs(['-d', scene.pki, 'import', 'switch', ...files]);
  t.is(imported.status, 0, imported.stderr);
  const refused = await runOurs(['-d', scene.pki, 'rollover', 'prepare']);
  t.is(refused.status, 3);
  t.regex(refused.stderr, /\[CA_UNFIT\]\n.*hint: .*--offline-root DIR/);
});

test('with an encrypted key the next one has the same passphrase, which does not change meanwhile', async (t) => {
  const passphrase = 'correct horse';
  const scene = {
    ...(await makeScene(t, [], passphrase)),
    platform: nodePlatform({ passphrase: async () => passphrase }),
  };
  t.like(await t.throwsAsync(prepareRollover(platform, { ...request(scene), days: 9 })), { code: 'KEY_ENCRYPTED' });
  const wrong = nodePlatform({ passphrase: async () => 'wrong horse' });
  t.like(await t.throwsAsync(prepareRollover(wrong, { ...request(scene), days: 9 })), { code: 'PASSPHRASE_WRONG' });
  for (const step of ['prepare', 'switch', 'back', 'switch'] as const) {
    await take(scene, step);
    for (const one of ['', 'rollover/new/']) {
      const pem = readFileSync(join(scene.ca, `${one}private/cakey.pem`), 'latin1');
      t.regex(pem, /^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
      const key = createPrivateKey({ key: pem, passphrase });
      t.true(new X509Certificate(readFileSync(join(scene.ca, `${one}cacert.pem`))).checkPrivateKey(key));
    }
    const change = { ...request(scene), newPassphrase: async () => 'another horse' };
    t.like(await t.throwsAsync(changePassphrase(scene.platform, change)), { code: 'ROLLOVER_STATE' });
  }
  await take(scene, 'retire');
  await changePassphrase(scene.platform, { ...request(scene), newPassphrase: async () => 'another horse' });
});

test('a passphrase and a rollover that meet do not leave two keys with two passphrases', async (t) => {
  const [first, second] = ['correct horse', 'another horse'];
  const scene = await makeScene(t, [], first);
  const opening = (given: () => Promise<string>) => nodePlatform({ passphrase: given });
  const change = (newPassphrase: () => Promise<string>) =>
    changePassphrase(
      opening(async () => first),
      { ...request(scene), newPassphrase },
    );
  const prepare = (given: () => Promise<string>) => prepareRollover(opening(given), { ...request(scene), days: 9 });
  // Each is made while the other one waits for an answer.
  const late = change(async () => {
    await prepare(async () => first);
    return second;
  });
  t.like(await t.throwsAsync(late), { code: 'ROLLOVER_STATE' });
  await undoRollover(platform, request(scene));
  const overtaken = prepare(async () => {
    await change(async () => second);
    return first;
  });
  t.like(await t.throwsAsync(overtaken), { code: 'KEY_MISMATCH' });
  t.is((await prepare(async () => second)).phase, 'prepared');
  assertNoLeftovers(t, scene);
});

test('once the old CA has expired a rollover goes on without it', async (t) => {
  const scene = await makeScene(t, ['host_1'], undefined, 10);
  await crl(platform, { ...request(scene), days: 5, out: undefined });
  const later = { ...scene, platform: nodePlatform({ clock: fixedClock(new Date(Date.now() + 20 * dayMs)) }) };
  for (const step of ['prepare', 'switch', 'renew host_1'] as const) await take(later, step);
  t.deepEqual(await verdicts(later, ['host_1']), ['valid']);
  t.is((await crl(later.platform, { ...request(scene), days: 5, out: undefined })).otherFile, undefined);
  await take(later, 'retire');
});

test('during a rollover every command says what is sensible', async (t) => {
  const scene = await makeScene(t, ['host_1', 'host_2', 'host_3']);
  await take(scene, 'revoke host_1');
  await crl(platform, { ...request(scene), days: 30, out: undefined });
  for (const step of ['prepare', 'switch', 'renew host_2', 'back', 'switch'] as const) {
    await take(scene, step).catch((error) => t.fail(`${step}: ${error}`));
    t.deepEqual(await verdicts(scene, ['host_1', 'host_2', 'host_3']), ['invalid', 'valid', 'valid'], step);
    const rows = [...(await list(platform, { pkiDirectory: scene.pki, type: 'switch' }))];
    t.deepEqual(
      rows.filter(({ state }) => state === 'revoked').map(({ commonName }) => commonName),
      ['host_1'],
    );
    const deadlines = { warnMs: 30 * dayMs, criticalMs: 7 * dayMs };
    const checked = await check(platform, { pkiDirectory: scene.pki, type: 'switch', ...deadlines });
    t.deepEqual(
      checked.reasons.filter(({ rule }) => rule !== 'ca-before-leaf'),
      [],
      step,
    );
    for (const name of ['host_2', 'host_3']) await exportsOwnCa(t, scene, name);
  }
  // What is looked up by its name is the certificate that the CA has issued last.
  const { stdout } = await runOurs(['-d', scene.pki, 'show', '--json', 'host_2'], { cwd: scene.folder });
  t.true(stdout.includes(new X509Certificate(readFileSync(join(scene.hosts, 'host_2-cert.pem'))).serialNumber));
});

/** The texts of `rollover status`; what differs from run to run is left out. */
test('rollover status tells what signs, what is to come, and who is to be renewed', async (t) => {
  const scene = await makeScene(t, ['host_1', 'host_2']);
  const texts: string[] = [];
  for (const step of [undefined, 'prepare', 'switch', 'renew host_1', 'back', 'switch', 'retire --force'] as const) {
    if (step !== undefined) await take(scene, step);
    const { status, stdout } = await runOurs(['-d', scene.pki, 'rollover', 'status']);
    t.is(status, 0);
    texts.push(`${step ?? 'begin'}\n${stdout}`);
  }
  const serials = [...new Set(texts.join('').match(/serial \w+/g))];
  const golden = texts.join('\n').replaceAll(/serial \w+/g, (serial) => `serial ${serials.indexOf(serial) + 1}`);
  const stable = golden.replaceAll(/until [^,\n]*,/g, 'until DAY,').replaceAll(scene.pki, 'PKI');
  const file = new URL('../../../../test/golden/rollover-status.txt', import.meta.url);
  if (process.env['UPDATE_GOLDEN'] !== undefined) writeFileSync(file, stable);
  t.is(stable, readFileSync(file, 'utf8'));
});

async function exportsOwnCa(t: ExecutionContext, scene: Scene, name: string): Promise<void> {
  const [place, out] = [join(scene.hosts, name), join(scene.hosts, `${name}.chain`)];
  const order = { pkiDirectory: scene.pki, name: place, format: 'chain', out, force: true } as const;
  await exportCertificate(platform, { ...order, password: async () => 'not asked for' });
  const [leaf, ca] = readFileSync(out, 'latin1').match(/-----BEGIN[\s\S]*?END CERTIFICATE-----/g) ?? [];
  t.true(new X509Certificate(leaf ?? '').verify(new X509Certificate(ca ?? '').publicKey), name);
}

async function makeScene(
  t: ExecutionContext,
  names: readonly string[],
  passphrase?: string,
  days = 3650,
): Promise<Scene> {
  const scene = sceneIn(scratchFolder(t));
  const order = { pkiDirectory: scene.pki, keySpec, days, force: false };
  await init(platform, { ...order, ...(passphrase === undefined ? {} : { passphrase }) });
  await issue(scene, names);
  return scene;
}

function sceneIn(folder: string): Scene {
  const hosts = join(folder, 'hosts');
  mkdirSync(hosts);
  return { folder, hosts, platform, pki: join(folder, 'pki'), ca: join(folder, 'pki/switchca') };
}

async function issue(scene: Scene, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const places = names.map((name) => join(scene.hosts, name));
  const order = { ...request(scene), keySpec, unique: true, days: 60, force: false };
  for (const result of await reqSign(scene.platform, { ...order, names: places })) {
    if (result.outcome !== 'signed') throw new Error(JSON.stringify(result));
  }
}

/** Takes one step, and gives the scene as it is after it. */
async function take(scene: Scene, step: Step): Promise<Scene> {
  const [verb, name = ''] = step.split(' ');
  const at = { ...request(scene), names: [join(scene.hosts, name)] };
  if (verb === 'prepare') await prepareRollover(scene.platform, { ...request(scene), days: defaultDays });
  else if (verb === 'switch') await switchRollover(scene.platform, request(scene));
  else if (verb === 'back') await undoRollover(scene.platform, request(scene));
  else if (verb === 'retire') await retireRollover(scene.platform, { ...request(scene), force: name === '--force' });
  else if (verb === 'expire')
    return { ...scene, platform: nodePlatform({ clock: fixedClock(new Date(Date.now() + 99 * dayMs)) }) };
  else if (verb === 'renew') {
    const order = { ...at, dueWithinMs: undefined, rekey: false, keySpec: undefined, days: 60 };
    const [result] = await renew(scene.platform, order);
    if (result?.outcome !== 'renewed') throw new Error(JSON.stringify(result));
  } else {
    const [result] = await revoke(scene.platform, {
      ...at,
      names: [name],
      serialNumbers: [],
      reason: undefined,
      invalidityDate: undefined,
    });
    if (result?.outcome !== 'revoked') throw new Error(JSON.stringify(result));
  }
  return scene;
}

function request({ pki }: Scene): { readonly pkiDirectory: string; readonly type: 'switch' } {
  return { pkiDirectory: pki, type: 'switch' };
}

async function verdicts(scene: Scene, names: readonly string[]): Promise<string[]> {
  const places = names.map((name) => join(scene.hosts, name));
  return (await verify(scene.platform, { ...request(scene), names: places })).map(({ outcome }) => outcome);
}

/** Key and certificate belong together, the index is in order, and nothing is left over. */
function assertWhole(t: ExecutionContext, { ca, hosts }: Scene): void {
  t.true(certificateIn(ca).checkPrivateKey(createPrivateKey(keyIn(ca))));
  t.deepEqual(caFaults(ca, hosts, { recovered: true }), []);
  assertNoLeftovers(t, { ca });
}

function assertNoLeftovers(t: ExecutionContext, { ca }: Pick<Scene, 'ca'>): void {
  t.deepEqual(
    inventory(ca).filter((name) => /(^|\/)\.|\.tmp$|ended/.test(name)),
    [],
  );
  t.false(existsSync(join(ca, 'lock/owner')));
}

function inventory(ca: string): string[] {
  return readdirSync(ca, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.startsWith('keys'))
    .sort();
}

function certificateIn(ca: string): X509Certificate {
  return new X509Certificate(readFileSync(join(ca, 'cacert.pem')));
}

function keyIn(ca: string): string {
  return readFileSync(join(ca, 'private/cakey.pem'), 'latin1');
}

function mode(file: string): number {
  return statSync(file).mode & 0o777;
}

function hintOf(error: unknown): string {
  return error instanceof Error && 'hint' in error ? String(error.hint) : '';
}
