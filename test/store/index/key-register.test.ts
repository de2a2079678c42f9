import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  decodeCertificatePem,
  decodeCertificationRequestPem,
  init,
  nodePlatform,
  type Refused,
  req,
  sign,
} from '../../../src/index.js';
import { digestHex } from '../../../src/pki/digest.js';
import { keyHash } from '../../../src/pki/key-identity.js';
import { stampOf } from '../../../src/platform/files.js';
import { bootId } from '../../../src/platform/process-identity.js';
import { certificatesOfKey, syncKeyRegister } from '../../../src/store/index/key-register.js';
import { type CaLayout, caLayout } from '../../../src/store/layout.js';
import { keyForms } from '../../support/key-forms.js';
import { ecKeyFile } from '../../support/keys.js';
import { runWell } from '../../support/programs.js';
import { scratchFolder } from '../../support/scratch.js';
import { buildRequest, hostName, loadKey, requestPem } from '../../support/x509.js';

const keySpec = { type: 'ec', curve: 'P-256' } as const;
const platform = nodePlatform();

interface Scene {
  readonly pki: string;
  readonly hosts: string;
  readonly layout: CaLayout;
  /** The hash of the key of host_1. */
  readonly hash: string;
}

/** What may happen to the register between two runs; it is made good from the index. */
const damages: readonly { readonly title: string; readonly damage: (scene: Scene) => void }[] = [
  { title: 'deleted', damage: ({ layout }) => rmSync(layout.keyRegister, { recursive: true }) },
  { title: 'emptied', damage: (scene) => change(scene, () => '') },
  { title: 'torn in the middle of a hash', damage: (scene) => change(scene, (text) => text.slice(0, 30)) },
  { title: 'torn before a newline', damage: (scene) => change(scene, (text) => text.trimEnd()) },
  { title: 'torn inside a name', damage: (scene) => change(scene, (text) => text.slice(0, -3)) },
  { title: 'overwritten with zeros', damage: (scene) => change(scene, (text) => '\0'.repeat(text.length)) },
  { title: 'from another start of the machine', damage: ({ layout }) => staleState(layout, 'another-boot 1 2 3') },
  { title: 'without its state', damage: ({ layout }) => rmSync(join(layout.keyRegister, 'state')) },
];

for (const { title, damage } of damages) {
  test(`a register that was ${title} knows every certified key after the next run`, async (t) => {
    const scene = await makeScene(t);
    damage(scene);
    if (title !== 'from another start of the machine') staleState(scene.layout, 'none');
    syncKeyRegister(scene.layout);
    t.is(certificatesOfKey(scene.layout, scene.hash)[0]?.commonName, 'host_1');
    const lines = registerLines(scene.layout);
    t.is(lines.length, 6, 'the CA, host_1 and host_2, each once by its key and once by its name');
    for (const line of lines) t.regex(line, /^[0-9a-f]{64} [0-9A-F]{32} [^\n]+$/);
  });
}

test('a key that openssl ca certified here is refused under another name', async (t) => {
  const scene = await makeScene(t);
  const { layout, hosts } = scene;
  const files = ['-in', join(hosts, 'host_3-req.pem'), '-out', join(hosts, 'by-openssl.pem')];
  await runWell('openssl', ['ca', '-config', 'ca.cnf', '-batch', ...files], { cwd: layout.folder });
  const refused = await signWithKeyOf(scene, 'host_3', 'thief');
  t.is(refused.outcome, 'refused');
  t.is(refused.error.code, 'REQUEST_REFUSED');
  t.regex(refused.error.message, /host_3/);
});

for (const [name, other] of [
  ['host_1', 'HOST_1'],
  ['host_2', 'Host_2'],
] as const) {
  test(`${name} has a certificate, so ${other}, which is the same name to the IKE daemons, gets none until it is revoked`, async (t) => {
    const { pki, hosts, layout } = await makeScene(t);
    // Made before names were in the register.
    const { stamp = '' } = stampOf(layout.index) ?? {};
    rmSync(layout.keyRegister, { recursive: true });
    staleState(layout, `${bootId} ${stamp}`);
    const names = [join(hosts, other), join(hosts, 'third'), join(hosts, 'THIRD'), join(hosts, 'dot.')];
    await req(platform, { names, keySpec, unique: true, force: false });
    const order = { pkiDirectory: pki, names, type: 'switch', days: 30, force: true } as const;
    const results = await sign(platform, order);
    const told = results.map((result) => (result.outcome === 'refused' ? result.error.message : result.outcome));
    t.regex(told[0] ?? '', new RegExp(`"${name}" has a valid certificate`));
    t.is(told[1], 'signed');
    t.regex(told[2] ?? '', /"third" has a valid certificate/);
    t.regex(told[3] ?? '', /ends with a dot/);
    const again = await sign(platform, { ...order, names: [join(hosts, name)] });
    t.is(again[0]?.outcome, 'signed', 'the name itself may have as many as it wants');
    const index = readFileSync(layout.index, 'latin1');
    const revoked = index.replaceAll(new RegExp(`^V(\\t[0-9]+Z\\t)(.*/CN=${name})$`, 'gm'), 'R$1260101000000Z$2');
    writeFileSync(layout.index, revoked);
    const freed = await sign(platform, { ...order, names: [join(hosts, other)] });
    t.is(freed[0]?.outcome, 'signed');
  });
}

for (const { title, of, spki } of keyForms.filter(({ of }) => of === 'ec')) {
  test(`an older register that knows a compromised key by ${title} does not let it pass in its plain form`, async (t) => {
    const scene = await makeScene(t);
    const { layout, hosts, pki } = scene;
    // As ovs-pki certified it: openssl ca takes every form.
    const signKey = loadKey(ecKeyFile('p256', 1));
    const request = buildRequest({ subject: hostName('old'), signKey, signature: 'sha256-ecdsa', spki: spki(signKey) });
    writeFileSync(join(hosts, 'old-req.pem'), requestPem(request));
    const files = ['-in', join(hosts, 'old-req.pem'), '-out', join(hosts, 'old-cert.pem')];
    await runWell('openssl', ['ca', '-config', 'ca.cnf', '-batch', ...files], { cwd: layout.folder });
    const { serialNumber } = decodeCertificatePem(readFileSync(join(hosts, 'old-cert.pem'), 'latin1'), 'old');
    const revoke = ['ca', '-config', 'ca.cnf', '-crl_reason', 'keyCompromise', '-revoke', join(hosts, 'old-cert.pem')];
    await runWell('openssl', revoke, { cwd: layout.folder });
    // The form of the register before: a hash of the bytes, and a state that fits the index.
    rmSync(layout.keyRegister, { recursive: true });
    const hash = digestHex('sha256', spki(signKey));
    const { stamp = '' } = stampOf(layout.index) ?? {};
    staleState(layout, `${bootId} ${stamp}`);
    appendFileSync(join(layout.keyRegister, hash.slice(0, 2)), `${hash} ${serialNumber} old\n`);

    t.is(of, 'ec');
    const plain = buildRequest({ subject: hostName('new'), signKey, signature: 'sha256-ecdsa' });
    writeFileSync(join(hosts, 'new-req.pem'), requestPem(plain));
    const order = { pkiDirectory: pki, names: [join(hosts, 'new')], type: 'switch', days: 30, force: false } as const;
    const [result] = await sign(platform, order);
    t.is(result?.outcome, 'refused');
    t.regex(result?.outcome === 'refused' ? result.error.message : '', /for "old".*was revoked \(keyCompromise\)/);
    t.true(registerLines(layout).includes(`${hash} ${serialNumber} old`), 'what was known stays known');
  });
}

test('a register that fits the index is not read again, and an unknown key is not found', async (t) => {
  const { layout } = await makeScene(t);
  const before = registerLines(layout);
  appendFileSync(join(layout.keyRegister, '00'), `${'0'.repeat(64)} 01 host_0\n`);
  syncKeyRegister(layout);
  t.is(registerLines(layout).length, before.length + 1);
  t.is(certificatesOfKey(layout, '0'.repeat(64))[0]?.commonName, 'host_0');
  t.is(certificatesOfKey(layout, `01${'0'.repeat(62)}`)[0], undefined);
});

test('a row whose copy is missing or damaged does not stop the others', async (t) => {
  const { layout, hash } = await makeScene(t);
  rmSync(layout.keyRegister, { recursive: true });
  const copies = readdirSync(layout.newCertificates);
  const isHost2 = (name: string): boolean =>
    readFileSync(join(layout.newCertificates, name), 'latin1').includes('host_2');
  for (const name of copies.filter(isHost2)) writeFileSync(join(layout.newCertificates, name), 'damaged');
  syncKeyRegister(layout);
  t.is(certificatesOfKey(layout, hash)[0]?.commonName, 'host_1');
  t.is(registerLines(layout).length, 4);
});

test('foreign files in the folder of the register are not read', async (t) => {
  const { layout, hash } = await makeScene(t);
  for (const name of ['README', '000', '.swp']) appendFileSync(join(layout.keyRegister, name), `${hash} 01 forged\n`);
  staleState(layout, 'none');
  syncKeyRegister(layout);
  t.is(certificatesOfKey(layout, hash)[0]?.commonName, 'host_1');
});

async function makeScene(t: ExecutionContext): Promise<Scene> {
  const folder = scratchFolder(t);
  const [pki, hosts] = [join(folder, 'pki'), join(folder, 'hosts')];
  await init(platform, { pkiDirectory: pki, keySpec, days: 3650, force: false });
  mkdirSync(hosts);
  const names = ['host_1', 'host_2', 'host_3'].map((name) => join(hosts, name));
  await req(platform, { names, keySpec, unique: true, force: false });
  const order = { pkiDirectory: pki, type: 'switch', days: 30, force: false } as const;
  const results = await sign(platform, { ...order, names: names.slice(0, 2) });
  t.deepEqual(
    results.map(({ outcome }) => outcome),
    ['signed', 'signed'],
  );
  const file = join(hosts, 'host_1-req.pem');
  const { publicKey } = decodeCertificationRequestPem(readFileSync(file, 'latin1'), file);
  return { pki, hosts, layout: caLayout(join(pki, 'switchca')), hash: keyHash(publicKey) };
}

/** Damages the bucket that holds the key of host_1. */
function change({ layout, hash }: Scene, damage: (text: string) => string): void {
  const file = join(layout.keyRegister, hash.slice(0, 2));
  writeFileSync(file, damage(readFileSync(file, 'latin1')));
}

function staleState(layout: CaLayout, state: string): void {
  mkdirSync(layout.keyRegister, { recursive: true });
  writeFileSync(join(layout.keyRegister, 'state'), state);
}

function registerLines(layout: CaLayout): string[] {
  const buckets = readdirSync(layout.keyRegister).filter((name) => /^[0-9a-f]{2}$/.test(name));
  return buckets.flatMap((name) => readFileSync(join(layout.keyRegister, name), 'latin1').split('\n').slice(0, -1));
}

async function signWithKeyOf({ pki, hosts }: Scene, owner: string, name: string): Promise<Refused> {
  const subject = `/C=US/ST=CA/O=Open vSwitch/OU=Open vSwitch certifier/CN=${name}`;
  const key = join(hosts, `${owner}-privkey.pem`);
  await runWell('openssl', ['req', '-new', '-key', key, '-subj', subject, '-out', join(hosts, `${name}-req.pem`)]);
  const names = [join(hosts, name)];
  const [result] = await sign(platform, { pkiDirectory: pki, names, type: 'switch', days: 30, force: false });
  if (result?.outcome !== 'refused') throw new Error(`${name} was signed`);
  return result;
}
