/**
 * The encryption of older PKCS #12 files: SHA-1 and three-key Triple DES (RFC 7292, appendices B and C). WebCrypto has no
 * Triple DES, so @peculiar/webcrypto does it, which is loaded only then.
 *
 * @module
 */

import { createHash, createHmac } from 'node:crypto';
import { type DerElement, sequenceOf } from './der.js';
import { encodeInteger, encodeOctetString, encodeSequence } from './der-encode.js';
import { readInteger } from './der-values.js';
import { requireFewIterations } from './work.js';

/** What a key that is derived from a password is for: the ID of RFC 7292, appendix B.3. */
type Purpose = 'key' | 'iv' | 'mac';

const purposes: Readonly<Record<Purpose, number>> = { key: 1, iv: 2, mac: 3 };
/** The block of SHA-1. */
const block = 64;
const cipher = { name: 'DES-EDE3-CBC', keyBytes: 24, ivBytes: 8 };

/** The parameters that stand in the file: pkcs-12PbeParams. */
export interface Pbes1Parameters {
  readonly salt: Uint8Array;
  readonly iterations: number;
}

/** Programs write 1 to 100,000; each is a SHA-1 that is started from JavaScript here, so more would take very long. */
const mostIterations = 200_000n;

/** Reads pkcs-12PbeParams. Throws DER_INVALID, or ENCRYPTION_UNSUPPORTED for more iterations than anybody needs. */
export function readPbes1Parameters(element: DerElement, file: string): Pbes1Parameters {
  const [salt, iterations] = sequenceOf(element, 'the parameters of the encryption');
  const number = readInteger(iterations, 'the iterations');
  requireFewIterations(file, number, 'its encryption', mostIterations);
  return { salt: salt?.content ?? new Uint8Array(), iterations: Number(number) };
}

export function encodePbes1Parameters({ salt, iterations }: Pbes1Parameters): Uint8Array {
  return encodeSequence(encodeOctetString(salt), encodeInteger(iterations));
}

/** Throws where the padding shows that the password is another one. */
export async function decryptPbes1(bytes: Uint8Array, password: string, used: Pbes1Parameters): Promise<Uint8Array> {
  const { crypto, key, iv } = await cipherFor(password, used);
  return new Uint8Array(
    await crypto.subtle.decrypt({ name: cipher.name, iv } as AesCbcParams, key, new Uint8Array(bytes)),
  );
}

export async function encryptPbes1(bytes: Uint8Array, password: string, used: Pbes1Parameters): Promise<Uint8Array> {
  const { crypto, key, iv } = await cipherFor(password, used);
  return new Uint8Array(
    await crypto.subtle.encrypt({ name: cipher.name, iv } as AesCbcParams, key, new Uint8Array(bytes)),
  );
}

/** The integrity check of a file: HMAC-SHA-1 under a key of the password. */
export function legacyMac(bytes: Uint8Array, password: string, used: Pbes1Parameters): Uint8Array {
  return createHmac('sha1', deriveKey(password, used, 'mac', 20))
    .update(bytes)
    .digest();
}

async function cipherFor(password: string, used: Pbes1Parameters) {
  const { Crypto } = await import('@peculiar/webcrypto');
  const crypto = new Crypto();
  const raw = deriveKey(password, used, 'key', cipher.keyBytes);
  const key = await crypto.subtle.importKey('raw', raw, cipher.name, false, ['encrypt', 'decrypt']);
  return { crypto, key, iv: deriveKey(password, used, 'iv', cipher.ivBytes) };
}

/** RFC 7292, appendix B.2, with SHA-1. */
function deriveKey(password: string, { salt, iterations }: Pbes1Parameters, purpose: Purpose, length: number) {
  const diversifier = Buffer.alloc(block, purposes[purpose]);
  // A BMPString that ends with a zero, also where the password is empty.
  const secret = Buffer.from(`${password}\0`, 'utf16le').swap16();
  const input = Buffer.concat([filled(salt), filled(secret)]);
  const output: Buffer[] = [];
  for (let have = 0; have < length; have += 20) {
    let hash = createHash('sha1').update(diversifier).update(input).digest();
    for (let round = 1; round < iterations; round++) hash = createHash('sha1').update(hash).digest();
    output.push(hash);
    addToBlocks(input, filled(hash).subarray(0, block));
  }
  return new Uint8Array(Buffer.concat(output).subarray(0, length));
}

/** Repeated to a whole number of blocks. */
function filled(bytes: Uint8Array): Buffer {
  return Buffer.alloc(block * Math.ceil(bytes.length / block), bytes);
}

/** Each block of the input becomes itself + the other block + 1, modulo 2^512. */
function addToBlocks(input: Buffer, other: Buffer): void {
  for (let start = 0; start < input.length; start += block) {
    let carry = 1;
    for (let index = block - 1; index >= 0; index--) {
      const sum = (input[start + index] ?? 0) + (other[index] ?? 0) + carry;
      input[start + index] = sum & 0xff;
      carry = sum >> 8;
    }
  }
}
