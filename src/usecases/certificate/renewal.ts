/**
 * What `renew` takes and gives, as users of the library see it.
 *
 * @module
 */

import type { KeySpec } from '../../pki/key-spec.js';
import type { CertificateType } from '../../pki/profile.js';
import type { CertificateSummary } from '../summary.js';

/** What `renew` is to renew. */
export interface RenewRequest {
  readonly pkiDirectory: string;
  readonly type: CertificateType;
  readonly names: readonly string[];
  /** Not these names, but all whose certificate is in the current folder and expires within so many milliseconds. */
  readonly dueWithinMs: number | undefined;
  readonly rekey: boolean;
  /** With `rekey`: the keys to make, if not of the kind that each name has. */
  readonly keySpec: KeySpec | undefined;
  /** If not given: 3650, or for a short-lived certificate as long again as it was made for. */
  readonly days?: number;
  /** In place of `days`: when the validity ends. */
  readonly notAfter?: Date;
  /** Revoke the certificates that are renewed, as superseded. */
  readonly revokeOld?: boolean;
  /** Called as the work goes on, with the number of names that have their new key. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** The certificate that one name has now. */
export interface Renewed {
  readonly name: string;
  readonly outcome: 'renewed';
  /** Who signed it. */
  readonly issuer: CertificateType | 'self';
  readonly rekeyed: boolean;
  /** It had been issued by a run that was interrupted, and is only in its place since now. */
  readonly recovered: boolean;
  readonly certificateFile: string;
  readonly certificate: CertificateSummary;
  /** With `revokeOld`: the serial numbers of those that were revoked. */
  readonly revokedOld?: readonly string[];
}
