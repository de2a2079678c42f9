/**
 * SHA-256 beside the SHA-1 that ovs-pki prints, where a person is there to compare.
 *
 * @module
 */

import { writeOut } from '../../platform/output.js';
import type { FingerprintResult } from '../../usecases/certificate/fingerprint.js';
import { sha256Line } from '../render/text.js';

export function tellSha256(result: FingerprintResult): void {
  if (process.stderr.isTTY) writeOut('stderr', sha256Line(result));
}
