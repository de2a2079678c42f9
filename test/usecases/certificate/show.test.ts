import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { fixedClock, nodePlatform, show } from '../../../src/index.js';
import type { ShownContent } from '../../../src/usecases/certificate/shown.js';
import { leaf } from '../../cases/verify-paths.js';
import { ecKeyFile, rsaKeyFile } from '../../support/keys.js';
import { beginPki, caCertificateIn, caFolderIn, certifyHost, opensslCa, oursWell } from '../../support/pki.js';
import { runOurs, runWell } from '../../support/programs.js';
import { scratchFolder } from '../../support/scratch.js';
import { certificatePem } from '../../support/x509.js';

const passphrase = 'correct hörse';

test('show tells what openssl tells: fingerprints, serial, names, dates, key identifiers', async (t) => {
  const folder = await certified(t, 'rsa');
  for (const file of ['host-cert.pem', caCertificateIn(folder, 'switch')]) {
    const [shown] = await contentsOf(folder, [file]);
    if (shown?.kind !== 'certificate') throw new Error('no certificate');
    const openssl = async (...args: string[]) =>
      (await runWell('openssl', ['x509', '-noout', '-in', file, ...args], { cwd: folder })).trim();
    t.deepEqual(
      {
        sha256: shown.fingerprints.sha256,
        sha1: shown.fingerprints.sha1,
        serial: shown.serialNumber,
        end: Date.parse(shown.notAfter),
      },
      {
        sha256: (await openssl('-fingerprint', '-sha256')).replace(/.*=/, ''),
        sha1: (await openssl('-fingerprint', '-sha1')).replace(/.*=/, ''),
        serial: (await openssl('-serial')).replace(/.*=/, ''),
        end: Date.parse((await openssl('-enddate')).replace(/.*=/, '')),
      },
    );
    const identifiers = await openssl('-ext', 'subjectKeyIdentifier,authorityKeyIdentifier');
    t.true(identifiers.includes(shown.subjectKeyIdentifier ?? '(none)'));
    t.true(identifiers.includes(shown.authorityKeyIdentifier ?? '(none)'));
  }
});

/** Commands that make the file `x` in a folder with host-cert.pem and host-privkey.pem, and what is in it then. */
const forms: readonly { readonly title: string; readonly make: string; readonly kinds: readonly string[] }[] = [
  { title: 'a certificate in DER', make: 'openssl x509 -in host-cert.pem -outform der -out x', kinds: ['certificate'] },
  {
    title: 'a request in DER',
    make: 'openssl req -in host-req.pem -outform der -out x',
    kinds: ['certification request'],
  },
  {
    title: 'a bundle of PEM',
    make: 'cat host-cert.pem host-req.pem host-privkey.pem pki/switchca/cacert.pem > x',
    kinds: ['certificate', 'certification request', 'private key', 'certificate'],
  },
  { title: 'a key in DER', make: 'openssl pkey -in host-privkey.pem -outform der -out x', kinds: ['private key'] },
  { title: 'an old key', make: 'openssl pkey -in host-privkey.pem -traditional -out x', kinds: ['private key'] },
  {
    title: 'an old key in DER',
    make: 'openssl pkey -in host-privkey.pem -traditional -outform der -out x',
    kinds: ['private key'],
  },
  {
    title: 'an encrypted key',
    make: 'openssl pkey -in host-privkey.pem -aes256 -passout file:pass -out x',
    kinds: ['private key'],
  },
  {
    title: 'an encrypted key in DER',
    make: 'openssl pkcs8 -topk8 -in host-privkey.pem -passout file:pass -outform der -out x',
    kinds: ['private key'],
  },
  { title: 'a CRL', make: 'cp crl.pem x', kinds: ['CRL'] },
  { title: 'a CRL in DER', make: 'openssl crl -in crl.pem -outform der -out x', kinds: ['CRL'] },
  {
    title: 'PKCS #7',
    make: 'openssl crl2pkcs7 -in crl.pem -certfile host-cert.pem -certfile pki/switchca/cacert.pem -out x',
    kinds: ['certificate', 'certificate', 'CRL'],
  },
  {
    title: 'PKCS #7 in DER',
    make: 'openssl crl2pkcs7 -nocrl -certfile host-cert.pem -outform der -out x',
    kinds: ['certificate'],
  },
  {
    title: 'PKCS #12 of openssl',
    make: 'openssl pkcs12 -export -in host-cert.pem -inkey host-privkey.pem -certfile pki/switchca/cacert.pem -passout file:pass -out x',
    kinds: ['certificate', 'certificate', 'private key'],
  },
  {
    title: 'PKCS #12 of NSS',
    make: `openssl pkcs12 -export -name host -in host-cert.pem -inkey host-privkey.pem -passout pass:p -out y
      mkdir nss && certutil -N -d sql:nss --empty-password && pk12util -i y -d sql:nss -W p
      pk12util -o x -n host -d sql:nss -w pass`,
    kinds: ['certificate', 'private key'],
  },
];

for (const key of ['rsa', 'ec'] as const) {
  test(`show reads what other programs write: ${key} keys`, async (t) => {
    const folder = await certified(t, key);
    writeFileSync(join(folder, 'pass'), `${passphrase}\n`, { mode: 0o600 });
    await opensslCa(folder, 'switch', ['-gencrl', '-crldays', '30', '-out', join(folder, 'crl.pem')]);
    const [plain] = await contentsOf(folder, ['host-privkey.pem']);
    if (plain?.kind !== 'private key') throw new Error('no key');
    for (const { title, make, kinds } of forms) {
      await runWell('sh', ['-ec', `rm -rf x y nss\n${make}`], { cwd: folder });
      const found = await contentsOf(folder, ['x', '--passphrase-file', 'pass']);
      t.deepEqual(
        found.map(({ kind }) => kind),
        kinds,
        title,
      );
      for (const item of found) {
        if (item.kind === 'private key') t.is(item.publicKeySha256, plain.publicKeySha256, title);
      }
    }
  });
}

test('no part of a private key is shown', async (t) => {
  const folder = await certified(t, 'rsa');
  for (const args of [[], ['--json']]) {
    const shown = (await oursWell(folder, ['show', 'host-privkey.pem', ...args])).replaceAll(':', '').toLowerCase();
    const text = (await runWell('openssl', ['pkey', '-in', 'host-privkey.pem', '-noout', '-text'], { cwd: folder }))
      .replaceAll(/[:\s]/g, '')
      .toLowerCase();
    const secret = text.slice(text.indexOf('privateexponent') + 15);
    t.true(secret.length > 1000);
    for (let at = 0; at + 16 <= secret.length; at += 8) t.false(shown.includes(secret.slice(at, at + 16)));
  }
});

test('a name stands for its certificate here, else for the newest that the CAs have issued and not revoked', async (t) => {
  const folder = await certified(t, 'rsa');
  const serialOf = async (name: string) => {
    const [shown] = await contentsOf(folder, [name]);
    return shown?.kind === 'certificate' ? shown.serialNumber : undefined;
  };
  const first = await serialOf('host-cert.pem');
  copyFileSync(join(folder, 'host-cert.pem'), join(folder, 'first.pem'));
  await oursWell(folder, ['sign', '-b', '-f', 'host']);
  copyFileSync(join(folder, 'host-cert.pem'), join(folder, 'second.pem'));
  const second = await serialOf('second.pem');
  t.not(first, second);
  copyFileSync(join(folder, 'first.pem'), join(folder, 'host-cert.pem'));
  t.is(await serialOf('host'), first);
  await runWell('rm', ['host-cert.pem'], { cwd: folder });
  t.is(await serialOf('host'), second);
  await opensslCa(folder, 'switch', ['-revoke', join(folder, 'second.pem')]);
  t.is(await serialOf('host'), first);
});

const validities: readonly { readonly now: string; readonly state: string; readonly seconds: number }[] = [
  { now: '2026-01-01T00:00:00Z', state: 'not yet valid', seconds: 31 * 86_400 },
  { now: '2026-02-01T00:00:00Z', state: 'valid', seconds: 10 * 86_400 },
  { now: '2026-02-11T00:00:00Z', state: 'valid', seconds: 0 },
  { now: '2026-02-14T00:00:00Z', state: 'expired', seconds: -3 * 86_400 },
];

test('the validity is told by the clock', async (t) => {
  const folder = scratchFolder(t);
  const time = (text: string) => Buffer.from(`\x17\x0d${text}Z`, 'latin1');
  const file = join(folder, 'x.pem');
  writeFileSync(file, certificatePem(leaf({ notBefore: time('260201000000'), notAfter: time('260211000000') })));
  for (const { now, ...wanted } of validities) {
    const [shown] = await show(nodePlatform({ clock: fixedClock(new Date(now)) }), {
      pkiDirectory: folder,
      operands: [file],
      standardInput: () => Promise.reject(new Error('not asked for')),
      passphrase: () => Promise.reject(new Error('not asked for')),
    });
    t.like(shown, { outcome: 'shown', contents: [{ validity: wanted }] });
  }
});

test('show says in words what stands behind the fields, and why a certificate does not work with IPsec', async (t) => {
  const folder = await certified(t, 'ec');
  const text = await oursWell(folder, ['show', 'host']);
  t.regex(
    text,
    /^host-cert\.pem: certificate\n {2}common name +host\n {2}alternative +DNS:host\n {2}validity +valid, 9 years 364 days left$/m,
  );
  t.regex(text, /OVS IPsec: with libreswan only:\n +- with strongSwan: its key is an EC key/);
  t.regex(await oursWell(folder, ['show', 'host-req.pem']), /can be signed +yes/);
});

test('several operands are shown in order, and one that cannot be read does not stop the others', async (t) => {
  const folder = await certified(t, 'rsa');
  const { status, stdout, stderr } = await runOurs(
    ['show', 'host-req.pem', 'none', '-', '--dir', 'pki', '--log', 'log'],
    { cwd: folder, input: readFileSync(join(caFolderIn(folder, 'controller'), 'cacert.pem'), 'latin1') },
  );
  t.is(status, 3);
  t.deepEqual(stdout.match(/^\S.*: [a-zA-Z ]+$/gm), [
    'host-req.pem: certification request',
    'standard input: CA certificate',
  ]);
  t.regex(stderr, /no file none or none-cert\.pem.*\[FILE_NOT_FOUND\]/);
});

async function certified(t: ExecutionContext, key: 'rsa' | 'ec'): Promise<string> {
  const folder = scratchFolder(t);
  await beginPki(folder, 'ours with EC keys');
  await certifyHost(folder, 'host', 'switch', { key, signer: 'ours' });
  copyFileSync(key === 'rsa' ? rsaKeyFile(1) : ecKeyFile('p256', 1), join(folder, 'host-privkey.pem'));
  return folder;
}

async function contentsOf(folder: string, args: readonly string[]): Promise<ShownContent[]> {
  const { results } = JSON.parse(await oursWell(folder, ['show', '--json', ...args])) as {
    results: { contents: ShownContent[] }[];
  };
  return results.flatMap(({ contents }) => contents);
}
