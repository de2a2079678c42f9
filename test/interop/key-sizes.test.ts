/** The size of the next key is what --help says: as before, a better one where that is too short, or what was asked for. */

import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { badKeyFile, ecKeyFile, rsaKeyFile } from '../support/keys.js';
import { caFolderIn, ours, oursWell } from '../support/pki.js';
import { runWell } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

/** A PKI directory whose CA for switches has a key that was made before. */
async function withCaKey(t: ExecutionContext, keyFile: string): Promise<string> {
  const folder = scratchFolder(t);
  const certificate = join(folder, 'ca.pem');
  const extensions = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
  await oursWell(folder, ['init', '--key=ec']);
  copyFileSync(keyFile, join(folder, 'ca.key'));
  await runWell('openssl', [
    ...['req', '-x509', '-new', '-key', keyFile, '-subj', '/O=Open vSwitch/CN=ca', '-days', '400', '-out', certificate],
    ...extensions.flatMap((extension) => ['-addext', extension]),
  ]);
  const ca = caFolderIn(folder, 'switch');
  copyFileSync(certificate, join(ca, 'cacert.pem'));
  copyFileSync(keyFile, join(ca, 'private/cakey.pem'));
  return folder;
}

const bitsOf = async (file: string): Promise<string> =>
  /Public-Key: \((\d+) bit\)/.exec(await runWell('openssl', ['x509', '-noout', '-text', '-in', file]))?.[1] ?? '';

const rollovers: readonly (readonly [of: string, keyFile: string, options: string, bits: string])[] = [
  ['RSA 2048', rsaKeyFile(1), '', '2048'],
  ['RSA 2048', rsaKeyFile(1), '-B 3072', '3072'],
  ['RSA 2048', rsaKeyFile(1), '-k ec', '256'],
  ['RSA 1024, which is too short', badKeyFile('weak-rsa-1024'), '', '3072'],
  ['P-256', ecKeyFile('p256', 1), '', '256'],
  ['P-256', ecKeyFile('p256', 1), '-k ec -B 384', '384'],
  ['P-384', ecKeyFile('p384', 1), '', '384'],
  ['P-384', ecKeyFile('p384', 1), '-k ec', '256'],
];

for (const [of, keyFile, options, bits] of rollovers) {
  test(`rollover of a CA with ${of}${options === '' ? '' : `, ${options}`}: the next key has ${bits} bits`, async (t) => {
    const folder = await withCaKey(t, keyFile);
    const args = options === '' ? [] : options.split(' ');
    const told = await oursWell(folder, ['rollover', 'prepare', 'switch', '--pki-only', ...args]);
    const next = join(caFolderIn(folder, 'switch'), 'rollover/new/cacert.pem');
    t.is(await bitsOf(next), bits);
    t.true(told.includes(`follows: ${{ 256: 'EC P-', 384: 'EC P-' }[bits] ?? 'RSA '}${bits},`), told);
  });
}

test('renew --rekey makes the same kind of key, RSA of at least 3072 bits', async (t) => {
  const folder = scratchFolder(t);
  await oursWell(folder, ['init', '--key=ec']);
  await oursWell(folder, ['req+sign', '-u', '-B', '2048', 'small']);
  await oursWell(folder, ['req+sign', '-u', '--key=ec', '-B', '384', 'ec']);
  await oursWell(folder, ['renew', '--rekey', 'small', 'ec']);
  t.is(await bitsOf(join(folder, 'small-cert.pem')), '3072');
  t.is(await bitsOf(join(folder, 'ec-cert.pem')), '384');
  await oursWell(folder, ['renew', '--rekey', '-B', '2048', 'small']);
  t.is(await bitsOf(join(folder, 'small-cert.pem')), '2048');
});

test('a size that no key of the kind has is refused with what helps, in every command that makes keys', async (t) => {
  const folder = await withCaKey(t, ecKeyFile('p256', 1));
  await oursWell(folder, ['req+sign', '-u', '--key=ec', 'a']);
  const index = readFileSync(join(caFolderIn(folder, 'switch'), 'index.txt'), 'utf8');
  for (const command of [
    'init --force',
    'req -u b',
    'req+sign -u b',
    'setup b',
    'renew --rekey a',
    'rollover prepare --pki-only',
  ]) {
    for (const [options, said] of [
      ['-B 1024', /\[KEY_SIZE_REFUSED\]\n.*hint: leave --bits away for 3072/],
      ['-B 256', /\[KEY_SIZE_REFUSED\]\n.*hint: for an EC key of 256 bits, say so: --key ec --bits 256/],
      ['-k ec -B 2048', /\[KEY_SIZE_REFUSED\]\n.*hint: give --bits 256 for P-256 or --bits 384/],
    ] as const) {
      const { status, stderr } = await ours(folder, [...command.split(' '), ...options.split(' ')]);
      t.not(status, 0, `${command} ${options}`);
      t.regex(stderr, said, `${command} ${options}`);
    }
  }
  t.is(readFileSync(join(caFolderIn(folder, 'switch'), 'index.txt'), 'utf8'), index);
});
