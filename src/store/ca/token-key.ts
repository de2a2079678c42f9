/**
 * The key of a CA in a PKCS #11 token. `private/cakey.uri` says where it is, and there is no `private/cakey.pem` then.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { createCertificationRequest } from '../../pki/certification-request.js';
import { readDer } from '../../pki/der.js';
import { generationAlgorithm, keyAlgorithm, keyIdentifier, type SigningKey, signWith } from '../../pki/engine.js';
import { decodePublicKey, type PublicKey } from '../../pki/key.js';
import type { KeySpec } from '../../pki/key-spec.js';
import type { NameAttribute } from '../../pki/name.js';
import { formatPkcs11Uri, type Pkcs11Uri, parsePkcs11Uri } from '../../pki/pkcs11-uri.js';
import { signatureAlgorithmFor } from '../../pki/signature-algorithm.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { readOwnFile } from '../../platform/own-library.js';
import { readPassphraseFile } from '../../platform/passphrase.js';
import { openToken, type Token } from '../../platform/token.js';
import type { CaLayout } from '../layout.js';

/** A key in a token, ready to sign, and the URI that tells it from all others there. */
export interface TokenSigningKey {
  readonly uri: string;
  readonly keySpec: KeySpec;
  readonly signingKey: SigningKey;
}

/** A key that was just made in a token. */
export interface NewTokenKey extends TokenSigningKey {
  readonly publicKey: PublicKey;
  /** Signs a certification request, with SHA-256 or the hash of its curve's size. */
  readonly request: (subject: readonly NameAttribute[]) => Promise<Uint8Array>;
  readonly destroy: () => Promise<void>;
}

/** Who may not look there may not read a key file either, and is told of that. */
export function isKeyInToken({ privateKeyUri }: CaLayout): boolean {
  try {
    return files.exists(privateKeyUri);
  } catch (error) {
    if (error instanceof OvsPkiError && error.code === 'FILE_UNREADABLE') return false;
    throw error;
  }
}

/** Where the key of a CA is, if it is in a token. Throws PKI_CORRUPT or TOKEN_MODULE_UNUSABLE. */
export function readKeyUri(layout: CaLayout): string | undefined {
  const file = layout.privateKeyUri;
  if (!isKeyInToken(layout)) return undefined;
  const uri = readOwnFile(file)?.trim();
  if (uri === undefined) {
    throw new OvsPkiError('TOKEN_MODULE_UNUSABLE', `${file} names a library, and others could have written it`, {
      hint: `run as its owner; or look what it says, and make it yours: chown "$(id -un)" ${file}; chmod 600 ${file}`,
      details: { file },
    });
  }
  try {
    parsePkcs11Uri(uri);
    return uri;
  } catch (cause) {
    if (!(cause instanceof OvsPkiError)) throw cause;
    throw new OvsPkiError('PKI_CORRUPT', `${file}: ${cause.message}`, {
      hint: `put ${file} back from a backup`,
      details: { file },
      cause,
    });
  }
}

/**
 * Finds a key in a token. Whether it is the one of a certificate is told by its signatures.
 *
 * @throws TOKEN_KEY_NOT_FOUND, KEY_TYPE_UNSUPPORTED, and what {@link openToken} throws
 */
export async function tokenSigningKey(
  platform: Platform,
  uri: string,
  type: PublicKey | KeySpec,
): Promise<TokenSigningKey> {
  const place = parsePkcs11Uri(uri);
  return findKey(await tokenOf(platform, place), place, specOf(type));
}

/** What the labels of keys begin with that were made here. */
const ownLabel = 'ovs-pki-ts ';

/** Makes a key for a CA in a token, from where it cannot be read again. */
export async function makeTokenKey(
  platform: Platform,
  uri: string,
  spec: KeySpec,
  caName: string,
): Promise<NewTokenKey> {
  const label = `${ownLabel}${caName} ${platform.clock.now().toISOString()}`;
  const place = { ...parsePkcs11Uri(uri), object: label };
  const token = await tokenOf(platform, place);
  // A run that is killed before the CA is there leaves a key that this line tells of.
  platform.log.write(`making the key ${label} in the token ${token.label}`);
  const keys = await token.generate(generationAlgorithm(spec), label, (spki) => keyIdentifier(publicKeyOf(spki)));
  const id = keyIdentifier(publicKeyOf(keys.spki));
  const destroy = (): Promise<void> => token.destroy(id);
  try {
    return {
      ...(await findKey(token, { ...place, id }, spec)),
      publicKey: publicKeyOf(keys.spki),
      request: (subject) =>
        token.use((crypto) => createCertificationRequest(crypto, { subject, dnsName: undefined, keys, spec })),
      destroy,
    };
  } catch (error) {
    await destroy();
    throw error;
  }
}

/**
 * Destroys a key in a token, the public half with it. One that was not made for this CA can be another's, too: it stays.
 *
 * @returns whether it is gone
 * @throws what {@link openToken} throws
 */
export async function destroyOwnTokenKey(platform: Platform, uri: string): Promise<boolean> {
  const { id, object, ...place } = parsePkcs11Uri(uri);
  if (id === undefined || object?.startsWith(ownLabel) !== true) return false;
  await (await tokenOf(platform, place)).destroy(id);
  return true;
}

/** The URI of a key that somebody else has made, which its CKA_ID tells from others. */
export function foreignKeyUri(uri: string): string {
  const { object: _, ...place } = parsePkcs11Uri(uri);
  return formatPkcs11Uri(place);
}

/** The URI of the token that a key is in. */
export function tokenUriOf(uri: string): string {
  const { object: _, id: __, ...token } = parsePkcs11Uri(uri);
  return formatPkcs11Uri(token);
}

async function findKey(token: Token, place: Pkcs11Uri, keySpec: KeySpec): Promise<TokenSigningKey> {
  const algorithm = signatureAlgorithmFor(keySpec);
  const [found, ...others] = await token.find(place, keyAlgorithm(keySpec, algorithm));
  if (found === undefined || others.length > 0) {
    const number = found === undefined ? 'no private key' : `${1 + others.length} private keys`;
    throw new OvsPkiError('TOKEN_KEY_NOT_FOUND', `the token ${JSON.stringify(token.label)} has ${number} like this`, {
      hint: 'see what is there: pkcs11-tool --login --list-objects --module FILE; a URI tells a key by object= or id=',
      details: { uri: formatPkcs11Uri(place) },
    });
  }
  const { key, id, label: object } = found;
  return {
    uri: formatPkcs11Uri({ ...place, id, ...(object === '' ? {} : { object }) }),
    keySpec,
    signingKey: {
      algorithm,
      sign: (bytes) => token.use((crypto) => signWith(crypto, key, algorithm, bytes)),
    },
  };
}

function tokenOf({ pin }: Platform, { modulePath, token, pinSource }: Pkcs11Uri): Promise<Token> {
  return openToken({ modulePath, token }, async (label) => {
    if (pinSource !== undefined) return readPassphraseFile(pinSource);
    if (pin !== undefined) return pin(label);
    throw new OvsPkiError('PROMPT_IMPOSSIBLE', `the token ${JSON.stringify(label)} wants a PIN, and nobody gives it`, {
      hint: 'give a URI with pin-source=file:FILE, or a platform with pin',
    });
  });
}

function publicKeyOf(spki: Uint8Array): PublicKey {
  return decodePublicKey(readDer(spki));
}

/** The kind of a key, to make another one of it. Throws KEY_TYPE_UNSUPPORTED. */
export function specOf(key: PublicKey | KeySpec): KeySpec {
  if (key.type !== 'other') return key;
  throw new OvsPkiError('KEY_TYPE_UNSUPPORTED', `keys of type ${key.name} are not used`, {
    hint: 'use an RSA key, or for TLS an EC key on P-256 or P-384',
  });
}
