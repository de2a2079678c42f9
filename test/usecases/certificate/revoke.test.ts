import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  fixedClock,
  init,
  nodePlatform,
  OvsPkiError,
  type ReasonCode,
  type RevokeRequest,
  req,
  reqSign,
  revoke,
  sign,
} from '../../../src/index.js';
import { isRegisterCurrent } from '../../../src/store/index/key-register.js';
import { caLayout } from '../../../src/store/layout.js';
import { scratchFolder } from '../../support/scratch.js';

const keySpec = { type: 'ec', curve: 'P-256' } as const;
const platform = nodePlatform();

interface Scene {
  readonly pki: string;
  readonly hosts: string;
  readonly index: string;
}

test('a name stands for all of its certificates that are valid, whatever is unique about each', async (t) => {
  const scene = await makeScene(t, ['host_1', 'host_10']);
  await reqSign(platform, { ...order(scene), names: [file(scene, 'host_1')], keySpec, unique: false, force: true });
  const [result] = await revoke(platform, { ...request(scene), names: ['keys/host_1'] });
  t.like(result, { name: 'keys/host_1', outcome: 'revoked', type: 'switch' });
  t.is(states(scene, /CN=host_1( id:.*)?$/), 'RR');
  t.is(states(scene, /CN=host_10$/), 'V');
  t.is(states(scene, /OU=switchca/), 'V');
});

test('a serial number stands for one certificate, as other programs print it', async (t) => {
  const scene = await makeScene(t, ['host_1']);
  await sign(platform, { ...order(scene), names: [file(scene, 'host_1')], force: true });
  const serials = rows(scene, /CN=host_1$/).map(([, , , serial = '']) => serial);
  const colons = (serials[1] ?? '').toLowerCase().match(/../g)?.join(':') ?? '';
  const results = await revoke(platform, { ...request(scene), serialNumbers: [colons, 'FF'] });
  t.like(results[0], { name: colons, outcome: 'revoked' });
  t.like(results[1], { outcome: 'refused', error: { code: 'CERTIFICATE_UNKNOWN' } });
  t.is(states(scene, /CN=host_1$/), 'VR');
});

test('what is revoked already is left as it is, and another reason is refused', async (t) => {
  const scene = await makeScene(t, ['host_1']);
  const names = ['host_1'];
  await revoke(platform, { ...request(scene), names, reason: 'keyCompromise' });
  const before = readFileSync(scene.index);
  for (const reason of [undefined, 'keyCompromise'] as const) {
    const [again] = await revoke(platform, { ...request(scene), names, reason });
    t.like(again, { outcome: 'already-revoked', certificates: [{ reason: 'keyCompromise' }] });
  }
  const invalidityDate = new Date('2026-01-02T03:04:05Z');
  for (const other of [{ reason: 'superseded' }, { reason: 'keyCompromise', invalidityDate }] as const) {
    const [refused] = await revoke(platform, { ...request(scene), names, ...other });
    t.like(refused, { outcome: 'refused', error: { code: 'REVOCATION_REFUSED' } });
  }
  t.deepEqual(readFileSync(scene.index), before);
});

test('a name whose certificates have expired has nothing to revoke, but its serial number has', async (t) => {
  const scene = await makeScene(t, ['host_1']);
  const later = nodePlatform({ clock: fixedClock(new Date(Date.now() + 20 * 86_400_000)) });
  const [byName] = await revoke(later, { ...request(scene), names: ['host_1'] });
  t.like(byName, { outcome: 'refused', error: { code: 'CERTIFICATE_UNKNOWN' } });
  const [[, , , serial = ''] = []] = rows(scene, /CN=host_1$/);
  const [bySerial] = await revoke(later, { ...request(scene), serialNumbers: [serial] });
  t.like(bySerial, { outcome: 'revoked' });
});

test('the certificate of the CA itself cannot be revoked by it', async (t) => {
  const scene = await makeScene(t, []);
  const [[, , , serial = ''] = []] = rows(scene, /OU=switchca/);
  const [result] = await revoke(platform, { ...request(scene), serialNumbers: [serial] });
  t.like(result, { outcome: 'refused', error: { code: 'REVOCATION_REFUSED' } });
  t.is(states(scene, /OU=switchca/), 'V');
});

test('an index without its last newline, with foreign rows around, is edited in the right place', async (t) => {
  const scene = await makeScene(t, ['host_1']);
  const foreign = (state: string, serial: string, subject: string) =>
    `${state}\t361119000000Z\t${state === 'R' ? '260101000000Z,superseded' : ''}\t${serial}\tunknown\t${subject}`;
  const own = readFileSync(scene.index, 'latin1');
  const around = [
    foreign('R', '0A', '/O=x/CN=host_2'),
    foreign('V', '0B', '/O=x/CN=host_2/emailAddress=a@b'),
    foreign('V', '0C', '/CN=host_2/O=x'),
    foreign('V', '0D', '/O=x/CN=\\xC3\\xA9/CN=host_2x'),
    foreign('V', '0E', '/O=x/CN=host_2'),
  ];
  writeFileSync(scene.index, `${around.slice(0, 3).join('\n')}\n${own}${around.slice(3).join('\n')}`, 'latin1');
  const [result] = await revoke(platform, { ...request(scene), names: ['host_2'], reason: 'affiliationChanged' });
  t.like(result, { outcome: 'revoked' });
  const serials = rows(scene, /^R/).map(([, , , serial]) => serial);
  t.deepEqual(serials, ['0A', '0B', '0E']);
  t.is(
    readFileSync(scene.index, 'latin1')
      .replaceAll(/(0[BE]\tunknown)/g, '$1')
      .split('\n').length,
    8,
  );
  t.true(readFileSync(scene.index, 'latin1').includes(own));
  t.true(existsSync(`${scene.index}.old`));
});

test('hundreds of names are revoked in batches, each in its place', async (t) => {
  const scene = await makeScene(t, []);
  const names = Array.from({ length: 600 }, (_, index) => `bulk_${index}`);
  const hex = (index: number) => (0x1000 + index).toString(16).toUpperCase();
  for (const [index, name] of names.entries()) {
    appendFileSync(scene.index, `V\t361119000000Z\t\t${hex(index)}\tunknown\t/O=x/CN=${name}\n`);
  }
  const odd = names.filter((_, index) => index % 2 === 1);
  const results = await revoke(platform, { ...request(scene), names: odd });
  t.true(results.every(({ outcome }) => outcome === 'revoked'));
  t.is(states(scene, /CN=bulk_/), 'VR'.repeat(300));
  const [next] = await revoke(platform, { ...request(scene), names: ['bulk_0'] });
  t.is(next?.outcome, 'revoked', 'nothing was left open');
});

test('a revocation leaves a key register that fits the index as it is, and another one to the next signature', async (t) => {
  const scene = await makeScene(t, ['host_1', 'host_2']);
  const layout = caLayout(join(scene.pki, 'switchca'));
  t.true(isRegisterCurrent(layout));
  await revoke(platform, { ...request(scene), names: ['host_1'] });
  t.true(isRegisterCurrent(layout));
  appendFileSync(scene.index, 'V\t361119000000Z\t\t0A\tunknown\t/O=x/CN=by_another_program\n');
  await revoke(platform, { ...request(scene), names: ['host_2'] });
  t.false(isRegisterCurrent(layout));
});

/** Whether a key can be certified again after a certificate of it was revoked for a reason. */
const keyRows: readonly { readonly reason: ReasonCode | undefined; readonly again: boolean }[] = [
  { reason: undefined, again: false },
  { reason: 'unspecified', again: false },
  { reason: 'keyCompromise', again: false },
  { reason: 'CACompromise', again: false },
  { reason: 'certificateHold', again: false },
  { reason: 'affiliationChanged', again: true },
  { reason: 'superseded', again: true },
  { reason: 'cessationOfOperation', again: true },
];

test('a key is certified again only where its certificate was revoked for a reason that leaves the key alone', async (t) => {
  const names = keyRows.map((_, index) => `host_${index}`);
  const scene = await makeScene(t, names);
  for (const [index, { reason }] of keyRows.entries()) {
    await revoke(platform, { ...request(scene), names: [names[index] as string], reason });
  }
  const results = await sign(platform, { ...order(scene), names: names.map((name) => file(scene, name)), force: true });
  for (const [index, { reason, again }] of keyRows.entries()) {
    const result = results[index];
    t.is(result?.outcome, again ? 'signed' : 'refused', String(reason));
    if (result?.outcome === 'refused') t.regex(result.error.message, /a certificate of this key was revoked/);
  }
});

test('a revocation that cannot be read is refused before anything is touched', async (t) => {
  const scene = await makeScene(t, []);
  const inFuture = { reason: 'keyCompromise', invalidityDate: new Date(Date.now() + 60_000) } as const;
  const without = { reason: 'superseded', invalidityDate: new Date(0) } as const;
  for (const bad of [inFuture, without]) {
    await t.throwsAsync(revoke(platform, { ...request(scene), names: ['host_1'], ...bad }), {
      instanceOf: OvsPkiError,
      code: 'USAGE',
    });
  }
});

async function makeScene(t: ExecutionContext, names: readonly string[]): Promise<Scene> {
  const folder = scratchFolder(t);
  const scene = {
    pki: join(folder, 'pki'),
    hosts: join(folder, 'hosts'),
    index: join(folder, 'pki/switchca/index.txt'),
  };
  await init(platform, { pkiDirectory: scene.pki, keySpec, days: 3650, force: false });
  mkdirSync(scene.hosts);
  const files = names.map((name) => file(scene, name));
  await req(platform, { names: files, keySpec, unique: true, force: false });
  for (const result of await sign(platform, { ...order(scene), names: files })) t.is(result.outcome, 'signed');
  return scene;
}

function order({ pki }: Scene) {
  return { pkiDirectory: pki, type: 'switch', days: 10, force: false } as const;
}

function request({ pki }: Scene): RevokeRequest {
  const nothing = { names: [], serialNumbers: [], reason: undefined, invalidityDate: undefined };
  return { pkiDirectory: pki, type: 'switch', ...nothing };
}

function file({ hosts }: Scene, name: string): string {
  return join(hosts, name);
}

function rows({ index }: Scene, which: RegExp): string[][] {
  const lines = readFileSync(index, 'latin1').split('\n');
  return lines.filter((line) => which.test(line)).map((line) => line.split('\t'));
}

function states(scene: Scene, which: RegExp): string {
  return rows(scene, which)
    .map(([state]) => state)
    .join('');
}
