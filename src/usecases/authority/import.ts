/**
 * `import TYPE`: a CA that exists already becomes one of a PKI directory.
 *
 * @module
 */

import { dirname } from 'node:path';
import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { equalBytes } from '../../pki/der.js';
import { describeKey } from '../../pki/key.js';
import { isSameKey } from '../../pki/key-identity.js';
import { formatName } from '../../pki/name.js';
import { type CertificateType, certificateTypes } from '../../pki/profile.js';
import { randomSerial } from '../../pki/serial.js';
import { defaultDays } from '../../pki/validity.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, readCa } from '../../store/ca/ca.js';
import { type ListAbove, revocationText, revokedBy } from '../../store/ca/lists-above.js';
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
import { type AuthorityFiles, certificatesIn, type FitAuthority, readFitAuthority } from './fit-authority.js';
import { type PastFiles, readPast } from './import-past.js';
import { type CrlsOfFile, placeAbove, readCrlFile } from './issuer-crl.js';

/** Which CA `importCa` is to take, and where it is to go. */
export interface ImportRequest extends PastFiles, AuthorityFiles {
  readonly pkiDirectory: string;
  readonly type: CertificateType;
  /**
   * Its private key; or a `pkcs11:` URI (RFC 7512), for one that is in a token and stays there. Undefined for a key that waits
   * here since its request was made, and for that of a CA whose certificate is renewed.
   */
  readonly privateKeyFile?: string;
  /** A CA that is there is kept under another name; otherwise that is refused. */
  readonly force: boolean;
}

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

function requireInForce(
  { type, certificateFile: file }: ImportRequest,
  authority: FitAuthority,
  lists: readonly ListAbove[],
): void {
  const revoked = revokedBy(authority, lists);
  if (revoked === undefined) return;
  const isOwn = revoked.certificate === authority.certificate;
  throw new OvsPkiError('CA_UNFIT', `${file} cannot be a CA here: ${revocationText(revoked, isOwn)}`, {
    hint: `have another one signed: ovs-pki-ts import ${type} --request FILE --subject NAME`,
    details: { file, serialNumber: revoked.certificate.serialNumber },
  });
}

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

/** A certificate for the next key of a CA that is here, under its name, would end the CA in place of following it. */
function requireNotNext(ca: Ca | undefined, { type, certificateFile }: ImportRequest, { subject }: Certificate): void {
  if (ca === undefined || !equalBytes(ca.certificate.subject.der, subject.der)) return;
  throw new OvsPkiError('PKI_EXISTS', `${ca.layout.folder} is a CA of that name, with another key`, {
    hint: `let this key follow it: ovs-pki-ts rollover prepare ${type} --ca-cert ${certificateFile} --chain FILE`,
    details: { folder: ca.layout.folder },
  });
}

/**
 * The key and the name of the CA that is here, but the name in other bytes: a renewal that would begin without index and
 * CRLs. NSS compares the bytes, and would take nothing that the CA has issued any more.
 */
function requireSameString(
  ca: Ca | undefined,
  { type, certificateFile: file }: ImportRequest,
  renewed: Certificate,
): void {
  if (ca === undefined || !isSameKey(ca.certificate.publicKey, renewed.publicKey)) return;
  const { subject } = ca.certificate;
  if (equalBytes(subject.der, renewed.subject.der) || formatName(subject) !== formatName(renewed.subject)) return;
  throw new OvsPkiError('CA_UNFIT', `${file} writes its name in another type of string than ${ca.layout.certificate}`, {
    hint: `have it signed with the name as it is (openssl ca: -preserveDN): ovs-pki-ts import ${type} --request FILE --same-key`,
    details: { file },
  });
}

/** What the CA has signed names its key by this, and nobody finds the issuer of that any more where it is another one. */
function requireSameIdentifier(
  { certificate, layout }: Ca,
  { type, certificateFile: file }: ImportRequest,
  { subjectKeyIdentifier: renewed = new Uint8Array() }: Certificate,
): void {
  const { subjectKeyIdentifier: identifier = renewed } = certificate;
  if (equalBytes(identifier, renewed)) return;
  const what = `${file} has another key identifier than ${layout.certificate}, which what ${type}ca has signed names`;
  throw new OvsPkiError('CA_UNFIT', what, {
    hint: `have it signed with subjectKeyIdentifier=${Buffer.from(identifier).toString('hex')}, or give --force and renew all that ${type}ca has signed`,
    details: { file },
  });
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
