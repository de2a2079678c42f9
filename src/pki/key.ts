/**
 * Keys as values: what kind they are, and the forms in which files hold them.
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';
import { children, contextTag, type DerElement, expectTag, readDer, sequenceOf, tag } from './der.js';
import {
  encodeBitString,
  encodeInteger,
  encodeNull,
  encodeOctetString,
  encodeOid,
  encodeSequence,
} from './der-encode.js';
import { bitStringBytes, integerBytes, readInteger, readOid } from './der-values.js';
import type { Curve, KeySpec } from './key-spec.js';
import { oid } from './oid.js';
import { decodePemOf, encodePem } from './pem.js';

/** What public keys of every kind have. */
interface PublicKeyBase {
  /** The SubjectPublicKeyInfo, which is what two keys are compared by. */
  readonly spki: Uint8Array;
  /** The bits of the key alone: what a subjectKeyIdentifier is the hash of. */
  readonly keyBits: Uint8Array;
}

/** A public key as certificates and requests carry it. */
export type PublicKey = PublicKeyBase &
  (
    | { readonly type: 'rsa'; readonly bits: number; readonly modulus: bigint; readonly exponent: bigint }
    | { readonly type: 'ec'; readonly curve: Curve }
    | { readonly type: 'other'; readonly name: string }
  );

/** A private key, not yet imported: PKCS#8, and the public key where the file tells it. */
export interface PrivateKey {
  readonly pkcs8: Uint8Array;
  readonly spec: KeySpec;
  readonly publicKey: PublicKey | undefined;
}

export function describeKey(key: PublicKey | KeySpec): string {
  switch (key.type) {
    case 'rsa':
      return `RSA ${key.bits}`;
    case 'ec':
      return `EC ${key.curve}`;
    case 'other':
      return key.name;
  }
}

/** Reads a SubjectPublicKeyInfo (RFC 5280, section 4.1). */
export function decodePublicKey(element: DerElement): PublicKey {
  const [algorithm, bits] = sequenceOf(element, 'subjectPublicKeyInfo');
  const [type, parameters] = sequenceOf(algorithm, 'the algorithm of the public key');
  const base = { spki: element.bytes, keyBits: bitStringBytes(bits, 'the public key') };
  const algorithmOid = readOid(type, 'the algorithm of the public key');
  if (algorithmOid === oid.rsaEncryption) {
    const [modulus, exponent] = sequenceOf(readDer(base.keyBits), 'the RSA key');
    const number = readInteger(modulus, 'the RSA modulus');
    const bitLength = number > 0n ? bitLengthOf(number) : 0;
    return { ...base, type: 'rsa', bits: bitLength, modulus: number, exponent: readInteger(exponent, 'the exponent') };
  }
  if (algorithmOid === oid.ecPublicKey) {
    const curve = parameters?.tag === tag.oid ? curveOf(readOid(parameters, 'the curve')) : undefined;
    if (curve !== undefined) return { ...base, type: 'ec', curve };
    const isP521 = parameters?.tag === tag.oid && readOid(parameters, 'the curve') === oid.p521;
    return { ...base, type: 'other', name: isP521 ? 'EC P-521' : 'EC, other curve' };
  }
  return { ...base, type: 'other', name: otherNames.get(algorithmOid) ?? `algorithm ${algorithmOid}` };
}

/** Reads a private key file: PKCS#8, or the older PKCS#1 and SEC 1 forms. The first key of the file counts. */
export function decodePrivateKey(pem: string, file: string): PrivateKey {
  const [block] = decodePemOf(
    ['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY', 'ENCRYPTED PRIVATE KEY', 'DSA PRIVATE KEY'],
    pem,
    file,
  );
  try {
    switch (isPemKey(pem) ? block.label : derKeyLabel(block.bytes)) {
      case 'PRIVATE KEY':
        return decodePkcs8(block.bytes);
      case 'RSA PRIVATE KEY':
        return decodePkcs8(wrapPkcs8(encodeSequence(encodeOid(oid.rsaEncryption), encodeNull()), block.bytes));
      case 'EC PRIVATE KEY':
        return decodePkcs8(wrapPkcs8(sec1Algorithm(block.bytes), block.bytes));
    }
  } catch (error) {
    if (!(error instanceof OvsPkiError) || error.code !== 'DER_INVALID') throw error;
    throw new OvsPkiError('KEY_INVALID', `${file}: ${error.message}`, {
      hint: `see what OpenSSL makes of it: openssl pkey -noout -in ${file}`,
      details: { file },
      cause: error,
    });
  }
  if (block.label === 'DSA PRIVATE KEY') throw unsupported('DSA', file);
  throw new OvsPkiError('KEY_ENCRYPTED', `${file} is encrypted with a passphrase`, {
    hint: `decrypt it first: openssl pkey -in ${file} -out decrypted.pem`,
    details: { file },
  });
}

function isPemKey(pem: string): boolean {
  return pem.charCodeAt(0) !== tag.sequence;
}

/** In DER nothing but the structure says which of the forms it is. */
function derKeyLabel(bytes: Uint8Array): string {
  const [first, second] = sequenceOf(readDer(bytes), 'the private key');
  if (first?.tag === tag.sequence) return 'ENCRYPTED PRIVATE KEY';
  if (second?.tag === tag.integer) return 'RSA PRIVATE KEY';
  return second?.tag === tag.octetString ? 'EC PRIVATE KEY' : 'PRIVATE KEY';
}

/** A private key file as `openssl genrsa` writes it. */
export function encodePrivateKey(pkcs8: Uint8Array): string {
  return encodePem('PRIVATE KEY', pkcs8);
}

function decodePkcs8(pkcs8: Uint8Array): PrivateKey {
  const [, algorithm, inner] = sequenceOf(readDer(pkcs8), 'the private key');
  const [type, parameters] = sequenceOf(algorithm, 'the algorithm of the private key');
  const algorithmOid = readOid(type, 'the algorithm of the private key');
  const key = readDer(expectTag(inner, tag.octetString, 'the private key').content);
  if (algorithmOid === oid.rsaEncryption) {
    const [, modulus, exponent] = sequenceOf(key, 'the RSA private key');
    const publicKey = rsaPublicKey(integerBytes(modulus, 'the modulus'), integerBytes(exponent, 'the exponent'));
    if (publicKey.type !== 'rsa') throw new Error('an RSA key is an RSA key');
    return { pkcs8, spec: { type: 'rsa', bits: publicKey.bits }, publicKey };
  }
  const curve =
    algorithmOid === oid.ecPublicKey && parameters?.tag === tag.oid
      ? curveOf(readOid(parameters, 'the curve'))
      : undefined;
  if (curve === undefined) throw unsupported(otherNames.get(algorithmOid) ?? `algorithm ${algorithmOid}`, 'the key');
  const point = sequenceOf(key, 'the EC private key').find((part) => part.tag === contextTag(1, true));
  return { pkcs8, spec: { type: 'ec', curve }, publicKey: point && ecPublicKey(curve, point) };
}

/** How many bits a positive number has. */
export function bitLengthOf(number: bigint): number {
  const hex = number.toString(16);
  return 4 * hex.length - (3 - Math.trunc(Math.log2(Number.parseInt(hex.charAt(0), 16))));
}

function rsaPublicKey(modulus: Uint8Array, exponent: Uint8Array): PublicKey {
  const key = encodeSequence(integerOf(modulus), integerOf(exponent));
  const algorithm = encodeSequence(encodeOid(oid.rsaEncryption), encodeNull());
  return decodePublicKey(readDer(encodeSequence(algorithm, encodeBitString(key))));
}

function ecPublicKey(curve: Curve, point: DerElement): PublicKey {
  const algorithm = encodeSequence(encodeOid(oid.ecPublicKey), encodeOid(curve === 'P-256' ? oid.p256 : oid.p384));
  const [bits] = children(point);
  return decodePublicKey(readDer(encodeSequence(algorithm, encodeBitString(bitStringBytes(bits, 'the EC point')))));
}

function integerOf(content: Uint8Array): Uint8Array {
  return encodeInteger(BigInt(`0x${Buffer.from(content).toString('hex')}`));
}

function wrapPkcs8(algorithm: Uint8Array, key: Uint8Array): Uint8Array {
  return encodeSequence(encodeInteger(0), algorithm, encodeOctetString(key));
}

function sec1Algorithm(key: Uint8Array): Uint8Array {
  const parameters = sequenceOf(readDer(key), 'the EC private key').find((part) => part.tag === contextTag(0, true));
  if (parameters === undefined) throw new OvsPkiError('DER_INVALID', 'the EC private key does not name its curve');
  return encodeSequence(encodeOid(oid.ecPublicKey), parameters.content);
}

function curveOf(curveOid: string): Curve | undefined {
  if (curveOid === oid.p256) return 'P-256';
  return curveOid === oid.p384 ? 'P-384' : undefined;
}

function unsupported(name: string, where: string): OvsPkiError {
  return new OvsPkiError('KEY_TYPE_UNSUPPORTED', `${where}: keys of type ${name} are not used`, {
    hint: 'use an RSA key, or for TLS an EC key on P-256 or P-384',
  });
}

const otherNames: ReadonlyMap<string, string> = new Map([
  [oid.dsa, 'DSA'],
  [oid.ed25519, 'Ed25519'],
  [oid.ed448, 'Ed448'],
  [oid.rsaPss, 'RSASSA-PSS'],
]);
