/**
 * The CAs that were replaced: `retired/`, a certificate a file, until hosts have been told to trust them no more.
 *
 * @module
 */

import { join } from 'node:path';
import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import * as files from '../../platform/files.js';
import { readCertificate } from '../certificate-file.js';
import type { CaLayout } from '../layout.js';
import { type Ca, generationsOf, keyIdentifierHex } from './ca.js';

/** The certificates of CAs that were replaced. Throws PKI_CORRUPT. */
export function readRetired(ca: Ca): Certificate[] {
  const { retired } = ca.layout;
  // A step that was interrupted can have called a CA retired that is still one of the two.
  const inUse = generationsOf(ca).map(({ certificate }) => retiredFile(ca.layout, certificate));
  return files
    .list(retired)
    .filter((name) => name.endsWith('.pem'))
    .map((name) => join(retired, name))
    .filter((file) => !inUse.includes(file))
    .flatMap(readRetiredFile);
}

function readRetiredFile(file: string): Certificate[] {
  try {
    return [readCertificate(file)];
  } catch (error) {
    if (!(error instanceof OvsPkiError)) throw error;
    // A step of a rollover, which holds the lock that readers do not, can have taken it away.
    if (error.code === 'FILE_NOT_FOUND') return [];
    if (error.code.startsWith('FILE_')) throw error;
    throw new OvsPkiError('PKI_CORRUPT', error.message, {
      hint: `put ${file} back from a backup; without it hosts are not told to trust that CA no more`,
      details: { file },
      cause: error,
    });
  }
}

/** Where the certificate of a CA goes once it is replaced. */
export function retiredFile({ retired }: CaLayout, certificate: Certificate): string {
  return join(retired, `${keyIdentifierHex(certificate)}.pem`);
}
