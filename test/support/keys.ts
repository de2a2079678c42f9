/** Keys that were made once, because making RSA keys is slow. They protect nothing. */

import { readFileSync } from 'node:fs';
import { fixturesFolder } from './programs.js';

/** The place of one of the twelve RSA-2048 keys, 1 to 12. */
export function rsaKeyFile(number: number): string {
  return `${fixturesFolder}/keys/rsa-2048-${String(number).padStart(2, '0')}.pem`;
}

/** The place of one of two keys on a curve. */
export function ecKeyFile(curve: 'p256' | 'p384', number: 1 | 2): string {
  return `${fixturesFolder}/keys/ec-${curve}-${number}.pem`;
}

export function readPem(file: string): string {
  return readFileSync(file, 'latin1');
}

/** The place of a key that is not good enough, or of a type that is not used. */
export function badKeyFile(name: BadKey): string {
  return `${fixturesFolder}/keys/${name}.pem`;
}

export type BadKey =
  | 'weak-rsa-512'
  | 'weak-rsa-1024'
  | 'weak-exponent-3'
  | 'weak-small-factor'
  | 'weak-close-primes'
  | 'weak-roca'
  | 'rsa-pss'
  | 'dsa';
