/**
 * The CAs that hosts have their certificates from, each read once a run, with the CRL that hosts are to have.
 *
 * @module
 */

import type { DesiredIdentity } from '../../deploy/desired/desired.js';
import type { HostCrl } from '../../deploy/plan/input.js';
import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { type Crl, decodeCrl } from '../../pki/crl.js';
import { certificateTypes, type SubjectBase } from '../../pki/profile.js';
import { isCrlDue } from '../../pki/renewal.js';
import { isHarmless } from '../../pki/revocation.js';
import type { SerialNumber } from '../../pki/serial.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, readCa } from '../../store/ca/ca.js';
import { newestCrl } from '../../store/ca/crls.js';
import { caRevoked, listsAbove, revocationText, revokedBy } from '../../store/ca/lists-above.js';
import { profileOf } from '../../store/ca/profile.js';
import { readRetired } from '../../store/ca/retired.js';
import { crlIssuers, makeCrls } from '../../store/change/crl.js';
import { type History, readHistory, reasonsIn } from '../../store/history/known.js';
import type { IndexRow } from '../../store/index/row.js';
import {
  distrustedNames,
  lastRevoked,
  type RevokedRow,
  readIndexBytes,
  readRevoked,
  reasonOfColumn,
} from '../../store/index/scan.js';
import { defaultCrlDays } from '../authority/crl.js';

/** What belongs to a CA. */
export interface Authority {
  readonly ca: Ca;
  /** What stands before the common name in what it certifies, where it has a profile. */
  readonly subjectBase: SubjectBase;
  readonly revoked: ReadonlyMap<SerialNumber, RevokedRow>;
  /** One for each key that the CA signs with. */
  readonly crls: readonly HostCrl[];
  /** CAs of earlier rollovers, which nobody is to trust any more. */
  readonly retired: readonly Certificate[];
  /** Why there is no newer list. */
  readonly warnings: readonly string[];
  /** Whether the CA has revoked the certificates of a name, and there is none that is good. */
  readonly distrusts: (name: string) => boolean;
  /** The last certificate of a name, where that was revoked for a reason that speaks against the host. */
  readonly refused: (name: string) => { readonly serialNumber: SerialNumber; readonly reason: string } | undefined;
}

/** The CAs of a PKI directory. */
export interface Authorities {
  /** Undefined for who signs his own certificate. Throws PKI_NOT_FOUND, PKI_CORRUPT, and what {@link makeCrls} throws. */
  readonly of: (identity: DesiredIdentity) => Promise<Authority | undefined>;
}

/** @param crls whether a list is made where one is needed, or that is only said */
export function authoritiesIn(platform: Platform, pkiDirectory: string, crls: 'made' | 'planned'): Authorities {
  const read = new Map<string, Promise<Authority>>();
  return {
    of: async ({ method, type }) => {
      if (method === 'self-signed') return undefined;
      const authority = read.get(type) ?? readAuthority(platform, readCa(pkiDirectory, type), crls);
      read.set(type, authority);
      return authority;
    },
  };
}

/** The lists that the CAs have here, as far as they can be read: for a comparison with those that hosts have. */
export function crlsIn({ clock }: Platform, pkiDirectory: string): HostCrl[] {
  return certificateTypes.flatMap((type) => {
    try {
      return crlIssuers(readCa(pkiDirectory, type), clock.now()).flatMap((ca) => hostCrl(ca, newestCrl(ca)));
    } catch (error) {
      if (error instanceof OvsPkiError) return [];
      throw error;
    }
  });
}

function hostCrl({ certificate: issuer }: Ca, crl: Crl | undefined): HostCrl[] {
  return crl === undefined ? [] : [listFor(issuer, crl)];
}

async function readAuthority(platform: Platform, ca: Ca, crls: 'made' | 'planned'): Promise<Authority> {
  const history = readHistory(ca, platform.clock.now());
  const revoked = revokedIn(ca, history);
  const index = (): Buffer => readIndexBytes(ca.layout.index);
  let distrusted: ReadonlySet<string> | undefined;
  const distrusts = (name: string): boolean => {
    distrusted ??= distrustedNames(index(), platform.clock.now());
    return distrusted.has(name);
  };
  let last: ReadonlyMap<string, IndexRow> | undefined;
  const refused: Authority['refused'] = (name) => {
    last ??= lastRevoked(index());
    const row = last.get(name);
    if (row === undefined) return undefined;
    const reason = reasonOfColumn(row.revoked);
    return isHarmless(reason) ? undefined : { serialNumber: row.serialNumber, reason };
  };
  const retired = readRetired(ca);
  const above = crlsAbove(ca);
  const own = await currentCrls(platform, ca, { revoked, history }, crls);
  return {
    ...{ ca, revoked, retired, distrusts, refused, subjectBase: profileOf(ca).subject },
    crls: [...own.crls, ...above.crls],
    warnings: [...own.warnings, ...above.warnings],
  };
}

/**
 * What the CAs above have revoked. A list that revokes the CA that signs would end every tunnel: it goes to hosts once
 * another CA signs.
 */
function crlsAbove(ca: Ca): Pick<Authority, 'crls' | 'warnings'> {
  const lists = listsAbove(ca);
  const revoked = revokedBy(ca, lists);
  if (revoked === undefined) return { crls: lists.map(({ issuer, crl }) => listFor(issuer, crl)), warnings: [] };
  if (ca.other === undefined) throw caRevoked(ca, revoked);
  const text = revocationText(revoked, revoked.certificate === ca.certificate);
  return { crls: [], warnings: [`${ca.type}ca: ${text}; the hosts get that CRL once the next key signs`] };
}

function listFor(issuer: Certificate, crl: Crl): HostCrl {
  return { issuer, crl, count: crl.revoked.size };
}

/** Those of the index, and what is known besides; of these it is not known when they end. */
function revokedIn({ certificate, layout }: Ca, history: History): Map<SerialNumber, RevokedRow> {
  const all = readRevoked(layout.index);
  const expires = certificate.notAfter.getTime();
  for (const [serialNumber, reason] of reasonsIn(history)) {
    if (!history.indexed.has(serialNumber)) all.set(serialNumber, { reason, expires });
  }
  return all;
}

/** A CA that has never revoked anything needs no list; one that has a list keeps it up to date, with each of its keys. */
async function currentCrls(
  platform: Platform,
  ca: Ca,
  { revoked, history }: { readonly revoked: Authority['revoked']; readonly history: History },
  crls: 'made' | 'planned',
): Promise<Pick<Authority, 'crls' | 'warnings'>> {
  const now = platform.clock.now();
  const issuers = crlIssuers(ca, now);
  const newest = issuers.map(newestCrl);
  const listed = [...revoked].filter(([, { reason }]) => reason !== 'removeFromCRL');
  const missing = listed.filter(
    ([serialNumber, { expires }]) => expires >= now.getTime() && !newest.every((crl) => crl?.revoked.has(serialNumber)),
  ).length;
  const present = issuers.flatMap((issuer, index) => hostCrl(issuer, newest[index]));
  // Those whose hold was released are to leave the lists.
  const isOnList = (serialNumber: SerialNumber): boolean => newest.some((crl) => crl?.revoked.has(serialNumber));
  const hasReleased = [...history.released].some(
    (serialNumber) => !revoked.has(serialNumber) && isOnList(serialNumber),
  );
  const isComplete = present.length === 0 || present.length === issuers.length;
  if (
    missing === 0 &&
    !hasReleased &&
    isComplete &&
    present.every(({ crl }) => crl === undefined || !isCrlDue(crl, now))
  ) {
    return { crls: present, warnings: [] };
  }
  if (crls === 'planned') {
    const planned = issuers.map(({ certificate: issuer }) => ({ issuer, crl: undefined, count: listed.length }));
    return { crls: planned, warnings: [] };
  }
  try {
    const made = await makeCrls(platform, ca, defaultCrlDays);
    return {
      crls: made.map(({ der, count, issuer }) => ({ issuer, crl: decodeCrl(der), count })),
      warnings: [],
    };
  } catch (error) {
    if (!(error instanceof OvsPkiError)) throw error;
    if (missing > 0 || !isComplete) throw notMade(ca, missing, error);
    const until = newest[0]?.nextUpdate?.toISOString().slice(0, 10);
    return {
      crls: present,
      warnings: [`the CRL of ${ca.type}ca is good until ${until}, and no new one could be made: ${error.message}`],
    };
  }
}

function notMade({ type }: Ca, missing: number, cause: OvsPkiError): OvsPkiError {
  const what = missing === 1 ? 'a certificate is revoked and' : `${missing} certificates are revoked and`;
  return new OvsPkiError(
    cause.code,
    `${what} not on the CRL of ${type}ca, and no new one could be made: ${cause.message}`,
    {
      hint: cause.hint ?? `make one: ovs-pki-ts crl ${type}`,
      details: cause.details,
      cause,
    },
  );
}
