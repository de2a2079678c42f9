/**
 * `sign NAME [TYPE]`: a certificate for a request.
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';
import type { Certificate } from '../pki/certificate.js';
import { decodeCertificationRequestPem } from '../pki/certification-request.js';
import { type FileName, parseFileName } from '../pki/name.js';
import type { CertificateType } from '../pki/profile.js';
import { certificateFileText } from '../pki/text.js';
import * as files from '../platform/files.js';
import type { Platform } from '../platform/index.js';
import { type IssueOrder, issueInCa } from '../store/issue-batch.js';
import { issuedCertificateFile } from '../store/layout.js';
import { type Ca, openIssuer, readCa } from '../store/pki-directory.js';
import { fingerprintOf } from './fingerprint.js';
import { requireFree } from './req.js';
import { type CertificateSummary, orRefused, type Refused, summarize } from './summary.js';

/** What `sign` is to sign: the requests of these names. */
export interface SignRequest {
  readonly pkiDirectory: string;
  readonly names: readonly string[];
  readonly type: CertificateType;
  readonly days: number;
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

/** The certificate that was made for one name. */
export interface Signed {
  readonly name: string;
  readonly outcome: 'signed';
  readonly type: CertificateType;
  readonly certificateFile: string;
  readonly certificate: CertificateSummary;
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
 * @throws PKI_NOT_FOUND, PKI_CORRUPT, PKI_LOCKED, CA_EXPIRED, KEY_MISMATCH, KEY_ENCRYPTED: nothing was signed
 */
export async function sign(platform: Platform, request: SignRequest): Promise<(Signed | Refused)[]> {
  // 1. The CA.
  const ca = readCa(request.pkiDirectory, request.type);
  const issuer = await openIssuer(platform.crypto, ca);
  // 2. What is there to be signed.
  const items = await Promise.all(
    request.names.map((name) => orRefused(name, () => readItem(platform, request, name))),
  );
  const ready = items.filter((item): item is SignItem => 'order' in item);
  // 3. The certificates.
  const progress = (done: number) => request.onProgress?.(items.length - ready.length + done, items.length);
  const orders = ready.map(({ order }) => order);
  const issued = (await issueInCa(platform, ca, issuer, orders, request.days, progress)).values();
  // 4. Their files.
  return Promise.all(
    items.map((item) =>
      'order' in item
        ? orRefused(item.name, () => deliver(platform, ca, item, issued.next().value, request.force))
        : item,
    ),
  );
}

async function readItem(platform: Platform, { force, confirmed }: SignRequest, name: string): Promise<SignItem> {
  const file = parseFileName(name);
  const content = readRequest(file);
  const wanted = confirmed?.get(name);
  if (wanted !== undefined && (await fingerprintOf(platform, file.requestFile, content)).sha256 !== wanted) {
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
      hint: `make a request first: ovs-pki-ts req --unique ${typed}`,
      details: error.details,
      cause: error,
    });
  }
}

/** Writes the certificate that was issued for an item to its file. */
export function deliver(
  { log }: Platform,
  ca: Ca,
  { name, file }: Pick<SignItem, 'name' | 'file'>,
  issued: { certificate: Certificate } | { error: OvsPkiError } | undefined,
  force: boolean,
): Signed {
  if (issued === undefined) throw new Error(`no result for ${name}`);
  if ('error' in issued) {
    log.write(`refused ${name}: ${issued.error.message} [${issued.error.code}]`);
    throw issued.error;
  }
  const { certificate } = issued;
  try {
    (force ? files.replaceFile : files.createFile)(file.certificateFile, certificateFileText(certificate));
  } catch (error) {
    if (!(error instanceof OvsPkiError)) throw error;
    const copy = issuedCertificateFile(ca.layout, certificate.serialNumber);
    throw new OvsPkiError(error.code, `the certificate was issued, but ${error.message}`, {
      hint: `the CA has a copy of it: cp ${copy} ${file.certificateFile}`,
      details: error.details,
      cause: error,
    });
  }
  log.write(`signed ${file.certificateFile} by ${ca.type}ca, serial ${certificate.serialNumber}`);
  return {
    name,
    outcome: 'signed',
    type: ca.type,
    certificateFile: file.certificateFile,
    certificate: summarize(certificate),
  };
}
