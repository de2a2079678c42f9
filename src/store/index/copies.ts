/**
 * The copies that a CA keeps of the certificates that it has issued: newcerts/.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import type { SerialNumber } from '../../pki/serial.js';
import * as files from '../../platform/files.js';
import { readCertificate } from '../certificate-file.js';
import { type CaLayout, issuedCertificateFile } from '../layout.js';

/** The CA's copy of a certificate, where it is here and can be read. */
export function copyOf(layout: CaLayout, serialNumber: SerialNumber): Certificate | undefined {
  const file = issuedCertificateFile(layout, serialNumber);
  if (!files.exists(file)) return undefined;
  try {
    return readCertificate(file);
  } catch (error) {
    if (error instanceof OvsPkiError) return undefined;
    throw error;
  }
}
