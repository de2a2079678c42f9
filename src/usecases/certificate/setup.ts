/**
 * `setup NAME…`: from nothing to signed and verified certificates.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { decodeCertificationRequestPem } from '../../pki/certification-request.js';
import { type FileName, parseFileName } from '../../pki/file-name.js';
import type { KeySpec } from '../../pki/key-spec.js';
import type { CertificateType } from '../../pki/profile.js';
import * as files from '../../platform/files.js';
import { isFolder } from '../../platform/folders.js';
import type { Platform } from '../../platform/index.js';
import { readCertificate } from '../../store/certificate-file.js';
import { caFolder, caLayout } from '../../store/layout.js';
import { type InitResult, init } from '../authority/init.js';
import { orRefused, type Refused } from '../summary.js';
import { belongs } from './current.js';
import type { Signed } from './deliver.js';
import { completeRequest } from './req.js';
import { type RequestSigned, reqSign } from './req-sign.js';
import { sign } from './sign.js';
import { type Verified, verify } from './verify.js';

/** What `setup` is to make. */
export interface SetupRequest {
  readonly pkiDirectory: string;
  readonly names: readonly string[];
  readonly type: CertificateType;
  readonly keySpec: KeySpec;
  readonly days: number;
  /** In place of `days`: when the validity ends. */
  readonly notAfter?: Date;
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
  /** What was made now, in the order of the names. */
  readonly signed: readonly (RequestSigned | Signed | Refused)[];
  readonly verified: readonly (Verified | Refused)[];
}

/** @throws what init, reqSign and verify throw */
export async function setup(platform: Platform, request: SetupRequest): Promise<SetupResult> {
  const { pkiDirectory, names, type, keySpec } = request;
  const life = { days: request.days, ...(request.notAfter && { notAfter: request.notAfter }) };
  // 1. A PKI, unless there is one.
  const isMissing = !files.exists(pkiDirectory) || (isFolder(pkiDirectory) && files.list(pkiDirectory).length === 0);
  const made = isMissing
    ? await init(platform, { pkiDirectory, keySpec, ...life, force: files.exists(pkiDirectory) })
    : undefined;
  // 2. Of keys, requests and certificates those that are missing: it can have been interrupted anywhere.
  const signed = await makeMissing(platform, request);
  // 3. Are they good?
  const refused = new Set(signed.flatMap((result) => (result.outcome === 'refused' ? [result.name] : [])));
  const verified = await verify(platform, { pkiDirectory, type, names: names.filter((name) => !refused.has(name)) });
  const caCertificateFile = caLayout(caFolder(pkiDirectory, type)).certificate;
  return { pkiDirectory, caCertificateFile, made, signed, verified };
}

/** A result for each name that has no certificate yet, in their order. */
async function makeMissing(platform: Platform, request: SetupRequest): Promise<(RequestSigned | Signed | Refused)[]> {
  const begun: string[] = [];
  const fresh: string[] = [];
  const refused: Refused[] = [];
  for (const name of request.names) {
    const state = await orRefused(name, () => beginningOf(platform, request, name));
    if (typeof state === 'object') refused.push(state);
    else if (state !== 'complete') (state === 'begun' ? begun : fresh).push(name);
  }
  const results = [
    ...refused,
    ...(begun.length === 0 ? [] : await sign(platform, { ...request, names: begun, force: false })),
    ...(fresh.length === 0 ? [] : await reqSign(platform, { ...request, names: fresh, unique: true, force: false })),
  ];
  const byName = new Map(results.map((result) => [result.name, result]));
  return request.names.flatMap((name) => byName.get(name) ?? []);
}

/**
 * How far a run before this one has come with a name; a key without its request gets one. What is here has to go
 * together: a certificate is of no use without its key.
 */
async function beginningOf(
  platform: Platform,
  request: SetupRequest,
  name: string,
): Promise<'complete' | 'begun' | 'fresh'> {
  const file = parseFileName(name);
  const again = ['ovs-pki-ts req+sign --unique --force', name, ...(request.type === 'switch' ? [] : [request.type])];
  try {
    if (files.exists(file.certificateFile)) {
      requireKeyOf(file, readCertificate(file.certificateFile), file.certificateFile);
      return 'complete';
    }
    if (files.exists(file.requestFile)) {
      const pem = files.readFile(file.requestFile).toString('latin1');
      requireKeyOf(file, decodeCertificationRequestPem(pem, file.requestFile), file.requestFile);
      return 'begun';
    }
    if (!files.exists(file.privateKeyFile)) return 'fresh';
    await completeRequest(platform, file, request);
    return 'begun';
  } catch (error) {
    if (!(error instanceof OvsPkiError) || !isCuredByOthers.has(error.code)) throw error;
    throw new OvsPkiError(error.code, error.message, {
      hint: `put back what is missing or damaged, or have all three made again: ${again.join(' ')}`,
      details: error.details,
    });
  }
}

/** Of the key, the request and the certificate of a name, one is of no use. */
const isCuredByOthers: ReadonlySet<string> = new Set([
  'FILE_NOT_FOUND',
  'KEY_MISMATCH',
  'KEY_INVALID',
  'PEM_INVALID',
  'DER_INVALID',
]);

/** @throws FILE_NOT_FOUND, KEY_MISMATCH */
function requireKeyOf({ privateKeyFile }: FileName, holder: Pick<Certificate, 'publicKey'>, where: string): void {
  if (!files.exists(privateKeyFile)) {
    throw new OvsPkiError('FILE_NOT_FOUND', `${where} is here, and its key is not: ${privateKeyFile} does not exist`, {
      details: { file: privateKeyFile },
    });
  }
  if (belongs(privateKeyFile, holder)) return;
  throw new OvsPkiError('KEY_MISMATCH', `${privateKeyFile} is not the key of ${where}`, {
    details: { file: privateKeyFile },
  });
}
