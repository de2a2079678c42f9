import { createPublicKey, X509Certificate } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  fixedClock,
  init,
  nodePlatform,
  type RenewRequest,
  renew,
  req,
  reqSign,
  revoke,
  selfSign,
  sign,
} from '../../../src/index.js';
import { caFaults, indexSerials, keyFaults } from '../../support/ca-state.js';
import { runOurs } from '../../support/programs.js';
import { scratchFolder } from '../../support/scratch.js';

const keySpec = { type: 'ec', curve: 'P-256' } as const;
const platform = nodePlatform();
const kinds = ['cert.pem', 'privkey.pem', 'req.pem'] as const;

interface Scene {
  readonly pki: string;
  readonly ca: string;
  readonly hosts: string;
}

test('a renewed certificate is for the same name and key, and the one before stays valid and beside it', async (t) => {
  const scene = await makeScene(t, ['host_1']);
  await reqSign(platform, { ...order(scene), names: [file(scene, 'host_2')], keySpec, unique: false, force: true });
  for (const name of ['host_1', 'host_2']) {
    const before = certificate(scene, name);
    const [result] = await renewed(scene, [name]);
    t.like(result, { outcome: 'renewed', issuer: 'switch', rekeyed: false, recovered: false });
    const after = certificate(scene, name);
    t.is(after.subject, before.subject);
    t.is(after.subjectAltName, before.subjectAltName);
    t.deepEqual(after.publicKey.export({ format: 'jwk' }), before.publicKey.export({ format: 'jwk' }));
    t.not(after.serialNumber, before.serialNumber);
    t.true(Date.parse(after.validTo) > Date.parse(before.validTo));
    t.is(certificate(scene, name, '.old').serialNumber, before.serialNumber);
    t.is(states(scene, name), 'VV');
  }
  t.deepEqual(caFaults(scene.ca, scene.hosts, { recovered: true }), []);
});

test('with a new key all three files are new, belong together, and those before are kept', async (t) => {
  const scene = await makeScene(t, ['host_1']);
  const [result] = await renewed(scene, ['host_1'], { rekey: true, keySpec: { type: 'ec', curve: 'P-384' } });
  t.like(result, { outcome: 'renewed', rekeyed: true, certificate: { key: 'EC P-384' } });
  t.true(isPair(scene, 'host_1'));
  t.true(isPair(scene, 'host_1', '.old'));
  t.not(certificate(scene, 'host_1').serialNumber, certificate(scene, 'host_1', '.old').serialNumber);
  t.is(statSync(join(scene.hosts, 'host_1-privkey.pem.old')).mode & 0o777, 0o600);
  t.deepEqual(keyFaults(scene.hosts), []);
  t.deepEqual(newFiles(scene), []);
  const [again] = await renewed(scene, ['host_1'], { rekey: true, keySpec: undefined });
  t.like(again, { outcome: 'renewed', certificate: { key: 'EC P-384' } }, 'of the kind that was there');
});

test('self-signed certificates are renewed without a CA, for the same key or for a new one', async (t) => {
  const folder = scratchFolder(t);
  const scene = { pki: join(folder, 'no-pki'), ca: '', hosts: folder };
  const names = [file(scene, 'alone')];
  await req(platform, { names, keySpec, unique: true, force: false });
  await selfSign(platform, { names, days: 10, force: false });
  const before = certificate(scene, 'alone');
  for (const rekey of [false, true]) {
    const [result] = await renewed(scene, ['alone'], { rekey });
    t.like(result, { outcome: 'renewed', issuer: 'self', rekeyed: rekey });
    const after = certificate(scene, 'alone');
    t.true(after.verify(after.publicKey) && isPair(scene, 'alone'));
    t.is(after.subject, before.subject);
    t.is(after.publicKey.equals(before.publicKey), !rekey);
  }
});

test('what has expired is renewed, and what is not here is taken from the CA', async (t) => {
  const scene = await makeScene(t, ['host_1']);
  const { serialNumber } = certificate(scene, 'host_1');
  rmSync(`${file(scene, 'host_1')}-cert.pem`);
  const later = { ...platform, clock: fixedClock(new Date(Date.now() + 20 * 86_400_000)) };
  const [result] = await renew(later, { ...request(scene), names: [file(scene, 'host_1')] });
  t.is(result?.outcome, 'renewed');
  t.not(certificate(scene, 'host_1').serialNumber, serialNumber);
  t.true(isPair(scene, 'host_1'));
});

interface Refusal {
  readonly title: string;
  readonly change?: (scene: Scene) => unknown;
  readonly options?: Partial<RenewRequest>;
  readonly code: string;
}

const compromised = { serialNumbers: [], reason: 'keyCompromise', invalidityDate: undefined } as const;

const refusals: readonly Refusal[] = [
  { title: 'a revoked certificate', change: (scene) => revokeHost(scene), code: 'CERTIFICATE_REVOKED' },
  {
    title: 'a revoked certificate that would get a new key',
    change: (scene) => revokeHost(scene),
    options: { rekey: true },
    code: 'CERTIFICATE_REVOKED',
  },
  {
    title: 'a revoked certificate that is not here',
    change: async (scene) => {
      await revokeHost(scene);
      rmSync(`${file(scene, 'host_1')}-cert.pem`);
    },
    code: 'CERTIFICATE_REVOKED',
  },
  {
    title: 'a key of which another certificate was revoked',
    change: async (scene) => {
      const { serialNumber } = certificate(scene, 'host_1');
      await sign(platform, { ...order(scene), names: [file(scene, 'host_1')], force: true });
      const serialNumbers = [serialNumber];
      await revoke(platform, { pkiDirectory: scene.pki, type: 'switch', names: [], ...compromised, serialNumbers });
    },
    code: 'REQUEST_REFUSED',
  },
  {
    title: 'a name without any certificate',
    change: (scene) => renameSync(scene.hosts, `${scene.hosts}.away`),
    options: { names: ['unknown'] },
    code: 'CERTIFICATE_UNKNOWN',
  },
  { title: 'a certificate of the other CA', options: { type: 'controller' }, code: 'CERTIFICATE_UNKNOWN' },
  {
    title: 'a certificate of another name',
    change: (scene) => copyFileSync(`${file(scene, 'host_2')}-cert.pem`, `${file(scene, 'host_1')}-cert.pem`),
    code: 'KEY_MISMATCH',
  },
  {
    title: 'a certificate and a key of another name',
    change: (scene) => {
      for (const kind of kinds) copyFileSync(`${file(scene, 'host_2')}-${kind}`, `${file(scene, 'host_1')}-${kind}`);
    },
    code: 'REQUEST_REFUSED',
  },
  {
    title: 'another key beside the certificate',
    change: (scene) => copyFileSync(`${file(scene, 'host_2')}-privkey.pem`, `${file(scene, 'host_1')}-privkey.pem`),
    code: 'KEY_MISMATCH',
  },
  {
    title: 'a new key where the old one is not',
    change: (scene) => rmSync(`${file(scene, 'host_1')}-privkey.pem`),
    options: { rekey: true },
    code: 'FILE_NOT_FOUND',
  },
  {
    title: 'a self-signed certificate whose key is elsewhere',
    change: async (scene) => {
      await selfSign(platform, { names: [file(scene, 'host_1')], days: 10, force: true });
      rmSync(`${file(scene, 'host_1')}-privkey.pem`);
    },
    code: 'FILE_NOT_FOUND',
  },
];

for (const { title, change, options = {}, code } of refusals) {
  test(`${title} is refused, and nothing is touched`, async (t) => {
    const scene = await makeScene(t, ['host_1', 'host_2']);
    await change?.(scene);
    const before = contents(scene);
    const names = [file(scene, 'host_1')];
    const [result] = await renew(platform, { ...request(scene), names, ...options });
    t.like(result, { outcome: 'refused', error: { code } });
    t.deepEqual(contents(scene), before);
  });
}

test('a CA that cannot sign leaves no new key behind, nor one for who signs for himself', async (t) => {
  const scene = await makeScene(t, ['host_1', 'host_2']);
  const names = [file(scene, 'host_1'), file(scene, 'host_2')];
  await selfSign(platform, { names: names.slice(1), days: 10, force: true });
  const before = contents(scene);
  const late = { ...platform, clock: fixedClock(new Date('2060-01-01')) };
  const rekeyed = renew(late, { ...request(scene), names, rekey: true, keySpec });
  await t.throwsAsync(rekeyed, { code: 'CA_EXPIRED' });
  t.deepEqual(contents(scene), before);
});

/** The files of the old identity that are still there, and those of the new one that still wait, at each step. */
const steps: readonly {
  readonly title: string;
  readonly old: string;
  readonly waiting: string;
  readonly done: boolean;
}[] = [
  { title: 'with a new key beside the old files', old: 'ckr', waiting: 'kr', done: false },
  { title: 'with only a part of the new files', old: 'ckr', waiting: 'k', done: false },
  { title: 'with all new files beside the old ones', old: 'ckr', waiting: 'ckr', done: true },
  { title: 'after the old certificate went', old: 'kr', waiting: 'ckr', done: true },
  { title: 'after the old request went', old: 'k', waiting: 'ckr', done: true },
  { title: 'after the new key came', old: '', waiting: 'cr', done: true },
  { title: 'after the new request came', old: '', waiting: 'c', done: true },
];

for (const { title, old, waiting, done } of steps) {
  test(`a run with a new key that was killed ${title} is finished by the next one`, async (t) => {
    const scene = await makeScene(t, ['host_1']);
    await renewed(scene, ['host_1'], { rekey: true });
    const wanted = certificate(scene, 'host_1').serialNumber;
    for (const kind of kinds) {
      const place = `${file(scene, 'host_1')}-${kind}`;
      const letter = kind.at(0) === 'p' ? 'k' : (kind.at(0) as string);
      // The certificate is last, so what does not wait has come already, or not yet been made.
      const isPlaced = !waiting.includes(letter) && !old.includes(letter);
      if (waiting.includes(letter)) copyFileSync(place, `${place}.new`);
      if (!isPlaced) rmSync(place);
      if (old.includes(letter) && existsSync(`${place}.old`)) copyFileSync(`${place}.old`, place);
    }
    t.not(isPair(scene, 'host_1'), false, 'no pair that does not fit');
    const [result] = await renewed(scene, ['host_1']);
    t.like(result, { outcome: 'renewed', recovered: done });
    t.is(certificate(scene, 'host_1').serialNumber === wanted, done);
    t.true(isPair(scene, 'host_1'));
    t.deepEqual(newFiles(scene), []);
  });
}

test('a new certificate that belongs to no key here is not put in its place', async (t) => {
  const scene = await makeScene(t, ['host_1', 'host_2']);
  copyFileSync(`${file(scene, 'host_2')}-cert.pem`, `${file(scene, 'host_1')}-cert.pem.new`);
  const [result] = await renewed(scene, ['host_1']);
  t.like(result, { outcome: 'renewed', recovered: false });
  t.true(isPair(scene, 'host_1'));
  t.deepEqual(newFiles(scene), []);
});

test('--due renews what expires soon here, and tells of each other that is due why it does not', async (t) => {
  const scene = await makeScene(t, ['due', 'elsewhere', 'revoked', 'keyless', 'foreign']);
  await reqSign(platform, {
    ...order(scene),
    days: 100,
    names: [file(scene, 'later')],
    keySpec,
    unique: true,
    force: false,
  });
  await selfSign(platform, { names: [file(scene, 'foreign')], days: 10, force: true });
  renameSync(`${file(scene, 'elsewhere')}-cert.pem`, join(scene.pki, 'moved'));
  rmSync(`${file(scene, 'foreign')}-privkey.pem`);
  rmSync(`${file(scene, 'keyless')}-privkey.pem`);
  copyFileSync(`${file(scene, 'due')}-cert.pem`, `${file(scene, 'copy')}-cert.pem`);
  await revoke(platform, { pkiDirectory: scene.pki, type: 'switch', ...compromised, names: ['revoked'] });
  const outcomes = async (...args: string[]) => {
    const result = await runOurs(['-d', scene.pki, '--json', 'renew', '--due', ...args], { cwd: scene.hosts });
    t.is(result.status, 0, result.stderr);
    const { results } = JSON.parse(result.stdout) as { results: { name: string; outcome: string; reason?: string }[] };
    return new Map(results.map(({ name, outcome, reason }) => [name, reason ?? outcome]));
  };
  t.is((await outcomes('--before', '9d')).size, 0);
  const first = await outcomes('--before=30d', '--days=90');
  t.is(first.get('due'), 'renewed');
  t.is(first.get('keyless'), 'renewed', 'the same key needs not be here');
  t.false(first.has('later'));
  t.regex(first.get('elsewhere') ?? '', /elsewhere-cert\.pem is not in this folder$/);
  t.regex(first.get('revoked') ?? '', /was revoked \(keyCompromise\)$/);
  t.regex(first.get('foreign') ?? '', /foreign-privkey\.pem is not in this folder$/);
  t.regex(first.get('copy') ?? '', /is a certificate of due$/);
  t.is(first.size, 6);
  t.regex((await outcomes('--before=30d', 'controller')).get('copy') ?? '', /is a certificate of due$/);
  const second = await outcomes('--before=30d', '--days=90');
  t.deepEqual(
    [...second.values()].filter((reason) => reason === 'renewed'),
    [],
  );
  const longer = await outcomes('--before=140d', '--rekey', '--days=50');
  t.regex(longer.get('due') ?? '', /valid no longer/);
  const tenYears = await outcomes('--before=4000d', '--days=9000');
  t.is(tenYears.get('due'), 'renewed');
  const atEnd = await outcomes('--before=4000d', '--days=9000');
  t.regex(atEnd.get('due') ?? '', /^switchca itself ends on .*rollover prepare switch/);
  t.regex(longer.get('keyless') ?? '', /keyless-privkey\.pem is not in this folder$/);
});

test('--due gives out the certificate that an interrupted run has left in the CA, and issues no other', async (t) => {
  const scene = await makeScene(t, ['host_1']);
  await renewed(scene, ['host_1']);
  const { serialNumber } = certificate(scene, 'host_1');
  const place = `${file(scene, 'host_1')}-cert.pem`;
  renameSync(`${place}.old`, place);
  const before = indexSerials(scene.ca);
  const { status, stdout } = await runOurs(['-d', scene.pki, 'renew', '--due'], { cwd: scene.hosts });
  t.is(status, 0);
  t.regex(stdout, new RegExp(`^host_1: renewed, after an interruption, serial ${serialNumber}, valid until `));
  t.deepEqual(indexSerials(scene.ca), before);
  t.is(
    (await runOurs(['-d', scene.pki, 'renew', '--due'], { cwd: scene.hosts })).stdout,
    'nothing expires within 30d\n',
  );
});

async function makeScene(t: ExecutionContext, names: readonly string[]): Promise<Scene> {
  const folder = scratchFolder(t);
  const scene = { pki: join(folder, 'pki'), ca: join(folder, 'pki/switchca'), hosts: join(folder, 'hosts') };
  await init(platform, { pkiDirectory: scene.pki, keySpec, days: 3650, force: false });
  mkdirSync(scene.hosts);
  const request = { ...order(scene), names: names.map((name) => file(scene, name)), keySpec, unique: true };
  for (const result of await reqSign(platform, request)) t.is(result.outcome, 'signed');
  return scene;
}

function order({ pki }: Scene) {
  return { pkiDirectory: pki, type: 'switch', days: 10, force: false } as const;
}

function request({ pki }: Scene): RenewRequest {
  const nothing = { names: [], dueWithinMs: undefined, rekey: false, keySpec: undefined };
  return { pkiDirectory: pki, type: 'switch', days: 365, ...nothing };
}

function renewed(scene: Scene, names: readonly string[], options: Partial<RenewRequest> = {}) {
  const files = names.map((name) => file(scene, name));
  return renew(platform, { ...request(scene), names: files, ...(options.rekey ? { keySpec } : {}), ...options });
}

function revokeHost({ pki }: Scene) {
  return revoke(platform, {
    pkiDirectory: pki,
    type: 'switch',
    ...compromised,
    names: ['host_1'],
    reason: 'superseded',
  });
}

function file({ hosts }: Scene, name: string): string {
  return join(hosts, name);
}

function certificate(scene: Scene, name: string, suffix = ''): X509Certificate {
  return new X509Certificate(readFileSync(`${file(scene, name)}-cert.pem${suffix}`));
}

/** Whether key and certificate belong together; undefined where one is missing. */
function isPair(scene: Scene, name: string, suffix = ''): boolean | undefined {
  const key = `${file(scene, name)}-privkey.pem${suffix}`;
  if (!existsSync(key) || !existsSync(`${file(scene, name)}-cert.pem${suffix}`)) return undefined;
  return certificate(scene, name, suffix).publicKey.equals(createPublicKey(readFileSync(key)));
}

function states({ ca }: Scene, name: string): string {
  const lines = readFileSync(join(ca, 'index.txt'), 'latin1').split('\n');
  return lines.flatMap((line) => (line.includes(`/CN=${name}`) ? [line[0]] : [])).join('');
}

function newFiles({ hosts }: Scene): string[] {
  return readdirSync(hosts).filter((name) => name.endsWith('.new') || name.startsWith('.'));
}

function contents({ hosts, ca }: Scene): string[] {
  const files = existsSync(hosts) ? readdirSync(hosts).map((name) => join(hosts, name)) : [];
  return [...files, join(ca, 'index.txt')].map((place) => `${place} ${readFileSync(place, 'latin1')}`);
}
