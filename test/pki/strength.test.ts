import test from 'ava';
import fc from 'fast-check';
import { decodeCertificate } from '../../src/pki/certificate.js';
import { keyFindings } from '../../src/pki/lint/key-rules.js';
import { isPlainlyStrong } from '../../src/pki/strength.js';
import { authority, leaf } from '../cases/verify-paths.js';
import { unfitCertificates } from '../cases/verify-unfit.js';
import { ecKeyFile, rsaKeyFile } from '../support/keys.js';
import { loadKey, spkiOf } from '../support/x509.js';

const strong: readonly (readonly [title: string, certificate: () => Uint8Array])[] = [
  ['RSA and SHA-256', () => leaf()],
  ['RSA and SHA-512', () => leaf({ signature: 'sha512-rsa' })],
  ['version 1', () => leaf({ version: 0, extensions: [] })],
  ['a CA', () => authority()],
  ['P-256', () => leaf({ spki: spkiOf(loadKey(ecKeyFile('p256', 1))) })],
  ['P-384', () => leaf({ spki: spkiOf(loadKey(ecKeyFile('p384', 1))) })],
  [
    'an EC signature',
    () =>
      leaf({ signKey: loadKey(ecKeyFile('p384', 1)), signature: 'sha384-ecdsa', spki: spkiOf(loadKey(rsaKeyFile(3))) }),
  ],
];

test('a certificate of today is strong at a glance', (t) => {
  for (const [title, certificate] of strong) t.true(isPlainlyStrong(certificate()), title);
});

/** These take arithmetic, which is done when a key is certified and when its certificate is verified. */
const notAtAGlance = ['rsa-small-factor', 'rsa-close-primes', 'rsa-roca'];

test('a weak key or signature is not strong at a glance', (t) => {
  const weak = unfitCertificates.filter(
    ({ rules }) => !rules.every((rule) => rule.startsWith('leaf-')) || rules.includes('leaf-signature-algorithm'),
  );
  t.true(weak.length >= 8);
  for (const { title, make, rules } of weak) {
    t.is(
      isPlainlyStrong(make().leaf),
      rules.every((rule) => notAtAGlance.includes(rule)),
      title,
    );
  }
});

test('what is strong at a glance is so when it is read', (t) => {
  const der = leaf();
  const damage = fc.array(fc.tuple(fc.nat(der.length - 1), fc.nat(255)), { maxLength: 3 });
  fc.assert(
    fc.property(damage, fc.nat(der.length), (changes, cut) => {
      const damaged = Uint8Array.from(der);
      for (const [at, byte] of changes) damaged[at] = byte;
      if (!isPlainlyStrong(damaged.subarray(0, changes.length === 0 ? cut : der.length))) return true;
      try {
        const { publicKey } = decodeCertificate(damaged);
        return keyFindings(publicKey).every(({ rule }) => notAtAGlance.includes(rule));
      } catch {
        return true;
      }
    }),
    { numRuns: 3000 },
  );
  t.false(isPlainlyStrong(Uint8Array.of()));
});
