import test from 'ava';
import { readContents } from '../../src/pki/content.js';
import { encodeInteger, encodeOctetString, encodeOid, encodeSequence } from '../../src/pki/der-encode.js';
import { decodeEncryptedPrivateKey } from '../../src/pki/encrypted-key.js';
import { oid } from '../../src/pki/oid.js';
import { encodePem } from '../../src/pki/pem.js';

const salt = encodeOctetString(new Uint8Array(16));
const cipher = encodeSequence(encodeOid(oid.aes256Cbc), encodeOctetString(new Uint8Array(16)));

const pbes2 = (derivation: string, ...parameters: readonly Uint8Array[]): Uint8Array =>
  encodeSequence(
    encodeOid(oid.pbes2),
    encodeSequence(encodeSequence(encodeOid(derivation), encodeSequence(...parameters)), cipher),
  );
const scrypt = (...numbers: readonly number[]): Uint8Array =>
  pbes2('1.3.6.1.4.1.11591.4.11', salt, ...numbers.map(encodeInteger));
const pbes1 = (type: string, iterations: number): Uint8Array =>
  encodeSequence(encodeOid(type), encodeSequence(salt, encodeInteger(iterations)));

/** Algorithms of an EncryptedPrivateKeyInfo, and what comes of them. */
const algorithms: readonly (readonly [title: string, algorithm: Uint8Array, isTooMuch: boolean])[] = [
  ['PBKDF2, a thousand rounds', pbes2(oid.pbkdf2, salt, encodeInteger(1000)), false],
  ['PBKDF2, two thousand million rounds', pbes2(oid.pbkdf2, salt, encodeInteger(2_000_000_000)), true],
  ['PBKDF2, more rounds than a word holds', pbes2(oid.pbkdf2, salt, encodeInteger(1n << 80n)), true],
  ['PKCS #12, a hundred million rounds', pbes1('1.2.840.113549.1.12.1.3', 100_000_000), true],
  ['PBES1, a hundred million rounds', pbes1('1.2.840.113549.1.5.10', 100_000_000), true],
  ['scrypt as OpenSSL has it', scrypt(16_384, 8, 1), false],
  ['scrypt of many parts, which fit into the memory that OpenSSL gives it', scrypt(131_072, 1, 131_072), true],
];

for (const [title, algorithm, isTooMuch] of algorithms) {
  test(`An encrypted key is opened only where that takes no more hashing than anybody needs: ${title}`, async (t) => {
    const pem = encodePem('ENCRYPTED PRIVATE KEY', encodeSequence(algorithm, encodeOctetString(new Uint8Array(48))));
    const expected = isTooMuch ? { code: 'ENCRYPTION_UNSUPPORTED' } : { code: 'PASSPHRASE_WRONG' };
    t.throws(() => decodeEncryptedPrivateKey(pem, 'a passphrase', 'x'), expected);
    let asked = 0;
    const ask = async (): Promise<string> => {
      asked += 1;
      return 'a passphrase';
    };
    await t.throwsAsync(readContents(Buffer.from(pem), 'x', ask), expected);
    t.is(asked, isTooMuch ? 0 : 1);
  });
}
