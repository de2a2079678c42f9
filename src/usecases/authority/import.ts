/**
 * `import TYPE`: a CA that exists already becomes one of a PKI directory.
 *
 * @module
 */

import { dirname } from 'node:path';
import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { describeKey } from '../../pki/key.js';
import { type CertificateType, certificateTypes } from '../../pki/profile.js';
import { randomSerial } from '../../pki/serial.js';
import { defaultDays } from '../../pki/validity.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, readCa } from '../../store/ca/ca.js';
import { readOwnProfile } from '../../store/ca/profile.js';
import { isKeyInToken } from '../../store/ca/token-key.js';
import { isFor, readWaiting, type WaitingKey } from '../../store/ca/waiting.js';
import { addCa, type NewCa, requireNoCa } from '../../store/change/new-ca.js';
import { addPast } from '../../store/change/past.js';
import { renewCaCertificate } from '../../store/change/renew-ca.js';
import { repairCa } from '../../store/change/repair.js';
import { dropWaiting } from '../../store/change/waiting.js';
import { foldersOfIssuer, isSameIssuer } from '../../store/history/shared.js';
import { indexRows } from '../../store/index/row.js';
import { entriesOfCa } from '../../store/journal/audit-log.js';
import { caFolder } from '../../store/layout.js';
import { type CertificateSummary, summarize } from '../summary.js';
import { noKeyFor, openCaKey, openWaitingKey } from './ca-key.js';
import { certificatesIn, readFitAuthority } from './fit-authority.js';
import {
  type ImportRequest,
  requireInForce,
  requireNotNext,
  requireSameIdentifier,
  requireSameString,
} from './import-checks.js';
import { readPast } from './import-past.js';
import { type CrlsOfFile, placeAbove, readCrlFile } from './issuer-crl.js';

/** What was imported. */
export interface Imported {
  readonly type: CertificateType;
  readonly folder: string;
  readonly certificate: CertificateSummary;
  /** Those above it, the root last. */
  readonly chain: readonly CertificateSummary[];
  /** Whether its key is encrypted here: with the passphrase that opened it, if it had one. */
  readonly keyEncrypted: boolean;
  /** Where the CA that was there before is now. */
  readonly kept: readonly string[];
  /** It was here before, with the same name and key: index, numbers, CRLs and keys are those that it had. */
  readonly renewed: boolean;
  /** Its key was made here and has waited for this certificate: it has no past. */
  readonly keyMadeHere: boolean;
  /** How many certificates it has issued and revoked before, as far as was told. */
  readonly past?: { readonly certificates: number; readonly revoked: number };
  /** The type that has the same CA: one issuer, whose revocations count for both. */
  readonly sharedWith?: CertificateType;
}

/** @throws PKI_EXISTS, CA_UNFIT, KEY_MISMATCH, KEY_ENCRYPTED, PASSPHRASE_WRONG, KEY_TYPE_UNSUPPORTED, FILE_NOT_FOUND */
export async function importCa(platform: Platform, request: ImportRequest): Promise<Imported> {
  const { pkiDirectory, type, certificateFile, force } = request;
  // 1. Is there room for it, or is it here already?
  const [first] = certificatesIn(certificateFile);
  const there = caHere(pkiDirectory, type);
  const before = there !== undefined && isSameIssuer(there.certificate, first) ? there : undefined;
  const waiting = readWaiting(pkiDirectory, type);
  if (before === undefined) requireSameString(there, request, first);
  else if (!force) requireSameIdentifier(before, request, first);
  if (before === undefined && !force && isFor(first, waiting)) requireNotNext(there, request, first);
  if (before === undefined) requireNoCa(pkiDirectory, type, force);
  // 2. The certificate and those above it: would what it signs be valid?
  const at = platform.clock.now();
  const { certificate, chain } = readFitAuthority(request, at);
  const { own, above } =
    request.crlFile === undefined ? noCrls : await readCrlFile(request.crlFile, certificate, chain);
  requireInForce(request, { certificate, chain }, above);
  // 3. Its key; who renews a certificate has it already.
  const opened = await keyFor(platform, request, certificate, before, waiting);
  // 4. The same CA keeps its past, and learns what it has done elsewhere; another one comes with its own, all at once.
  const { operator } = platform;
  const audit = entriesOfCa('import', { operator, at, type, certificate });
  const past = await readPast(certificate, request, own);
  let kept: string[] = [];
  if (before !== undefined) await renewCaCertificate(platform, before, { certificate, chain }, audit);
  else if (opened !== undefined) {
    const ca = { ...newCa(request, certificate, chain), ...opened, audit, ...(past === undefined ? {} : { past }) };
    kept = await addCa(platform, pkiDirectory, ca, force, at);
  }
  const imported = readCa(pkiDirectory, type);
  // What the CRL and the certificates tell that the index does not.
  if (past !== undefined)
    await (before === undefined ? repairCa(platform, imported) : addPast(platform, imported, past));
  await placeAbove(platform, imported, above);
  if (isFor(certificate, waiting)) dropWaiting(platform, waiting);
  const folder = caFolder(pkiDirectory, type);
  platform.log.write(`imported ${certificateFile} into ${folder}, ${describeKey(certificate.publicKey)}`);
  return {
    type,
    folder,
    certificate: summarize(certificate),
    chain: chain.map(summarize),
    keyEncrypted: isKeyEncrypted(imported),
    kept,
    renewed: before !== undefined,
    keyMadeHere: before === undefined && isFor(certificate, waiting),
    ...(past === undefined ? {} : { past: figuresOf(imported) }),
    ...sharedWith(imported),
  };
}

const noCrls: CrlsOfFile = { own: undefined, above: [] };

/** Undefined where the CA that is renewed has it. */
async function keyFor(
  platform: Platform,
  { type, certificateFile, privateKeyFile }: ImportRequest,
  certificate: Certificate,
  before: Ca | undefined,
  waiting: WaitingKey | undefined,
): Promise<Pick<NewCa, 'keySpec' | 'key'> | undefined> {
  const of = { certificate, certificateFile };
  if (privateKeyFile !== undefined) return openCaKey(platform, of, privateKeyFile);
  if (before !== undefined) return undefined;
  if (isFor(certificate, waiting)) return openWaitingKey(platform, of, waiting);
  throw noKeyFor(type, certificateFile, waiting);
}

function isKeyEncrypted({ layout }: Ca): boolean {
  if (isKeyInToken(layout) || !files.exists(layout.privateKey)) return false;
  return /^-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED/m.test(files.readFile(layout.privateKey).toString('latin1'));
}

function newCa({ pkiDirectory, type }: ImportRequest, certificate: Certificate, chain: readonly Certificate[]) {
  const profile = readOwnProfile(pkiDirectory, type);
  return { type, days: defaultDays, request: undefined, certificate, chain, profile, nextSerial: randomSerial() };
}

/** The CA of the folder, if one is there. */
function caHere(pkiDirectory: string, type: CertificateType): Ca | undefined {
  if (!files.exists(caFolder(pkiDirectory, type))) return undefined;
  try {
    return readCa(pkiDirectory, type);
  } catch (error) {
    // What is there is no CA that could go on.
    if (error instanceof OvsPkiError) return undefined;
    throw error;
  }
}

function figuresOf({ layout }: Ca): { certificates: number; revoked: number } {
  let [certificates, revoked] = [0, 0];
  for (const { state } of indexRows(layout.index)) {
    certificates++;
    if (state === 'R') revoked++;
  }
  return { certificates, revoked };
}

function sharedWith(ca: Ca): { sharedWith?: CertificateType } {
  const other = certificateTypes.find((type) => type !== ca.type) as CertificateType;
  const folder = caFolder(dirname(ca.layout.folder), other);
  return foldersOfIssuer(ca).some((layout) => layout.folder === folder) ? { sharedWith: other } : {};
}
