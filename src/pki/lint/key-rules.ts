/**
 * Which public keys are good enough to be certified.
 *
 * @module
 */

import { bitLengthOf, type PublicKey } from '../key.js';
import { isCanonical } from '../key-identity.js';
import { maximumRsaBits, minimumRsaBits } from '../key-spec.js';
import { type Finding, findingsOf, type Rule } from './rule.js';

/** How far from its square root a modulus is searched for a factor. */
const fermatRounds = 100;

const findingsOfKey = new WeakMap<PublicKey, readonly Finding[]>();

/** Every rule that a key breaks. A key that is looked at twice, in its request and before the signature, costs once. */
export function keyFindings(key: PublicKey): readonly Finding[] {
  const known = findingsOfKey.get(key) ?? findingsOf(keyRules, key, undefined);
  findingsOfKey.set(key, known);
  return known;
}

export const keyRules: readonly Rule<PublicKey, unknown>[] = [
  {
    id: 'key-type',
    citation: 'ovs-monitor-ipsec and OVS TLS: RSA, and for TLS EC on P-256 and P-384',
    check: (key) => (key.type === 'other' ? `keys of type ${key.name} are not certified` : undefined),
  },
  {
    id: 'key-encoding',
    citation:
      'RFC 3279, section 2.3.1; RFC 5480, section 2.2: one key, one encoding, or a register of keys is passed by',
    check: (key) =>
      key.type !== 'other' && !isCanonical(key)
        ? 'the key is not in its plain form: EC points uncompressed, RSA with NULL as its parameters'
        : undefined,
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
      key.type === 'rsa' &&
      key.bits <= maximumRsaBits &&
      key.modulus > 0n &&
      smallPrimes().some((prime) => key.modulus % prime === 0n)
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
      key.type === 'rsa' && key.bits <= maximumRsaBits && isRocaWeak(key.modulus)
        ? 'the RSA key was made by a chip whose keys can be factored (ROCA)'
        : undefined,
  },
];

/** Made when the first key is looked at, and kept. */
const smallPrimes = once(() => primesBelow(752).map(BigInt));

/** The primes whose residues show the structure of ROCA keys. */
const rocaPrimes = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157] as const;

/** For each of them: the residues that are powers of 65537, which is all that a ROCA modulus can have. */
const rocaResidues = once(() =>
  rocaPrimes.map((prime) => {
    const residues = new Set<number>();
    for (let power = 1; !residues.has(power); power = (power * (65537 % prime)) % prime) residues.add(power);
    return { prime: BigInt(prime), residues };
  }),
);

function isRocaWeak(modulus: bigint): boolean {
  if (modulus <= 0n) return false;
  return rocaResidues().every(({ prime, residues }) => residues.has(Number(modulus % prime)));
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
  // Few residues are those of squares, so most values need no root.
  const tables = squareResidues();
  if (!tables.every(({ modulus, residues }) => residues.has(Number(value % modulus)))) return false;
  const root = squareRoot(value);
  return root * root === value;
}

const squareResidues = once(() =>
  [256, 63, 65, 11].map((modulus) => ({
    modulus: BigInt(modulus),
    residues: new Set(Array.from({ length: modulus }, (_, number) => (number * number) % modulus)),
  })),
);

/** The integer square root, by Newton's method from above. */
function squareRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let root = 1n << BigInt((bitLengthOf(value) + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

function primesBelow(limit: number): number[] {
  const isComposite = new Uint8Array(limit);
  const primes: number[] = [];
  for (let number = 2; number < limit; number++) {
    if (isComposite[number] === 1) continue;
    primes.push(number);
    for (let multiple = number * number; multiple < limit; multiple += number) isComposite[multiple] = 1;
  }
  return primes;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
