/** Requests for keys that are too weak, of a type that is not used, or that belong to somebody else. */

import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tag } from '../../src/pki/der.js';
import { encode, encodeBitString, encodeOid, encodeSequence } from '../../src/pki/der-encode.js';
import { oid } from '../../src/pki/oid.js';
import { keyForms } from '../support/key-forms.js';
import { badKeyFile, ecKeyFile } from '../support/keys.js';
import {
  buildRequest,
  fixtureKey,
  hostName,
  loadKey,
  type RequestParts,
  requestPem,
  rsaNumbers,
  rsaSpki,
  type SignatureName,
  spkiOf,
} from '../support/x509.js';
import type { BadInput } from './bad-input-row.js';

interface Row {
  readonly title: string;
  readonly key: () => KeyObject;
  readonly spki?: (key: KeyObject) => Uint8Array;
  readonly signature?: SignatureName;
  readonly rules: readonly string[];
}

const ec = (namedCurve: string) => (): KeyObject => generateKeyPairSync('ec', { namedCurve }).privateKey;
const { modulus, exponent } = rsaNumbers(fixtureKey(3));
const withNumbers = (n: bigint, e: bigint) => () => rsaSpki(n, e);
const host = (): KeyObject => fixtureKey(3);

const rows: readonly Row[] = [
  // A signature with SHA-256 is what a 512-bit key has just room for.
  { title: 'RSA of 512 bits', key: () => loadKey(badKeyFile('weak-rsa-512')), rules: ['rsa-size'] },
  { title: 'RSA of 1024 bits', key: () => loadKey(badKeyFile('weak-rsa-1024')), rules: ['rsa-size'] },
  { title: 'RSA with exponent 3', key: () => loadKey(badKeyFile('weak-exponent-3')), rules: ['rsa-exponent'] },
  {
    title: 'RSA with a small factor',
    key: () => loadKey(badKeyFile('weak-small-factor')),
    rules: ['rsa-small-factor'],
  },
  {
    title: 'RSA with primes close together',
    key: () => loadKey(badKeyFile('weak-close-primes')),
    rules: ['rsa-close-primes'],
  },
  { title: 'RSA of the ROCA form', key: () => loadKey(badKeyFile('weak-roca')), rules: ['rsa-roca'] },
  {
    title: 'RSA with an even exponent',
    key: host,
    spki: withNumbers(modulus, 65538n),
    rules: ['proof-of-possession', 'rsa-exponent'],
  },
  {
    title: 'RSA with exponent 1',
    key: host,
    spki: withNumbers(modulus, 1n),
    rules: ['proof-of-possession', 'rsa-exponent'],
  },
  {
    title: 'RSA with exponent 0',
    key: host,
    spki: withNumbers(modulus, 0n),
    rules: ['proof-of-possession', 'rsa-exponent'],
  },
  {
    title: 'RSA with an exponent of 2048 bits',
    key: host,
    spki: withNumbers(modulus, modulus - 2n),
    rules: ['proof-of-possession', 'rsa-exponent'],
  },
  {
    title: 'RSA with an even modulus',
    key: host,
    spki: withNumbers(modulus - 1n, exponent),
    rules: ['proof-of-possession', 'rsa-small-factor'],
  },
  {
    title: 'RSA with modulus 0',
    key: host,
    spki: withNumbers(0n, exponent),
    rules: ['proof-of-possession', 'rsa-size'],
  },
  {
    title: 'RSA with a modulus that is a square',
    key: host,
    spki: () => rsaSpki(modulus * modulus, exponent),
    rules: ['proof-of-possession', 'rsa-close-primes'],
  },
  {
    title: 'RSA with a modulus of a million bits',
    key: host,
    spki: withNumbers((1n << 1_000_000n) + 1n, exponent),
    rules: ['proof-of-possession', 'rsa-size'],
  },
  { title: 'RSA-PSS', key: () => loadKey(badKeyFile('rsa-pss')), rules: ['proof-of-possession', 'key-type'] },
  {
    title: 'DSA',
    key: () => loadKey(badKeyFile('dsa')),
    signature: 'sha256-dsa',
    rules: ['proof-of-possession', 'key-type'],
  },
  {
    title: 'Ed25519',
    key: () => generateKeyPairSync('ed25519').privateKey,
    signature: 'ed25519',
    rules: ['key-type'],
  },
  { title: 'EC on P-521', key: ec('P-521'), signature: 'sha512-ecdsa', rules: ['key-type'] },
  {
    title: 'EC on secp256k1',
    key: ec('secp256k1'),
    signature: 'sha256-ecdsa',
    rules: ['key-type'],
  },
  {
    title: 'EC with a point that is not on the curve',
    key: ec('P-256'),
    signature: 'sha256-ecdsa',
    spki: (key) => spkiOf(key).map((byte, index, all) => (index === all.length - 1 ? byte ^ 1 : byte)),
    rules: ['proof-of-possession'],
  },
  {
    title: 'EC with the point at infinity',
    key: ec('P-256'),
    signature: 'sha256-ecdsa',
    spki: () =>
      encodeSequence(
        encodeSequence(encodeOid(oid.ecPublicKey), encodeOid(oid.p256)),
        encodeBitString(Uint8Array.of(0)),
      ),
    rules: ['proof-of-possession'],
  },
  {
    title: 'EC with a curve of its own parameters',
    key: ec('P-256'),
    signature: 'sha256-ecdsa',
    spki: () =>
      encodeSequence(
        encodeSequence(encodeOid(oid.ecPublicKey), encode(tag.sequence)),
        encodeBitString(Uint8Array.of(4)),
      ),
    rules: ['proof-of-possession', 'key-type'],
  },
  ...keyForms
    .filter(({ title }) => !title.includes('exponent'))
    .map(
      ({ title, of, type, spki }): Row => ({
        title,
        key: () => (of === 'rsa' ? fixtureKey(3) : loadKey(ecKeyFile('p256', 1))),
        spki,
        ...(of === 'ec' ? { signature: 'sha256-ecdsa' } : {}),
        rules: type === 'other' ? ['key-type'] : ['key-encoding'],
      }),
    ),
  {
    title: 'a key that is certified under another name, with another exponent',
    key: () => fixtureKey(2),
    spki: (key) => rsaSpki(rsaNumbers(key).modulus, 65539n),
    rules: ['proof-of-possession', 'key-already-certified'],
  },
  { title: 'a key that is certified under another name', key: () => fixtureKey(2), rules: ['key-already-certified'] },
  { title: 'EC on P-256', key: () => loadKey(ecKeyFile('p256', 1)), signature: 'sha256-ecdsa', rules: [] },
  { title: 'EC on P-384', key: () => loadKey(ecKeyFile('p384', 1)), signature: 'sha384-ecdsa', rules: [] },
];

export const badKeys: readonly BadInput[] = [
  ...rows.map(
    ({ title, key, spki, signature, rules }): BadInput => ({
      title: `a key: ${title}`,
      make: (folder) => {
        const signKey = key();
        writeRequest(folder, {
          signKey,
          subject: hostName('host'),
          ...(signature === undefined ? {} : { signature }),
          ...(spki === undefined ? {} : { spki: spki(signKey) }),
        });
      },
      code: rules.length > 0 ? 'REQUEST_REFUSED' : 'accepted',
      rules,
    }),
  ),
  {
    title: 'a key: that of the CA',
    make: (folder) => {
      const signKey = createPrivateKey(readFileSync(join(folder, 'pki/switchca/private/cakey.pem')));
      writeRequest(folder, { signKey, subject: hostName('host') });
    },
    code: 'REQUEST_REFUSED',
    // The CA's own certificate is in its index, so its key is known under its name too.
    rules: ['key-already-certified', 'ca-key'],
  },
];

function writeRequest(folder: string, parts: RequestParts): void {
  writeFileSync(join(folder, 'host-req.pem'), requestPem(buildRequest(parts)));
}
