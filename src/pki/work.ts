/**
 * What a file asks of its reader before anything in it is trusted: how often a passphrase is hashed (RFC 8018,
 * RFC 7292, appendix B, RFC 7914), and how deep and wide its structure is.
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';
import { children, type DerElement, readDer, tag } from './der.js';
import { readInteger, readOid } from './der-values.js';

/** Programs write files with 1 to a million; a file can ask for any number, and for each of its parts. */
const mostIterations = 5_000_000n;

const scrypt = '1.3.6.1.4.1.11591.4.11';
/** An AlgorithmIdentifier in parameters in an AlgorithmIdentifier, and one more. */
const deepestParameters = 8;

/**
 * How often an AlgorithmIdentifier of an encryption or a MAC has a passphrase hashed: the greatest number in its
 * parameters, whatever its kind, and with scrypt their product.
 */
export function iterationsOf(algorithm: DerElement, depth = 0): bigint {
  if ((algorithm.tag & 0x20) === 0 || depth > deepestParameters) return 1n;
  const parts = children(algorithm);
  if (parts[0]?.tag === tag.oid && readOid(parts[0], 'the algorithm') === scrypt && parts[1] !== undefined) {
    const [, ...numbers] = children(parts[1]);
    return numbers.map(numberIn).reduce((product, value) => product * value, 1n);
  }
  let most = 1n;
  for (const part of parts) {
    const value = part.tag === tag.integer ? numberIn(part) : iterationsOf(part, depth + 1);
    if (value > most) most = value;
  }
  return most;
}

function numberIn(element: DerElement): bigint {
  const value = element.tag === tag.integer ? readInteger(element, 'a parameter') : 1n;
  return value < 1n ? 1n : value;
}

/** Throws ENCRYPTION_UNSUPPORTED where a file has a passphrase hashed more often than anybody needs. */
export function requireFewIterations(file: string, iterations: bigint, what: string, most = mostIterations): void {
  if (iterations <= most) return;
  const told = iterations < 1n << 64n ? `${iterations}` : 'more than 2^64';
  throw new OvsPkiError('ENCRYPTION_UNSUPPORTED', `${file} asks for ${told} iterations for ${what}`, {
    hint: 'no program writes that many, and they would take very long: check where the file comes from',
    details: { file, iterations: told },
  });
}

/** The same for an EncryptedPrivateKeyInfo, in DER. */
export function requireFewIterationsOfKey(file: string, bytes: Uint8Array): void {
  const [algorithm] = children(readDer(bytes));
  if (algorithm !== undefined) requireFewIterations(file, iterationsOf(algorithm), 'its private key');
}

const deepest = 64;
const mostElements = 20_000;

/**
 * Throws DER_INVALID for bytes that hold too many elements, or too deep in each other, for a reader that makes objects
 * of all of them. Reads BER too, and looks into OCTET STRINGs that hold structures; damage is left to that reader.
 */
export function requireModestStructure(bytes: Uint8Array): void {
  const ends: number[] = [];
  let elements = 0;
  for (let at = 0; at < bytes.length; ) {
    while (ends.length > 0 && at >= (ends.at(-1) as number)) ends.pop();
    elements += 1;
    if (ends.length > deepest) throw immodest(`elements ${ends.length} deep in each other`);
    if (elements > mostElements) throw immodest(`more than ${mostElements} elements`);
    const [identifier = 0, first = 0] = [bytes[at], bytes[at + 1]];
    const octets = first > 0x80 ? first & 0x7f : 0;
    let length = first < 0x80 ? first : 0;
    for (let octet = 0; octet < octets && octet < 6; octet++) length = length * 256 + (bytes[at + 2 + octet] ?? 0);
    const start = at + 2 + octets;
    const isNested = (identifier & 0x20) !== 0 || (identifier === tag.octetString && bytes[start] === tag.sequence);
    // The end of an indefinite length is two zeros.
    if (identifier === 0 && first === 0 && ends.at(-1) === Number.POSITIVE_INFINITY) ends.pop();
    if (isNested) ends.push(first === 0x80 ? Number.POSITIVE_INFINITY : start + length);
    at = isNested ? start : start + length;
  }
}

function immodest(what: string): OvsPkiError {
  return new OvsPkiError('DER_INVALID', `the ASN.1 structure has ${what}, which nothing here has`);
}
