/**
 * `crl [TYPE]`: the list of revoked certificates, as hosts read it.
 *
 * @module
 */

import type { CertificateType } from '../../pki/profile.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { readCa } from '../../store/ca/ca.js';
import { makeCrls } from '../../store/change/crl.js';

/** The CRL that is to be made. */
export interface CrlRequest {
  readonly pkiDirectory: string;
  readonly type: CertificateType;
  /** Until the next list is due. */
  readonly days: number;
  /** A copy of it for others. */
  readonly out: CrlCopy | undefined;
}

/** A copy of a CRL. */
export interface CrlCopy {
  /** The name of a file, or who takes the bytes. */
  readonly file: string | ((content: Uint8Array) => void);
  readonly form: 'PEM' | 'DER';
}

/** The CRL that was made. */
export interface CrlMade {
  readonly type: CertificateType;
  readonly outcome: 'made';
  /** In the folder of the CA, PEM. */
  readonly file: string;
  readonly out: string | undefined;
  /** The same list signed by the other CA of a rollover, PEM. */
  readonly otherFile?: string;
  /** Hexadecimal, upper case, an even number of digits. */
  readonly crlNumber: string;
  /** How many certificates are revoked. */
  readonly revoked: number;
  /** ISO 8601, UTC. */
  readonly thisUpdate: string;
  /** ISO 8601, UTC. */
  readonly nextUpdate: string;
}

/** What ca.cnf says, of ovs-pki and of us. */
export const defaultCrlDays = 30;

/** @throws PKI_NOT_FOUND, PKI_CORRUPT, PKI_LOCKED, CA_EXPIRED, KEY_MISMATCH, KEY_ENCRYPTED, LINT_FAILED, FILE_UNWRITABLE */
export async function crl(platform: Platform, { pkiDirectory, type, days, out }: CrlRequest): Promise<CrlMade> {
  const ca = readCa(pkiDirectory, type);
  const [made, other] = await makeCrls(platform, ca, days);
  if (out !== undefined) {
    const content = out.form === 'DER' ? made.der : Buffer.from(made.pem);
    if (typeof out.file === 'string') files.replaceFile(out.file, content);
    else out.file(content);
  }
  return {
    type,
    outcome: 'made',
    file: ca.layout.crl,
    out: typeof out?.file === 'string' ? out.file : undefined,
    ...(other === undefined ? {} : { otherFile: other.file }),
    crlNumber: made.crlNumber,
    revoked: made.count,
    thisUpdate: made.thisUpdate.toISOString(),
    nextUpdate: made.nextUpdate.toISOString(),
  };
}
