/**
 * Was something signed with the private half of a key? With every algorithm that stands above us in the field, whether
 * or not we sign with it ourselves. An algorithm that is not known is an answer of its own: it says nothing against the
 * signature.
 *
 * @module
 */

import { constants, createPublicKey, type KeyObject, type VerifyKeyObjectInput, verify } from 'node:crypto';
import { OvsPkiError } from '../errors.js';
import { children, contextTag, type DerElement, readDer, sequenceOf } from './der.js';
import { readInteger, readOid } from './der-values.js';
import type { PublicKey } from './key.js';
import { oid, signatureNames } from './oid.js';
import type { SignedStructure } from './signed.js';

/** `unknown`: it cannot be checked here. */
export type SignatureVerdict = 'genuine' | 'wrong' | 'unknown';

/** What names an algorithm: its identifier and, with RSASSA-PSS, what it is used with. */
export type NamedAlgorithm = Pick<SignedStructure, 'signatureAlgorithm' | 'signatureParameters'>;

interface Scheme {
  readonly keyTypes: readonly string[];
  /** Undefined where the algorithm has its own. */
  readonly hash: string | undefined;
  readonly pss?: { readonly saltLength: number };
}

const rsa = (hash: string): Scheme => ({ keyTypes: ['rsa'], hash });
const ecdsa = (hash: string): Scheme => ({ keyTypes: ['ec'], hash });

const schemes: ReadonlyMap<string, Scheme> = new Map([
  ['1.2.840.113549.1.1.4', rsa('md5')],
  ['1.2.840.113549.1.1.5', rsa('sha1')],
  ['1.2.840.113549.1.1.14', rsa('sha224')],
  [oid.sha256WithRsa, rsa('sha256')],
  [oid.sha384WithRsa, rsa('sha384')],
  [oid.sha512WithRsa, rsa('sha512')],
  ['1.2.840.10045.4.1', ecdsa('sha1')],
  ['1.2.840.10045.4.3.1', ecdsa('sha224')],
  [oid.ecdsaWithSha256, ecdsa('sha256')],
  [oid.ecdsaWithSha384, ecdsa('sha384')],
  [oid.ecdsaWithSha512, ecdsa('sha512')],
  [oid.ed25519, { keyTypes: ['ed25519'], hash: undefined }],
  [oid.ed448, { keyTypes: ['ed448'], hash: undefined }],
]);

/** Whether a structure was signed with the private half of a key. */
export function judgeSignature(publicKey: PublicKey, signed: SignedStructure): SignatureVerdict {
  const scheme = schemeOf(signed);
  if (scheme === undefined) return 'unknown';
  let key: KeyObject;
  try {
    key = importedKey(publicKey);
  } catch {
    // A key that is no key (a point off its curve, a modulus of zero) proves nothing.
    return publicKey.type === 'other' ? 'unknown' : 'wrong';
  }
  if (!scheme.keyTypes.includes(key.asymmetricKeyType ?? '')) return 'wrong';
  const padding = scheme.pss && { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: scheme.pss.saltLength };
  const input: VerifyKeyObjectInput = { key, ...padding };
  try {
    return verify(scheme.hash ?? null, signed.toBeSigned.bytes, input, signed.signature) ? 'genuine' : 'wrong';
  } catch {
    return 'wrong';
  }
}

/** Whether it is known that it was signed so. */
export function isSignedWith(publicKey: PublicKey, signed: SignedStructure): boolean {
  return judgeSignature(publicKey, signed) === 'genuine';
}

/** MD5 or SHA-1, where a signature rests on one of them; undefined for a good or an unknown one. */
export function weakHashOf(algorithm: NamedAlgorithm): 'MD5' | 'SHA-1' | undefined {
  if (otherWeak.has(algorithm.signatureAlgorithm)) return 'SHA-1';
  const hash = schemeOf(algorithm)?.hash;
  return hash === 'md5' ? 'MD5' : hash === 'sha1' ? 'SHA-1' : undefined;
}

const otherWeak: ReadonlySet<string> = new Set(['1.2.840.10040.4.3']);

/** What OpenSSL calls it; the identifier where it has no name. */
export function signatureName({ signatureAlgorithm }: Pick<NamedAlgorithm, 'signatureAlgorithm'>): string {
  return signatureNames.get(signatureAlgorithm) ?? signatureAlgorithm;
}

function schemeOf({ signatureAlgorithm, signatureParameters }: NamedAlgorithm): Scheme | undefined {
  if (signatureAlgorithm !== oid.rsaPss) return schemes.get(signatureAlgorithm);
  try {
    return pssScheme(signatureParameters);
  } catch (error) {
    if (error instanceof OvsPkiError) return undefined;
    throw error;
  }
}

/** RSASSA-PSS-params (RFC 4055, section 3.1): what is left out is SHA-1, MGF1 with SHA-1, a salt of 20 bytes. */
function pssScheme(parameters: Uint8Array | undefined): Scheme | undefined {
  const fields = parameters === undefined ? [] : sequenceOf(readDer(parameters), 'the parameters of RSASSA-PSS');
  const field = (number: number): DerElement | undefined => {
    const found = fields.find((element) => element.tag === contextTag(number, true));
    return found && children(found)[0];
  };
  const number = (element: DerElement | undefined, otherwise: number): number =>
    element === undefined ? otherwise : Number(readInteger(element, 'a parameter of RSASSA-PSS'));
  const hash = hashOf(field(0));
  const mask = field(1);
  const [maskType, maskHash] = mask === undefined ? [] : sequenceOf(mask, 'the mask of RSASSA-PSS');
  const isMgf1 = maskType === undefined || readOid(maskType, 'the mask of RSASSA-PSS') === mgf1;
  // OpenSSL is told one hash for both; no program is known that takes two.
  if (hash === undefined || !isMgf1 || hashOf(maskHash) !== hash || number(field(3), 1) !== 1) return undefined;
  return { keyTypes: ['rsa', 'rsa-pss'], hash, pss: { saltLength: number(field(2), 20) } };
}

const mgf1 = '1.2.840.113549.1.1.8';

function hashOf(algorithm: DerElement | undefined): string | undefined {
  if (algorithm === undefined) return 'sha1';
  const [type] = sequenceOf(algorithm, 'a hash');
  return hashes.get(readOid(type, 'a hash'));
}

const hashes: ReadonlyMap<string, string> = new Map([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.4', 'sha224'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);

const importedKeys = new WeakMap<PublicKey, KeyObject>();

/** The key of a CA verifies every signature that it makes; it is read once. */
function importedKey(publicKey: PublicKey): KeyObject {
  const known = importedKeys.get(publicKey);
  if (known !== undefined) return known;
  const key = createPublicKey({ key: Buffer.from(publicKey.spki), format: 'der', type: 'spki' });
  importedKeys.set(publicKey, key);
  return key;
}
