/**
 * A key that was made here and waits for its certificate, which another CA is to sign: `switchca.request/` beside the folder
 * of the CA, with the key as a CA has it and with its request in `careq.pem`.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { type CertificationRequest, decodeCertificationRequestPem } from '../../pki/certification-request.js';
import { isSameKey } from '../../pki/key-identity.js';
import type { CertificateType } from '../../pki/profile.js';
import * as files from '../../platform/files.js';
import { isFolder } from '../../platform/folders.js';
import { type CaLayout, caLayout, requestFolder } from '../layout.js';

/** A key that waits. */
export interface WaitingKey {
  readonly type: CertificateType;
  readonly layout: CaLayout;
  readonly request: CertificationRequest;
}

/** Undefined where none waits. Throws PKI_CORRUPT. */
export function readWaiting(pkiDirectory: string, type: CertificateType): WaitingKey | undefined {
  const layout = caLayout(requestFolder(pkiDirectory, type));
  if (!isFolder(layout.folder)) return undefined;
  const file = layout.request;
  try {
    return { type, layout, request: decodeCertificationRequestPem(files.readFile(file).toString('latin1'), file) };
  } catch (error) {
    if (!(error instanceof OvsPkiError) || error.code === 'FILE_UNREADABLE') throw error;
    throw new OvsPkiError('PKI_CORRUPT', `${layout.folder} has no request: ${error.message}`, {
      hint: `put ${file} back from a backup, or give the key up: rm -r ${layout.folder}`,
      details: { file },
      cause: error,
    });
  }
}

/** Whether a certificate is for the key that waits. */
export function isFor({ publicKey }: Certificate, waiting: WaitingKey | undefined): waiting is WaitingKey {
  return waiting !== undefined && isSameKey(publicKey, waiting.request.publicKey);
}
