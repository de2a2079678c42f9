/**
 * The private key of a CA: read, opened where it is encrypted or in a token, and ready to sign.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { decodeEncryptedPrivateKey, encodeEncryptedPrivateKey } from '../../pki/encrypted-key.js';
import { importSigningKey, keyIdentifier, type SigningKey } from '../../pki/engine.js';
import type { Issuer } from '../../pki/issue/certificate.js';
import { decodePrivateKey, encodePrivateKey, type PrivateKey } from '../../pki/key.js';
import { isSameKey } from '../../pki/key-identity.js';
import { signatureAlgorithmFor } from '../../pki/signature-algorithm.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { caLayout } from '../layout.js';
import { type Ca, requireSameCa } from './ca.js';
import { asPkiError } from './ca-faults.js';
import { isKeyInToken, readKeyUri, tokenSigningKey } from './token-key.js';

/**
 * Reads and imports the key of a CA, or opens the token that has it. This is done once for each {@link Ca} that was read.
 *
 * @throws PKI_CORRUPT, KEY_MISMATCH, KEY_ENCRYPTED, PASSPHRASE_WRONG, KEY_TYPE_UNSUPPORTED, or the TOKEN_ codes
 */
export function openIssuer(platform: Platform, ca: Ca): Promise<Issuer> {
  const known = issuers.get(ca);
  if (known !== undefined) return known;
  const issuer = readIssuer(platform, ca);
  issuers.set(ca, issuer);
  return issuer;
}

const issuers = new WeakMap<Ca, Promise<Issuer>>();

async function readIssuer(platform: Platform, ca: Ca): Promise<Issuer> {
  const { certificate, layout } = ca;
  const uri = readKeyUri(layout);
  return {
    name: certificate.subject,
    publicKey: certificate.publicKey,
    keyIdentifier: certificate.subjectKeyIdentifier ?? keyIdentifier(certificate.publicKey),
    signingKey:
      uri === undefined
        ? await fileSigningKey(platform, ca)
        : (await tokenSigningKey(platform, uri, certificate.publicKey)).signingKey,
    certificate,
  };
}

async function fileSigningKey(platform: Platform, ca: Ca): Promise<SigningKey> {
  const { privateKey } = await readCaKey(platform, ca);
  const algorithm = signatureAlgorithmFor(privateKey.spec);
  return importSigningKey(platform.crypto, privateKey, algorithm, ca.layout.privateKey);
}

/** A private key and the passphrase that opened it, if it has one. */
export interface OpenedKey {
  readonly privateKey: PrivateKey;
  readonly passphrase: string | undefined;
}

/** Reads the key of a CA, opened where it is encrypted. Throws what {@link openIssuer} throws, or KEY_IN_TOKEN. */
export async function readCaKey(platform: Platform, ca: Ca): Promise<OpenedKey> {
  const { layout, certificate } = ca;
  const file = layout.privateKey;
  if (isKeyInToken(layout)) {
    throw new OvsPkiError('KEY_IN_TOKEN', `the key of ${layout.folder} is in a token, which does not give it away`, {
      hint: `see in which: cat ${layout.privateKeyUri}; its PIN is changed with the tool of the token`,
      details: { file: layout.privateKeyUri },
    });
  }
  // Both keys of a rollover have one passphrase, which is asked for once.
  const { privateKey: named } = caLayout(layout.folder);
  const opened = await openKeyFile(platform, file, named).catch((error: unknown) => {
    requireSameCa(ca);
    throw asPkiError(layout, file, error);
  });
  const { publicKey } = opened.privateKey;
  if (publicKey !== undefined && !isSameKey(publicKey, certificate.publicKey)) {
    requireSameCa(ca);
    throw new OvsPkiError('KEY_MISMATCH', `${file} is not the key of ${layout.certificate}`, {
      hint: 'put the two back from the same backup',
      details: { file },
    });
  }
  return opened;
}

/** Reads a private key file, and asks for the passphrase of an encrypted one, by the name that people know it by. */
export async function openKeyFile({ passphrase }: Platform, file: string, named = file): Promise<OpenedKey> {
  const pem = files.readFile(file).toString('latin1');
  try {
    return { privateKey: decodePrivateKey(pem, file), passphrase: undefined };
  } catch (error) {
    if (!(error instanceof OvsPkiError) || error.code !== 'KEY_ENCRYPTED' || passphrase === undefined) throw error;
  }
  const given = await passphrase(named);
  return { privateKey: decodeEncryptedPrivateKey(pem, given, file), passphrase: given };
}

/** A private key file: encrypted where there is a passphrase. */
export function keyFileText(pkcs8: Uint8Array, passphrase: string | undefined): string {
  return passphrase === undefined ? encodePrivateKey(pkcs8) : encodeEncryptedPrivateKey(pkcs8, passphrase);
}
