/**
 * Is the key of a certificate long enough and its signature of today? Answered without reading the certificate as a
 * whole, for a hundred thousand of them in a second.
 *
 * @module
 */

import { equalBytes, tag } from './der.js';
import { encodeOid, encodeSequence } from './der-encode.js';
import { maximumRsaBits, minimumRsaBits } from './key-spec.js';
import { oid } from './oid.js';
import { encodeSignatureAlgorithm, signatureAlgorithms } from './signature-algorithm.js';

/**
 * Whether the key is RSA of 2048 to 8192 bits with the exponent 65537, or EC on P-256 or P-384, and the signature made
 * with SHA-2. False says only that the certificate has to be read: it can be weak, damaged, or of a rare kind.
 */
export function isPlainlyStrong(der: Uint8Array): boolean {
  const certificate = headerAt(der, 0);
  let field = headerAt(der, headerAt(der, certificate.start).start);
  // version, where it is told
  if (field.tag === 0xa0) field = headerAt(der, field.end);
  const algorithm = headerAt(der, field.end);
  if (!strongSignatures.some((strong) => isAt(der, field.end, strong))) return false;
  const issuer = headerAt(der, algorithm.end);
  const validity = headerAt(der, issuer.end);
  const subject = headerAt(der, validity.end);
  const publicKey = headerAt(der, subject.end);
  if (strongCurves.some((curve) => isAt(der, publicKey.start, curve))) return true;
  return isAt(der, publicKey.start, rsaAlgorithm) && isStrongRsa(der, publicKey.start + rsaAlgorithm.length);
}

/**
 * From when on a certificate is valid, in milliseconds, at the same glance. Undefined where that is not written as a certificate
 * of today writes it.
 */
export function beginAtGlance(der: Uint8Array): number | undefined {
  const certificate = headerAt(der, 0);
  let field = headerAt(der, headerAt(der, certificate.start).start);
  if (field.tag === 0xa0) field = headerAt(der, field.end);
  const issuer = headerAt(der, headerAt(der, field.end).end);
  const begin = headerAt(der, headerAt(der, issuer.end).start);
  const text = Buffer.from(der.subarray(begin.start, begin.end)).toString('latin1');
  const [, year, month, day, hour, minute, second] = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  if (begin.tag !== tag.utcTime || year === undefined || Number(year) >= 50) return undefined;
  const time = Date.parse(`20${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time) ? undefined : time;
}

interface Header {
  readonly tag: number;
  /** Where the content begins, and where it ends. */
  readonly start: number;
  readonly end: number;
}

/** What stands outside of the bytes reads as an empty element of no type, which fits nothing. */
function headerAt(der: Uint8Array, at: number): Header {
  const [identifier = 0, first = 0] = [der[at], der[at + 1]];
  if (first < 0x80) return { tag: identifier, start: at + 2, end: at + 2 + first };
  const octets = first & 0x7f;
  let length = 0;
  for (let octet = 0; octet < octets && octet < 4; octet++) length = length * 256 + (der[at + 2 + octet] ?? 0);
  return { tag: identifier, start: at + 2 + octets, end: at + 2 + octets + length };
}

/** The BIT STRING of an RSA key: RSAPublicKey (RFC 8017, appendix A.1.1). */
function isStrongRsa(der: Uint8Array, at: number): boolean {
  const bits = headerAt(der, at);
  const key = headerAt(der, bits.start + 1);
  const modulus = headerAt(der, key.start);
  // A zero comes first where the highest bit is set, as it is in all sizes that are made.
  const bytes = modulus.end - modulus.start - 1;
  return (
    bits.tag === tag.bitString &&
    modulus.tag === tag.integer &&
    der[modulus.start] === 0 &&
    bytes * 8 >= minimumRsaBits &&
    bytes * 8 <= maximumRsaBits &&
    isAt(der, modulus.end, commonExponent)
  );
}

function isAt(der: Uint8Array, at: number, bytes: Uint8Array): boolean {
  return equalBytes(der.subarray(at, at + bytes.length), bytes);
}

const strongSignatures = signatureAlgorithms.map(encodeSignatureAlgorithm);
/** An EC key up to the octet that says that its point is not compressed: other encodings are read in full. */
const strongCurves = [
  { curve: oid.p256, bytes: 66 },
  { curve: oid.p384, bytes: 98 },
].map(({ curve, bytes }) =>
  Buffer.concat([
    encodeSequence(encodeOid(oid.ecPublicKey), encodeOid(curve)),
    Uint8Array.of(tag.bitString, bytes, 0, 4),
  ]),
);
const rsaAlgorithm = encodeSequence(encodeOid(oid.rsaEncryption), Uint8Array.of(tag.null, 0));
const commonExponent = Uint8Array.of(tag.integer, 3, 1, 0, 1);
