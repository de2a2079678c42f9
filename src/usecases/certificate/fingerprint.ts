/**
 * `fingerprint FILE`: what two people read to each other to be sure that they have the same file.
 *
 * @module
 */

import { decodeCertificatePem } from '../../pki/certificate.js';
import { digestHex } from '../../pki/digest.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';

/** What `fingerprint` is asked. */
export interface FingerprintRequest {
  readonly file: string;
}

/** What `fingerprint` answers. */
export interface FingerprintResult {
  readonly file: string;
  /** When the file was last changed; ISO 8601, UTC. */
  readonly modifiedAt: string;
  /**
   * SHA-1, hexadecimal, as ovs-pki prints it: of the certificate (upper case) where the file holds one, else of the
   * whole file (lower case).
   */
  readonly sha1: string;
  /** SHA-256 of the same bytes, lower case. */
  readonly sha256: string;
  readonly of: 'certificate' | 'file';
  /** Whether the name of the file, as it was given, begins with the fingerprint. */
  readonly inFileName: boolean;
}

/** @throws FILE_NOT_FOUND, FILE_UNREADABLE, PEM_INVALID, DER_INVALID */
export async function fingerprint(_platform: Platform, { file }: FingerprintRequest): Promise<FingerprintResult> {
  return fingerprintOf(file, files.readFile(file));
}

/** The same for content that has been read already. */
export function fingerprintOf(file: string, content: Uint8Array): FingerprintResult {
  const modifiedAt = files.stampOf(file)?.modifiedAt ?? new Date(0);
  const text = Buffer.from(content).toString('latin1');
  const isCertificate = text.includes('-BEGIN CERTIFICATE-');
  const bytes = isCertificate ? decodeCertificatePem(text, file).der : content;
  const sha1 = digestHex('sha1', bytes);
  const printed = isCertificate ? sha1.toUpperCase() : sha1;
  return {
    file,
    modifiedAt: modifiedAt.toISOString(),
    sha1: printed,
    sha256: digestHex('sha256', bytes),
    of: isCertificate ? 'certificate' : 'file',
    inFileName: file.startsWith(printed),
  };
}
