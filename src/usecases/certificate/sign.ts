/**
 * `sign NAME [TYPE]`: a certificate for a request.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { decodeCertificationRequestPem } from '../../pki/certification-request.js';
import { type FileName, parseFileName } from '../../pki/file-name.js';
import type { CertificateType } from '../../pki/profile.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { readCa } from '../../store/ca/ca.js';
import { issueInCa } from '../../store/change/issue.js';
import type { IssueOrder } from '../../store/change/order.js';
import { orRefused, type Refused } from '../summary.js';
import { deliver, type Signed } from './deliver.js';
import { fingerprintOf } from './fingerprint.js';
import { requireFree } from './req.js';

/** What `sign` is to sign: the requests of these names. */
export interface SignRequest {
  readonly pkiDirectory: string;
  readonly names: readonly string[];
  readonly type: CertificateType;
  readonly days: number;
  /** In place of `days`: when the validity ends. */
  readonly notAfter?: Date;
  /** Replace certificates that exist. */
  readonly force: boolean;
  /**
   * The SHA-256 fingerprint that was confirmed for each name; a request that has become another one since then is
   * not signed. Names without one are signed as they are.
   */
  readonly confirmed?: ReadonlyMap<string, string>;
  /** Called as the work goes on, with the number of names that are done. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** One request that is ready to be signed. */
export interface SignItem {
  readonly name: string;
  readonly file: FileName;
  readonly order: IssueOrder;
}

/**
 * A result for each name, in the order given; a refusal of one does not touch the others.
 *
 * @throws PKI_NOT_FOUND, PKI_CORRUPT, PKI_LOCKED, CA_EXPIRED, KEY_MISMATCH, KEY_ENCRYPTED, PASSPHRASE_WRONG: nothing was signed
 */
export async function sign(platform: Platform, request: SignRequest): Promise<(Signed | Refused)[]> {
  // 1. The CA.
  const ca = readCa(request.pkiDirectory, request.type);
  // 2. What is there to be signed.
  const items = await Promise.all(request.names.map((name) => orRefused(name, () => readItem(request, name))));
  const ready = items.filter((item): item is SignItem => 'order' in item);
  // 3. The certificates.
  const progress = (done: number) => request.onProgress?.(items.length - ready.length + done, items.length);
  const orders = ready.map(({ order }) => order);
  const issued = await issueInCa(platform, ca, orders, request, progress);
  // 4. Their files.
  const delivered = (await deliver(platform, ca, ready, issued, request.force)).values();
  return items.map((item) => ('order' in item ? (delivered.next().value as Signed | Refused) : item));
}

function readItem({ force, confirmed }: SignRequest, name: string): SignItem {
  const file = parseFileName(name);
  const content = readRequest(file);
  const wanted = confirmed?.get(name);
  if (wanted !== undefined && fingerprintOf(file.requestFile, content).sha256 !== wanted) {
    throw new OvsPkiError('REQUEST_CHANGED', `${file.requestFile} has changed since its fingerprint was confirmed`, {
      hint: `look at it again: ovs-pki-ts fingerprint ${file.requestFile}`,
    });
  }
  const order = {
    request: decodeCertificationRequestPem(content.toString('latin1'), file.requestFile),
    name: file.name,
  };
  if (!force) requireFree(file.certificateFile);
  return { name, file, order };
}

function readRequest({ requestFile, typed }: FileName): Buffer {
  try {
    return files.readFile(requestFile);
  } catch (error) {
    if (!(error instanceof OvsPkiError) || error.code !== 'FILE_NOT_FOUND') throw error;
    throw new OvsPkiError('FILE_NOT_FOUND', error.message, {
      hint: `make a request first: ovs-pki-ts req --unique ${typed}; or name the file of one: ovs-pki-ts sign FILE --as ${typed}`,
      details: error.details,
      cause: error,
    });
  }
}
