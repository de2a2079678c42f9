/**
 * `req+sign NAME [TYPE]`: key, request and certificate in one go.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { parseFileName } from '../../pki/file-name.js';
import type { KeySpec } from '../../pki/key-spec.js';
import type { CertificateType } from '../../pki/profile.js';
import { validityFrom } from '../../pki/validity.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, readCa } from '../../store/ca/ca.js';
import { openIssuer } from '../../store/ca/ca-key.js';
import { requireFreeSubject } from '../../store/change/check-orders.js';
import { issueInCa } from '../../store/change/issue.js';
import { asRefused, orRefused, type Refused } from '../summary.js';
import { deliver, type Signed } from './deliver.js';
import { fingerprint } from './fingerprint.js';
import { type FreshRequest, inParallel, makeRequest, type RequestMade, requireFree } from './req.js';

/** What `reqSign` is to make; its properties are those of `ReqRequest` and `SignRequest`. */
export interface ReqSignRequest {
  readonly pkiDirectory: string;
  readonly names: readonly string[];
  readonly type: CertificateType;
  readonly keySpec: KeySpec;
  readonly unique: boolean;
  readonly days: number;
  /** In place of `days`: when the validity ends. */
  readonly notAfter?: Date;
  readonly force: boolean;
  /** Called as the work goes on, with the number of names that are done. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** The key, the request and the certificate that were made for one name. */
export type RequestSigned = Omit<RequestMade, 'outcome'> & Signed;

/** A request whose fingerprint was taken before anything is issued for it. */
interface KnownRequest extends FreshRequest {
  readonly made: RequestMade;
}

/** Certificates are issued for so many requests at a time, while the keys of the next ones are being made. */
const chunkSize = 32;

/**
 * A result for each name, in the order given; a refusal of one does not touch the others.
 *
 * @throws PKI_NOT_FOUND, PKI_CORRUPT, PKI_LOCKED, CA_EXPIRED, KEY_MISMATCH, KEY_ENCRYPTED, PASSPHRASE_WRONG: nothing was signed
 */
export async function reqSign(platform: Platform, request: ReqSignRequest): Promise<(RequestSigned | Refused)[]> {
  // 1. The CA; before minutes are spent on keys: can it sign?
  const ca = readCa(request.pkiDirectory, request.type);
  await openIssuer(platform, ca);
  validityFrom(platform.clock.now(), request, ca.certificate);
  request.onProgress?.(0, request.names.length);
  // 2. Keys and requests on all cores; 3. certificates and their files, a chunk behind.
  const results: (RequestSigned | Refused)[] = [];
  const signNext = async (chunk: readonly (KnownRequest | Refused)[]): Promise<void> => {
    results.push(...(await signChunk(platform, ca, request, chunk)));
    request.onProgress?.(results.length, request.names.length);
  };
  let signing = Promise.resolve();
  try {
    for (let start = 0; start < request.names.length; start += chunkSize) {
      const names = request.names.slice(start, start + chunkSize);
      const chunk = await inParallel(names, platform.concurrency, (name) =>
        orRefused(name, () => freshRequest(platform, ca, request, name)),
      );
      await signing;
      signing = signNext(chunk);
      // Its error is thrown where it is awaited, after the next keys are made; until then it is not an unhandled one.
      signing.catch(() => undefined);
    }
    await signing;
    return results;
  } catch (error) {
    // What was signed before the CA became unusable has to be told.
    if (results.length === 0 || !(error instanceof OvsPkiError)) throw error;
    return [...results, ...request.names.slice(results.length).map((name) => asRefused(name, error))];
  }
}

async function freshRequest(platform: Platform, ca: Ca, request: ReqSignRequest, given: string): Promise<KnownRequest> {
  const { name, certificateFile } = parseFileName(given);
  if (!request.force) requireFree(certificateFile);
  else if (request.unique) requireFreeSubject(ca, name);
  const fresh = await makeRequest(platform, request, given);
  const { file } = fresh;
  return { ...fresh, made: { ...fresh.made, fingerprint: await fingerprint(platform, { file: file.requestFile }) } };
}

async function signChunk(
  platform: Platform,
  ca: Ca,
  request: ReqSignRequest,
  chunk: readonly (KnownRequest | Refused)[],
): Promise<(RequestSigned | Refused)[]> {
  const ready = chunk.filter((item): item is KnownRequest => 'request' in item);
  const orders = ready.map(({ request, file }) => ({ request, name: file.name }));
  const issued = await issueInCa(platform, ca, orders, request);
  const items = ready.map(({ made: { name }, file }) => ({ name, file }));
  const delivered = (await deliver(platform, ca, items, issued, request.force)).values();
  return chunk.map((item) => {
    if (!('request' in item)) return item;
    const result = delivered.next().value as Signed | Refused;
    return result.outcome === 'refused' ? result : { ...item.made, ...result };
  });
}
