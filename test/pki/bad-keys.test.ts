import test from 'ava';
import { type BadKey, badKeyFile } from '../support/keys.js';
import { loadKey } from '../support/x509.js';

/** The fixtures are what they are called, seen from their private numbers, which the rules do not see. */

test('Both primes of the ROCA fixture are powers of 65537 modulo each of the first 126 primes', (t) => {
  for (const prime of primesOf('weak-roca')) {
    for (const small of firstPrimes(126)) {
      const powers = new Set<bigint>();
      for (let power = 1n; !powers.has(power); power = (power * 65537n) % small) powers.add(power);
      t.true(powers.has(prime % small), `modulo ${small}`);
    }
  }
});

test('The close primes are closer than 2^20, and the small factor is below 752', (t) => {
  const [p, q] = primesOf('weak-close-primes');
  const distance = p > q ? p - q : q - p;
  t.true(distance > 0n && distance < 1n << 20n);
  const factors = primesOf('weak-small-factor').map(Number);
  t.true(factors.some((factor) => factor > 1 && factor < 752));
});

function primesOf(name: BadKey): [bigint, bigint] {
  const { p = '', q = '' } = loadKey(badKeyFile(name)).export({ format: 'jwk' });
  const toNumber = (text: string): bigint => BigInt(`0x${Buffer.from(text, 'base64url').toString('hex')}`);
  return [toNumber(p), toNumber(q)];
}

function firstPrimes(count: number): bigint[] {
  const primes: number[] = [];
  for (let number = 2; primes.length < count; number++) {
    if (primes.every((prime) => number % prime !== 0)) primes.push(number);
  }
  return primes.map(BigInt);
}
