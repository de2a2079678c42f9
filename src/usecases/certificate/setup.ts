/**
 * `setup NAME…`: from nothing to signed and verified certificates.
 *
 * @module
 */

import type { KeySpec } from '../../pki/key.js';
import type { CertificateType } from '../../pki/profile.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { caFolder, caLayout } from '../../store/layout.js';
import { type InitResult, init } from '../authority/init.js';
import type { Refused } from '../summary.js';
import { type RequestSigned, reqSign } from './req-sign.js';
import { type Verified, verify } from './verify.js';

/** What `setup` is to make. */
export interface SetupRequest {
  readonly pkiDirectory: string;
  readonly names: readonly string[];
  readonly type: CertificateType;
  readonly keySpec: KeySpec;
  readonly days: number;
  /** Called as the work goes on, with the number of names that are done. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** What `setup` has found or made. */
export interface SetupResult {
  readonly pkiDirectory: string;
  /** The CA certificate that goes to the hosts beside their own. */
  readonly caCertificateFile: string;
  /** Undefined where there was a PKI already. */
  readonly made: InitResult | undefined;
  readonly signed: readonly (RequestSigned | Refused)[];
  readonly verified: readonly (Verified | Refused)[];
}

/** @throws what init, reqSign and verify throw */
export async function setup(platform: Platform, request: SetupRequest): Promise<SetupResult> {
  const { pkiDirectory, names, type, keySpec, days } = request;
  // 1. A PKI, unless there is one.
  const made = files.exists(pkiDirectory)
    ? undefined
    : await init(platform, { pkiDirectory, keySpec, days, force: false });
  // 2. Keys, requests, certificates.
  const signed = await reqSign(platform, { ...request, unique: true, force: false });
  // 3. Are they good?
  const refused = new Set(signed.flatMap((result) => (result.outcome === 'refused' ? [result.name] : [])));
  const verified = await verify(platform, { pkiDirectory, type, names: names.filter((name) => !refused.has(name)) });
  const caCertificateFile = caLayout(caFolder(pkiDirectory, type)).certificate;
  return { pkiDirectory, caCertificateFile, made, signed, verified };
}
