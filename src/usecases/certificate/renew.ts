/**
 * `renew NAME [TYPE]`: a new certificate for a name that has one, for the same key or for a new one.
 *
 * @module
 */

import { dirname, join, resolve } from 'node:path';
import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { decodePrivateKey, type KeySpec } from '../../pki/key.js';
import { renewalFindings } from '../../pki/lint/request-rules.js';
import { attributeValues, type FileName, parseFileName } from '../../pki/name.js';
import { oid } from '../../pki/oid.js';
import { type CertificateType, requestSubject } from '../../pki/profile.js';
import { requestFileText } from '../../pki/text.js';
import type { Life } from '../../pki/validity.js';
import * as files from '../../platform/files.js';
import { isFolder } from '../../platform/folders.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, readCa } from '../../store/ca/ca.js';
import { type IssueResult, issueInCa, type OwnOrder } from '../../store/change/issue.js';
import { refusal } from '../../store/change/refusals.js';
import { type RevokeResult, revokeInCa } from '../../store/change/revoke.js';
import { withPassingLock } from '../../store/journal/lock.js';
import { asRefused, type CertificateSummary, orRefused, type Refused, type Skipped, summarize } from '../summary.js';
import { type CaView, currentCertificate, keySpecOf, requireOwnKey, viewOf } from './current.js';
import { notWritten } from './deliver.js';
import { dueHere, namesInFolder, nextLife } from './due.js';
import { finishReplacement, isReplacing, replaceAll, replaceCertificate, stageKey } from './replace-files.js';
import { baseFor, inParallel, newKeyAndRequest } from './req.js';
import { issueSelfSigned } from './self-sign.js';

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

/** What is to be done for one name. */
interface Job {
  readonly name: string;
  readonly file: FileName;
  readonly issuer: Ca | 'self';
  /** Of a run that was interrupted before it was put in its place. */
  readonly waiting: Certificate | undefined;
  readonly order: OwnOrder;
  readonly life: Life;
}

/**
 * A result for each name, in the order given; a refusal of one does not touch the others. Of those that are due, and
 * cannot be renewed here, it is told why.
 *
 * @throws PKI_NOT_FOUND, PKI_CORRUPT, PKI_LOCKED, CA_EXPIRED, KEY_MISMATCH, KEY_ENCRYPTED
 */
export function renew(platform: Platform, request: RenewRequest): Promise<(Renewed | Skipped | Refused)[]> {
  const places = request.dueWithinMs === undefined ? request.names.map((name) => dirname(name)) : ['.'];
  const folders = [...new Set(places.map((place) => resolve(place)))].filter(isFolder).sort();
  return oneAtATime(platform, folders, async () => {
    const results = await renewHere(platform, request);
    return request.revokeOld ? withoutOld(platform, request, results) : results;
  });
}

/** Each name keeps the certificate that was issued last: the others are superseded. */
async function withoutOld(
  platform: Platform,
  { pkiDirectory, type }: RenewRequest,
  results: readonly (Renewed | Skipped | Refused)[],
): Promise<(Renewed | Skipped | Refused)[]> {
  const all: (Renewed | Skipped | Refused)[] = [];
  for (const result of results) {
    if (result.outcome !== 'renewed' || result.issuer === 'self') all.push(result);
    else {
      const target = { name: parseFileName(result.name).name };
      const revocation = { reason: 'superseded', invalidityDate: undefined } as const;
      const old = await orRefused(result.name, () =>
        revokeInCa(platform, readCa(pkiDirectory, type), [target], revocation),
      );
      if (!Array.isArray(old)) all.push(result, old);
      else all.push({ ...result, revokedOld: old.flatMap(newlyRevoked) });
    }
  }
  return all;
}

/** That nothing was left to be revoked is as good. */
function newlyRevoked(result: RevokeResult | OvsPkiError): string[] {
  if (result instanceof OvsPkiError || !result.isNew) return [];
  return result.rows.map(({ serialNumber }) => serialNumber);
}

/** Two runs that replace the files of one name at once would mix theirs up. */
function oneAtATime<T>(platform: Platform, folders: readonly string[], action: () => Promise<T>): Promise<T> {
  const [first, ...more] = folders;
  if (first === undefined) return action();
  return withPassingLock(platform, join(first, '.ovs-pki-ts.lock'), () => oneAtATime(platform, more, action));
}

async function renewHere(platform: Platform, request: RenewRequest): Promise<(Renewed | Skipped | Refused)[]> {
  // 1. What is to be renewed. A name that is self-signed needs no CA.
  const { dueWithinMs } = request;
  const here = dueWithinMs === undefined ? undefined : namesInFolder();
  // Nobody else is at work here: what lies beside a name without a certificate was left by a run that was killed.
  for (const name of here ?? []) if (!isReplacing(parseFileName(name))) finishReplacement(parseFileName(name));
  let known: CaView | undefined;
  const view = (): CaView => {
    known ??= viewOf(readCa(request.pkiDirectory, request.type), here ?? new Set(request.names.map(baseName)));
    return known;
  };
  const due = here && dueHere(platform, view(), here, request, dueWithinMs ?? 0);
  const names = due?.names ?? request.names.map((name) => ({ name, waiting: undefined }));
  // 2. What each name has, and with --rekey a new key beside it.
  let done = 0;
  const jobs = await inParallel(names, platform.concurrency, async ({ name, waiting }) => {
    const job = await orRefused(name, () => prepare(platform, request, view, name, waiting));
    request.onProgress?.(++done, names.length);
    return job;
  });
  // 3. The certificates.
  const open = jobs.filter((job): job is Job => 'order' in job);
  const byCa = open.filter((job) => job.issuer !== 'self' && job.waiting === undefined);
  const issued = byCa.length === 0 ? new Map() : await issueAll(platform, view().ca, byCa).catch(takeBack(open));
  // 4. Their files.
  const results: (Renewed | Skipped | Refused)[] = [];
  for (const job of jobs) {
    if (!('order' in job)) results.push(job);
    else {
      results.push(await orRefused(job.name, () => finish(platform, request, job, issued.get(job))));
    }
  }
  return [...results, ...(due?.skipped ?? [])];
}

/** Those of one life together. */
async function issueAll(platform: Platform, ca: Ca, jobs: readonly Job[]): Promise<Map<Job, IssueResult>> {
  const results = new Map<Job, IssueResult>();
  for (const days of new Set(jobs.map(({ life }) => life.days))) {
    const chosen = jobs.filter(({ life }) => life.days === days);
    const [life] = chosen.map((job) => job.life);
    const orders = chosen.map(({ order }) => order);
    const issued = await issueInCa(platform, ca, orders, life ?? { days }).catch(refuseRest(results.size > 0, orders));
    for (const [index, job] of chosen.entries()) results.set(job, issued[index] as IssueResult);
  }
  return results;
}

/** What has been issued before goes to its places. */
function refuseRest(isBegun: boolean, orders: readonly OwnOrder[]): (error: unknown) => IssueResult[] {
  return (error) => {
    if (!isBegun || !(error instanceof OvsPkiError)) throw error;
    return orders.map(() => ({ error }));
  };
}

/** Nothing was issued: no new key stays beside the old ones. */
function takeBack(jobs: readonly Pick<Job, 'file'>[]): (error: unknown) => never {
  return (error) => {
    for (const { file } of jobs) finishReplacement(file);
    throw error;
  };
}

async function prepare(
  platform: Platform,
  request: RenewRequest,
  view: () => CaView,
  name: string,
  waiting: Certificate | undefined,
): Promise<Job | Renewed> {
  const file = parseFileName(name);
  const before = finishReplacement(file);
  if (before !== undefined) return recovered(platform, request, file, before);
  const { certificate: current, issuer } = currentCertificate(file, view);
  const life = nextLife(request, current, issuer);
  const job = { name, file, issuer, life, waiting: request.rekey ? undefined : waiting };
  requireOwnKey(file, current, request.rekey || issuer === 'self', request.rekey);
  if (!request.rekey) return { ...job, order: { renewal: current, name: file.name } };
  const [commonName = ''] = attributeValues(current.subject, oid.commonName);
  const spec = request.keySpec ?? keySpecOf(current.publicKey);
  const made = await newKeyAndRequest(
    platform.crypto,
    spec,
    requestSubject(commonName, issuer === 'self' ? undefined : baseFor(request)),
  );
  stageKey(file, made.privateKey, requestFileText(made.request));
  return { ...job, order: { request: made.request, name: file.name } };
}

async function finish(
  platform: Platform,
  request: RenewRequest,
  { name, file, issuer, waiting, order, life }: Job,
  issued: IssueResult | undefined,
): Promise<Renewed | Refused> {
  if (issued !== undefined && 'error' in issued) {
    // What was put beside for nothing goes.
    if (request.rekey) finishReplacement(file);
    platform.log.write(`refused ${name}: ${issued.error.message} [${issued.error.code}]`);
    return asRefused(name, issued.error);
  }
  const certificate =
    waiting ??
    issued?.certificate ??
    (await selfSigned(platform, request, file, order, life).catch(takeBack([{ file }])));
  try {
    (request.rekey ? replaceAll : replaceCertificate)(file, certificate);
  } catch (error) {
    // The certificate of a new key is nothing to be copied by hand: the next run finishes it, or makes others.
    if (!(error instanceof OvsPkiError) || issuer === 'self' || request.rekey) throw error;
    throw notWritten(issuer, certificate, file.certificateFile, error);
  }
  platform.log.write(`renewed ${file.certificateFile}, serial ${certificate.serialNumber}`);
  return {
    name,
    outcome: 'renewed',
    issuer: issuer === 'self' ? 'self' : issuer.type,
    rekeyed: request.rekey,
    recovered: waiting !== undefined,
    certificateFile: file.certificateFile,
    certificate: summarize(certificate),
  };
}

async function selfSigned(
  platform: Platform,
  { rekey }: RenewRequest,
  file: FileName,
  order: OwnOrder,
  life: Life,
): Promise<Certificate> {
  const keyFile = rekey ? `${file.privateKeyFile}.new` : file.privateKeyFile;
  const { publicKey, commonNames } =
    'request' in order
      ? order.request
      : {
          publicKey: order.renewal.publicKey,
          commonNames: attributeValues(order.renewal.subject, oid.commonName),
        };
  const reasons = renewalFindings(
    { publicKey, commonNames },
    {
      name: file.name,
      possessionProved: true,
      caOrganization: undefined,
      keyCertifiedFor: undefined,
      keyRevoked: undefined,
      isCaKey: false,
    },
  );
  if (reasons.length > 0) throw refusal(file.typed, reasons, 'renewal');
  const privateKey = decodePrivateKey(files.readFile(keyFile).toString('latin1'), keyFile);
  const commonName = commonNames[0] as string;
  return issueSelfSigned(platform, { privateKey, publicKey, commonName, life }, keyFile);
}

/** A run with --rekey was interrupted after its certificate had come; the old one lies beside it. */
function recovered(
  platform: Platform,
  { type }: RenewRequest,
  { typed, certificateFile }: FileName,
  certificate: Certificate,
): Renewed {
  platform.log.write(`finished after an interruption: ${certificateFile}, serial ${certificate.serialNumber}`);
  return {
    name: typed,
    outcome: 'renewed',
    issuer: Buffer.compare(certificate.issuer.der, certificate.subject.der) === 0 ? 'self' : type,
    rekeyed: true,
    recovered: true,
    certificateFile,
    certificate: summarize(certificate),
  };
}

/** Of a name that is not one nothing is asked here; it is refused where it is read. */
function baseName(typed: string): string {
  return typed.slice(typed.lastIndexOf('/') + 1);
}
