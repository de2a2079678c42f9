/** `setup` again, after it was interrupted, or after something that it had made was lost, damaged or revoked. */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  type ErrorCode,
  fixedClock,
  init,
  nodePlatform,
  OvsPkiError,
  reqSign,
  revoke,
  type SetupRequest,
  setup,
} from '../../../src/index.js';
import { ours, oursWell } from '../../support/pki.js';
import { scratchFolder } from '../../support/scratch.js';

const platform = nodePlatform();
const keySpec = { type: 'ec', curve: 'P-256' } as const;

/** What is gone of a and the directory, and what the second run does for a. */
const interrupted: readonly (readonly [gone: readonly string[], then: 'made' | 'as it was'])[] = [
  [['a-cert.pem'], 'made'],
  [['a-req.pem'], 'as it was'],
  [['a-cert.pem', 'a-req.pem'], 'made'],
  [['a-cert.pem', 'a-req.pem', 'a-privkey.pem'], 'made'],
  [['pki/controllerca'], 'as it was'],
  [['pki/switchca/serial', 'a-cert.pem'], 'made'],
  [['pki', 'a-cert.pem', 'a-req.pem', 'a-privkey.pem', 'b-cert.pem', 'b-req.pem', 'b-privkey.pem'], 'made'],
];

for (const [gone, then] of interrupted) {
  test(`without ${gone.join(', ')} it makes what is missing, and nothing else`, async (t) => {
    const { folder, request } = await makeScene(t);
    const keyBefore = readFileSync(join(folder, 'a-privkey.pem'));
    for (const file of gone) rmSync(join(folder, file), { recursive: true });
    const { signed, verified } = await setup(platform, request);
    t.deepEqual(
      signed.map(({ outcome }) => outcome),
      then === 'made' ? signed.map(() => 'signed') : [],
    );
    t.is(
      signed.some(({ name }) => name === request.names[0]),
      then === 'made',
    );
    t.true(verified.every(({ outcome }) => outcome === 'valid'));
    t.is(readFileSync(join(folder, 'a-privkey.pem')).equals(keyBefore), !gone.includes('a-privkey.pem'));
    requirePair(t, folder);
  });
}

/** What has happened to the files of a, and how the second run refuses them; the command of its hint helps as it stands. */
const useless: readonly (readonly [title: string, code: ErrorCode, damage: (folder: string) => void])[] = [
  ['the key is gone', 'FILE_NOT_FOUND', (folder) => rmSync(join(folder, 'a-privkey.pem'))],
  ['the key and the request are gone', 'FILE_NOT_FOUND', (folder) => remove(folder, 'a-privkey.pem', 'a-req.pem')],
  ['the key and the certificate are gone', 'FILE_NOT_FOUND', (folder) => remove(folder, 'a-privkey.pem', 'a-cert.pem')],
  ['the key is that of b', 'KEY_MISMATCH', (folder) => copy(folder, 'b-privkey.pem', 'a-privkey.pem')],
  [
    'the key is that of b, and the certificate is gone',
    'KEY_MISMATCH',
    (folder) => {
      copy(folder, 'b-privkey.pem', 'a-privkey.pem');
      remove(folder, 'a-cert.pem');
    },
  ],
  [
    'the request is that of b, and the certificate is gone',
    'KEY_MISMATCH',
    (folder) => {
      copy(folder, 'b-req.pem', 'a-req.pem');
      remove(folder, 'a-cert.pem');
    },
  ],
  ['the certificate is empty', 'PEM_INVALID', (folder) => writeFileSync(join(folder, 'a-cert.pem'), '')],
  [
    'the key is empty, and all else is gone',
    'PEM_INVALID',
    (folder) => {
      writeFileSync(join(folder, 'a-privkey.pem'), '');
      remove(folder, 'a-cert.pem', 'a-req.pem');
    },
  ],
  [
    'the request is cut, and the certificate is gone',
    'PEM_INVALID',
    (folder) => {
      const request = join(folder, 'a-req.pem');
      writeFileSync(request, readFileSync(request).subarray(0, -100));
      remove(folder, 'a-cert.pem');
    },
  ],
];

for (const [title, code, damage] of useless) {
  test(`${title}: refused, the others go on, and the command of the hint helps`, async (t) => {
    const { folder, request } = await makeScene(t);
    damage(folder);
    const index = readFileSync(join(folder, 'pki/switchca/index.txt'));
    const { signed, verified } = await setup(platform, request);
    t.is(signed.length, 1);
    const [refused] = signed;
    if (refused?.outcome !== 'refused') return t.fail(`it is ${refused?.outcome}`);
    t.is(refused.error.code, code);
    t.deepEqual(
      verified.map(({ name, outcome }) => [name, outcome]),
      [[request.names[1], 'valid']],
    );
    // Nothing was certified that is of no use.
    t.true(readFileSync(join(folder, 'pki/switchca/index.txt')).equals(index));
    await typed(folder, refused.error.hint);
    const again = await setup(platform, request);
    t.deepEqual(again.signed, []);
    t.true(again.verified.every(({ outcome }) => outcome === 'valid'));
    requirePair(t, folder);
  });
}

/** Why the certificate of a is not valid any more. */
const invalid: readonly (readonly [
  title: string,
  reason: RegExp,
  make: (request: SetupRequest) => Promise<unknown>,
])[] = [
  [
    'revoked',
    /revoked in index\.txt/,
    (request) =>
      revoke(platform, {
        ...request,
        names: ['a'],
        serialNumbers: [],
        reason: 'keyCompromise',
        invalidityDate: undefined,
      }),
  ],
  [
    'of another CA',
    /the issuer of the certificate is another CA/,
    async (request) => {
      const other = { ...request, pkiDirectory: `${request.pkiDirectory}-other`, names: request.names.slice(0, 1) };
      await init(platform, { pkiDirectory: other.pkiDirectory, keySpec, days: 3650, force: false });
      await reqSign(platform, { ...other, unique: true, force: true });
    },
  ],
  [
    'expired',
    /expired/,
    async (request) => {
      const before = nodePlatform({ clock: fixedClock(new Date(Date.now() - 5 * 86_400_000)) });
      await reqSign(before, { ...request, names: request.names.slice(0, 1), days: 2, unique: true, force: true });
    },
  ],
];

for (const [title, reason, make] of invalid) {
  test(`a certificate that is ${title} is told with its reason, and its last line helps as it stands`, async (t) => {
    const { folder, request } = await makeScene(t, -10 * 86_400_000);
    await make(request);
    const { status, stdout } = await ours(folder, ['setup', 'a', 'b', '--key=ec']);
    t.is(status, 4);
    t.regex(stdout, /^a: a-cert\.pem NOT valid/m);
    t.regex(stdout, reason);
    t.regex(stdout, /^b: b-cert\.pem verified/m);
    const line = stdout.split('\n').find((one) => one.startsWith('what is not valid is made again'));
    await typed(folder, line);
    t.true((await setup(platform, request)).verified.every(({ outcome }) => outcome === 'valid'));
    requirePair(t, folder);
  });
}

test('without its CA nothing is made, and the hint is not refused', async (t) => {
  const { folder, request } = await makeScene(t);
  rmSync(join(folder, 'pki/switchca/cacert.pem'));
  const error = await t.throwsAsync(setup(platform, request), { instanceOf: OvsPkiError, code: 'PKI_NOT_FOUND' });
  t.regex(error?.hint ?? '', /cacert\.pem back from a backup.* ovs-pki-ts init --force /);
  await oursWell(folder, ['init', '--force', '--key=ec']);
  const { verified } = await setup(platform, request);
  t.true(verified.every(({ outcome }) => outcome === 'invalid'));
});

/** A finished run for a and b. */
async function makeScene(t: ExecutionContext, since = 0) {
  const folder = scratchFolder(t);
  const request: SetupRequest = {
    pkiDirectory: join(folder, 'pki'),
    names: [join(folder, 'a'), join(folder, 'b')],
    type: 'switch',
    keySpec,
    days: 3650,
  };
  const { signed, verified } = await setup(nodePlatform({ clock: fixedClock(new Date(Date.now() + since)) }), request);
  t.deepEqual(
    [...signed, ...verified].map(({ outcome }) => outcome),
    ['signed', 'signed', 'valid', 'valid'],
  );
  return { folder, request };
}

/** Runs the command that a line tells to run; with an EC key, which is made quickly. */
async function typed(folder: string, line: string | undefined): Promise<void> {
  const [, command = ''] = /ovs-pki-ts (.*)$/.exec(line ?? '') ?? [];
  await oursWell(folder, [...command.replace('--dir pki ', '').split(' '), '--key=ec']);
}

function requirePair(t: ExecutionContext, folder: string): void {
  const key = createPrivateKey(readFileSync(join(folder, 'a-privkey.pem')));
  t.true(new X509Certificate(readFileSync(join(folder, 'a-cert.pem'))).checkPrivateKey(key));
}

function remove(folder: string, ...names: readonly string[]): void {
  for (const name of names) rmSync(join(folder, name));
}

function copy(folder: string, from: string, to: string): void {
  copyFileSync(join(folder, from), join(folder, to));
}
