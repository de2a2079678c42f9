/**
 * `renew NAME [TYPE]`: a new certificate for a name that has one, for the same key or for a new one.
 *
 * @module
 */

import { dirname, join, resolve } from 'node:path';
import { OvsPkiError } from '../../errors.js';
import { parseFileName } from '../../pki/file-name.js';
import { isFolder } from '../../platform/folders.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, readCa } from '../../store/ca/ca.js';
import { type IssueResult, issueInCa } from '../../store/change/issue.js';
import type { OwnOrder } from '../../store/change/order.js';
import { type RevokeResult, revokeInCa } from '../../store/change/revoke.js';
import { withPassingLock } from '../../store/journal/lock.js';
import { orRefused, type Refused, type Skipped } from '../summary.js';
import { type CaView, viewOf } from './current.js';
import { dueHere, namesInFolder } from './due.js';
import { finish, type Job, prepare, takeBack } from './renew-one.js';
import type { Renewed, RenewRequest } from './renewal.js';
import { finishReplacement, isReplacing } from './replace-files.js';
import { inParallel } from './req.js';

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

/** Of a name that is not one nothing is asked here; it is refused where it is read. */
function baseName(typed: string): string {
  return typed.slice(typed.lastIndexOf('/') + 1);
}
