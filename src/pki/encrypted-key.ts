/**
 * Private keys under a passphrase: written as PKCS#8 with PBES2 (RFC 8018), read in every form that OpenSSL writes.
 *
 * @module
 */

import { createCipheriv, createPrivateKey, pbkdf2Sync, randomBytes } from 'node:crypto';
import { OvsPkiError, systemErrorCode } from '../errors.js';
import { inFile } from './certificate.js';
import { encodeInteger, encodeNull, encodeOctetString, encodeOid, encodeSequence } from './der-encode.js';
import { decodePrivateKey, encodePrivateKey, type PrivateKey } from './key.js';
import { oid } from './oid.js';
import { decodePemOf, encodePem } from './pem.js';
import { requireFewIterationsOfKey } from './work.js';

/** PBKDF2 with HMAC-SHA-256: OWASP, Password Storage Cheat Sheet, 2023. OpenSSL's own default is 2048. */
export const iterations = 600_000;

const label = 'ENCRYPTED PRIVATE KEY';
const shortest = 8;
/** openssl(1) reads no more than 1023 bytes. */
const longestBytes = 1000;

/**
 * A private key file encrypted with AES-256-CBC. Written here and not by Node, whose export has no say in the number of
 * iterations.
 *
 * @param passphrase one that {@link passphraseFault} finds nothing wrong with
 */
export function encodeEncryptedPrivateKey(pkcs8: Uint8Array, passphrase: string): string {
  const salt = randomBytes(16);
  const iv = randomBytes(16);
  const key = pbkdf2Sync(passphrase, salt, iterations, 32, 'sha256');
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const encrypted = Buffer.concat([cipher.update(pkcs8), cipher.final()]);
  const keyDerivation = encodeSequence(
    encodeOid(oid.pbkdf2),
    encodeSequence(
      encodeOctetString(salt),
      encodeInteger(iterations),
      encodeSequence(encodeOid(oid.hmacWithSha256), encodeNull()),
    ),
  );
  const encryption = encodeSequence(encodeOid(oid.aes256Cbc), encodeOctetString(iv));
  const algorithm = encodeSequence(encodeOid(oid.pbes2), encodeSequence(keyDerivation, encryption));
  return encodePem(label, encodeSequence(algorithm, encodeOctetString(encrypted)));
}

/** Opens a private key file. Throws PASSPHRASE_WRONG, DER_INVALID, KEY_INVALID, ENCRYPTION_UNSUPPORTED or KEY_TYPE_UNSUPPORTED. */
export function decodeEncryptedPrivateKey(pem: string, passphrase: string, file: string): PrivateKey {
  return decodePrivateKey(encodePrivateKey(decrypt(pem, passphrase, file)), file);
}

function decrypt(pem: string, passphrase: string, file: string): Uint8Array {
  if (pem.includes(`BEGIN ${label}`)) {
    for (const { bytes } of decodePemOf([label], pem, file)) inFile(file, () => requireFewIterationsOfKey(file, bytes));
  }
  try {
    return createPrivateKey({ key: pem, passphrase }).export({ type: 'pkcs8', format: 'der' });
  } catch (cause) {
    // One wrong passphrase of 256 gives something that seems to be decrypted, and cannot be read then.
    const isWrong = ['ERR_OSSL_BAD_DECRYPT', 'ERR_OSSL_UNSUPPORTED'].includes(systemErrorCode(cause) ?? '');
    if (!isWrong) {
      throw new OvsPkiError('KEY_INVALID', `${file}: the encrypted key is damaged`, {
        hint: `see what OpenSSL makes of it: openssl pkey -noout -in ${file}`,
        details: { file },
        cause,
      });
    }
    throw new OvsPkiError('PASSPHRASE_WRONG', `this is not the passphrase of ${file}`, {
      hint: `try again; ${lostPassphrase}`,
      details: { file },
      cause,
    });
  }
}

/** What remains to be done then. */
export const lostPassphrase =
  'if it is lost, nobody can open the key any more: put back a copy whose passphrase is known, or make a new CA: ovs-pki-ts init --force';

/** Why a text cannot be a new passphrase, in a sentence; undefined for one that can. */
export function passphraseFault(passphrase: string): string | undefined {
  if (/\p{Cc}/u.test(passphrase)) return 'a passphrase is one line of text';
  if ([...passphrase].length < shortest) return `a passphrase has at least ${shortest} characters`;
  if (Buffer.byteLength(passphrase) > longestBytes) return `a passphrase has at most ${longestBytes} bytes`;
  return undefined;
}

/** Throws PASSPHRASE_INVALID for what cannot be a new passphrase. */
export function requireGoodPassphrase(passphrase: string): void {
  const fault = passphraseFault(passphrase);
  if (fault === undefined) return;
  throw new OvsPkiError('PASSPHRASE_INVALID', fault, { hint: 'a good one can be made: openssl rand -base64 24' });
}
