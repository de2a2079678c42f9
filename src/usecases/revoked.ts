/**
 * What is said of a host whose certificate was revoked.
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';
import type { SerialNumber } from '../pki/serial.js';

/** Nobody is certified anew by asking for it: somebody has to want it. */
export function certificateRevoked(name: string, serialNumber: SerialNumber, reason: string): OvsPkiError {
  return new OvsPkiError('CERTIFICATE_REVOKED', `the certificate ${serialNumber} of ${name} was revoked (${reason})`, {
    hint: `if ${name} is trusted again, give it a new key: ovs-pki-ts req+sign --force --unique ${name}; then run this again`,
    details: { name, serialNumber, reason },
  });
}
