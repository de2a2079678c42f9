/**
 * What is known of the revocations of an issuer: by the index, by the CRLs that are here, by the audit log, and by the
 * other folders of the same issuer. No CRL forgets what one of them has, unless the certificate has expired or its hold was
 * released by name.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { type Crl, decodeCrlsPem, isCrlOf } from '../../pki/crl.js';
import { type CrlEntry, entriesOf } from '../../pki/crl-entries.js';
import type { SerialNumber } from '../../pki/serial.js';
import * as files from '../../platform/files.js';
import { type Ca, generationsOf } from '../ca/ca.js';
import { crlFiles } from '../ca/crls.js';
import { readRetired } from '../ca/retired.js';
import { copyOf } from '../index/copies.js';
import { indexTimeMs, plainSerial } from '../index/row.js';
import { findRowBySerial, readIndexBytes, reasonOfColumn, revokedColumn, revokedRows } from '../index/scan.js';
import type { CaLayout } from '../layout.js';
import { type AuditFacts, readAuditFacts } from './audit-facts.js';
import { foldersOfIssuer } from './shared.js';

/** A revocation, and who knows it. */
export interface KnownRevocation {
  readonly serialNumber: SerialNumber;
  /** As the third column of a row. */
  readonly column: string;
  readonly source: string;
  /** As an index has it, where that is known. */
  readonly subject: string | undefined;
}

/** All that is known. */
export interface History {
  /** The third columns of the revoked rows of the index. */
  readonly indexed: ReadonlyMap<SerialNumber, string>;
  /** Revoked in another folder of the issuer, which has issued them. */
  readonly shared: ReadonlyMap<SerialNumber, KnownRevocation>;
  /** Known elsewhere, and not in any index, or there only as a hold. */
  readonly lost: readonly KnownRevocation[];
  /** On hold in the index, though the audit log has their release. */
  readonly unreleased: readonly KnownRevocation[];
  /** Whose hold was released, and that are not revoked since. */
  readonly released: ReadonlySet<SerialNumber>;
  /** The highest number that a CRL of the issuer has, as far as is known. */
  readonly crlNumber: bigint | undefined;
  /** The same as the audit log has it: lists that openssl makes are not in it. */
  readonly audited: AuditFacts;
  /** Those in crl.pem. */
  readonly published: readonly Crl[];
  /** The lists of the other key of a rollover, and of keys before. */
  readonly ofOtherKeys: readonly Crl[];
}

interface Place {
  readonly layout: CaLayout;
  readonly index: Buffer;
  readonly revoked: ReadonlyMap<SerialNumber, string>;
  readonly audited: AuditFacts;
  readonly crls: readonly { readonly file: string; readonly crl: Crl }[];
}

/** Throws PKI_CORRUPT where the CA has no index. */
export function readHistory(ca: Ca, now: Date): History {
  const issuers = issuersOf(ca);
  const own = placeOf(ca.layout, issuers, readIndexBytes(ca.layout.index));
  const others = foldersOfIssuer(ca).map((layout) =>
    placeOf(layout, issuers, files.exists(layout.index) ? files.readFile(layout.index) : Buffer.alloc(0)),
  );
  const places = [own, ...others];
  const shared = sharedBy(own, others);
  const crls = places.flatMap((place) => place.crls.map(({ crl }) => crl));
  const numbers = [
    ...crls.flatMap(({ crlNumber }) => (crlNumber === undefined ? [] : [crlNumber])),
    ...places.flatMap(({ audited }) => (audited.crlNumber === undefined ? [] : [audited.crlNumber])),
  ];
  return {
    indexed: own.revoked,
    shared,
    lost: lostBy(places, shared, now),
    unreleased: unreleasedBy(own),
    released: releasedBy(own),
    crlNumber: numbers.reduce<bigint | undefined>(
      (most, one) => (most === undefined || one > most ? one : most),
      undefined,
    ),
    audited: own.audited,
    published: own.crls.flatMap(({ file, crl }) => (file === ca.layout.crl ? [crl] : [])),
    ofOtherKeys: own.crls.flatMap(({ file, crl }) => (file === ca.layout.crl ? [] : [crl])),
  };
}

/** The certificates of the CA that signs, of the other one of a rollover, and of those before. Throws PKI_CORRUPT. */
export function issuersOf(ca: Ca): Certificate[] {
  return [...generationsOf(ca).map(({ certificate }) => certificate), ...readRetired(ca)];
}

/** Who has revoked a certificate, as far as anybody here knows. */
export function revocationOf(
  history: History,
  layout: CaLayout,
  serialNumber: SerialNumber,
): KnownRevocation | undefined {
  const column = history.indexed.get(serialNumber);
  if (column !== undefined) return { serialNumber, column, source: layout.index, subject: undefined };
  return history.shared.get(serialNumber) ?? history.lost.find((one) => one.serialNumber === serialNumber);
}

/** All of them, with their reasons in the words of RFC 5280. */
export function reasonsIn({ indexed, shared, lost }: History): Map<SerialNumber, string> {
  const columns = [
    ...[...shared.values(), ...lost].map(({ serialNumber, column }) => [serialNumber, column] as const),
    ...indexed,
  ];
  return new Map(columns.map(([serialNumber, column]) => [serialNumber, reasonOfColumn(column)]));
}

/** The row of a certificate in an index, if it is no more than on hold there. */
function isHold(column: string | undefined): boolean {
  return column !== undefined && reasonOfColumn(column) === 'certificateHold';
}

function placeOf(layout: CaLayout, issuers: readonly Certificate[], index: Buffer): Place {
  const revoked = new Map<SerialNumber, string>();
  for (const { start, end } of revokedRows(index)) {
    const [, , column = '', serialNumber = ''] = index.toString('latin1', start, end).split('\t');
    // In a complete list this says that nothing is revoked (RFC 5280, section 5.3.1).
    if (reasonOfColumn(column) !== 'removeFromCRL') revoked.set(plainSerial(serialNumber), column);
  }
  const crls = crlFiles(layout).flatMap((file) => readable(file).map((crl) => ({ file, crl })));
  return {
    layout,
    index,
    revoked,
    audited: readAuditFacts(layout.auditLog),
    crls: crls.filter(({ crl }) => issuers.some((issuer) => isCrlOf(issuer, crl))),
  };
}

/** A list that is damaged says nothing; the next one takes its place. */
function readable(file: string): Crl[] {
  try {
    return decodeCrlsPem(files.readFile(file).toString('latin1'), file);
  } catch (error) {
    if (error instanceof OvsPkiError) return [];
    throw error;
  }
}

function sharedBy(own: Place, others: readonly Place[]): Map<SerialNumber, KnownRevocation> {
  const shared = new Map<SerialNumber, KnownRevocation>();
  for (const { layout, index, revoked } of others) {
    for (const [serialNumber, column] of revoked) {
      if (shared.has(serialNumber) || findRowBySerial(own.index, serialNumber) !== undefined) continue;
      const subject = findRowBySerial(index, serialNumber)?.row.subject;
      shared.set(serialNumber, { serialNumber, column, source: layout.index, subject });
    }
  }
  return shared;
}

/** What CRLs and audit logs have that no index has. What speaks last counts; a final reason is not taken back by a hold. */
function lostBy(places: readonly Place[], shared: History['shared'], now: Date): KnownRevocation[] {
  const [own, ...others] = places as readonly [Place, ...Place[]];
  const lost = new Map<SerialNumber, KnownRevocation>();
  const columnOf = (serialNumber: SerialNumber): string | undefined =>
    own.revoked.get(serialNumber) ?? shared.get(serialNumber)?.column;
  const add = (one: KnownRevocation): void => {
    const here = columnOf(one.serialNumber);
    if (here === undefined && findRowBySerial(own.index, one.serialNumber)?.row.state === 'R') return;
    const isNew = here === undefined || (isHold(here) && !isHold(one.column));
    const before = lost.get(one.serialNumber);
    if (isNew && (before === undefined || (isHold(before.column) && !isHold(one.column))))
      lost.set(one.serialNumber, one);
  };
  for (const place of places) for (const one of fromAudit(place)) add(one);
  for (const place of places) for (const one of fromCrls(place, places, columnOf)) add(one);
  // An index that was put back from before the other folder was put aside.
  for (const { revoked, layout } of others) {
    for (const [serialNumber, column] of revoked) {
      if (columnOf(serialNumber) === undefined && !isReleased(places, serialNumber, Number.MAX_SAFE_INTEGER)) {
        add({ serialNumber, column, source: layout.index, subject: undefined });
      }
    }
  }
  return [...lost.values()].filter(({ serialNumber }) => !hasExpired(places, serialNumber, now));
}

function fromAudit({ audited, layout }: Place): KnownRevocation[] {
  return [...audited.revocations].flatMap(([serialNumber, { action, column, subject }]) =>
    action === 'revoke' ? [{ serialNumber, column, source: layout.auditLog, subject }] : [],
  );
}

function fromCrls(
  { crls }: Place,
  places: readonly Place[],
  columnOf: (serialNumber: SerialNumber) => string | undefined,
): KnownRevocation[] {
  return crls.flatMap(({ file, crl }) => {
    const open = [...crl.revoked.keys()].filter((serialNumber) => {
      const column = columnOf(serialNumber);
      return column === undefined ? !isReleased(places, serialNumber, crl.thisUpdate.getTime()) : isHold(column);
    });
    return entriesOf(crl, new Set(open)).map((entry) => ({
      serialNumber: entry.serialNumber,
      column: columnOfEntry(entry),
      source: file,
      subject: undefined,
    }));
  });
}

/** Whether a hold was released after a list was made that has it. */
function isReleased(places: readonly Place[], serialNumber: SerialNumber, thisUpdateMs: number): boolean {
  return places.some(({ audited }) => {
    const last = audited.revocations.get(serialNumber);
    return last?.action === 'release' && (last.at >= thisUpdateMs || thisUpdateMs === Number.MAX_SAFE_INTEGER);
  });
}

function columnOfEntry({ reason, invalidityDate, revokedAt }: CrlEntry): string {
  const isCompromise = reason === 'keyCompromise' || reason === 'CACompromise';
  return revokedColumn({ reason, invalidityDate: isCompromise ? invalidityDate : undefined }, revokedAt);
}

function releasedBy({ audited, revoked }: Place): Set<SerialNumber> {
  const released = [...audited.revocations].filter(([, { action }]) => action === 'release');
  return new Set(released.flatMap(([serialNumber]) => (revoked.has(serialNumber) ? [] : [serialNumber])));
}

function unreleasedBy({ audited, revoked, layout }: Place): KnownRevocation[] {
  return [...audited.revocations].flatMap(([serialNumber, { action, column, subject }]) =>
    action === 'release' && revoked.get(serialNumber) === column
      ? [{ serialNumber, column, source: layout.auditLog, subject }]
      : [],
  );
}

/** As a row or the CA's copy says it; where neither is here, it has not. */
function hasExpired(places: readonly Place[], serialNumber: SerialNumber, now: Date): boolean {
  return places.some(({ index, layout }) => {
    const row = findRowBySerial(index, serialNumber)?.row;
    if (row !== undefined) return indexTimeMs(row.expires) < now.getTime();
    const copy = copyOf(layout, serialNumber);
    return copy !== undefined && copy.notAfter < now;
  });
}
