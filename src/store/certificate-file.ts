/**
 * A certificate in a file of its own: in the folder of a CA, or beside the key that it belongs to.
 *
 * @module
 */

import { type Certificate, decodeCertificatePem } from '../pki/certificate.js';
import * as files from '../platform/files.js';

/** The first certificate of a file. @throws FILE_NOT_FOUND, FILE_UNREADABLE, CERTIFICATE_INVALID */
export function readCertificate(file: string): Certificate {
  return decodeCertificatePem(files.readFile(file).toString('latin1'), file);
}
