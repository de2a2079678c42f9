/**
 * Which public keys are good enough to be certified.
 *
 * @module
 */

import { maximumRsaBits, minimumRsaBits, type PublicKey } from '../key.js';
import type { Rule } from './rule.js';

/** How far from its square root a modulus is searched for a factor. */
const fermatRounds = 100;

export const keyRules: readonly Rule<PublicKey, unknown>[] = [
  {
    id: 'key-type',
    citation: 'ovs-monitor-ipsec and OVS TLS: RSA, and for TLS EC on P-256 and P-384',
    check: (key) => (key.type === 'other' ? `keys of type ${key.name} are not certified` : undefined),
  },
  {
    id: 'rsa-size',
    citation: 'NIST SP 800-57 part 1, table 2; ovs-pki 3.5',
    check: (key) =>
      key.type === 'rsa' && (key.bits < minimumRsaBits || key.bits > maximumRsaBits)
        ? `the RSA key has ${key.bits} bits, and ${minimumRsaBits} to ${maximumRsaBits} are allowed`
        : undefined,
  },
  {
    id: 'rsa-exponent',
    citation: 'NIST FIPS 186-5, appendix A.1.1; OpenSSL takes at most 64 bits',
    check: (key) =>
      key.type === 'rsa' && (key.exponent < 65537n || key.exponent % 2n === 0n || key.exponent >= 1n << 64n)
        ? 'the RSA exponent must be odd, at least 65537 and below 2^64'
        : undefined,
  },
  {
    id: 'rsa-small-factor',
    citation: 'NIST SP 800-89, section 5.3.3',
    check: (key) =>
      key.type === 'rsa' && key.modulus > 0n && smallPrimes.some((prime) => key.modulus % prime === 0n)
        ? 'the RSA modulus has a small factor: it is no product of two primes'
        : undefined,
  },
  {
    id: 'rsa-close-primes',
    citation: 'CVE-2022-26320: factors found with Fermat’s method',
    check: (key) =>
      key.type === 'rsa' && key.bits <= maximumRsaBits && hasClosePrimes(key.modulus)
        ? 'the two primes of the RSA key are so close together that it can be factored at once'
        : undefined,
  },
  {
    id: 'rsa-roca',
    citation: 'CVE-2017-15361',
    check: (key) =>
      key.type === 'rsa' && isRocaWeak(key.modulus)
        ? 'the RSA key was made by a chip whose keys can be factored (ROCA)'
        : undefined,
  },
];

const smallPrimes: readonly bigint[] = primesBelow(752).map(BigInt);

/** The primes whose residues show the structure of ROCA keys. */
const rocaPrimes = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157] as const;

/** For each of them: the residues that are powers of 65537, which is all that a ROCA modulus can have. */
const rocaResidues: ReadonlyMap<bigint, ReadonlySet<bigint>> = new Map(
  rocaPrimes.map((prime) => {
    const residues = new Set<bigint>();
    for (let power = 1n; !residues.has(power); power = (power * 65537n) % BigInt(prime)) residues.add(power);
    return [BigInt(prime), residues];
  }),
);

function isRocaWeak(modulus: bigint): boolean {
  if (modulus <= 0n) return false;
  for (const [prime, residues] of rocaResidues) if (!residues.has(modulus % prime)) return false;
  return true;
}

function hasClosePrimes(modulus: bigint): boolean {
  if (modulus <= 0n) return false;
  let root = squareRoot(modulus);
  if (root * root < modulus) root += 1n;
  let difference = root * root - modulus;
  for (let round = 0; round < fermatRounds; round++) {
    if (isSquare(difference)) return true;
    difference += 2n * root + 1n;
    root += 1n;
  }
  return false;
}

function isSquare(value: bigint): boolean {
  // Squares end in one of 44 of 256 bytes, so most values need no root.
  if (!squaresModulo256.has(Number(BigInt.asUintN(8, value))) || !squaresModulo3465.has(Number(value % 3465n))) {
    return false;
  }
  const root = squareRoot(value);
  return root * root === value;
}

const squaresModulo256 = squaresModulo(256);
/** 3465 = 9 · 5 · 7 · 11. */
const squaresModulo3465 = squaresModulo(3465);

function squaresModulo(modulus: number): ReadonlySet<number> {
  return new Set(Array.from({ length: modulus }, (_, number) => (number * number) % modulus));
}

/** The integer square root, by Newton's method from above. */
function squareRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

function primesBelow(limit: number): number[] {
  const primes: number[] = [];
  for (let number = 2; number < limit; number++) {
    if (primes.every((prime) => number % prime !== 0)) primes.push(number);
  }
  return primes;
}
