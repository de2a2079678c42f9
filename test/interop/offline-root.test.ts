/** A PKI whose root is kept elsewhere, held against openssl and ovs-pki. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { init, nodePlatform } from '../../src/index.js';
import { rsaKeyFile } from '../support/keys.js';
import { holdLock } from '../support/lock-holder.js';
import { caCertificateIn, caFolderIn, makeRequest, opensslCa, ours, oursWell, ovsPkiWell } from '../support/pki.js';
import { runOurs, runWell } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

const types = ['switch', 'controller'] as const;

test('both CAs are intermediates below the root, and openssl agrees with what they sign', async (t) => {
  const folder = await scene(t);
  t.deepEqual(readdirSync(join(folder, 'usb')), ['rootca-cert.pem', 'rootca-privkey.pem']);
  t.is(statSync(join(folder, 'usb/rootca-privkey.pem')).mode & 0o777, 0o600);
  const constraints = (file: string) =>
    runWell('openssl', ['x509', '-in', file, '-noout', '-ext', 'basicConstraints'], { cwd: folder });
  t.regex(await constraints('usb/rootca-cert.pem'), /critical\n +CA:TRUE, pathlen:1$/m);
  const verify = ['verify', '-x509_strict', '-CAfile'];
  for (const type of types) {
    const ca = caCertificateIn(folder, type);
    t.regex(await constraints(ca), /critical\n +CA:TRUE, pathlen:0$/m);
    t.true(readFileSync(ca, 'latin1').endsWith(readFileSync(join(folder, 'usb/rootca-cert.pem'), 'latin1')));
    await runWell('openssl', [...verify, 'usb/rootca-cert.pem', ca], { cwd: folder });
    await makeRequest(folder, type, rsaKeyFile(1));
    await oursWell(folder, ['sign', '--batch', type, type]);
    await runWell('openssl', [...verify, ca, `${type}-cert.pem`], { cwd: folder });
    t.is(await oursWell(folder, ['verify', type, type]), `${type}-cert.pem: OK\n`);
  }
  t.is((await ours(folder, ['verify', 'switch', 'controller'])).status, 4, 'each has its own');
});

test('ovs-pki and openssl ca go on below an offline root', async (t) => {
  const folder = await scene(t);
  await ovsPkiWell(folder, ['-u', '-b', 'req+sign', 'host_1']);
  t.is(await ovsPkiWell(folder, ['verify', 'host_1']), 'host_1-cert.pem: OK\n');
  t.is(await oursWell(folder, ['verify', 'host_1']), 'host_1-cert.pem: OK\n');
  const [serial = ''] = readdirSync(join(caFolderIn(folder, 'switch'), 'newcerts'));
  await opensslCa(folder, 'switch', ['-revoke', `newcerts/${serial}`]);
  await opensslCa(folder, 'switch', ['-gencrl', '-out', 'crl.pem']);
  const { status, stderr } = await ours(folder, ['verify', 'host_1']);
  t.is(status, 4);
  t.regex(stderr, /was revoked on/);
});

test('with the key of the root a new intermediate is made, and imported in the place of the old one', async (t) => {
  const folder = await scene(t);
  writeFileSync(
    join(folder, 'extensions'),
    `
basicConstraints = critical, CA:true, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
`,
  );
  const subject = ['-subj', '/C=US/ST=CA/O=Open vSwitch/OU=switchca/CN=second'];
  await runWell('openssl', ['req', '-new', '-key', rsaKeyFile(9), ...subject, '-out', 'new.csr'], { cwd: folder });
  const root = ['-CA', 'usb/rootca-cert.pem', '-CAkey', 'usb/rootca-privkey.pem', '-CAcreateserial'];
  const sign = ['x509', '-req', '-in', 'new.csr', ...root, '-extfile', 'extensions', '-days', '9', '-out', 'new.pem'];
  await runWell('openssl', sign, { cwd: folder });
  const files = ['--ca-cert', 'new.pem', '--ca-key', rsaKeyFile(9), '--chain', 'usb/rootca-cert.pem'];
  await oursWell(folder, ['import', 'switch', '--force', ...files]);
  await makeRequest(folder, 'host', rsaKeyFile(1));
  await oursWell(folder, ['sign', '--batch', 'host']);
  t.is(await oursWell(folder, ['verify', 'host']), 'host-cert.pem: OK\n');
});

test('--encrypt-key encrypts the key of the root too', async (t) => {
  const folder = scratchFolder(t);
  mkdirSync(join(folder, 'usb'));
  writeFileSync(join(folder, 'secret'), 'a good passphrase\n', { mode: 0o600 });
  const encrypted = ['--encrypt-key', '--passphrase-file', 'secret'];
  await oursWell(folder, ['init', '--key=ec', '--offline-root', 'usb', ...encrypted]);
  const open = ['pkey', '-in', 'usb/rootca-privkey.pem', '-noout', '-passin'];
  await runWell('openssl', [...open, 'file:secret'], { cwd: folder });
  t.throws(() => execFileSync('openssl', [...open, 'pass:wrong'], { cwd: folder, stdio: 'ignore' }));
});

test('a root is not left where its PKI directory could not be made', async (t) => {
  const folder = scratchFolder(t);
  mkdirSync(join(folder, 'usb'));
  writeFileSync(join(folder, 'file'), '');
  const places = ['--offline-root', 'usb', '--dir', 'file/pki', '--log', 'log'];
  const { status, stderr } = await runOurs(['init', '--key=ec', ...places], { cwd: folder });
  t.is(status, 3);
  t.regex(stderr, /\[FILE_UNWRITABLE\]/);
  t.deepEqual(readdirSync(join(folder, 'usb')), []);
});

test('a root stays where one of its two CAs has come into place', async (t) => {
  const [folder, platform] = [scratchFolder(t), nodePlatform({ lockWaitSeconds: 0 })];
  const [pkiDirectory, offlineRoot] = [join(folder, 'pki'), join(folder, 'usb')];
  mkdirSync(offlineRoot);
  const order = { pkiDirectory, keySpec: { type: 'ec', curve: 'P-256' }, days: 3650 } as const;
  await init(platform, { ...order, force: false });
  const holder = await holdLock(t, join(pkiDirectory, 'switchca/lock'));
  await t.throwsAsync(init(platform, { ...order, offlineRoot, force: true }), { code: 'PKI_LOCKED' });
  holder.release();
  t.deepEqual(readdirSync(offlineRoot), ['rootca-cert.pem', 'rootca-privkey.pem']);
  await runWell('openssl', ['verify', '-CAfile', 'usb/rootca-cert.pem', 'pki/controllerca/cacert.pem'], {
    cwd: folder,
  });
});

async function scene(t: ExecutionContext): Promise<string> {
  const folder = scratchFolder(t);
  mkdirSync(join(folder, 'usb'));
  await oursWell(folder, ['init', '--bits=2048', '--offline-root', 'usb']);
  return folder;
}
