/**
 * `req+sign NAME [TYPE]`: key, request and certificate in one go.
 *
 * @module
 */

import type { Issuer } from '../pki/issue.js';
import type { KeySpec } from '../pki/key.js';
import { parseFileName } from '../pki/name.js';
import type { CertificateType } from '../pki/profile.js';
import type { Platform } from '../platform/index.js';
import { issueInCa } from '../store/issue-batch.js';
import { type Ca, openIssuer, readCa } from '../store/pki-directory.js';
import { fingerprint } from './fingerprint.js';
import { type FreshRequest, inParallel, makeRequest, type RequestMade, requireFree } from './req.js';
import { deliver, type Signed } from './sign.js';
import { orRefused, type Refused } from './summary.js';

/** What `reqSign` is to make; its properties are those of `ReqRequest` and `SignRequest`. */
export interface ReqSignRequest {
  readonly pkiDirectory: string;
  readonly names: readonly string[];
  readonly type: CertificateType;
  readonly keySpec: KeySpec;
  readonly unique: boolean;
  readonly days: number;
  readonly force: boolean;
  /** Called as the work goes on, with the number of names that are done. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** The key, the request and the certificate that were made for one name. */
export type RequestSigned = Omit<RequestMade, 'outcome'> & Signed;

/** Certificates are issued for so many requests at a time, while the keys of the next ones are being made. */
const chunkSize = 32;

/**
 * A result for each name, in the order given; a refusal of one does not touch the others.
 *
 * @throws PKI_NOT_FOUND, PKI_CORRUPT, PKI_LOCKED, CA_EXPIRED, KEY_MISMATCH, KEY_ENCRYPTED
 */
export async function reqSign(platform: Platform, request: ReqSignRequest): Promise<(RequestSigned | Refused)[]> {
  // 1. The CA.
  const ca = readCa(request.pkiDirectory, request.type);
  const issuer = await openIssuer(platform.crypto, ca);
  // 2. Keys and requests on all cores; 3. certificates and their files, a chunk behind.
  const results: (RequestSigned | Refused)[] = [];
  let signing = Promise.resolve();
  for (let start = 0; start < request.names.length; start += chunkSize) {
    const names = request.names.slice(start, start + chunkSize);
    const chunk = await inParallel(names, platform.concurrency, (name) =>
      orRefused(name, () => freshRequest(platform, request, name)),
    );
    await signing;
    signing = signChunk(platform, ca, issuer, request, chunk).then((signed) => {
      results.push(...signed);
      request.onProgress?.(results.length, request.names.length);
    });
  }
  await signing;
  return results;
}

function freshRequest(platform: Platform, request: ReqSignRequest, name: string): Promise<FreshRequest> {
  if (!request.force) requireFree(parseFileName(name).certificateFile);
  return makeRequest(platform, request, name);
}

async function signChunk(
  platform: Platform,
  ca: Ca,
  issuer: Issuer,
  { days, force }: ReqSignRequest,
  chunk: readonly (FreshRequest | Refused)[],
): Promise<(RequestSigned | Refused)[]> {
  const ready = chunk.filter((item): item is FreshRequest => 'request' in item);
  const orders = ready.map(({ request, file }) => ({ request, name: file.name }));
  const issued = (await issueInCa(platform, ca, issuer, orders, days)).values();
  return Promise.all(
    chunk.map((item) => {
      if (!('request' in item)) return item;
      const { file, made } = item;
      return orRefused(made.name, async () => ({
        ...made,
        ...deliver(platform, ca, { name: made.name, file }, issued.next().value, force),
        fingerprint: await fingerprint(platform, { file: file.requestFile }),
      }));
    }),
  );
}
