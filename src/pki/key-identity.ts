/**
 * Which key a public key is, however it is written: compressed or spelled-out points, parameters that are left out,
 * curves by their numbers, and for RSA another public exponent are all the same private key.
 *
 * @module
 */

import { ECDH } from 'node:crypto';
import { OvsPkiError } from '../errors.js';
import { children, type DerElement, equalBytes, readDer, sequenceOf, tag, toHex } from './der.js';
import { encodeBitString, encodeInteger, encodeNull, encodeOid, encodeSequence } from './der-encode.js';
import { readOid } from './der-values.js';
import { digestHex } from './digest.js';
import type { PublicKey } from './key.js';
import { type Curve, curves } from './key-spec.js';
import { oid } from './oid.js';

/**
 * What a key is known by, hexadecimal: SHA-256 of its SubjectPublicKeyInfo in the canonical form, for RSA with the
 * exponent 65537, since who knows the factors has a private key for every exponent.
 */
export function keyHash(key: PublicKey): string {
  const known = hashes.get(key);
  if (known !== undefined) return known;
  const hash = digestHex('sha256', key.type === 'rsa' ? rsaSpki(key.modulus, 65537n) : canonicalSpki(key));
  hashes.set(key, hash);
  return hash;
}

/** Whether two public keys are those of one private key. */
export function isSameKey(left: PublicKey, right: PublicKey): boolean {
  return equalBytes(left.spki, right.spki) || keyHash(left) === keyHash(right);
}

/** Whether a key is written in the one form that RFC 3279, section 2.3.1, and RFC 5480, section 2.2, have for all readers. */
export function isCanonical(key: PublicKey): boolean {
  return equalBytes(key.spki, canonicalSpki(key));
}

const hashes = new WeakMap<PublicKey, string>();

function canonicalSpki(key: PublicKey): Uint8Array {
  if (key.type === 'rsa') return rsaSpki(key.modulus, key.exponent);
  const curve = key.type === 'ec' ? key.curve : spelledOutCurve(key.spki);
  const point = curve && uncompressed(curve, key.keyBits);
  return curve === undefined || point === undefined ? key.spki : ecSpki(curve, point);
}

function rsaSpki(modulus: bigint, exponent: bigint): Uint8Array {
  // Numbers that are not positive belong to no key; there is nothing to know such a thing by but its size.
  const positive = (value: bigint): bigint => (value < 0n ? -value : value);
  const key = encodeSequence(encodeInteger(positive(modulus)), encodeInteger(positive(exponent)));
  return encodeSequence(encodeSequence(encodeOid(oid.rsaEncryption), encodeNull()), encodeBitString(key));
}

function ecSpki(curve: Curve, point: Uint8Array): Uint8Array {
  const algorithm = encodeSequence(encodeOid(oid.ecPublicKey), encodeOid(curve === 'P-256' ? oid.p256 : oid.p384));
  return encodeSequence(algorithm, encodeBitString(point));
}

/** The point with both coordinates (SEC 1, section 2.3.3); undefined for bytes that are no point but, perhaps, infinity. */
function uncompressed(curve: Curve, point: Uint8Array): Uint8Array | undefined {
  const bytes = numbersOf[curve].prime.length / 2;
  const [form = 0] = point;
  const isWhole = point.length === 1 + 2 * bytes;
  if (form === 4 && isWhole) return point;
  if (!(form === 2 || form === 3 ? point.length === 1 + bytes : (form === 6 || form === 7) && isWhole))
    return undefined;
  try {
    const whole = ECDH.convertKey(point, numbersOf[curve].name, undefined, undefined, 'uncompressed');
    return typeof whole === 'string' ? undefined : whole;
  } catch {
    return undefined;
  }
}

/**
 * The curve that ECParameters describe by its numbers (RFC 3279, section 2.3.5). Read here: what Node tells of such a
 * key ends the process where the key is a strange one.
 */
function spelledOutCurve(spki: Uint8Array): Curve | undefined {
  try {
    const [algorithm] = sequenceOf(readDer(spki), 'the key');
    const [type, parameters] = sequenceOf(algorithm, 'the algorithm');
    if (readOid(type, 'the algorithm') !== oid.ecPublicKey || parameters?.tag !== tag.sequence) return undefined;
    const [, field, coefficients, base, order] = children(parameters);
    const [, prime] = sequenceOf(field, 'the field');
    const [, b] = sequenceOf(coefficients, 'the curve');
    const found = [number(prime), number(b), number(order)].join();
    return curves.find((curve) => {
      const { prime, b, order, x } = numbersOf[curve];
      const isBase = base !== undefined && toHex(base.content.subarray(1, 1 + x.length / 2)) === x;
      return found === [prime, b, order].map((hex) => BigInt(`0x${hex}`)).join() && isBase;
    });
  } catch (error) {
    if (error instanceof OvsPkiError) return undefined;
    throw error;
  }
}

function number(element: DerElement | undefined): bigint | undefined {
  return element === undefined || element.content.length > 64 ? undefined : BigInt(`0x0${toHex(element.content)}`);
}

/** SEC 2, sections 2.4.2 and 2.5.1: what tells the curves from all others, and the x of their base points. */
const numbersOf = {
  'P-256': {
    name: 'prime256v1',
    prime: 'ffffffff00000001000000000000000000000000ffffffffffffffffffffffff',
    b: '5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b',
    x: '6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296',
    order: 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
  },
  'P-384': {
    name: 'secp384r1',
    prime: 'fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff',
    b: 'b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef',
    x: 'aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7',
    order: 'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
  },
} as const satisfies Readonly<Record<Curve, unknown>>;
