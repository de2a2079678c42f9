/**
 * Certificates that a CA of ours signed long ago, by other programs and other rules: they are carried forward, or named with a
 * way out that helps.
 */

import { generateKeyPairSync } from 'node:crypto';
import { appendFileSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { caFolderIn, ours, oursWell } from '../support/pki.js';
import { runWell } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

interface OldLeaf {
  readonly name: string;
  readonly digest?: 'sha1' | 'sha256';
  /** What stands in the extensions; none: a certificate of version 1. */
  readonly extensions?: string;
  readonly days?: number;
  /** What the CA does not know of it. */
  readonly without?: 'row' | 'copy' | 'row and copy';
  readonly subject?: string;
  /** What `renew` and `renew --due` say; default: it is renewed. */
  readonly refused?: RegExp;
  /** With --due: it is not due. */
  readonly isGood?: true;
}

const keyForm = {
  namedCurve: 'P-256',
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
} as const;
const names = (name: string): string => `subjectAltName=DNS:${name}`;

const leaves: readonly OldLeaf[] = [
  { name: 'sha1', digest: 'sha1', extensions: names('sha1') },
  { name: 'sha1-for-long', digest: 'sha1', extensions: names('sha1-for-long'), days: 400 },
  { name: 'sha1-for-a-day', digest: 'sha1', extensions: names('sha1-for-a-day'), days: 1 },
  { name: 'v1' },
  { name: 'v1-for-long', days: 400, isGood: true },
  { name: 'v1-sha1-for-long', digest: 'sha1', days: 400 },
  { name: 'no-san', extensions: 'basicConstraints=CA:FALSE' },
  { name: 'other-san', extensions: names('victim') },
  { name: 'san-of-many', extensions: 'subjectAltName=DNS:san-of-many,DNS:b,IP:192.0.2.1,email:a@b.example' },
  { name: 'ca-true', extensions: 'basicConstraints=CA:TRUE' },
  { name: 'no-copy', digest: 'sha1', extensions: names('no-copy'), without: 'copy' },
  { name: 'no-row', extensions: names('no-row'), without: 'row' },
  { name: 'no-trace', extensions: names('no-trace'), without: 'row and copy' },
  {
    name: 'sha1-no-row',
    digest: 'sha1',
    extensions: names('sha1-no-row'),
    without: 'row',
    refused: /was not issued by this CA/,
  },
  { name: 'other-o', subject: '/C=DE/O=Another/CN=other-o', extensions: names('other-o') },
];

/** Signs a leaf with the key of the CA, as an administrator does who knows openssl; the index is told, or not. */
async function oldLeaf(folder: string, type: 'switch' | 'controller', leaf: OldLeaf, at: number): Promise<void> {
  const { name, digest = 'sha256', extensions, days = 20, without = '', subject } = leaf;
  const ca = caFolderIn(folder, type);
  const key = join(folder, `${name}-privkey.pem`);
  writeFileSync(key, generateKeyPairSync('ec', keyForm).privateKey, { mode: 0o600 });
  const serial = (at + 0xb0).toString(16).toUpperCase();
  const named = subject ?? `/C=US/ST=CA/O=Open vSwitch/OU=Open vSwitch certifier/CN=${name}`;
  writeFileSync(join(folder, 'x'), extensions ?? '');
  const certificate = join(folder, `${name}-cert.pem`);
  await runWell('openssl', ['req', '-new', '-key', key, '-subj', named, '-out', join(folder, 'r')]);
  await runWell('openssl', [
    ...[
      'x509',
      '-req',
      '-in',
      join(folder, 'r'),
      '-CA',
      join(ca, 'cacert.pem'),
      '-CAkey',
      join(ca, 'private/cakey.pem'),
    ],
    ...['-set_serial', `0x${serial}`, '-days', `${days}`, `-${digest}`, '-out', certificate],
    ...(extensions === undefined ? [] : ['-extfile', join(folder, 'x')]),
  ]);
  if (!without.includes('copy')) copyFileSync(certificate, join(ca, 'newcerts', `${serial}.pem`));
  const until = new Date(Date.now() + days * 86_400_000).toISOString().replaceAll(/^..|[-:T]|\.\d+/g, '');
  if (!without.includes('row')) appendFileSync(join(ca, 'index.txt'), `V\t${until}\t\t${serial}\tunknown\t${named}\n`);
}

for (const [title, type, args] of [
  ['renew NAME', 'switch', leaves.map(({ name }) => name)],
  ['renew --due', 'switch', ['--due']],
  ['renew --due controller', 'controller', ['--due', 'controller']],
] as const) {
  test(`${title} carries old leaves forward, or names the way out`, async (t) => {
    const folder = scratchFolder(t);
    await oursWell(folder, ['init', '--key=ec']);
    for (const [at, leaf] of leaves.entries()) await oldLeaf(folder, type, leaf, at);
    const { stdout } = await ours(folder, ['renew', ...args, '--json']);
    const results: { name: string; outcome: string; recovered?: boolean; error?: { message: string } }[] =
      JSON.parse(stdout).results;
    for (const { name, refused, isGood } of leaves) {
      const result = results.find((one) => one.name === name);
      if (isGood && args[0] === '--due') t.is(result, undefined, name);
      else if (refused !== undefined) t.regex(result?.error?.message ?? '', refused, name);
      else t.like(result, { outcome: 'renewed', recovered: false }, name);
    }
    const renewed = leaves.filter((leaf) => leaf.refused === undefined && !(leaf.isGood && args[0] === '--due'));
    await oursWell(folder, ['verify', ...renewed.map(({ name }) => name), type]);
    t.regex(readFileSync(join(folder, 'other-san-cert.pem'), 'latin1'), /DNS:other-san\n/, 'not the name of another');
    t.is(
      (await ours(folder, ['renew', '--due', type])).stdout.replace(/^.*sha1-no-row.*\n/m, ''),
      '',
      'nothing is left',
    );
    // The way out of the hint.
    await oursWell(folder, ['renew', '--rekey', 'sha1-no-row', type]);
    await oursWell(folder, ['verify', 'sha1-no-row', type]);
  });
}
