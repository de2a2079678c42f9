/**
 * What `check` looks at: indexes, the newest certificate of each name, CRLs, and the keys beside certificates.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import type { Crl } from '../../pki/crl.js';
import { leafFindings } from '../../pki/lint/leaf-rules.js';
import type { Finding } from '../../pki/lint/rule.js';
import { commonNameOfOneLine, formatOneLine } from '../../pki/name.js';
import type { CertificateType } from '../../pki/profile.js';
import { shortLifeMs } from '../../pki/renewal.js';
import { beginAtGlance, isPlainlyStrong } from '../../pki/strength.js';
import { smallFileReader } from '../../platform/chunks.js';
import * as files from '../../platform/files.js';
import { type Ca, readCa } from '../../store/ca/ca.js';
import { newestCrl } from '../../store/ca/crls.js';
import { type ListAbove, listsAbove, type RevokedAbove, revokedBy } from '../../store/ca/lists-above.js';
import { isKeyInToken } from '../../store/ca/token-key.js';
import { readCertificate } from '../../store/certificate-file.js';
import type { Contradiction } from '../../store/history/contradiction.js';
import { contradictionsOf } from '../../store/history/contradictions.js';
import { readHistory } from '../../store/history/known.js';
import { indexRows, indexTimeMs } from '../../store/index/row.js';
import { reasonOfColumn } from '../../store/index/scan.js';
import { wantsUniqueSubjects } from '../../store/index/unique-subject.js';
import { type CaLayout, issuedCertificateFile } from '../../store/layout.js';
import { isExposed, type KeyMatch, keyMatch } from './key-match.js';

/** The certificate of a name that ends last, of those that are not revoked. */
export interface Newest {
  readonly serialNumber: string;
  /** Milliseconds. */
  readonly expires: number;
}

/** From when on those of the newest certificates are valid that may have been made for days or hours, in milliseconds. */
export type Begins = ReadonlyMap<string, number>;

export interface GatheredCa {
  readonly type: CertificateType;
  readonly layout: CaLayout;
  /** Its own, and what stands behind that in cacert.pem. */
  readonly certificates: readonly [Certificate, ...Certificate[]];
  /** None where it is in a token, which is not opened for this. */
  readonly key: KeyMatch | 'none' | 'missing';
  /** Others than its owner can read it, and come to where it is. */
  readonly isKeyExposed: boolean;
  /** Where only one certificate of a subject may be in force: a name that has more. */
  readonly duplicate: string | undefined;
  /** The CA of a rollover that does not sign, and its newest list. */
  readonly other?: Pick<Ca, 'certificate' | 'layout'> & Pick<GatheredCa, 'key' | 'crl'>;
  readonly newest: ReadonlyMap<string, Newest>;
  readonly counts: Readonly<Record<'valid' | 'expired' | 'revoked', number>>;
  /** Serial numbers of certificates that are revoked and have not expired. */
  readonly revoked: readonly string[];
  /** When the last of a name's revoked certificates ends, in milliseconds. */
  readonly revokedUntil: ReadonlyMap<string, number>;
  /** The newest list that the CA has signed. */
  readonly crl: Crl | undefined;
  readonly begins: Begins;
  /** What is wrong with the copies in newcerts/ of the newest certificates. */
  readonly copyFaults: readonly CopyFault[];
  /** The lists of the CAs above it. */
  readonly above: readonly ListAbove[];
  /** The one on the way to the root that they revoke. */
  readonly revokedAbove: RevokedAbove | undefined;
  /** Where the parts of its folder do not agree. */
  readonly contradictions: readonly Contradiction[];
  /** Why the audit log could not be read. */
  readonly unreadLog: string | undefined;
  /** Revoked in another folder of the same issuer, and on the CRL therefore. */
  readonly sharedRevoked: readonly string[];
  /** Whose hold was released: no new CRL has them. */
  readonly released: ReadonlySet<string>;
}

export interface CopyFault {
  readonly name: string;
  readonly file: string;
  readonly fault: 'missing' | 'unreadable' | readonly Finding[];
}

/** Throws PKI_NOT_FOUND or PKI_CORRUPT. */
export function gatherCa(pkiDirectory: string, type: CertificateType, now: number): GatheredCa {
  const ca = readCa(pkiDirectory, type);
  const index = certificatesByName(ca, now);
  const { other } = ca;
  const history = readHistory(ca, new Date(now));
  const above = listsAbove(ca);
  return {
    type,
    layout: ca.layout,
    certificates: [ca.certificate, ...ca.chain],
    ...(other && { other: { ...other, crl: newestCrl(other), key: caKeyMatch(other) } }),
    key: caKeyMatch(ca),
    isKeyExposed: isOpenFolder(ca.layout.privateFolder) && isExposed(ca.layout.privateKey),
    ...index,
    crl: newestCrl(ca),
    ...readCopies(ca.layout, index.newest, now),
    above,
    revokedAbove: revokedBy(ca, above),
    contradictions: contradictionsOf(ca, new Date(now)),
    unreadLog: history.audited.unread?.message,
    sharedRevoked: [...history.shared.keys()],
    released: history.released,
  };
}

/** What the index says of each name. */
export function certificatesByName(
  { certificate, layout }: Ca,
  now: number,
): Pick<GatheredCa, 'newest' | 'counts' | 'revoked' | 'revokedUntil' | 'duplicate'> {
  const ownSubject = formatOneLine(certificate.subject);
  const newest = new Map<string, Newest>();
  const counts = { valid: 0, expired: 0, revoked: 0 };
  const revoked: string[] = [];
  const revokedUntil = new Map<string, number>();
  const subjects = wantsUniqueSubjects(layout) ? new Set<string>() : undefined;
  let duplicate: string | undefined;
  for (const { state, expires: text, revoked: since, serialNumber, subject } of indexRows(layout.index)) {
    if (subject === ownSubject) continue;
    if (subjects !== undefined && state === 'V') {
      if (subjects.has(subject)) duplicate ??= commonNameOfOneLine(subject) || subject;
      subjects.add(subject);
    }
    const expires = indexTimeMs(text);
    const name = commonNameOfOneLine(subject) || subject;
    if (state === 'R') {
      counts.revoked++;
      // In a complete list removeFromCRL says that nothing is revoked (RFC 5280, section 5.3.1): no list has such a row.
      if (expires >= now && reasonOfColumn(since) !== 'removeFromCRL') revoked.push(serialNumber);
      revokedUntil.set(name, Math.max(expires, revokedUntil.get(name) ?? 0));
      continue;
    }
    counts[expires < now ? 'expired' : 'valid']++;
    const known = newest.get(name);
    if (known === undefined || expires >= known.expires) newest.set(name, { serialNumber, expires });
  }
  return { newest, counts, revoked, revokedUntil, duplicate };
}

function caKeyMatch({ certificate, layout }: Ca): GatheredCa['key'] {
  if (isKeyInToken(layout)) return 'none';
  // A link that leads nowhere is no key, such as one to a medium that is not there.
  const isThere = orUnreadable(() => files.stampOf(layout.privateKey) !== undefined);
  return isThere === false ? 'missing' : keyMatch(certificate, layout.privateKey);
}

function isOpenFolder(folder: string): boolean {
  return (files.modeOf(folder) & 0o011) !== 0;
}

/** Looks into every certificate that is in force; what cannot be said at a glance is read in full. */
function readCopies(
  layout: CaLayout,
  newest: ReadonlyMap<string, Newest>,
  now: number,
): Pick<GatheredCa, 'copyFaults' | 'begins'> {
  const there = new Set(files.list(layout.newCertificates));
  const read = smallFileReader();
  const faults: CopyFault[] = [];
  const begins = new Map<string, number>();
  for (const [name, { serialNumber, expires }] of newest) {
    if (expires < now) continue;
    const file = issuedCertificateFile(layout, serialNumber);
    if (!there.has(`${serialNumber}.pem`)) {
      faults.push({ name, file, fault: 'missing' });
      continue;
    }
    const der = firstCertificate(read(file));
    const begin = expires - now <= shortLifeMs ? beginAtGlance(der) : undefined;
    if (begin !== undefined) begins.set(name, begin);
    if (!isPlainlyStrong(der)) {
      const certificate = orUnreadable(() => readCertificate(file));
      const fault = certificate === undefined ? 'unreadable' : strengthFindings(certificate);
      if (fault.length > 0) faults.push({ name, file, fault });
    }
  }
  return { copyFaults: faults, begins };
}

const beginning = Buffer.from('-----BEGIN CERTIFICATE-----');

const ending = Buffer.from('-----END');

/** The bytes of the first PEM block, not checked: the answer that they are strong is all that is taken from them. */
function firstCertificate(pem: Buffer): Uint8Array {
  const start = pem.indexOf(beginning);
  if (start < 0) return Uint8Array.of();
  const end = pem.indexOf(ending, start + beginning.length);
  return Buffer.from(pem.toString('latin1', start + beginning.length, end < 0 ? start : end), 'base64');
}

/** Of the rules for leaves those about keys and signatures. */
export function strengthFindings(certificate: Certificate): Finding[] {
  return leafFindings(certificate).filter(
    ({ rule }) => rule === 'leaf-signature-algorithm' || !rule.startsWith('leaf-'),
  );
}

function orUnreadable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof OvsPkiError) return undefined;
    throw error;
  }
}
