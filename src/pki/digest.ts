/**
 * Digests of public things. Nothing secret is in them, so they are not left to the provider of keys.
 *
 * @module
 */

import { createHash, createHmac } from 'node:crypto';

/** SHA-1 serves to identify, where a standard or ovs-pki says so; never to protect. */
export function digest(algorithm: 'sha1' | 'sha256', bytes: Uint8Array): Uint8Array {
  return createHash(algorithm).update(bytes).digest();
}

/** The same in hexadecimal, lower case. */
export function digestHex(algorithm: 'sha1' | 'sha256', bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest('hex');
}

/** HMAC-SHA-256 (RFC 2104) in hexadecimal, lower case. */
export function hmacHex(key: string, bytes: Uint8Array): string {
  return createHmac('sha256', key).update(bytes).digest('hex');
}
