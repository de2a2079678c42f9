/**
 * The key of a CA that comes from elsewhere: in a file, in a token, or waiting here for its certificate.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { isKeyPair, signsFor } from '../../pki/engine.js';
import { isPkcs11Uri } from '../../pki/pkcs11-uri.js';
import type { CertificateType } from '../../pki/profile.js';
import type { Platform } from '../../platform/index.js';
import { openKeyFile } from '../../store/ca/ca-key.js';
import { foreignKeyUri, readKeyUri, tokenSigningKey } from '../../store/ca/token-key.js';
import type { WaitingKey } from '../../store/ca/waiting.js';
import type { NewCa } from '../../store/change/new-ca.js';

/** A certificate, and the file that it was read from. */
export interface CertificateOfFile {
  readonly certificate: Certificate;
  readonly certificateFile: string;
}

/** Throws KEY_MISMATCH for one that is not the other half of the public key. */
export async function openCaKey(
  platform: Platform,
  of: CertificateOfFile,
  privateKeyFile: string,
): Promise<Pick<NewCa, 'keySpec' | 'key'>> {
  if (isPkcs11Uri(privateKeyFile)) {
    const { uri, keySpec } = await keyInToken(platform, of, privateKeyFile);
    return { keySpec, key: { uri: foreignKeyUri(uri) } };
  }
  const { certificate, certificateFile } = of;
  const { privateKey, passphrase } = await openKeyFile(platform, privateKeyFile);
  if (!(await isKeyPair(privateKey, certificate.publicKey, privateKeyFile))) {
    throw new OvsPkiError('KEY_MISMATCH', `${privateKeyFile} is not the key of ${certificateFile}`, {
      hint: `compare the two: openssl pkey -pubout -in ${privateKeyFile}; openssl x509 -pubkey -noout -in ${certificateFile}`,
      details: { files: [privateKeyFile, certificateFile] },
    });
  }
  return { keySpec: privateKey.spec, key: { pkcs8: privateKey.pkcs8, passphrase } };
}

/** The key that was made here for the certificate. Throws what {@link openCaKey} throws. */
export async function openWaitingKey(
  platform: Platform,
  of: CertificateOfFile,
  { layout }: WaitingKey,
): Promise<Pick<NewCa, 'keySpec' | 'key'>> {
  const uri = readKeyUri(layout);
  if (uri === undefined) return openCaKey(platform, of, layout.privateKey);
  const { keySpec } = await keyInToken(platform, of, uri);
  return { keySpec, key: { uri } };
}

async function keyInToken(platform: Platform, { certificate, certificateFile }: CertificateOfFile, place: string) {
  const found = await tokenSigningKey(platform, place, certificate.publicKey);
  if (await signsFor(found.signingKey, certificate.publicKey)) return found;
  throw new OvsPkiError('KEY_MISMATCH', `the key in the token is not that of ${certificateFile}`, {
    hint: 'see which keys are there: pkcs11-tool --login --list-objects --module FILE',
    details: { uri: found.uri },
  });
}

/** A certificate came, and no key here is its own. */
export function noKeyFor(type: CertificateType, certificateFile: string, waiting: WaitingKey | undefined): OvsPkiError {
  if (waiting === undefined) {
    return new OvsPkiError('KEY_MISMATCH', `no key here is that of ${certificateFile}`, {
      hint: `name it: ovs-pki-ts import ${type} --ca-cert ${certificateFile} --ca-key FILE; or have a key made here: import ${type} --request FILE --subject NAME`,
      details: { files: [certificateFile] },
    });
  }
  const { request } = waiting.layout;
  return new OvsPkiError(
    'KEY_MISMATCH',
    `${certificateFile} is not for the key that waits: its request is ${request}`,
    {
      hint: `compare the two: openssl req -pubkey -noout -in ${request}; openssl x509 -pubkey -noout -in ${certificateFile}`,
      details: { files: [certificateFile, request] },
    },
  );
}
