/** What `check FILE` says of files of every kind: an answer "nothing is due or wrong" is only given of what was looked at. */

import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { check, nodePlatform, OvsPkiError } from '../../../src/index.js';
import { ours, oursWell } from '../../support/pki.js';
import { runWell } from '../../support/programs.js';
import { scratchFolder } from '../../support/scratch.js';

/** A kind of file: a line of openssl that makes it, or its bytes; and what is said of it. */
interface Kind {
  readonly make: string | ((read: (file: string) => Buffer) => string | Uint8Array);
  /** `ok`, a rule of check, or the code of an error. */
  readonly said: string;
}

const pkcs12 = 'pkcs12 -export -in a-cert.pem -inkey a-privkey.pem';
const kinds: Readonly<Record<string, Kind>> = {
  'a certificate': { make: 'x509 -in a-cert.pem', said: 'ok' },
  'a certificate in DER': { make: 'x509 -in a-cert.pem -outform DER', said: 'ok' },
  'a certificate with trust of OpenSSL': { make: 'x509 -in a-cert.pem -trustout', said: 'ok' },
  'a certificate in UTF-16': { make: (read) => Buffer.from(`\ufeff${read('a-cert.pem')}`, 'utf16le'), said: 'ok' },
  'a CRL in DER': { make: 'crl -in pki/switchca/crl.pem -outform DER', said: 'ok' },
  'CMS with certificates': { make: 'crl2pkcs7 -nocrl -certfile a-cert.pem', said: 'ok' },
  'CMS with a CRL': { make: 'crl2pkcs7 -in pki/switchca/crl.pem', said: 'ok' },
  'PKCS #12 without a passphrase': { make: `${pkcs12} -passout pass:`, said: 'ok' },
  'a key and its certificate': { make: (read) => `${read('a-privkey.pem')}${read('a-cert.pem')}`, said: 'ok' },
  'a request and its certificate': { make: (read) => `${read('a-req.pem')}${read('a-cert.pem')}`, said: 'ok' },
  'a key in PKCS #8': { make: 'pkey -in a-privkey.pem', said: 'nothing-to-check' },
  'a key in SEC 1': { make: 'pkey -in a-privkey.pem -traditional', said: 'nothing-to-check' },
  'a key in DER': { make: 'pkey -in a-privkey.pem -outform DER', said: 'nothing-to-check' },
  'a request': { make: 'req -in a-req.pem', said: 'nothing-to-check' },
  'a request in DER': { make: 'req -in a-req.pem -outform DER', said: 'nothing-to-check' },
  'a key and a request': { make: (read) => `${read('a-privkey.pem')}${read('a-req.pem')}`, said: 'nothing-to-check' },
  'CMS with nothing': { make: 'crl2pkcs7 -nocrl', said: 'nothing-to-check' },
  'an encrypted key': { make: 'pkcs8 -topk8 -in a-privkey.pem -passout pass:x', said: 'KEY_ENCRYPTED' },
  'PKCS #12 with a passphrase': { make: `${pkcs12} -passout pass:x`, said: 'KEY_ENCRYPTED' },
  'PKCS #12 with a passphrase, without a key': {
    make: 'pkcs12 -export -nokeys -in a-cert.pem -passout pass:x',
    said: 'KEY_ENCRYPTED',
  },
  'a public key': { make: 'pkey -in a-privkey.pem -pubout', said: 'PEM_INVALID' },
  'parameters of a curve': { make: 'ecparam -name prime256v1', said: 'PEM_INVALID' },
  'a key of OpenSSH': {
    make: () => '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----\n',
    said: 'PEM_INVALID',
  },
  'nothing at all': { make: () => '', said: 'PEM_INVALID' },
  'line ends': { make: () => '\n\n', said: 'PEM_INVALID' },
  text: { make: () => 'host_1-cert.pem\n', said: 'PEM_INVALID' },
  'Base64 without lines around it': {
    make: (read) =>
      read('a-cert.pem')
        .toString()
        .replaceAll(/[\s\S]*BEGIN CERTIFICATE-+|-+END[\s\S]*/g, ''),
    said: 'PEM_INVALID',
  },
  'a certificate, compressed': { make: (read) => gzipSync(read('a-cert.pem')), said: 'PEM_INVALID' },
  'a certificate that is cut off': { make: (read) => read('a-cert.pem').subarray(0, -200), said: 'PEM_INVALID' },
  'a certificate, and half of one': {
    make: (read) => Buffer.concat([read('a-cert.pem'), read('a-cert.pem').subarray(0, -200)]),
    said: 'PEM_INVALID',
  },
  'the list of a CA': { make: (read) => read('pki/switchca/index.txt'), said: 'PEM_INVALID' },
  'a configuration': { make: (read) => read('pki/switchca/ca.cnf'), said: 'PEM_INVALID' },
};

async function makeScene(folder: string): Promise<string> {
  await oursWell(folder, ['init', '--key=ec']);
  await oursWell(folder, ['req+sign', '-u', '--key=ec', 'a']);
  await oursWell(folder, ['crl']);
  mkdirSync(join(folder, 'folder'));
  symlinkSync('nowhere', join(folder, 'dangling'));
  return folder;
}

const request = (...files: readonly string[]) => ({ pkiDirectory: 'none', files, warnMs: 1, criticalMs: 1 });

test('check FILE looks at what it holds, or says that there is nothing to look at', async (t) => {
  const folder = await makeScene(scratchFolder(t));
  const faults: Record<string, string> = {};
  const say = async (title: string, file: string, said: string): Promise<void> => {
    const told = await check(nodePlatform(), request(file)).then(
      ({ reasons: [reason] }) => reason?.rule ?? 'ok',
      (error: unknown) => (error instanceof OvsPkiError && error.hint !== undefined ? error.code : String(error)),
    );
    if (told !== said) faults[title] = told;
  };
  for (const [at, [title, { make, said }]] of Object.entries(kinds).entries()) {
    const file = join(folder, `kind-${at}`);
    if (typeof make === 'string') await runWell('openssl', [...make.split(' '), '-out', file], { cwd: folder });
    else
      writeFileSync(
        file,
        make((name) => readFileSync(join(folder, name))),
      );
    await say(title, file, said);
  }
  await say('a folder', join(folder, 'folder'), 'FILE_UNREADABLE');
  await say('a link to nothing', join(folder, 'dangling'), 'FILE_NOT_FOUND');
  await say('no file', join(folder, 'none'), 'FILE_NOT_FOUND');
  t.deepEqual(faults, {});
});

test('a file that cannot be read hides nothing of the others', async (t) => {
  const folder = await makeScene(scratchFolder(t));
  writeFileSync(join(folder, 'text'), 'text');
  const { status, stdout, stderr } = await ours(folder, [
    'check',
    'text',
    'a-cert.pem',
    'none',
    'a-req.pem',
    '--warn',
    '4000d',
  ]);
  t.is(status, 3);
  t.is(stdout.match(/^(?:warning|critical): (\S+): /gm)?.join(), 'critical: a-req.pem: ,warning: a-cert.pem: ');
  t.is(stderr.match(/error: .*\[\w+\]$/gm)?.length, 2);
  const told = JSON.parse((await ours(folder, ['check', 'text', 'a-cert.pem', '--json'])).stdout);
  t.like(told, { outcome: 'critical', error: { code: 'PEM_INVALID' }, failures: { length: 1 } });
  t.like(await ours(folder, ['check', 'a-cert.pem', 'text', '--nagios']), { status: 3 });
});
