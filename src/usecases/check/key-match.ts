/**
 * Whether a private key is that of a certificate, and who can read it.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { decodePrivateKey } from '../../pki/key.js';
import { isSameKey } from '../../pki/key-identity.js';
import * as files from '../../platform/files.js';

/** Whether a private key belongs to a certificate; or why that is not known. */
export type KeyMatch = 'matches' | 'differs' | 'damaged' | { readonly unknown: string };

/** Whether a file is there and can be read by its group or by all. */
export function isExposed(file: string): boolean {
  return (files.modeOf(file) & 0o044) !== 0;
}

/** Whether a key file, if it is there and can be read, is the key of a certificate. */
export function keyMatch({ publicKey }: Certificate, file: string): KeyMatch {
  try {
    const key = decodePrivateKey(files.readFile(file).toString('latin1'), file);
    if (key.publicKey === undefined) return { unknown: `${file} does not tell its public key` };
    return isSameKey(key.publicKey, publicKey) ? 'matches' : 'differs';
  } catch (error) {
    if (!(error instanceof OvsPkiError)) throw error;
    const isDamaged = ['PEM_INVALID', 'KEY_INVALID', 'DER_INVALID'].includes(error.code) || isNoFile(error);
    return isDamaged ? 'damaged' : { unknown: error.message };
  }
}

/** A folder, a socket and the like, which nobody could read as a file. */
function isNoFile({ code, details }: OvsPkiError): boolean {
  return code === 'FILE_UNREADABLE' && details['systemError'] === undefined;
}
