/**
 * The edges of the program with @peculiar/webcrypto as the WebCrypto provider, for those who want keys and signatures made by
 * it: `import { peculiarPlatform } from 'ovs-pki-ts/peculiar'`.
 *
 * @module
 */

import { Crypto as PeculiarCrypto } from '@peculiar/webcrypto';
import { nodePlatform, type Platform } from './platform/index.js';

/**
 * Like `nodePlatform`, with another provider. It computes on the main thread: keys are made one after the other.
 *
 * @param replace edges to replace
 */
export function peculiarPlatform(replace: Partial<Omit<Platform, 'crypto'>> = {}): Platform {
  return nodePlatform({ crypto: new PeculiarCrypto(), ...replace });
}
