/**
 * Issuing in a PKI directory. Whatever happens in between, a certificate that exists is in the index or becomes so
 * with the next run, and none leaves before that.
 *
 * @module
 */

import { asRefusal, OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import type { CertificationRequest } from '../../pki/certification-request.js';
import type { ForeignRequest } from '../../pki/foreign-request.js';
import { type Issuer, issueCertificate } from '../../pki/issue/certificate.js';
import type { PublicKey } from '../../pki/key.js';
import { isSameKey, keyHash } from '../../pki/key-identity.js';
import {
  type Applicant,
  keyOnlyFindings,
  type RequestContext,
  renewalFindings,
  requestFindings,
} from '../../pki/lint/request-rules.js';
import type { Finding } from '../../pki/lint/rule.js';
import {
  attributeValues,
  commonNameOfOneLine,
  comparedName,
  type DistinguishedName,
  encodeName,
  formatOneLine,
  nameOfCommonName,
} from '../../pki/name.js';
import { oid } from '../../pki/oid.js';
import { type OwnProfile, placesOf } from '../../pki/own-profile.js';
import { issuersOf, nameFindings } from '../../pki/path/path.js';
import { leafSubject } from '../../pki/profile.js';
import { isHarmless } from '../../pki/revocation.js';
import { randomSerial, type SerialNumber } from '../../pki/serial.js';
import { isSignedWith, weakHashOf } from '../../pki/signature.js';
import { certificateFileText } from '../../pki/text.js';
import { type Life, validityFrom } from '../../pki/validity.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, generationsOf, openIssuer, requireSameCa } from '../ca/ca.js';
import { requireNotRevoked } from '../ca/lists-above.js';
import { profileOf } from '../ca/profile.js';
import { readHistory, reasonsIn } from '../history/known.js';
import { foldersOfIssuer } from '../history/shared.js';
import {
  certificatesOfKey,
  namesakes,
  type RegisteredKey,
  registerKeys,
  syncKeyRegister,
} from '../index/key-register.js';
import { appendIndexRows, expiryOf, indexRowFor } from '../index/row.js';
import { findIndexRow } from '../index/scan.js';
import { appendAudit, appendOutcomes, auditStamp, type IssueIntent } from '../journal/audit-log.js';
import { withLock } from '../journal/lock.js';
import { recoverInterrupted } from '../journal/recovery.js';
import { issuedCertificateFile } from '../layout.js';
import { notUnique, refusal, uniqueSubjects } from './refusals.js';

/**
 * A certificate for what a request asks, or once more for what a certificate of this CA says, or for the key alone of a request
 * and the name that the operator gave.
 */
export type IssueOrder = OwnOrder | { readonly key: ForeignRequest; readonly name: string };

/** Of names that requests and certificates say themselves. */
export type OwnOrder = ({ readonly request: CertificationRequest } | { readonly renewal: Certificate }) & {
  /** The name that the operator gave: the request must be for it. Undefined where any good name will do. */
  readonly name: string | undefined;
};

export type IssueResult = { readonly certificate: Certificate } | { readonly error: OvsPkiError };

/** At most so many certificates are made under one hold of the lock, so that others get their turn. */
const batchSize = 64;

interface Work {
  readonly publicKey: PublicKey;
  readonly commonName: string;
  readonly serialNumber: SerialNumber;
  readonly keyHash: string;
}

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

interface ProvedOrder extends Applicant {
  readonly name: string | undefined;
  readonly possessionProved: boolean;
  readonly keyHash: string;
  readonly findings: (context: RequestContext) => Finding[];
  readonly what: 'request' | 'renewal';
}

async function prepareBatch(platform: Platform, ca: Ca, orders: readonly IssueOrder[]): Promise<PreparedBatch> {
  return { issuer: await openIssuer(platform, ca), orders: orders.map((order) => prove(ca, order)) };
}

function prove(ca: Ca, order: IssueOrder): ProvedOrder {
  const { name } = order;
  if ('request' in order) {
    const { request } = order;
    return {
      name,
      commonNames: request.commonNames,
      publicKey: request.publicKey,
      keyHash: keyHash(request.publicKey),
      possessionProved: isSignedWith(request.publicKey, request),
      findings: (context) => requestFindings(request, context),
      what: 'request',
    };
  }
  if ('key' in order) {
    const { publicKey } = order.key;
    const applicant = { commonNames: [order.name], publicKey };
    return {
      ...applicant,
      name: order.name,
      keyHash: keyHash(publicKey),
      possessionProved: isSignedWith(publicKey, order.key),
      findings: (context) => keyOnlyFindings(applicant, order.key, context),
      what: 'request',
    };
  }
  const { publicKey, subject } = order.renewal;
  const applicant = { commonNames: attributeValues(subject, oid.commonName), publicKey };
  return {
    name,
    ...applicant,
    keyHash: keyHash(publicKey),
    possessionProved: isIssuedHere(ca, order.renewal),
    findings: (context) => renewalFindings(applicant, context),
    what: 'renewal',
  };
}

/** What SHA-1 or MD5 vouches for could have been made by others, so the index has to know of it, too. */
function isIssuedHere(ca: Ca, certificate: Certificate): boolean {
  if (!generationsOf(ca).some((generation) => isSignedWith(generation.certificate.publicKey, certificate)))
    return false;
  if (weakHashOf(certificate) === undefined) return true;
  const row = findIndexRow(ca.layout.index, certificate.serialNumber);
  const [commonName] = attributeValues(certificate.subject, oid.commonName);
  return row !== undefined && row.state !== 'R' && commonNameOfOneLine(row.subject) === commonName;
}

/** Throws REQUEST_REFUSED where `openssl ca` would take no second certificate for a name: before a new key replaces the one in use. */
export function requireFreeSubject(ca: Ca, commonName: string): void {
  const subject = formatOneLine(subjectOf({ ...ca, profile: profileOf(ca) }, commonName));
  if (uniqueSubjects(ca.layout)?.has(subject) === true) throw notUnique(ca.layout, commonName);
}

/** A CA with what its certificates have. */
type ProfiledCa = Ca & { readonly profile: OwnProfile };

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

function subjectOf({ organization, profile }: ProfiledCa, commonName: string): DistinguishedName {
  return encodeName(leafSubject(commonName, organization, profile.subject));
}

function checkOrders(ca: ProfiledCa, orders: readonly ProvedOrder[], now: Date): (Work | OvsPkiError)[] {
  const inThisBatch = new Map<string, string>();
  const namesInThisBatch = new Map<string, string>();
  const authorities = [ca.certificate, ...issuersOf(ca.certificate, ca.chain)];
  const distrusted = distrustedSerials(ca, now);
  const taken = uniqueSubjects(ca.layout);
  // What one folder of an issuer has certified or revoked, all have.
  const folders = [ca.layout, ...foldersOfIssuer(ca)];
  return orders.map((order): Work | OvsPkiError => {
    const { commonNames, publicKey, name, possessionProved, keyHash } = order;
    const earlier = folders.flatMap((layout) => certificatesOfKey(layout, keyHash));
    const rules = order.findings({
      name,
      possessionProved,
      caOrganization: ca.organization,
      profileOrganization: ca.profile.subject?.find(({ type }) => type === oid.organizationName)?.value,
      keyCertifiedFor: inThisBatch.get(keyHash) ?? earlier[0]?.commonName,
      keyRevoked: earlier.map(({ serialNumber }) => distrusted().get(serialNumber)).find(Boolean),
      namesake: otherName(namesInThisBatch, commonNames[0]) ?? validNamesake(ca, commonNames[0] ?? '', now),
      isCaKey: generationsOf(ca).some(({ certificate }) => isSameKey(publicKey, certificate.publicKey)),
    });
    const [commonName = ''] = commonNames;
    const subject = subjectOf(ca, commonName);
    const reasons = [...rules, ...nameFindings(authorities, commonName, subject)];
    if (reasons.length > 0) return refusal(name ?? commonName, reasons, order.what);
    if (taken?.has(formatOneLine(subject)) === true) return notUnique(ca.layout, commonName);
    taken?.add(formatOneLine(subject));
    inThisBatch.set(keyHash, commonName);
    namesInThisBatch.set(comparedName(commonName), commonName);
    return { publicKey, commonName, serialNumber: freeSerial(ca), keyHash };
  });
}

/** A name of this batch that is written otherwise and is the same to other programs. */
function otherName(names: ReadonlyMap<string, string>, commonName = ''): string | undefined {
  const found = names.get(comparedName(commonName));
  return found === undefined || nameOfCommonName(found) === nameOfCommonName(commonName) ? undefined : found;
}

function validNamesake({ layout }: Ca, commonName: string, now: Date): string | undefined {
  return namesakes(layout, commonName).find(({ serialNumber }) => {
    const row = findIndexRow(layout.index, serialNumber);
    return row?.state === 'V' && expiryOf(row) > now;
  })?.commonName;
}

/** The revoked certificates whose keys are not to be certified again, with the reason; read when it is asked for. */
function distrustedSerials(ca: Ca, now: Date): () => ReadonlyMap<SerialNumber, string> {
  let serials: ReadonlyMap<SerialNumber, string> | undefined;
  return () => {
    serials ??= new Map([...reasonsIn(readHistory(ca, now))].filter(([, reason]) => !isHarmless(reason)));
    return serials;
  };
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
