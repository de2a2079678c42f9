/**
 * Signatures and key generation through a WebCrypto provider: Node's own by default, @peculiar/webcrypto or a
 * PKCS#11 token where the caller gives one.
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';
import {
  bitStringBytes,
  type DerElement,
  encodeInteger,
  encodeNull,
  encodeOid,
  encodeSequence,
  integerBytes,
  readDer,
  readOid,
  sequenceOf,
} from './der.js';
import type { Curve, KeySpec, PrivateKey, PublicKey } from './key.js';
import { oid } from './oid.js';

type Hash = 'SHA-256' | 'SHA-384' | 'SHA-512';

/** A signature algorithm: what certificates call it, and what WebCrypto calls it. */
export interface SignatureAlgorithm {
  readonly oid: string;
  readonly type: 'rsa' | 'ec';
  readonly hash: Hash;
}

const signatureAlgorithms: readonly SignatureAlgorithm[] = [
  { oid: oid.sha256WithRsa, type: 'rsa', hash: 'SHA-256' },
  { oid: oid.sha384WithRsa, type: 'rsa', hash: 'SHA-384' },
  { oid: oid.sha512WithRsa, type: 'rsa', hash: 'SHA-512' },
  { oid: oid.ecdsaWithSha256, type: 'ec', hash: 'SHA-256' },
  { oid: oid.ecdsaWithSha384, type: 'ec', hash: 'SHA-384' },
  { oid: oid.ecdsaWithSha512, type: 'ec', hash: 'SHA-512' },
];

/** A private key, ready to sign. */
export interface SigningKey {
  readonly key: CryptoKey;
  readonly algorithm: SignatureAlgorithm;
  readonly curve: Curve | undefined;
}

export interface KeyPair {
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
  readonly pkcs8: Uint8Array;
  readonly spki: Uint8Array;
}

/** The signature algorithm for a key: SHA-512 with RSA, as ovs-pki; the hash of the curve's size with EC. */
export function signatureAlgorithmFor(spec: KeySpec, rsaHash: Hash = 'SHA-512'): SignatureAlgorithm {
  const hash = spec.type === 'rsa' ? rsaHash : spec.curve === 'P-256' ? 'SHA-256' : 'SHA-384';
  const found = signatureAlgorithms.find((algorithm) => algorithm.type === spec.type && algorithm.hash === hash);
  if (found === undefined) throw new Error(`no signature algorithm for ${spec.type} with ${hash}`);
  return found;
}

/** Makes a key pair; with RSA the public exponent is 65537. */
export async function generateKeyPair(crypto: Crypto, spec: KeySpec): Promise<KeyPair> {
  const algorithm = signatureAlgorithmFor(spec, 'SHA-256');
  const parameters =
    spec.type === 'rsa'
      ? { ...keyAlgorithm(algorithm, undefined), modulusLength: spec.bits, publicExponent: Uint8Array.of(1, 0, 1) }
      : keyAlgorithm(algorithm, spec.curve);
  const pair = (await crypto.subtle.generateKey(parameters, true, ['sign', 'verify'])) as CryptoKeyPair;
  return {
    ...pair,
    pkcs8: new Uint8Array(await crypto.subtle.exportKey('pkcs8', pair.privateKey)),
    spki: new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey)),
  };
}

/** Imports a private key for signing. Throws KEY_INVALID. */
export async function importSigningKey(
  crypto: Crypto,
  key: PrivateKey,
  algorithm: SignatureAlgorithm,
  file: string,
): Promise<SigningKey> {
  const curve = key.spec.type === 'ec' ? key.spec.curve : undefined;
  try {
    const parameters = keyAlgorithm(algorithm, curve);
    const imported = await crypto.subtle.importKey('pkcs8', plain(key.pkcs8), parameters, false, ['sign']);
    return { key: imported, algorithm, curve };
  } catch (error) {
    throw new OvsPkiError('KEY_INVALID', `${file}: the private key is not a valid one`, {
      hint: `see what OpenSSL makes of it: openssl pkey -check -noout -in ${file}`,
      details: { file },
      cause: error,
    });
  }
}

/** Signs bytes; the signature is in the form that X.509 carries. */
export async function signBytes(crypto: Crypto, key: SigningKey, bytes: Uint8Array): Promise<Uint8Array> {
  const raw = new Uint8Array(await crypto.subtle.sign(useAlgorithm(key.algorithm), key.key, plain(bytes)));
  return key.algorithm.type === 'rsa' ? raw : encodeEcdsa(raw);
}

/** Whether a signature over bytes was made with the private half of a key. An unknown algorithm gives false. */
export async function verifySignature(
  crypto: Crypto,
  publicKey: PublicKey,
  algorithmOid: string,
  bytes: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const algorithm = signatureAlgorithms.find((known) => known.oid === algorithmOid);
  if (algorithm === undefined || algorithm.type !== publicKey.type) return false;
  const curve = publicKey.type === 'ec' ? publicKey.curve : undefined;
  try {
    const parameters = keyAlgorithm(algorithm, curve);
    const key = await crypto.subtle.importKey('spki', plain(publicKey.spki), parameters, false, ['verify']);
    const raw = curve === undefined ? signature : decodeEcdsa(signature, curve);
    return await crypto.subtle.verify(useAlgorithm(algorithm), key, plain(raw), plain(bytes));
  } catch {
    // A key that is no key (a point off its curve, a modulus of zero) or a signature that is not DER proves nothing.
    return false;
  }
}

/** SHA-1 of the key bits: the key identifier of RFC 5280, section 4.2.1.2, method (1), which OpenSSL uses too. */
export async function keyIdentifier(crypto: Crypto, publicKey: PublicKey): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-1', plain(publicKey.keyBits)));
}

/** AlgorithmIdentifier: parameters NULL for RSA (RFC 4055), absent for ECDSA (RFC 5758). */
export function encodeSignatureAlgorithm(algorithm: SignatureAlgorithm): Uint8Array {
  const parameters = algorithm.type === 'rsa' ? [encodeNull()] : [];
  return encodeSequence(encodeOid(algorithm.oid), ...parameters);
}

/** A structure `SEQUENCE { toBeSigned, algorithm, signature }`: certificates, requests and CRLs. */
export interface SignedStructure {
  readonly toBeSigned: DerElement;
  readonly signatureAlgorithm: string;
  readonly signature: Uint8Array;
}

export function decodeSigned(der: Uint8Array, what: string): SignedStructure {
  const [toBeSigned, algorithm, signature] = sequenceOf(readDer(der), what);
  if (toBeSigned === undefined) throw new OvsPkiError('DER_INVALID', `the ${what} is empty`);
  return {
    toBeSigned,
    signatureAlgorithm: readOid(sequenceOf(algorithm, 'signatureAlgorithm')[0], 'signatureAlgorithm'),
    signature: bitStringBytes(signature, 'the signature'),
  };
}

function keyAlgorithm(algorithm: SignatureAlgorithm, curve: Curve | undefined) {
  return curve === undefined
    ? { name: 'RSASSA-PKCS1-v1_5', hash: algorithm.hash }
    : { name: 'ECDSA', namedCurve: curve };
}

function useAlgorithm(algorithm: SignatureAlgorithm) {
  return algorithm.type === 'rsa' ? { name: 'RSASSA-PKCS1-v1_5' } : { name: 'ECDSA', hash: algorithm.hash };
}

/** WebCrypto's r || s as the SEQUENCE of RFC 3279, section 2.2.3. */
function encodeEcdsa(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2;
  return encodeSequence(...[raw.subarray(0, half), raw.subarray(half)].map((part) => encodeInteger(toNumber(part))));
}

function decodeEcdsa(signature: Uint8Array, curve: Curve): Uint8Array {
  const half = curve === 'P-256' ? 32 : 48;
  const raw = new Uint8Array(2 * half);
  for (const [index, part] of sequenceOf(readDer(signature), 'the signature').entries()) {
    let bytes = integerBytes(part, 'the signature');
    if (bytes[0] === 0) bytes = bytes.subarray(1);
    raw.set(bytes, (index + 1) * half - bytes.length);
  }
  return raw;
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
