/**
 * CRLs that come in: of the CA that is imported, and of those above it, such as the offline root of a company.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { type Content, readContents } from '../../pki/content.js';
import { type Crl, newestCrlOf } from '../../pki/crl.js';
import { equalBytes } from '../../pki/der.js';
import { formatName } from '../../pki/name.js';
import { encodePem } from '../../pki/pem.js';
import type { CertificateType } from '../../pki/profile.js';
import { formatSerial } from '../../pki/serial.js';
import { formatTime } from '../../pki/text.js';
import * as files from '../../platform/files.js';
import { makeFolder } from '../../platform/folders.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, readCa } from '../../store/ca/ca.js';
import {
  authoritiesAbove,
  type ListAbove,
  listAboveFile,
  listsAbove,
  revocationText,
  revokedBy,
} from '../../store/ca/lists-above.js';
import { withLock } from '../../store/journal/lock.js';

/** A file with CRLs of the CAs above a CA that is there. */
export interface CrlImportRequest {
  readonly pkiDirectory: string;
  readonly type: CertificateType;
  /** PEM, with any number of CRLs, or DER. */
  readonly crlFile: string;
}

/** What was brought in. */
export interface CrlsImported {
  readonly type: CertificateType;
  readonly outcome: 'imported';
  readonly crls: readonly ImportedCrl[];
  /** In a sentence, where one of them revokes the CA or one above it. */
  readonly revokes?: string;
}

/** A CRL of a CA above. */
export interface ImportedCrl {
  readonly file: string;
  readonly issuer: string;
  readonly crlNumber?: string;
  readonly revoked: number;
  readonly nextUpdate?: string;
  readonly isExpired: boolean;
}

/** @throws PKI_NOT_FOUND, PKI_CORRUPT, PKI_LOCKED, CA_UNFIT, FILE_NOT_FOUND, FILE_UNWRITABLE */
export async function importCrls(platform: Platform, request: CrlImportRequest): Promise<CrlsImported> {
  const ca = readCa(request.pkiDirectory, request.type);
  const { own, above } = await readCrlFile(request.crlFile, ca.certificate, authoritiesAbove(ca));
  if (own !== undefined) throw ownCrl(ca, request.crlFile);
  await placeAbove(platform, ca, above);
  const revoked = revokedBy(ca, listsAbove(ca));
  const now = platform.clock.now();
  return {
    type: ca.type,
    outcome: 'imported',
    crls: above.map((list) => told(ca, list, now)),
    ...(revoked === undefined ? {} : { revokes: revocationText(revoked, revoked.certificate === ca.certificate) }),
  };
}

/** The newest list of the CA itself, and that of each CA above. */
export interface CrlsOfFile {
  readonly own: Crl | undefined;
  readonly above: readonly ListAbove[];
}

/** Throws CA_UNFIT where it holds none of them, or one that does not speak for all that its issuer has signed. */
export async function readCrlFile(
  file: string,
  certificate: Certificate,
  chain: readonly Certificate[],
): Promise<CrlsOfFile> {
  const crls = (await contentsOf(file)).flatMap((item) => (item.kind === 'CRL' ? [item.crl] : []));
  const own = newestCrlOf(certificate, crls);
  const above = chain.flatMap((issuer) => {
    const crl = newestCrlOf(issuer, crls);
    return crl === undefined ? [] : [{ issuer, crl }];
  });
  if (own === undefined && above.length === 0) {
    const whose = chain.length === 0 ? 'the key of this CA' : 'this CA or one above it';
    throw new OvsPkiError('CA_UNFIT', `${file} holds no CRL that ${whose} has signed`, {
      hint: `see whose it is: openssl crl -noout -issuer -in ${file}`,
      details: { file },
    });
  }
  for (const { issuer, crl } of above) requireWhole(file, issuer, crl);
  return { own, above };
}

/** What is in a file of certificates or CRLs. */
export async function contentsOf(file: string): Promise<readonly Content[]> {
  return readContents(files.readFile(file), file, () => Promise.reject(encrypted(file)));
}

/** Puts them into the folder of the CA. Throws CA_UNFIT for one that is older than what is there. */
export async function placeAbove(platform: Platform, ca: Ca, lists: readonly ListAbove[]): Promise<void> {
  if (lists.length === 0) return;
  const now = platform.clock.now();
  await withLock(platform, ca.layout.lock, async () => {
    const there = listsAbove(ca);
    for (const list of lists) {
      requireNewest(list, there, now);
      makeFolder(ca.layout.crlFolder);
      files.replaceFile(listAboveFile(ca, list.issuer), encodePem('X509 CRL', list.crl.der));
      platform.log.write(`brought in the CRL of ${formatName(list.issuer.subject)} for ${ca.layout.folder}`);
    }
  });
}

function requireNewest({ issuer, crl }: ListAbove, there: readonly ListAbove[], now: Date): void {
  const name = formatName(issuer.subject);
  if (crl.thisUpdate > now) {
    throw unfitCrl(
      `the CRL of ${name} is not valid before ${formatTime(crl.thisUpdate)}`,
      'look at the clock: date -u',
    );
  }
  const known = there.find((one) => equalBytes(one.issuer.der, issuer.der))?.crl;
  if (known === undefined || !isOlder(crl, known)) return;
  throw unfitCrl(
    `the CRL of ${name} is older than the one that is here, of ${formatTime(known.thisUpdate)}`,
    'get the newest one from who keeps that CA',
  );
}

/** Numbers only rise (RFC 5280, section 5.2.3), and so do times. */
function isOlder(crl: Crl, known: Crl): boolean {
  if (crl.crlNumber !== undefined && known.crlNumber !== undefined) return crl.crlNumber < known.crlNumber;
  return crl.thisUpdate < known.thisUpdate;
}

/** Part of a list, or one that speaks for others, would be taken for all that is revoked. */
function requireWhole(file: string, issuer: Certificate, { extensions }: Crl): void {
  const name = formatName(issuer.subject);
  if (extensions.some(({ critical }) => critical)) {
    throw unfitCrl(
      `${file}: the CRL of ${name} has a critical extension: it is only a part of what is revoked, or speaks for others`,
      'get the complete CRL of that CA',
    );
  }
  if (issuer.keyUsage?.includes('cRLSign') === false) {
    throw unfitCrl(`${file}: ${name} may not sign CRLs (keyUsage)`, `look at it: ovs-pki-ts show ${file}`);
  }
}

function unfitCrl(message: string, hint: string): OvsPkiError {
  return new OvsPkiError('CA_UNFIT', message, { hint });
}

function ownCrl({ layout }: Ca, file: string): OvsPkiError {
  const place = `${layout.crlFolder}/past.pem`;
  return new OvsPkiError('CA_UNFIT', `${file} holds a CRL of this CA itself, which makes its CRLs here`, {
    hint: `if it revokes what is not known here: openssl crl -in ${file} -out ${place}; ovs-pki-ts check --repair`,
    details: { file },
  });
}

function told(ca: Ca, { issuer, crl }: ListAbove, now: Date): ImportedCrl {
  const { crlNumber, nextUpdate } = crl;
  return {
    file: listAboveFile(ca, issuer),
    issuer: formatName(issuer.subject),
    ...(crlNumber === undefined ? {} : { crlNumber: formatSerial(crlNumber) }),
    revoked: crl.revoked.size,
    ...(nextUpdate === undefined ? {} : { nextUpdate: nextUpdate.toISOString() }),
    isExpired: nextUpdate !== undefined && nextUpdate < now,
  };
}

function encrypted(file: string): OvsPkiError {
  return new OvsPkiError('KEY_ENCRYPTED', `${file} is encrypted: a CRL or a certificate is not`, {
    hint: `look at it with: ovs-pki-ts show ${file}`,
    details: { file },
  });
}
