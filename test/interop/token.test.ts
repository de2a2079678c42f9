/** CAs whose keys are in a token of SoftHSM, held against OpenSSL. */

import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { caFaults } from '../support/ca-state.js';
import { companySigns, foundCompany } from '../support/company.js';
import { killer, measureMs } from '../support/killed-run.js';
import { caCertificateIn, caFolderIn } from '../support/pki.js';
import { run, runWell } from '../support/programs.js';
import { chance } from '../support/random.js';
import { scratchFolder } from '../support/scratch.js';
import {
  inToken,
  keysOf,
  makeToken,
  ours,
  oursWithPin,
  pin,
  type TokenScene,
  tokenWithCas,
  uriIn,
} from '../support/token.js';

test.serial('a key in a token signs a hundred requests, a renewal and a CRL, and is nowhere else', async (t) => {
  const scene = await makeToken(scratchFolder(t));
  const { folder } = scene;
  await oursWithPin(scene, ['init', '--pkcs11', scene.uri]);
  await ours(scene, ['req', '--key=ec', '-u', 'host_[1-100]']);
  await oursWithPin(scene, ['sign', '--batch', 'host_[1-100]']);
  const certificates = Array.from({ length: 100 }, (_, index) => `host_${index + 1}-cert.pem`);
  const verified = certificates.map((file) => `${file}: OK\n`).join('');
  t.is(await opensslVerify(scene, certificates), verified);

  await oursWithPin(scene, ['renew', 'host_1']);
  await ours(scene, ['revoke', 'host_2']);
  await oursWithPin(scene, ['crl']);
  const list = join(caFolderIn(folder, 'switch'), 'crl.pem');
  const authority = ['-CAfile', caCertificateIn(folder, 'switch')];
  t.is((await run('openssl', ['crl', ...authority, '-noout', '-in', list])).stderr, 'verify OK\n');
  const checked = (name: string) => ['verify', '-crl_check', '-CRLfile', list, ...authority, `${name}-cert.pem`];
  t.is((await run('openssl', checked('host_1'), { cwd: folder })).status, 0);
  t.regex((await run('openssl', checked('host_2'), { cwd: folder })).stderr, /certificate revoked/);
  t.deepEqual(caFaults(caFolderIn(folder, 'switch'), folder, { recovered: true }), []);
  t.deepEqual(filesWith(join(folder, 'pki'), 'PRIVATE KEY'), []);
  t.deepEqual([...filesWith(join(folder, 'pki'), pin), ...filesWith(folder, pin)], ['pin']);
});

test.serial(
  'a company CA whose keys are made in the token: requested, imported, and rolled over by request',
  async (t) => {
    const scene = await makeToken(scratchFolder(t));
    const { folder } = scene;
    await foundCompany(folder);
    const asked = ['import', 'switch', '--request', 'sub.csr', '--key=ec', '--pkcs11', scene.uri];
    await oursWithPin(scene, [...asked, '--subject', '/O=Acme/CN=given up']);
    await oursWithPin(scene, [...asked, '--subject', '/O=Acme/CN=Acme OVS CA', '--force']);
    t.is((await keysOf(scene)).length, 2, 'the key that was given up is gone');
    await companySigns(folder, 'sub.csr', 'sub.pem');
    await oursWithPin(scene, ['import', 'switch', '--ca-cert', 'sub.pem', '--chain', 'root.pem']);
    await oursWithPin(scene, ['req+sign', '--key=ec', '-u', 'before']);
    await oursWithPin(scene, ['rollover', 'prepare', '--request', 'next.csr']);
    await companySigns(folder, 'next.csr', 'next.pem');
    await oursWithPin(scene, ['rollover', 'prepare', '--ca-cert', 'next.pem', '--chain', 'root.pem']);
    await oursWithPin(scene, ['rollover', 'switch', '--pki-only']);
    await oursWithPin(scene, ['renew', 'before']);
    await oursWithPin(scene, ['rollover', 'retire', '--pki-only']);
    t.is(await opensslVerify(scene, ['before-cert.pem']), 'before-cert.pem: OK\n');
    t.is((await keysOf(scene)).length, 2, 'the old key, which was made here, is destroyed');
    t.deepEqual(filesWith(join(folder, 'pki'), 'PRIVATE KEY'), []);

    await oursWithPin(scene, ['rollover', 'prepare', '--request', 'third.csr']);
    t.is((await keysOf(scene)).length, 4);
    await oursWithPin(scene, ['rollover', 'back', '--pki-only']);
    t.is((await keysOf(scene)).length, 2, 'what waits is given up with its key');
  },
);

test.serial(
  'a rollover makes the next key in the same token, and destroys the one that is retired or given up',
  async (t) => {
    const scene = await tokenWithCas(scratchFolder(t));
    const { folder } = scene;
    const rollover = (step: string) => oursWithPin(scene, ['rollover', '--pki-only', step]);
    await oursWithPin(scene, ['req+sign', '--key=ec', '-u', 'before']);
    // Handles are of a session alone.
    const identifiers = async () => (await keysOf(scene)).map((key) => key.replace(/-[0-9a-f]+-/, ' ')).sort();
    const keys = await identifiers();
    await oursWithPin(scene, ['rollover', 'prepare']);
    t.is((await identifiers()).length, keys.length + 2);
    await rollover('back');
    t.deepEqual(await identifiers(), keys);

    await oursWithPin(scene, ['rollover', 'prepare']);
    await rollover('switch');
    await oursWithPin(scene, ['req+sign', '--key=ec', '-u', 'after']);
    await oursWithPin(scene, ['renew', 'before']);
    await oursWithPin(scene, ['crl']);
    t.is(
      await opensslVerify(scene, ['before-cert.pem', 'after-cert.pem']),
      'before-cert.pem: OK\nafter-cert.pem: OK\n',
    );
    t.deepEqual(filesWith(join(folder, 'pki'), 'PRIVATE KEY'), []);
    await rollover('retire');
    const left = await identifiers();
    t.is(left.length, keys.length);
    t.is(left.filter((key) => keys.includes(key)).length, keys.length - 2, 'that of the other CA stays');
    t.deepEqual(readdirSync(join(caFolderIn(folder, 'switch'), 'private')), ['cakey.uri']);
    await oursWithPin(scene, ['req+sign', '--key=ec', '-u', 'later']);
    t.deepEqual(caFaults(caFolderIn(folder, 'switch'), folder, { recovered: true }), []);
  },
);

test.serial('what does not sign goes on without the token', async (t) => {
  const scene = await tokenWithCas(scratchFolder(t));
  await oursWithPin(scene, ['req+sign', '--key=ec', '-u', 'host']);
  const gone = { ...scene, env: { SOFTHSM2_CONF: '/nonexistent' } };
  for (const args of [['list'], ['verify', 'host'], ['show', 'host'], ['check'], ['revoke', 'host']]) {
    t.like(await ours(gone, args), { status: 0, stderr: '' }, args.join(' '));
  }
  t.regex((await ours(gone, ['crl'])).stderr, /\[TOKEN_MODULE_UNUSABLE\]/);
});

test.serial('the keys are made in the token, do not leave it, and are found by the certificates', async (t) => {
  const scene = await tokenWithCas(scratchFolder(t));
  for (const type of ['switch', 'controller'] as const) {
    t.deepEqual(readdirSync(join(caFolderIn(scene.folder, type), 'private')), ['cakey.uri']);
    const skid = await runWell(
      'openssl',
      ['x509', '-noout', '-ext', 'subjectKeyIdentifier', '-in', certificate(type)],
      {
        cwd: scene.folder,
      },
    );
    const id = skid.replace(/^.*\n/, '').replaceAll(/[\s:]/g, '').toLowerCase();
    await inToken(scene, async (crypto) => {
      const names = (await crypto.keyStorage.keys()).filter((name) => name.endsWith(`-${id}`));
      t.is(names.length, 2);
      const key = await crypto.keyStorage.getItem(names.find((name) => name.startsWith('private-')) ?? '');
      t.regex(key.algorithm.label, new RegExp(`^ovs-pki-ts ${type}ca \\d{4}-`));
      const attributes = ['sensitive', 'extractable', 'alwaysSensitive', 'neverExtractable', 'local'] as const;
      const values = attributes.map((name) => key.key.get(name));
      t.deepEqual(values, [true, false, true, true, true]);
      await t.throwsAsync(crypto.subtle.exportKey('pkcs8', key));
    });
  }

  function certificate(type: 'switch' | 'controller'): string {
    return caCertificateIn(scene.folder, type);
  }
});

for (const [bits, key] of [
  ['256', 'ec'],
  ['384', 'ec'],
  ['2048', 'rsa'],
] as const) {
  test.serial(`OpenSSL takes what ${key} keys of ${bits} bits sign in a token`, async (t) => {
    const scene = await makeToken(scratchFolder(t));
    await oursWithPin(scene, ['init', '--key', key, '--bits', bits, '--pkcs11', scene.uri]);
    await oursWithPin(scene, ['req+sign', '--key=ec', '-u', 'host']);
    await oursWithPin(scene, ['crl']);
    t.is(await opensslVerify(scene, ['host-cert.pem']), 'host-cert.pem: OK\n');
    const ca = caFolderIn(scene.folder, 'switch');
    const list = ['crl', '-noout', '-CAfile', 'cacert.pem', '-in', 'crl.pem'];
    t.is((await run('openssl', list, { cwd: ca })).stderr, 'verify OK\n');
    await runWell('openssl', ['req', '-verify', '-noout', '-in', 'careq.pem'], { cwd: ca });
  });
}

test.serial('an existing CA whose key is in a token is imported, with the right key only', async (t) => {
  const scene = await tokenWithCas(scratchFolder(t));
  const [own, other] = (['switch', 'controller'] as const).map((type) => uriIn(scene, type));
  const args = ['import', 'switch', '--ca-cert', caCertificateIn(scene.folder, 'switch'), '--dir', 'imported'];
  const refused = await ours(scene, [...args, '--ca-key', other ?? '', '--passphrase-file', 'pin']);
  t.regex(refused.stderr, /the key in the token is not that of .* \[KEY_MISMATCH\]/);
  const several = await ours(scene, [...args, '--ca-key', scene.uri, '--passphrase-file', 'pin']);
  t.regex(several.stderr, /has 2 private keys like this \[TOKEN_KEY_NOT_FOUND\]/);
  t.false(existsSync(join(scene.folder, 'imported')));
  await oursWithPin(scene, [...args, '--ca-key', withoutLabel(own)]);
  t.is(readFileSync(join(scene.folder, 'imported/switchca/private/cakey.uri'), 'utf8'), `${withoutLabel(own)}\n`);
  await oursWithPin(scene, ['req+sign', '--key=ec', '-u', 'host', '--dir', 'imported']);
  t.is(await opensslVerify(scene, ['host-cert.pem']), 'host-cert.pem: OK\n');
});

test.serial('a key that somebody else made outlives its CA here, and that is said', async (t) => {
  const scene = await tokenWithCas(scratchFolder(t));
  const own = uriIn(scene, 'switch');
  const there = ['--dir', 'imported'];
  const authority = ['--ca-cert', caCertificateIn(scene.folder, 'switch'), '--ca-key', own ?? ''];
  await oursWithPin(scene, ['import', 'switch', ...authority, ...there]);
  for (const step of ['prepare', 'switch']) await oursWithPin(scene, ['rollover', '--pki-only', step, ...there]);
  const keys = await keysOf(scene);
  const retired = await oursWithPin(scene, ['rollover', '--pki-only', 'retire', ...there]);
  t.true(retired.endsWith(`is still in its token: ${withoutLabel(own)}\n`), retired);
  t.deepEqual((await keysOf(scene)).length, keys.length);
  await oursWithPin(scene, ['req+sign', '--key=ec', '-u', 'host']);
});

const withoutLabel = (uri = ''): string => uri.replace(/;object=[^;?]*/, '');

test.serial('intermediates in a token stand below a root that is kept elsewhere', async (t) => {
  const scene = await makeToken(scratchFolder(t));
  await oursWithPin(scene, ['init', '--key=ec', '--pkcs11', scene.uri, '--offline-root', '.']);
  await oursWithPin(scene, ['req+sign', '--key=ec', '-u', 'host']);
  const chain = ['-CAfile', 'rootca-cert.pem', '-untrusted', 'pki/switchca/cacert.pem'];
  t.is(await runWell('openssl', ['verify', ...chain, 'host-cert.pem'], { cwd: scene.folder }), 'host-cert.pem: OK\n');
  t.is((await keysOf(scene)).length, 4, 'two pairs: the key of the root is no guest there');
});

test.serial('a URI with pin-source needs nobody', async (t) => {
  const scene = await makeToken(scratchFolder(t));
  const uri = `${scene.uri}&pin-source=file:${join(scene.folder, 'pin')}`;
  t.is((await ours(scene, ['init', '--key=ec', '--pkcs11', uri])).status, 0);
  t.is((await ours(scene, ['crl'])).status, 0);
  rmSync(join(scene.folder, 'pin'));
  t.regex((await ours(scene, ['crl'])).stderr, /pin does not exist \[FILE_NOT_FOUND\]/);
});

test.serial('where init fails, the keys that it made are destroyed', async (t) => {
  const scene = await makeToken(scratchFolder(t));
  const { status } = await ours(scene, [
    ...['init', '--key=ec', '--pkcs11', scene.uri, '--dir', 'pin/pki', '--passphrase-file', 'pin'],
  ]);
  t.is(status, 3);
  t.is(readFileSync(join(scene.folder, 'log'), 'utf8').match(/ making the key /g)?.length, 2);
  t.deepEqual(await keysOf(scene), []);
});

test.serial('init --force leaves the old CA its key', async (t) => {
  const scene = await tokenWithCas(scratchFolder(t));
  await oursWithPin(scene, ['init', '--key=ec', '--force', '--pkcs11', scene.uri]);
  t.is((await keysOf(scene)).length, 8);
  const [old = ''] = readdirSync(join(scene.folder, 'pki')).filter((name) => name.startsWith('switchca.old-'));
  cpSync(join(scene.folder, 'pki', old), join(scene.folder, 'before/switchca'), { recursive: true });
  await oursWithPin(scene, ['crl', '--dir', 'before']);
});

test.serial('init that is killed leaves CAs that can sign, or none', async (t) => {
  const scene = await makeToken(scratchFolder(t));
  const args = (dir: string) => [
    ...['init', '--key=ec', '--pkcs11', scene.uri, '--passphrase-file', 'pin', '--log', 'log', '--dir', dir],
  ];
  const first = () =>
    ours(scene, ['init', '--key=ec', '--pkcs11', scene.uri, '--passphrase-file', 'pin', '--dir', 'a']);
  const kills = killer(chance(11), await measureMs([first]));
  for (let round = 0; round < 15; round++) {
    const dir = `pki_${round}`;
    await kills.run(args(dir), scene.folder, scene.env);
    if (!existsSync(join(scene.folder, dir))) continue;
    for (const type of ['switch', 'controller']) {
      await oursWithPin(scene, ['crl', type, '--dir', dir]);
      t.deepEqual(caFaults(join(scene.folder, dir, `${type}ca`), scene.folder, { recovered: true }), []);
    }
  }
  t.true(kills.killed() > 0);
  t.deepEqual(filesWith(scene.folder, 'PRIVATE KEY'), []);
});

function opensslVerify({ folder }: TokenScene, certificates: readonly string[]): Promise<string> {
  return runWell('openssl', ['verify', '-CAfile', caCertificateIn(folder, 'switch'), ...certificates], { cwd: folder });
}

/** The files below a folder, but for those of hosts and of the token itself, that hold a text. */
function filesWith(folder: string, text: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/-privkey\.pem$|^tokens\//.test(name) && statSync(join(folder, name)).isFile())
    .filter((name) => readFileSync(join(folder, name), 'latin1').includes(text));
}
