/**
 * The algorithms that we sign with: what certificates call them, and what WebCrypto calls them.
 *
 * @module
 */

import { encodeNull, encodeOid, encodeSequence } from './der-encode.js';
import type { KeySpec } from './key-spec.js';
import { oid } from './oid.js';

export type Hash = 'SHA-256' | 'SHA-384' | 'SHA-512';

/** A signature algorithm: what certificates call it, and what WebCrypto calls it. */
export interface SignatureAlgorithm {
  readonly oid: string;
  readonly type: 'rsa' | 'ec';
  readonly hash: Hash;
}

export const signatureAlgorithms: readonly SignatureAlgorithm[] = [
  { oid: oid.sha256WithRsa, type: 'rsa', hash: 'SHA-256' },
  { oid: oid.sha384WithRsa, type: 'rsa', hash: 'SHA-384' },
  { oid: oid.sha512WithRsa, type: 'rsa', hash: 'SHA-512' },
  { oid: oid.ecdsaWithSha256, type: 'ec', hash: 'SHA-256' },
  { oid: oid.ecdsaWithSha384, type: 'ec', hash: 'SHA-384' },
  { oid: oid.ecdsaWithSha512, type: 'ec', hash: 'SHA-512' },
];

/** The signature algorithm for a key: SHA-512 with RSA, as ovs-pki; the hash of the curve's size with EC. */
export function signatureAlgorithmFor(spec: KeySpec, rsaHash: Hash = 'SHA-512'): SignatureAlgorithm {
  const hash = spec.type === 'rsa' ? rsaHash : spec.curve === 'P-256' ? 'SHA-256' : 'SHA-384';
  const found = signatureAlgorithms.find((algorithm) => algorithm.type === spec.type && algorithm.hash === hash);
  if (found === undefined) throw new Error(`no signature algorithm for ${spec.type} with ${hash}`);
  return found;
}

/** AlgorithmIdentifier: parameters NULL for RSA (RFC 4055), absent for ECDSA (RFC 5758). */
export function encodeSignatureAlgorithm(algorithm: SignatureAlgorithm): Uint8Array {
  const parameters = algorithm.type === 'rsa' ? [encodeNull()] : [];
  return encodeSequence(encodeOid(algorithm.oid), ...parameters);
}
