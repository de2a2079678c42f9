/** strongSwan's own tools take what we issue, and refuse what they must refuse. */

import { join } from 'node:path';
import test from 'ava';
import { ecKeyFile, rsaKeyFile } from '../support/keys.js';
import {
  beginPki,
  caCertificateIn,
  caFolderIn,
  certificateCases,
  certifyHost,
  opensslCa,
  selfSignHost,
  titleOf,
} from '../support/pki.js';
import { type Run, run } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

for (const each of certificateCases) {
  test(`strongSwan trusts ${titleOf(each)}`, async (t) => {
    const folder = scratchFolder(t);
    await beginPki(folder, each.begun);
    await certifyHost(folder, 'host_1', 'switch', each);
    for (const program of [['pki'], ['ipsec', 'pki']]) {
      const trusted = await verify(folder, 'host_1', caCertificateIn(folder, 'switch'), [], program);
      t.is(trusted.status, 0, trusted.stderr);
      t.regex(trusted.stdout, /^certificate trusted, lifetimes valid$/m);
    }
    const untrusted = await verify(folder, 'host_1', caCertificateIn(folder, 'controller'));
    t.not(untrusted.status, 0);
    t.regex(untrusted.stdout + untrusted.stderr, /^certificate untrusted$/m);
  });

  test(`strongSwan reads key and name of ${titleOf(each)}`, async (t) => {
    const folder = scratchFolder(t);
    await beginPki(folder, each.begun);
    await certifyHost(folder, 'host_1', 'switch', each, 1);
    await certifyHost(folder, 'host_2', 'switch', each, 2);
    const certificate = await printed(folder, 'host_1-cert.pem', 'x509');
    t.regex(certificate, /^ {2}subject: {2}"C=US, ST=CA, O=Open vSwitch, OU=Open vSwitch certifier, CN=host_1"$/m);
    t.regex(certificate, /^ {2}altNames: {2}host_1$/m);
    t.regex(certificate, /^ {2}flags: {5}serverAuth clientAuth /m, 'and no CA flag');
    const key = await printed(folder, 'host_1-privkey.pem', 'priv');
    t.regex(key, each.key === 'ec' ? /privkey: {3}ECDSA 256 bits/ : /privkey: {3}RSA 2048 bits/);
    t.is(keyIdOf(key), keyIdOf(certificate), 'the key is found by the certificate');
    t.not(keyIdOf(await printed(folder, 'host_2-privkey.pem', 'priv')), keyIdOf(certificate));
  });
}

// Lists by the ca.cnf of ovs-pki have no authorityKeyIdentifier; strongSwan then says "no revocation information" and
// trusts the certificate, so only directories that were begun by us can be held to this.
for (const begun of ['ours', 'ours with EC keys'] as const) {
  test(`strongSwan knows by the list of openssl that our certificate is revoked, in a directory of ${begun}`, async (t) => {
    const folder = scratchFolder(t);
    await beginPki(folder, begun);
    await certifyHost(folder, 'host_1', 'switch', { key: 'rsa', signer: 'ours' }, 1);
    await certifyHost(folder, 'host_2', 'switch', { key: 'rsa', signer: 'ours' }, 2);
    await opensslCa(folder, 'switch', ['-revoke', join(folder, 'host_1-cert.pem')]);
    await opensslCa(folder, 'switch', ['-gencrl', '-out', 'crl.pem']);
    const crl = ['--crl', join(caFolderIn(folder, 'switch'), 'crl.pem')];
    const revoked = await verify(folder, 'host_1', caCertificateIn(folder, 'switch'), crl);
    t.not(revoked.status, 0);
    t.regex(revoked.stdout + revoked.stderr, /certificate was revoked/);
    t.is((await verify(folder, 'host_2', caCertificateIn(folder, 'switch'), crl)).status, 0);
  });
}

for (const [key, keyFile] of [
  ['an RSA', rsaKeyFile(1)],
  ['an EC', ecKeyFile('p256', 1)],
] as const) {
  test(`strongSwan trusts ${key} self-signed certificate only where it is given as trusted`, async (t) => {
    const folder = scratchFolder(t);
    await beginPki(folder, 'ours with EC keys');
    await selfSignHost(folder, 'host_1', keyFile);
    t.is((await verify(folder, 'host_1', 'host_1-cert.pem')).status, 0);
    const { status, stdout, stderr } = await verify(folder, 'host_1', caCertificateIn(folder, 'switch'));
    t.not(status, 0);
    t.regex(stdout + stderr, /^certificate untrusted$/m);
  });
}

function verify(
  folder: string,
  name: string,
  authority: string,
  more: readonly string[] = [],
  [program = '', ...first]: readonly string[] = ['pki'],
): Promise<Run> {
  const args = ['--verify', '--in', `${name}-cert.pem`, '--cacert', authority, ...more];
  return run(program, [...first, ...args], { cwd: folder });
}

async function printed(folder: string, file: string, type: string): Promise<string> {
  const { status, stdout, stderr } = await run('pki', ['--print', '--type', type, '--in', file], { cwd: folder });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

/** The last line names the public key by the hash of its bits, in a certificate and in a private key alike. */
function keyIdOf(text: string): string | undefined {
  return /^ {2}subjkey: {3}([0-9a-f:]{59})$/m.exec(text)?.[1];
}
