/**
 * PKCS#12 for readers that know nothing newer than SHA-1 and Triple DES: Windows before Server 2019, Java before 8u301,
 * network appliances.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { contextTag } from './der.js';
import {
  encode,
  encodeInteger,
  encodeNull,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  encodeSetOf,
} from './der-encode.js';
import { oid } from './oid.js';
import { encodePbes1Parameters, encryptPbes1, legacyMac, type Pbes1Parameters } from './pbes1.js';
import { leafAttributes, type Pkcs12Input } from './pkcs12.js';

/** One round is a SHA-1 here: this many take a tenth of a second. OpenSSL's own default is 2048. */
const iterations = 50_000;
/** [0], constructed. */
const explicit = contextTag(0, true);

/** Key and certificates under SHA-1 and Triple DES, all of it under a MAC with HMAC-SHA-1. */
export async function encodeLegacyPkcs12(input: Pkcs12Input): Promise<Uint8Array> {
  const { certificate, chain, password, pkcs8 } = input;
  const attributes = leafAttributes(input);
  const certificates = encodeSequence(
    ...[certificate, ...chain].map(({ der }, index) => {
      const value = encodeSequence(encodeOid(oid.x509Certificate), encode(explicit, encodeOctetString(der)));
      return safeBag(oid.certBag, value, index === 0 ? attributes : []);
    }),
  );
  const key = encodeSequence(safeBag(oid.pkcs8ShroudedKeyBag, await shroudedKey(pkcs8, password), attributes));
  const safe = encodeSequence(
    contentInfo(oid.pkcs7EncryptedData, await encryptedData(certificates, password)),
    contentInfo(oid.pkcs7Data, encodeOctetString(key)),
  );
  const used = freshParameters();
  const digestInfo = encodeSequence(
    encodeSequence(encodeOid(oid.sha1), encodeNull()),
    encodeOctetString(legacyMac(safe, password, used)),
  );
  return encodeSequence(
    encodeInteger(3),
    contentInfo(oid.pkcs7Data, encodeOctetString(safe)),
    encodeSequence(digestInfo, encodeOctetString(used.salt), encodeInteger(used.iterations)),
  );
}

const freshParameters = (): Pbes1Parameters => ({ salt: randomBytes(16), iterations });

function contentInfo(type: string, content: Uint8Array): Uint8Array {
  return encodeSequence(encodeOid(type), encode(explicit, content));
}

function safeBag(type: string, value: Uint8Array, attributes: readonly Uint8Array[]): Uint8Array {
  const more = attributes.length === 0 ? [] : [encodeSetOf(...attributes)];
  return encodeSequence(encodeOid(type), encode(explicit, value), ...more);
}

/** EncryptedPrivateKeyInfo. */
async function shroudedKey(pkcs8: Uint8Array, password: string): Promise<Uint8Array> {
  const used = freshParameters();
  return encodeSequence(algorithm(used), encodeOctetString(await encryptPbes1(pkcs8, password, used)));
}

async function encryptedData(content: Uint8Array, password: string): Promise<Uint8Array> {
  const used = freshParameters();
  const encrypted = encode(contextTag(0, false), await encryptPbes1(content, password, used));
  return encodeSequence(encodeInteger(0), encodeSequence(encodeOid(oid.pkcs7Data), algorithm(used), encrypted));
}

function algorithm(used: Pbes1Parameters): Uint8Array {
  return encodeSequence(encodeOid(oid.pbeWithSha1AndTripleDes), encodePbes1Parameters(used));
}
