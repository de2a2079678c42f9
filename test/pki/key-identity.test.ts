import { createHash } from 'node:crypto';
import test from 'ava';
import { readDer } from '../../src/pki/der.js';
import { decodePublicKey } from '../../src/pki/key.js';
import { isCanonical, isSameKey, keyHash } from '../../src/pki/key-identity.js';
import { keyForms } from '../support/key-forms.js';
import { ecKeyFile } from '../support/keys.js';
import { fixtureKey, loadKey, spkiOf } from '../support/x509.js';

const read = (spki: Uint8Array) => decodePublicKey(readDer(spki));

for (const { title, of, type, spki } of keyForms) {
  for (const key of of === 'rsa' ? [fixtureKey(1)] : [loadKey(ecKeyFile('p256', 1)), loadKey(ecKeyFile('p384', 1))]) {
    test(`A key is the same key as ${title}, ${spkiOf(key).length} bytes`, (t) => {
      const [plain, other] = [read(spkiOf(key)), read(spki(key))];
      t.is(other.type, type);
      t.is(keyHash(other), keyHash(plain));
      t.is(keyHash(plain), createHash('sha256').update(spkiOf(key)).digest('hex'), 'SHA-256 of the plain form');
      t.true(isSameKey(plain, other) && isCanonical(plain));
      // Another exponent is no other form, but another key of the same factors.
      t.is(isCanonical(other), title.includes('exponent'));
    });
  }
}

test('Two keys are not the same, whatever their forms', (t) => {
  const keys = [fixtureKey(1), fixtureKey(2), loadKey(ecKeyFile('p256', 1)), loadKey(ecKeyFile('p256', 2))];
  const hashes = keys.flatMap((key) => {
    const forms = keyForms.filter(({ of }) => of === key.asymmetricKeyType);
    return [keyHash(read(spkiOf(key))), ...forms.map(({ spki }) => keyHash(read(spki(key))))].filter(
      (hash, index, all) => all.indexOf(hash) === index,
    );
  });
  t.is(new Set(hashes).size, keys.length);
});
