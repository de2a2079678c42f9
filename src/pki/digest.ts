/**
 * Digests of public things. Nothing secret is in them, so they are not left to the provider of keys.
 *
 * @module
 */

import { createHash } from 'node:crypto';

/** SHA-1 serves to identify, where a standard or ovs-pki says so; never to protect. */
export function digest(algorithm: 'sha1' | 'sha256', bytes: Uint8Array): Uint8Array {
  return createHash(algorithm).update(bytes).digest();
}

/** The same in hexadecimal, lower case. */
export function digestHex(algorithm: 'sha1' | 'sha256', bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest('hex');
}
