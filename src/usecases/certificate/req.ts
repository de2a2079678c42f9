/**
 * `req NAME`: a new private key, and a request for a certificate of it.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import {
  type CertificationRequest,
  createCertificationRequest,
  decodeCertificationRequest,
} from '../../pki/certification-request.js';
import { generateKeyPair, importKeyPair } from '../../pki/engine.js';
import { type FileName, parseFileName } from '../../pki/file-name.js';
import { decodePrivateKey, describeKey, encodePrivateKey } from '../../pki/key.js';
import type { KeySpec } from '../../pki/key-spec.js';
import { commonNameOf, type NameAttribute } from '../../pki/name.js';
import { type CertificateType, requestSubject, type SubjectBase } from '../../pki/profile.js';
import { requestFileText } from '../../pki/text.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { readOwnProfile } from '../../store/ca/profile.js';
import { orRefused, type Refused } from '../summary.js';
import { type FingerprintResult, fingerprint } from './fingerprint.js';

/** What `req` is to make. */
export interface ReqRequest {
  readonly names: readonly string[];
  readonly keySpec: KeySpec;
  /** The PKI directory whose profile says what stands before the common name; that of ovs-pki where it has none. */
  readonly pkiDirectory?: string;
  /** The CA that is to sign. Default: switch. */
  readonly type?: CertificateType;
  /** The name is unique by itself: the common name is NAME and not `NAME id:<uuid>`. */
  readonly unique: boolean;
  /** Replace files that exist. */
  readonly force: boolean;
  /** Called as the work goes on, with the number of names that are done. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** The key and the request that were made for one name. */
export interface RequestMade {
  readonly name: string;
  readonly outcome: 'made';
  readonly commonName: string;
  readonly key: string;
  readonly privateKeyFile: string;
  readonly requestFile: string;
  readonly fingerprint: FingerprintResult;
}

/** A result for each name, in the order given; a refusal of one does not touch the others. */
export async function req(platform: Platform, request: ReqRequest): Promise<(RequestMade | Refused)[]> {
  let done = 0;
  return inParallel(request.names, platform.concurrency, async (name) => {
    const result = await orRefused(name, async () => {
      const { file, made } = await makeRequest(platform, request, name);
      return { ...made, fingerprint: await fingerprint(platform, { file: file.requestFile }) };
    });
    request.onProgress?.(++done, request.names.length);
    return result;
  });
}

/** A request that was just made, with its parsed form, for a caller that goes on to sign it. */
export interface FreshRequest {
  readonly file: FileName;
  readonly request: CertificationRequest;
  readonly made: Omit<RequestMade, 'fingerprint'>;
}

/** Makes the key and the request of one name and writes both files, or neither. */
export async function makeRequest(
  { crypto, log }: Platform,
  request: Omit<ReqRequest, 'names'>,
  name: string,
): Promise<FreshRequest> {
  const { keySpec, unique, force } = request;
  // 1. Is the name good, and are the places free?
  const file = parseFileName(name);
  const commonName = commonNameOf(file.name, unique ? undefined : globalThis.crypto.randomUUID());
  if (!force) for (const place of [file.privateKeyFile, file.requestFile]) requireFree(place);
  // 2. The key and the request.
  const made = await newKeyAndRequest(crypto, keySpec, requestSubject(commonName, baseFor(request)));
  // 3. The files.
  writeBoth(file, made.privateKey, requestFileText(made.request), force);
  log.write(`made the request ${file.requestFile} for ${commonName}, ${describeKey(keySpec)}`);
  const { privateKeyFile, requestFile } = file;
  return {
    file,
    request: made.request,
    made: { name, outcome: 'made', commonName, key: describeKey(keySpec), privateKeyFile, requestFile },
  };
}

/** Makes the request for a key that is there: a run was interrupted between the two. */
export async function completeRequest(
  { crypto, log }: Platform,
  file: FileName,
  place: Pick<ReqRequest, 'pkiDirectory' | 'type'>,
): Promise<void> {
  const { privateKeyFile, requestFile, name } = file;
  const key = decodePrivateKey(files.readFile(privateKeyFile).toString('latin1'), privateKeyFile);
  const keys = await importKeyPair(crypto, key, privateKeyFile);
  const subject = requestSubject(name, baseFor(place));
  const der = await createCertificationRequest(crypto, { subject, dnsName: name, keys, spec: key.spec });
  files.createFile(requestFile, requestFileText(decodeCertificationRequest(der)));
  log.write(`made the request ${requestFile} for ${name}, for the key that was there`);
}

/** A new key, as PEM, and a request for a certificate of it; the common name comes last. */
export async function newKeyAndRequest(
  crypto: Crypto | undefined,
  keySpec: KeySpec,
  subject: readonly NameAttribute[],
): Promise<{ readonly privateKey: string; readonly request: CertificationRequest }> {
  const keys = await generateKeyPair(crypto, keySpec);
  const dnsName = subject.at(-1)?.value;
  const der = await createCertificationRequest(crypto, { subject, dnsName, keys, spec: keySpec });
  return { privateKey: encodePrivateKey(keys.pkcs8), request: decodeCertificationRequest(der) };
}

/** What is asked for is what the CA gives; who has no PKI directory here asks as ovs-pki does. */
export function baseFor({ pkiDirectory, type = 'switch' }: Pick<ReqRequest, 'pkiDirectory' | 'type'>): SubjectBase {
  return pkiDirectory === undefined ? undefined : readOwnProfile(pkiDirectory, type).subject;
}

/**
 * Puts the key and its request in place, or neither. The key goes first, and with `force` what it makes worthless goes
 * before it, so that there is never a request whose key is gone.
 */
function writeBoth({ privateKeyFile, requestFile }: FileName, key: string, request: string, force: boolean): void {
  const stagedKey = files.stageFile(privateKeyFile, key, 0o600);
  let stagedRequest: files.StagedFile | undefined;
  let isKeyNew = false;
  try {
    stagedRequest = files.stageFile(requestFile, request);
    if (force) files.removeFile(requestFile);
    (force ? files.placeOver : files.placeNew)(stagedKey);
    isKeyNew = !force;
    files.placeNew(stagedRequest);
  } catch (error) {
    for (const staged of [stagedKey, stagedRequest]) if (staged !== undefined) files.discard(staged);
    if (isKeyNew) files.removeFile(privateKeyFile);
    throw error;
  }
}

/** Throws FILE_EXISTS. */
export function requireFree(file: string): void {
  if (!files.exists(file)) return;
  throw new OvsPkiError('FILE_EXISTS', `${file} already exists`, {
    hint: 'choose another name, or give --force to replace it',
    details: { file },
  });
}

/** Runs an action for each item, at most `limit` at once; the results are in the order of the items. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  limit: number,
  action: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results = new Array<Result>(items.length);
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await action(item);
  };
  // What is no number would leave everything undone.
  const atOnce = limit >= 1 ? Math.min(limit, items.length) : 1;
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
