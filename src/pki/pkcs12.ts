/**
 * PKCS#12 (RFC 7292): a key, its certificate and the CAs above it under a password. Written by pkijs, which is loaded
 * only then.
 *
 * @module
 */

import type { Certificate } from './certificate.js';
import { tag } from './der.js';
import { encode, encodeOctetString, encodeOid, encodeSequence, encodeSetOf } from './der-encode.js';
import { digest } from './digest.js';
import { iterations } from './encrypted-key.js';
import { providerOf } from './engine.js';
import { oid } from './oid.js';

export interface Pkcs12Input {
  readonly friendlyName: string;
  readonly pkcs8: Uint8Array;
  readonly certificate: Certificate;
  readonly chain: readonly Certificate[];
  readonly password: string;
}

/** Key and certificates under PBES2 with AES-256, all of it under a MAC with HMAC-SHA-256. */
export async function encodePkcs12(input: Pkcs12Input): Promise<Uint8Array> {
  const pkijs = await import('pkijs');
  const crypto = providerOf(undefined);
  const engine = new pkijs.CryptoEngine({ name: '', crypto, subtle: crypto.subtle });
  const password = new Uint8Array(Buffer.from(input.password)).buffer;
  const encryption = {
    password,
    // Its types ask for an initialization vector, but pkijs makes one for each part by itself.
    contentEncryptionAlgorithm: { name: 'AES-CBC', length: 256, iv: crypto.getRandomValues(new Uint8Array(16)) },
    hmacHashAlgorithm: 'SHA-256',
    iterationCount: iterations,
  };
  const attributes = leafAttributes(input).map((der) => pkijs.Attribute.fromBER(der));
  const keyBag = new pkijs.PKCS8ShroudedKeyBag({ parsedValue: pkijs.PrivateKeyInfo.fromBER(copy(input.pkcs8)) });
  await keyBag.makeInternalValues(encryption, engine);
  const certificateBags = [input.certificate, ...input.chain].map(
    ({ der }, index) =>
      new pkijs.SafeBag({
        bagId: oid.certBag,
        bagValue: new pkijs.CertBag({ parsedValue: pkijs.Certificate.fromBER(copy(der)) }),
        ...(index === 0 ? { bagAttributes: attributes } : {}),
      }),
  );
  const key = new pkijs.SafeBag({ bagId: oid.pkcs8ShroudedKeyBag, bagValue: keyBag, bagAttributes: attributes });
  const contents = [
    { privacyMode: 1, value: new pkijs.SafeContents({ safeBags: certificateBags }) },
    { privacyMode: 0, value: new pkijs.SafeContents({ safeBags: [key] }) },
  ];
  const authenticatedSafe = new pkijs.AuthenticatedSafe({ parsedValue: { safeContents: contents } });
  await authenticatedSafe.makeInternalValues({ safeContents: [encryption, {}] }, engine);
  const pfx = new pkijs.PFX({ parsedValue: { integrityMode: 0, authenticatedSafe } });
  const mac = { password, iterations, pbkdf2HashAlgorithm: 'SHA-256', hmacHashAlgorithm: 'SHA-256' };
  await pfx.makeInternalValues(mac, engine);
  return new Uint8Array(pfx.toSchema().toBER());
}

/** What tells a reader that the key is that of the certificate, and what both are called. */
export function leafAttributes({ friendlyName, certificate }: Pkcs12Input): Uint8Array<ArrayBuffer>[] {
  const name = encode(tag.bmpString, Buffer.from(friendlyName, 'utf16le').swap16());
  const attribute = (type: string, value: Uint8Array) => copy(encodeSequence(encodeOid(type), encodeSetOf(value)));
  return [
    attribute(oid.friendlyName, name),
    attribute(oid.localKeyId, encodeOctetString(digest('sha1', certificate.der))),
  ];
}

/** pkijs looks at `.buffer` and forgets the offset. */
function copy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
