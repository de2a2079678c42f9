/** One key written in other ways than the plain one: what OpenSSL reads as the same key. */

import { execFileSync } from 'node:child_process';
import type { KeyObject } from 'node:crypto';
import { encodeBitString, encodeInteger, encodeOid, encodeSequence } from '../../src/pki/der-encode.js';
import { oid } from '../../src/pki/oid.js';
import { rsaNumbers, rsaSpki } from './x509.js';

/** A form of the public half of a private key: its SubjectPublicKeyInfo. */
export interface KeyForm {
  readonly title: string;
  readonly of: 'rsa' | 'ec';
  /** Whether the key can be certified like this at all. */
  readonly type: 'rsa' | 'ec' | 'other';
  readonly spki: (key: KeyObject) => Uint8Array;
}

const byOpenssl =
  (...args: readonly string[]) =>
  (key: KeyObject): Uint8Array =>
    new Uint8Array(
      execFileSync('openssl', ['ec', '-pubout', '-outform', 'der', ...args], {
        input: key.export({ type: 'pkcs8', format: 'pem' }),
        stdio: ['pipe', 'pipe', 'ignore'],
      }),
    );

const rsaWith =
  (...parameters: readonly Uint8Array[]) =>
  (key: KeyObject): Uint8Array => {
    const { modulus, exponent } = rsaNumbers(key);
    const numbers = encodeSequence(encodeInteger(modulus), encodeInteger(exponent));
    return encodeSequence(encodeSequence(encodeOid(oid.rsaEncryption), ...parameters), encodeBitString(numbers));
  };

export const keyForms: readonly KeyForm[] = [
  { title: 'a compressed point', of: 'ec', type: 'ec', spki: byOpenssl('-conv_form', 'compressed') },
  { title: 'a hybrid point', of: 'ec', type: 'ec', spki: byOpenssl('-conv_form', 'hybrid') },
  { title: 'a curve by its numbers', of: 'ec', type: 'other', spki: byOpenssl('-param_enc', 'explicit') },
  {
    title: 'a curve by its numbers and a compressed point',
    of: 'ec',
    type: 'other',
    spki: byOpenssl('-param_enc', 'explicit', '-conv_form', 'compressed'),
  },
  { title: 'RSA without NULL', of: 'rsa', type: 'rsa', spki: rsaWith() },
  { title: 'RSA with an integer in place of NULL', of: 'rsa', type: 'rsa', spki: rsaWith(encodeInteger(1)) },
  {
    title: 'RSA with another exponent',
    of: 'rsa',
    type: 'rsa',
    spki: (key) => rsaSpki(rsaNumbers(key).modulus, 65539n),
  },
];
