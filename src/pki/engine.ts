/**
 * Signatures and key generation through a WebCrypto provider: Node's own by default, @peculiar/webcrypto or a
 * PKCS#11 token where the caller gives one.
 *
 * @module
 */

import { createPrivateKey, createPublicKey, type KeyObject, sign, verify, webcrypto } from 'node:crypto';
import { OvsPkiError } from '../errors.js';
import { encodeInteger, encodeSequence } from './der-encode.js';
import { digest } from './digest.js';
import type { PrivateKey, PublicKey } from './key.js';
import { type KeySpec, requireKeySpec } from './key-spec.js';
import {
  type Hash,
  type SignatureAlgorithm,
  signatureAlgorithmFor,
  signatureAlgorithms,
} from './signature-algorithm.js';

/** A private key, ready to sign. */
export interface SigningKey {
  readonly algorithm: SignatureAlgorithm;
  /** Signs bytes; the signature is in the form that X.509 carries. */
  readonly sign: (bytes: Uint8Array) => Promise<Uint8Array>;
}

export interface KeyPair {
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
  readonly pkcs8: Uint8Array;
  readonly spki: Uint8Array;
}

/** The provider that was given, or Node's own. It is loaded when it is asked for. */
export function providerOf(crypto: Crypto | undefined): Crypto {
  return crypto ?? (webcrypto as Crypto);
}

/** Makes a key pair; with RSA the public exponent is 65537. */
export async function generateKeyPair(provider: Crypto | undefined, spec: KeySpec): Promise<KeyPair> {
  const crypto = providerOf(provider);
  const pair = (await crypto.subtle.generateKey(generationAlgorithm(spec), true, ['sign', 'verify'])) as CryptoKeyPair;
  return {
    ...pair,
    pkcs8: new Uint8Array(await crypto.subtle.exportKey('pkcs8', pair.privateKey)),
    spki: new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey)),
  };
}

/** Both halves of a private key that was made before, for signing a request. Throws KEY_INVALID. */
export async function importKeyPair(
  provider: Crypto | undefined,
  { pkcs8, spec }: PrivateKey,
  file: string,
): Promise<Pick<KeyPair, 'publicKey' | 'privateKey'>> {
  const { subtle } = providerOf(provider);
  const algorithm = keyAlgorithm(spec, signatureAlgorithmFor(spec, 'SHA-256'));
  try {
    const privateKey = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
    const spki = new Uint8Array(createPublicKey(privateKey).export({ type: 'spki', format: 'der' }));
    return {
      privateKey: await subtle.importKey('pkcs8', plain(pkcs8), algorithm, false, ['sign']),
      publicKey: await subtle.importKey('spki', spki, algorithm, true, ['verify']),
    };
  } catch (cause) {
    throw new OvsPkiError('KEY_INVALID', `${file}: the private key is not a valid one`, {
      hint: `see what OpenSSL makes of it: openssl pkey -check -noout -in ${file}`,
      details: { file },
      cause,
    });
  }
}

/**
 * What WebCrypto is asked to make: a key that signs requests with SHA-256, or the hash of its curve's size.
 *
 * @throws KEY_TYPE_UNSUPPORTED, KEY_SIZE_REFUSED
 */
export function generationAlgorithm(spec: KeySpec): RsaHashedKeyGenParams | EcKeyGenParams {
  requireKeySpec(spec);
  if (spec.type === 'ec') return { name: 'ECDSA', namedCurve: spec.curve };
  return { ...rsaAlgorithm('SHA-256'), modulusLength: spec.bits, publicExponent: Uint8Array.of(1, 0, 1) };
}

/** Makes a private key ready to sign with. Throws KEY_INVALID, as does its first signature. */
export async function importSigningKey(
  crypto: Crypto | undefined,
  key: PrivateKey,
  algorithm: SignatureAlgorithm,
  file: string,
): Promise<SigningKey> {
  try {
    const signer = crypto === undefined ? nativeSigner(key, algorithm) : await webCryptoSigner(crypto, key, algorithm);
    return { algorithm, sign: (bytes) => signer(bytes).catch(failSigning) };
  } catch (error) {
    throw new OvsPkiError('KEY_INVALID', `${file}: the private key is not a valid one`, {
      hint: `see what OpenSSL makes of it: openssl pkey -check -noout -in ${file}`,
      details: { file },
      cause: error,
    });
  }
}

/**
 * Whether a private key is the other half of a public key. Told by a signature: what a key file says of its public half
 * can be wrong, or be left out.
 */
export async function isKeyPair(privateKey: PrivateKey, publicKey: PublicKey, file: string): Promise<boolean> {
  const algorithm = signatureAlgorithmFor(privateKey.spec, 'SHA-256');
  return signsFor(await importSigningKey(undefined, privateKey, algorithm, file), publicKey);
}

/** Whether a public key verifies what a key signs. */
export async function signsFor(key: SigningKey, publicKey: PublicKey): Promise<boolean> {
  const bytes = Buffer.from('is it the same key?');
  return verifySignature(publicKey, key.algorithm.oid, bytes, await key.sign(bytes));
}

/** An RSA key shorter than the hash, or one whose numbers do not fit each other. */
function failSigning(cause: unknown): never {
  throw new OvsPkiError('KEY_INVALID', 'the private key cannot make a signature', {
    hint: 'see what OpenSSL makes of it: openssl pkey -check -noout -in KEY',
    cause,
  });
}

/** What Node's WebCrypto does too, without its layers, which take longer to load than the signature takes. */
function nativeSigner({ pkcs8 }: PrivateKey, { hash }: SignatureAlgorithm): SigningKey['sign'] {
  const key = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
  return (bytes) =>
    new Promise((resolve, reject) => {
      sign(hash, bytes, key, (error, signature) => (error === null ? resolve(signature) : reject(error)));
    });
}

async function webCryptoSigner(
  crypto: Crypto,
  { pkcs8, spec }: PrivateKey,
  algorithm: SignatureAlgorithm,
): Promise<SigningKey['sign']> {
  const key = await crypto.subtle.importKey('pkcs8', plain(pkcs8), keyAlgorithm(spec, algorithm), false, ['sign']);
  return (bytes) => signWith(crypto, key, algorithm, bytes);
}

/** Signs with a key that a WebCrypto provider holds. */
export async function signWith(
  crypto: Crypto,
  key: CryptoKey,
  { type, hash }: SignatureAlgorithm,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const use = type === 'rsa' ? rsaAlgorithm(hash) : { name: 'ECDSA', hash };
  const raw = new Uint8Array(await crypto.subtle.sign(use, key, plain(bytes)));
  return type === 'rsa' ? raw : encodeEcdsa(raw);
}

/** What WebCrypto calls a key of this kind that makes signatures of this algorithm. */
export function keyAlgorithm(spec: KeySpec, { hash }: SignatureAlgorithm): RsaHashedImportParams | EcKeyGenParams {
  return spec.type === 'rsa' ? rsaAlgorithm(hash) : { name: 'ECDSA', namedCurve: spec.curve };
}

function rsaAlgorithm(hash: Hash): RsaHashedImportParams {
  return { name: 'RSASSA-PKCS1-v1_5', hash };
}

/**
 * Whether a signature of ours over bytes was made with the private half of a key: an algorithm that we do not sign with gives
 * false. Done with OpenSSL whatever the provider is: nothing secret is in it.
 */
export function verifySignature(
  publicKey: PublicKey,
  algorithmOid: string,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  const algorithm = signatureAlgorithms.find((known) => known.oid === algorithmOid);
  if (algorithm === undefined || algorithm.type !== publicKey.type) return false;
  try {
    return verify(algorithm.hash, bytes, importedKey(publicKey), signature);
  } catch {
    // A key that is no key (a point off its curve, a modulus of zero) proves nothing.
    return false;
  }
}

const importedKeys = new WeakMap<PublicKey, KeyObject>();

/** The key of a CA verifies every signature that it makes; it is read once. */
function importedKey(publicKey: PublicKey): KeyObject {
  const known = importedKeys.get(publicKey);
  if (known !== undefined) return known;
  const key = createPublicKey({ key: Buffer.from(publicKey.spki), format: 'der', type: 'spki' });
  importedKeys.set(publicKey, key);
  return key;
}

/** The key identifier of RFC 5280, section 4.2.1.2, method (1): SHA-1 of the key bits. OpenSSL uses the same. */
export function keyIdentifier(publicKey: PublicKey): Uint8Array {
  return digest('sha1', publicKey.keyBits);
}

/** WebCrypto's r || s as the SEQUENCE of RFC 3279, section 2.2.3. */
function encodeEcdsa(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2;
  return encodeSequence(...[raw.subarray(0, half), raw.subarray(half)].map((part) => encodeInteger(toNumber(part))));
}

function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

/** Some providers look at `.buffer` and forget the offset: give them an array that fills its buffer. */
function plain(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.byteLength === bytes.buffer.byteLength && bytes.constructor === Uint8Array
    ? (bytes as Uint8Array<ArrayBuffer>)
    : new Uint8Array(bytes);
}
