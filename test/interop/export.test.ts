/** What `export` writes, read by the programs that it is for. */

import { X509Certificate } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ecKeyFile, rsaKeyFile } from '../support/keys.js';
import { beginPki, caCertificateIn, certifyHost, ours, oursWell, selfSignHost } from '../support/pki.js';
import { run, runOurs, runWell } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

const password = 'a password for pkcs12';

/** Hosts of every kind, and how many CA certificates go with theirs. */
const hosts = [
  {
    kind: 'RSA',
    authorities: 1,
    make: (f: string) => certifyHost(f, 'host', 'switch', { key: 'rsa', signer: 'ours' }),
  },
  {
    kind: 'EC',
    authorities: 1,
    make: (f: string) => certifyHost(f, 'host', 'controller', { key: 'ec', signer: 'ours' }),
  },
  { kind: 'self-signed', authorities: 0, make: (f: string) => selfSignHost(f, 'host', rsaKeyFile(3)) },
] as const;

for (const { kind, authorities, make } of hosts) {
  test(`openssl reads a PKCS#12 file of a host with ${kind} key, and all of it is protected as it should be`, async (t) => {
    const folder = await scene(t, make);
    const printed = await oursWell(folder, ['export', 'host', '--passphrase-file', 'password']);
    t.is(
      printed,
      `host.p12: the key and the certificate of host, and ${authorities} CA certificate${authorities === 1 ? '' : 's'}\n`,
    );
    t.is(statSync(join(folder, 'host.p12')).mode & 0o777, 0o600);
    const args = ['pkcs12', '-in', 'host.p12', '-passin', 'file:password', '-nodes', '-info'];
    const { status, stdout, stderr } = await run('openssl', args, { cwd: folder });
    t.is(status, 0, stderr);
    t.regex(stderr, /^MAC: sha256, Iteration 600000$/m);
    const parts = stderr.match(/PBES2, PBKDF2, AES-256-CBC, Iteration 600000, PRF hmacWithSHA256/g);
    t.is(parts?.length, 2, stderr);
    t.is(stdout.match(/^ +friendlyName: host$/gm)?.length, 2, 'the key and the certificate');
    t.deepEqual(fingerprints(stdout), fingerprints(expected(folder, authorities)));
    t.is(
      await publicKey(folder, stdout),
      await publicKey(folder, readFileSync(join(folder, 'host-privkey.pem'), 'latin1')),
    );
    const wrong = await run('openssl', [...args.slice(0, 4), 'pass:wrong', '-nodes'], { cwd: folder });
    t.not(wrong.status, 0);
  });

  test(`NSS imports the PKCS#12 file of a host with ${kind} key under its name`, async (t) => {
    const folder = await scene(t, make);
    await oursWell(folder, ['export', 'host', '--passphrase-file', 'password']);
    mkdirSync(join(folder, 'nss'));
    const nss = ['-d', 'sql:nss'];
    await runWell('certutil', [...nss, '-N', '--empty-password'], { cwd: folder });
    await runWell('pk12util', [...nss, '-i', 'host.p12', '-w', 'password'], { cwd: folder });
    t.regex(await runWell('certutil', [...nss, '-L'], { cwd: folder }), /^host +u,u,u$/m);
    t.regex(await runWell('certutil', [...nss, '-K'], { cwd: folder }), / host$/m);
    const stored = await runWell('certutil', [...nss, '-L', '-n', 'host', '-a'], { cwd: folder });
    t.deepEqual(fingerprints(stored), fingerprints(readFileSync(join(folder, 'host-cert.pem'), 'latin1')));
  });

  test(`openssl finds the certificates of a host with ${kind} key in PKCS#7 and PEM, the host's first`, async (t) => {
    const folder = await scene(t, make);
    const wanted = fingerprints(expected(folder, authorities));
    await oursWell(folder, ['export', 'host', '--format', 'p7b']);
    const bundle = await runWell('openssl', ['pkcs7', '-in', 'host.p7b', '-print_certs'], { cwd: folder });
    t.deepEqual(fingerprints(bundle), wanted);
    await oursWell(folder, ['export', 'host', '--format', 'chain', '--out', 'all.pem']);
    const chain = readFileSync(join(folder, 'all.pem'), 'latin1');
    t.deepEqual(fingerprints(chain), wanted);
    t.false(chain.includes('PRIVATE'));
  });
}

test('a legacy PKCS#12 file has Triple DES throughout, and openssl, NSS and show read it', async (t) => {
  const folder = await scene(t, hosts[0].make);
  await oursWell(folder, ['export', 'host', '--legacy', '--passphrase-file', 'password']);
  const args = ['pkcs12', '-in', 'host.p12', '-passin', 'file:password', '-nodes', '-info'];
  const { status, stdout, stderr } = await run('openssl', args, { cwd: folder });
  t.is(status, 0, stderr);
  t.regex(stderr, /^MAC: sha1, Iteration 50000$/m);
  t.is(stderr.match(/pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 50000/g)?.length, 2, stderr);
  t.deepEqual(fingerprints(stdout), fingerprints(expected(folder, 1)));
  t.is(
    await publicKey(folder, stdout),
    await publicKey(folder, readFileSync(join(folder, 'host-privkey.pem'), 'latin1')),
  );
  const listed = await runWell('pk12util', ['-l', 'host.p12', '-w', 'password', '-d', 'sql:.'], { cwd: folder });
  t.regex(listed, /Friendly Name: host$/m);
  const shown = await oursWell(folder, ['show', 'host.p12', '--passphrase-file', 'password']);
  t.regex(shown, /common name +host$/m);
  t.regex((await ours(folder, ['export', 'host', '--legacy', '--format', 'p7b'])).stderr, /\[USAGE\]/);
  const both = ['export', 'host', '--format', 'chain', '--out', '-', '--json'];
  t.regex((await ours(folder, both)).stderr, /\[USAGE\]/, 'a file and JSON, both to standard output');
});

test('a PKCS#12 file that openssl made with Triple DES is shown, and refused with another password', async (t) => {
  const folder = await scene(t, hosts[0].make);
  const [certificate, key] = [
    ['-in', 'host-cert.pem'],
    ['-inkey', 'host-privkey.pem'],
  ];
  for (const password of ['a password for pkcs12', 'Kennwörter für ☃']) {
    writeFileSync(join(folder, 'password'), password, { mode: 0o600 });
    const triple = ['-certpbe', 'PBE-SHA1-3DES', '-keypbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'];
    const args = ['pkcs12', '-export', ...(certificate ?? []), ...(key ?? []), '-out', 'x.p12', ...triple];
    await runWell('openssl', [...args, '-passout', 'file:password'], { cwd: folder });
    const shown = await oursWell(folder, ['show', 'x.p12', '--passphrase-file', 'password']);
    t.regex(shown, /common name +host$/m);
  }
  await runWell(
    'openssl',
    [
      'pkcs12',
      '-export',
      '-nomac',
      '-certpbe',
      'PBE-SHA1-3DES',
      '-in',
      'host-cert.pem',
      '-nokeys',
      '-out',
      'y.p12',
      '-passout',
      'pass:another one',
    ],
    { cwd: folder },
  );
  t.regex((await ours(folder, ['show', 'y.p12', '--passphrase-file', 'password'])).stderr, /\[PASSPHRASE_WRONG\]/);
});

test('a password beyond ASCII opens the PKCS#12 file in openssl and NSS', async (t) => {
  const folder = await scene(t, hosts[0].make);
  writeFileSync(join(folder, 'password'), 'Kennwörter für ☃', { mode: 0o600 });
  await oursWell(folder, ['export', 'host', '--passphrase-file', 'password']);
  await runWell('openssl', ['pkcs12', '-in', 'host.p12', '-passin', 'file:password', '-noout'], { cwd: folder });
  const listed = await runWell('pk12util', ['-l', 'host.p12', '-w', 'password', '-d', 'sql:.'], { cwd: folder });
  t.regex(listed, /Friendly Name: host$/m);
});

test('a file that exists is replaced with --force only, and keeps no wider mode', async (t) => {
  const folder = await scene(t, hosts[0].make);
  const args = ['export', 'host', '--passphrase-file', 'password', '--out', 'x.p12'];
  writeFileSync(join(folder, 'x.p12'), 'mine', { mode: 0o644 });
  const refused = await ours(folder, args);
  t.is(refused.status, 3);
  t.regex(refused.stderr, /\[FILE_EXISTS\]/);
  t.is(readFileSync(join(folder, 'x.p12'), 'latin1'), 'mine');
  await oursWell(folder, [...args, '--force']);
  t.is(statSync(join(folder, 'x.p12')).mode & 0o777, 0o600);
});

test('the CA is found by its signature, among CAs of one name', async (t) => {
  const folder = await scene(t, hosts[0].make);
  const ca = caCertificateIn(folder, 'switch');
  const own = readFileSync(ca, 'latin1');
  const subject = new X509Certificate(own).subject
    .split('\n')
    .map((part) => `/${part}`)
    .join('');
  const namesake = ['req', '-x509', '-key', rsaKeyFile(9), '-subj', subject, '-days', '9'];
  const other = await runWell('openssl', namesake, { cwd: folder });
  chmodSync(ca, 0o644);
  writeFileSync(ca, `${other}${own}`);
  await oursWell(folder, ['export', 'host', '--format', 'chain']);
  const chain = readFileSync(join(folder, 'host-chain.pem'), 'latin1');
  t.deepEqual(fingerprints(chain).slice(1), fingerprints(own));
  writeFileSync(ca, other);
  const refused = await ours(folder, ['export', 'host', '--format', 'p7b']);
  t.regex(refused.stderr, /no CA in pki has signed host-cert\.pem \[ISSUER_NOT_FOUND\]/);
});

test('a key that is not the one of the certificate is not exported, nor a certificate without its key', async (t) => {
  const folder = await scene(t, hosts[1].make);
  copyFileSync(ecKeyFile('p256', 2), join(folder, 'host-privkey.pem'));
  for (const format of ['p12', 'p7b', 'chain']) {
    const refused = await ours(folder, ['export', 'host', '--format', format]);
    t.regex(refused.stderr, /host-privkey\.pem is not the key of host-cert\.pem \[KEY_MISMATCH\]/);
  }
  copyFileSync(rsaKeyFile(1), join(folder, 'host-privkey.pem'));
  t.regex((await ours(folder, ['export', 'host'])).stderr, /\[KEY_MISMATCH\]/);
});

test('who signed his own certificate needs no PKI directory', async (t) => {
  const folder = await scene(t, hosts[2].make);
  const { status, stderr } = await runOurs(['export', 'host', '--format', 'chain', '--dir', 'none', '--log', 'log'], {
    cwd: folder,
  });
  t.is(status, 0, stderr);
});

test('a revoked certificate is exported, and it is said that it is one', async (t) => {
  const folder = await scene(t, hosts[1].make);
  const args = ['export', 'host', '--format', 'chain', '--force'];
  t.is((await ours(folder, args)).stderr, '');
  await oursWell(folder, ['revoke', 'host', 'controller']);
  const { status, stderr } = await ours(folder, args);
  t.is(status, 0, stderr);
  t.regex(stderr, /warning: the certificate of host is revoked/);
});

/** A folder with a PKI, a host, and a file with a password. */
async function scene(t: ExecutionContext, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = scratchFolder(t);
  await beginPki(folder, 'ours with EC keys');
  await make(folder);
  writeFileSync(join(folder, 'password'), password, { mode: 0o600 });
  return folder;
}

/** The certificates that belong into an exported file, as PEM. */
function expected(folder: string, authorities: number): string {
  const own = readFileSync(join(folder, 'host-cert.pem'), 'latin1');
  if (authorities === 0) return own;
  const [type] = (['switch', 'controller'] as const).filter((candidate) => {
    const ca = new X509Certificate(readFileSync(caCertificateIn(folder, candidate)));
    return new X509Certificate(own).verify(ca.publicKey);
  });
  return `${own}${readFileSync(caCertificateIn(folder, type ?? 'switch'), 'latin1')}`;
}

function fingerprints(text: string): string[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((pem) => new X509Certificate(pem).fingerprint256);
}

function publicKey(folder: string, pem: string): Promise<string> {
  return runWell('openssl', ['pkey', '-pubout'], { cwd: folder, input: pem });
}
