/**
 * The certification request of a CA (PKCS #10, RFC 2986), for another CA to sign. The name goes into it byte by byte, so that
 * the certificate of a CA that has one already can come back under the same name.
 *
 * @module
 */

import { contextTag } from './der.js';
import { encode, encodeBitString, encodeInteger, encodeOid, encodeSequence, encodeSetOf } from './der-encode.js';
import type { SigningKey } from './engine.js';
import type { PublicKey } from './key.js';
import type { DistinguishedName } from './name.js';
import { oid } from './oid.js';
import { encodeCaRequestExtensions } from './profile.js';
import { encodeSignatureAlgorithm } from './signature-algorithm.js';

export interface CaRequestInput {
  readonly subject: DistinguishedName;
  readonly publicKey: PublicKey;
  readonly signingKey: SigningKey;
}

/** The DER of the request. */
export async function createCaRequest({ subject, publicKey, signingKey }: CaRequestInput): Promise<Uint8Array> {
  const extensions = encodeSequence(encodeOid(oid.extensionRequest), encodeSetOf(encodeCaRequestExtensions(publicKey)));
  const info = encodeSequence(encodeInteger(0), subject.der, publicKey.spki, encode(contextTag(0, true), extensions));
  const signature = await signingKey.sign(info);
  return encodeSequence(info, encodeSignatureAlgorithm(signingKey.algorithm), encodeBitString(signature));
}
