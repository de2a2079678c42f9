import { execFileSync } from 'node:child_process';
import test from 'ava';
import { toHex } from '../../src/pki/der.js';
import { decodePrivateKey } from '../../src/pki/key.js';
import { ecKeyFile, readPem, rsaKeyFile } from '../support/keys.js';

/** The forms that OpenSSL writes private keys in. */
const forms = [
  ['PKCS#8', rsaKeyFile(1), ['pkey'], 'PRIVATE KEY', { type: 'rsa', bits: 2048 }],
  ['PKCS#1', rsaKeyFile(1), ['rsa', '-traditional'], 'RSA PRIVATE KEY', { type: 'rsa', bits: 2048 }],
  ['PKCS#8', ecKeyFile('p256', 1), ['pkey'], 'PRIVATE KEY', { type: 'ec', curve: 'P-256' }],
  ['SEC 1', ecKeyFile('p256', 1), ['ec'], 'EC PRIVATE KEY', { type: 'ec', curve: 'P-256' }],
  ['SEC 1', ecKeyFile('p384', 2), ['ec'], 'EC PRIVATE KEY', { type: 'ec', curve: 'P-384' }],
] as const;

for (const [form, file, args, label, spec] of forms) {
  test(`A private key is read from ${form} (${label}) with ${JSON.stringify(spec)}`, (t) => {
    const pem = execFileSync('openssl', [...args, '-in', file], { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
    t.true(pem.includes(`-----BEGIN ${label}-----`));
    const key = decodePrivateKey(pem, 'x');
    t.deepEqual(key.spec, spec);
    const spki = execFileSync('openssl', ['pkey', '-in', file, '-pubout', '-outform', 'DER']);
    t.is(toHex(key.publicKey?.spki ?? new Uint8Array()), spki.toString('hex'));
  });
}

test('The first key of a file counts', (t) => {
  const both = `${readPem(rsaKeyFile(1))}${readPem(ecKeyFile('p256', 1))}`;
  t.is(decodePrivateKey(both, 'x').spec.type, 'rsa');
});
