import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { OvsPkiError } from '../../src/errors.js';
import { decodeEncryptedPrivateKey, encodeEncryptedPrivateKey, passphraseFault } from '../../src/pki/encrypted-key.js';
import { decodePrivateKey } from '../../src/pki/key.js';
import { ecKeyFile, rsaKeyFile } from '../support/keys.js';
import { scratchFolder } from '../support/scratch.js';

const passphrase = 'Pass phräse ☃';
const keyFiles = { rsa: rsaKeyFile(1), p256: ecKeyFile('p256', 1), p384: ecKeyFile('p384', 1) };
const openssl = (...args: string[]): string => execFileSync('openssl', args, { encoding: 'latin1', stdio: 'pipe' });

/** Every way in which openssl(1) encrypts a private key. */
const forms: Readonly<Record<string, readonly string[]>> = {
  'PBES2 with AES-256': ['pkcs8', '-topk8', '-v2', 'aes-256-cbc'],
  'PBES2 with AES-128, SHA-512 and many iterations': [
    ...['pkcs8', '-topk8', '-v2', 'aes-128-cbc'],
    ...['-v2prf', 'hmacWithSHA512', '-iter', '100000'],
  ],
  scrypt: ['pkcs8', '-topk8', '-scrypt'],
  'PKCS#12 with 3DES': ['pkcs8', '-topk8', '-v1', 'PBE-SHA1-3DES'],
  'the traditional form': ['pkey', '-aes256', '-traditional'],
};

for (const [type, file] of Object.entries(keyFiles)) {
  const plain = decodePrivateKey(readFileSync(file, 'latin1'), file);

  for (const [title, args] of Object.entries(forms)) {
    test(`a key of type ${type} that openssl encrypted as ${title} is opened`, (t) => {
      const pem = openssl(...args, '-in', file, '-passout', `pass:${passphrase}`);
      const opened = decodeEncryptedPrivateKey(pem, passphrase, 'x');
      t.deepEqual([opened.spec, opened.publicKey?.spki], [plain.spec, plain.publicKey?.spki]);
      const error = t.throws(() => decodeEncryptedPrivateKey(pem, 'wrong', 'x'), { instanceOf: OvsPkiError });
      t.is(error.code, 'PASSPHRASE_WRONG');
    });
  }

  test(`openssl opens a key of type ${type} that we encrypted, and finds strong parameters`, (t) => {
    const place = join(scratchFolder(t), 'key.pem');
    writeFileSync(place, encodeEncryptedPrivateKey(plain.pkcs8, passphrase));
    t.is(openssl('pkey', '-in', place, '-passin', `pass:${passphrase}`), openssl('pkey', '-in', file));
    t.throws(() => openssl('pkey', '-in', place, '-passin', 'pass:wrong'));
    const structure = openssl('asn1parse', '-in', place);
    for (const word of ['PBES2', 'PBKDF2', 'hmacWithSHA256', 'aes-256-cbc']) t.regex(structure, new RegExp(`:${word}`));
    const [, iterations = ''] = /INTEGER +:([0-9A-F]+)/.exec(structure) ?? [];
    t.true(Number.parseInt(iterations, 16) >= 600_000, iterations);
    const [, salt = ''] = /OCTET STRING +\[HEX DUMP\]:([0-9A-F]+)/.exec(structure) ?? [];
    t.is(salt.length, 32);
  });
}

test('one key and passphrase never give the same file twice', (t) => {
  const { pkcs8 } = decodePrivateKey(readFileSync(keyFiles.p256, 'latin1'), 'x');
  t.not(encodeEncryptedPrivateKey(pkcs8, passphrase), encodeEncryptedPrivateKey(pkcs8, passphrase));
});

test('no wrong passphrase is taken for a damaged file', (t) => {
  const pem = openssl('pkcs8', '-topk8', '-iter', '1', '-in', keyFiles.p256, '-passout', `pass:${passphrase}`);
  // One of 256 leaves a padding that looks right.
  for (let round = 0; round < 2000; round++) {
    const wrong = randomBytes(12).toString('hex');
    const error = t.throws(() => decodeEncryptedPrivateKey(pem, wrong, 'x'), { instanceOf: OvsPkiError });
    if (error.code !== 'PASSPHRASE_WRONG') t.fail(`${error.code} with ${wrong}`);
  }
});

test('a new passphrase is one line of 8 characters to 1000 bytes', (t) => {
  const good = ['12345678', '☃'.repeat(8), ' '.repeat(8), 'x'.repeat(1000)];
  const bad = ['', '1234567', '☃'.repeat(7), '12345678\n', '1234\x005678', 'x'.repeat(1001), '☃'.repeat(334)];
  t.deepEqual(
    good.filter((text) => passphraseFault(text) !== undefined),
    [],
  );
  t.deepEqual(
    bad.filter((text) => passphraseFault(text) === undefined),
    [],
  );
});
