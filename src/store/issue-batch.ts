/**
 * Issuing in a PKI directory. Whatever happens in between, a certificate that exists is in the index or becomes so
 * with the next run, and none leaves before that.
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';
import { type Certificate, decodeCertificatePem } from '../pki/certificate.js';
import type { CertificationRequest } from '../pki/certification-request.js';
import { equalBytes } from '../pki/der.js';
import { digestHex } from '../pki/digest.js';
import { verifySignature } from '../pki/engine.js';
import { type Issuer, issueCertificate } from '../pki/issue.js';
import { keyHash } from '../pki/key.js';
import { requestFindings } from '../pki/lint/request-rules.js';
import type { Finding } from '../pki/lint/rule.js';
import { encodeName } from '../pki/name.js';
import { issuersOf, nameFindings } from '../pki/path.js';
import { leafSubject } from '../pki/profile.js';
import { randomSerial, type SerialNumber } from '../pki/serial.js';
import { certificateFileText } from '../pki/text.js';
import { validityFrom } from '../pki/validity.js';
import * as files from '../platform/files.js';
import type { Platform } from '../platform/index.js';
import { type AuditIntent, appendAudit, appendOutcomes, unfinishedIntents } from './audit-log.js';
import { appendIndexRows, findIndexRow, indexRowFor, repairIndexTail } from './index-txt.js';
import { findKey, type RegisteredKey, registerKeys, syncKeyRegister } from './key-register.js';
import { type CaLayout, issuedCertificateFile } from './layout.js';
import { withLock } from './lock.js';
import { type Ca, openIssuer } from './pki-directory.js';

export interface IssueOrder {
  readonly request: CertificationRequest;
  /** The name that the operator gave: the request must be for it. Undefined where any good name will do. */
  readonly name: string | undefined;
}

export type IssueResult = { readonly certificate: Certificate } | { readonly error: OvsPkiError };

/** At most so many certificates are made under one hold of the lock, so that others get their turn. */
const batchSize = 64;

interface Work {
  readonly order: IssueOrder;
  readonly commonName: string;
  readonly serialNumber: SerialNumber;
  readonly keyHash: string;
}

/**
 * Issues a certificate for each request that breaks no rule, in the order given.
 *
 * @returns a result for each order; a refusal of one does not touch the others, and what was issued before the CA
 *   became unusable is returned
 * @throws CA_EXPIRED, PKI_LOCKED, PKI_CORRUPT, KEY_MISMATCH, KEY_ENCRYPTED, PASSPHRASE_WRONG, FILE_UNWRITABLE: nothing was issued
 */
export async function issueInCa(
  platform: Platform,
  ca: Ca,
  orders: readonly IssueOrder[],
  days: number,
  done: (count: number) => void = () => undefined,
): Promise<IssueResult[]> {
  const results: IssueResult[] = [];
  for (let start = 0; start < orders.length; start += batchSize) {
    const batch = orders.slice(start, start + batchSize);
    try {
      const prepared = await prepareBatch(platform, ca, batch);
      results.push(...(await withLock(platform, ca.layout.lock, () => issueBatch(platform, ca, prepared, days))));
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

interface ProvedOrder extends IssueOrder {
  readonly possessionProved: boolean;
  readonly keyHash: string;
}

async function prepareBatch(platform: Platform, ca: Ca, orders: readonly IssueOrder[]): Promise<PreparedBatch> {
  const prove = (order: IssueOrder): ProvedOrder => {
    const { publicKey, signatureAlgorithm, toBeSigned, signature } = order.request;
    return {
      ...order,
      possessionProved: verifySignature(publicKey, signatureAlgorithm, toBeSigned.bytes, signature),
      keyHash: keyHash(publicKey),
    };
  };
  return { issuer: await openIssuer(platform, ca), orders: orders.map(prove) };
}

async function issueBatch(
  platform: Platform,
  ca: Ca,
  { issuer, orders }: PreparedBatch,
  days: number,
): Promise<IssueResult[]> {
  const validity = validityFrom(platform.clock.now(), days, ca.certificate);
  requireSameCa(ca);
  recoverInterrupted(platform, ca);
  syncKeyRegister(ca.layout);
  const checked = checkOrders(ca, orders);
  const work = checked.filter((item): item is Work => !(item instanceof OvsPkiError));

  const intents = work.map((item) => intentOf(platform, ca, item, validity.notAfter));
  appendAudit(ca.layout.auditLog, intents);
  const made = await Promise.all(
    work.map((item) =>
      issueCertificate(issuer, {
        profile: ca.type,
        subject: encodeName(leafSubject(item.commonName, ca.organization)),
        commonName: item.commonName,
        publicKey: item.order.request.publicKey,
        serialNumber: item.serialNumber,
        validity,
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

function checkOrders(ca: Ca, orders: readonly ProvedOrder[]): (Work | OvsPkiError)[] {
  const inThisBatch = new Map<string, string>();
  const authorities = [ca.certificate, ...issuersOf(ca.certificate, ca.chain)];
  return orders.map((order): Work | OvsPkiError => {
    const { request, name, possessionProved, keyHash } = order;
    const [commonName = ''] = request.commonNames;
    const rules = requestFindings(request, {
      name,
      possessionProved,
      caOrganization: ca.organization,
      keyCertifiedFor: inThisBatch.get(keyHash) ?? findKey(ca.layout, keyHash)?.commonName,
      isCaKey: equalBytes(request.publicKey.spki, ca.certificate.publicKey.spki),
    });
    const reasons = [...rules, ...nameFindings(authorities, commonName)];
    if (reasons.length > 0) return refusal(name ?? commonName, reasons);
    inThisBatch.set(keyHash, commonName);
    return { order, commonName, serialNumber: freeSerial(ca), keyHash };
  });
}

/** Between the reading of the CA and the lock, `init --force` can have put another one in its place. */
function requireSameCa({ layout, stamp }: Ca): void {
  if (files.stampOf(layout.certificate)?.stamp === stamp) return;
  throw new OvsPkiError('KEY_MISMATCH', `${layout.folder} was replaced while it was waited for; nothing was signed`, {
    hint: 'run the command again, if the new CA is the one to sign',
    details: { folder: layout.folder },
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

/**
 * Finishes what a run that was killed has left: a certificate that was kept gets its row, an intent that came to
 * nothing is closed. The lock must be held, and the key register is to be brought up to date after it.
 */
export function recoverInterrupted(platform: Platform, { layout }: Ca): void {
  const unfinished = unfinishedIntents(layout.auditLog);
  for (const intent of unfinished) if (intent.action === 'passphrase') closeKeyChange(platform, layout, intent);
  const open = unfinished
    .filter(({ action }) => action !== 'passphrase')
    .map((intent) => ({
      intent,
      certificate: keptCertificate(issuedCertificateFile(layout, intent.serialNumber)),
    }));
  const rows = open.flatMap(({ certificate }) => (certificate === undefined ? [] : [indexRowFor(certificate)]));
  repairIndexTail(layout.index, rows);
  for (const { intent, certificate } of open) {
    if (certificate !== undefined && findIndexRow(layout.index, certificate.serialNumber) === undefined) {
      appendIndexRows(layout.index, [indexRowFor(certificate)]);
    }
    const event = certificate === undefined ? 'abandoned' : 'recorded';
    const { action, serialNumber } = intent;
    appendAudit(layout.auditLog, [{ ...stampOf(platform), action, serialNumber, event, recovered: true }]);
    platform.log.write(`finished after an interruption: ${intent.commonName}, serial ${serialNumber}: ${event}`);
  }
}

/** The key file is the old one or the new one; a new one that did not get to its place must not stay beside it. */
function closeKeyChange(platform: Platform, layout: CaLayout, intent: AuditIntent): void {
  files.removeTemporaries(layout.privateKey);
  const now = files.exists(layout.privateKey) ? digestHex('sha256', files.readFile(layout.privateKey)) : undefined;
  const event = now === intent.keyFile ? 'recorded' : 'abandoned';
  const { action, serialNumber } = intent;
  appendAudit(layout.auditLog, [{ ...stampOf(platform), action, serialNumber, event, recovered: true }]);
  platform.log.write(`finished after an interruption: change of the passphrase: ${event}`);
}

function keptCertificate(file: string): Certificate | undefined {
  if (!files.exists(file)) return undefined;
  try {
    return decodeCertificatePem(files.readFile(file).toString('latin1'), file);
  } catch (error) {
    const { message, details } = asRefusal(error);
    throw new OvsPkiError('PKI_CORRUPT', `the copy of a certificate whose making was interrupted: ${message}`, {
      hint: `it was never given out: move it away, then run the command again: mv ${file} /tmp`,
      details,
      cause: error,
    });
  }
}

function freeSerial(ca: Ca): SerialNumber {
  for (;;) {
    const serialNumber = randomSerial();
    if (!files.exists(issuedCertificateFile(ca.layout, serialNumber))) return serialNumber;
  }
}

function intentOf(
  platform: Platform,
  ca: Ca,
  { serialNumber, commonName, keyHash }: Work,
  notAfter: Date,
): AuditIntent {
  return {
    ...stampOf(platform),
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
  return { ...stampOf(platform), action: 'issue', serialNumber, event: recorded ? 'recorded' : 'abandoned' } as const;
}

function stampOf({ clock, operator }: Platform): { time: string; operator: string } {
  return { time: clock.now().toISOString(), operator };
}

function toRegisteredKey({ keyHash, serialNumber, commonName }: Work): RegisteredKey {
  return { hash: keyHash, serialNumber, commonName };
}

/** The refusal of a request, with all of its reasons. */
export function refusal(name: string, reasons: readonly Finding[]): OvsPkiError {
  const list = reasons.map(({ message }) => message).join('; ');
  const isConstrained = reasons.some(({ rule }) => rule === 'name-constraints');
  return new OvsPkiError('REQUEST_REFUSED', `the request of ${name} is refused: ${list}`, {
    hint: isConstrained
      ? 'choose a name that the CA may certify: openssl x509 -noout -ext nameConstraints -in cacert.pem'
      : `have a new one made where the key is: ovs-pki-ts req --unique ${name}`,
    details: { name, reasons },
  });
}

/** A refusal is a result; anything else is a bug and goes on. */
function asRefusal(error: unknown): OvsPkiError {
  if (error instanceof OvsPkiError) return error;
  throw error;
}
