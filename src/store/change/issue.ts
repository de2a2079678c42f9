/**
 * Issuing in a PKI directory. Whatever happens in between, a certificate that exists is in the index or becomes so
 * with the next run, and none leaves before that.
 *
 * @module
 */

import { asRefusal, OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { type Issuer, issueCertificate } from '../../pki/issue/certificate.js';
import { placesOf } from '../../pki/own-profile.js';
import { certificateFileText } from '../../pki/text.js';
import { type Life, validityFrom } from '../../pki/validity.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, requireSameCa } from '../ca/ca.js';
import { openIssuer } from '../ca/ca-key.js';
import { requireNotRevoked } from '../ca/lists-above.js';
import { profileOf } from '../ca/profile.js';
import { type RegisteredKey, registerKeys, syncKeyRegister } from '../index/key-register.js';
import { appendIndexRows, indexRowFor } from '../index/row.js';
import { appendAudit, appendOutcomes, auditStamp, type IssueIntent } from '../journal/audit-log.js';
import { withLock } from '../journal/lock.js';
import { recoverInterrupted } from '../journal/recovery.js';
import { issuedCertificateFile } from '../layout.js';
import { checkOrders, type ProfiledCa, subjectOf, type Work } from './check-orders.js';
import { type IssueOrder, type ProvedOrder, prove } from './order.js';

export type IssueResult = { readonly certificate: Certificate } | { readonly error: OvsPkiError };

/** At most so many certificates are made under one hold of the lock, so that others get their turn. */
const batchSize = 64;

/**
 * Issues a certificate for each request that breaks no rule, in the order given.
 *
 * @returns a result for each order; a refusal of one does not touch the others, and what was issued before the CA
 *   became unusable is returned
 * @throws PROFILE_INVALID, CA_EXPIRED, CA_REVOKED, VALIDITY_REFUSED, PKI_LOCKED, PKI_CORRUPT, KEY_MISMATCH, KEY_ENCRYPTED, PASSPHRASE_WRONG, FILE_UNWRITABLE: nothing was issued
 */
export async function issueInCa(
  platform: Platform,
  ca: Ca,
  orders: readonly IssueOrder[],
  life: number | Life,
  done: (count: number) => void = () => undefined,
): Promise<IssueResult[]> {
  requireNotRevoked(ca);
  const profile = profileOf(ca);
  const results: IssueResult[] = [];
  for (let start = 0; start < orders.length; start += batchSize) {
    const batch = orders.slice(start, start + batchSize);
    try {
      const prepared = await prepareBatch(platform, ca, batch);
      results.push(
        ...(await withLock(platform, ca.layout.lock, () => issueBatch(platform, { ...ca, profile }, prepared, life))),
      );
    } catch (error) {
      if (start === 0) throw error;
      const refused = { error: asRefusal(error) };
      return [...results, ...orders.slice(start).map(() => refused)];
    }
    done(results.length);
  }
  return results;
}

/** What can be known of a batch before the lock is held. */
interface PreparedBatch {
  readonly issuer: Issuer;
  readonly orders: readonly ProvedOrder[];
}

async function prepareBatch(platform: Platform, ca: Ca, orders: readonly IssueOrder[]): Promise<PreparedBatch> {
  return { issuer: await openIssuer(platform, ca), orders: orders.map((order) => prove(ca, order)) };
}

async function issueBatch(
  platform: Platform,
  ca: ProfiledCa,
  { issuer, orders }: PreparedBatch,
  life: number | Life,
): Promise<IssueResult[]> {
  const validity = validityFrom(platform.clock.now(), life, ca.certificate);
  requireSameCa(ca);
  recoverInterrupted(platform, ca);
  syncKeyRegister(ca.layout);
  const checked = checkOrders(ca, orders, validity.notBefore);
  const work = checked.filter((item): item is Work => !(item instanceof OvsPkiError));

  const intents = work.map((item) => intentOf(platform, ca, item, validity.notAfter));
  appendAudit(ca.layout.auditLog, intents);
  const made = await Promise.all(
    work.map((item) =>
      issueCertificate(issuer, {
        profile: ca.type,
        subject: subjectOf(ca, item.commonName),
        commonName: item.commonName,
        publicKey: item.publicKey,
        serialNumber: item.serialNumber,
        validity,
        places: placesOf(ca.profile),
      }).catch(asRefusal),
    ),
  );
  const kept = await keepCertificates(ca, made);
  noteOutcomes(platform, ca, work, kept);

  const results = kept.values();
  return checked.map((item) => {
    const result = item instanceof OvsPkiError ? item : (results.next().value as Certificate | OvsPkiError);
    return result instanceof OvsPkiError ? { error: result } : { certificate: result };
  });
}

/** The CA's own copies first, then the index: what the index names is there. */
async function keepCertificates(
  ca: Ca,
  made: readonly (Certificate | OvsPkiError)[],
): Promise<(Certificate | OvsPkiError)[]> {
  const isMade = (item: Certificate | OvsPkiError): item is Certificate => !(item instanceof OvsPkiError);
  const failures = await files.writeFiles(
    made.filter(isMade).map((certificate) => ({
      file: issuedCertificateFile(ca.layout, certificate.serialNumber),
      content: certificateFileText(certificate),
      replace: false,
    })),
  );
  const nextFailure = failures.values();
  const copied = made.map((item) => (isMade(item) ? (nextFailure.next().value ?? item) : item));
  const certificates = copied.filter(isMade);
  try {
    if (certificates.length > 0) appendIndexRows(ca.layout.index, certificates.map(indexRowFor));
    return copied;
  } catch (error) {
    for (const { serialNumber } of certificates) files.removeFile(issuedCertificateFile(ca.layout, serialNumber));
    const failure = asRefusal(error);
    return copied.map((item) => (item instanceof OvsPkiError ? item : failure));
  }
}

/**
 * The outcomes and the key register. What is in the index by now is issued and goes to its owner, also where this
 * cannot be written any more: the next run closes the intents, and finds that the register is behind.
 */
function noteOutcomes(
  platform: Platform,
  { layout }: Ca,
  work: readonly Work[],
  kept: readonly (Certificate | OvsPkiError)[],
): void {
  const isKept = work.map((_, index) => !(kept[index] instanceof OvsPkiError));
  try {
    appendOutcomes(
      layout.auditLog,
      work.map((item, index) => outcomeOf(platform, item, isKept[index] === true)),
    );
    registerKeys(layout, work.filter((_, index) => isKept[index]).map(toRegisteredKey));
  } catch (error) {
    platform.log.write(`left to the next run: ${asRefusal(error).message}`);
  }
}

function intentOf(
  platform: Platform,
  ca: Ca,
  { serialNumber, commonName, keyHash }: Work,
  notAfter: Date,
): IssueIntent {
  return {
    ...auditStamp(platform),
    action: 'issue',
    event: 'intent',
    serialNumber,
    type: ca.type,
    commonName,
    publicKey: keyHash,
    notAfter: notAfter.toISOString(),
  };
}

function outcomeOf(platform: Platform, { serialNumber }: Work, recorded: boolean) {
  return {
    ...auditStamp(platform),
    action: 'issue',
    serialNumber,
    event: recorded ? 'recorded' : 'abandoned',
  } as const;
}

function toRegisteredKey({ keyHash, serialNumber, commonName }: Work): RegisteredKey {
  return { hash: keyHash, serialNumber, commonName };
}
