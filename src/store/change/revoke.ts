/**
 * Revoking in a PKI directory: rows of index.txt become those that `openssl ca -revoke` would write, all of a run at
 * once or in large batches, and wherever a run is killed each certificate is revoked or is not.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import type { Revocation } from '../../pki/revocation.js';
import type { SerialNumber } from '../../pki/serial.js';
import { certificateFileText } from '../../pki/text.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, requireSameCa } from '../ca/ca.js';
import { appendIndexRows, expiryOf, type IndexRow, indexRowFor, revokedAt } from '../index/row.js';
import {
  findRowsByName,
  type PlacedRow,
  readIndexBytes,
  reasonOfColumn,
  revokedColumn,
  serialsIn,
} from '../index/scan.js';
import { withLock } from '../journal/lock.js';
import { recoverInterrupted } from '../journal/recovery.js';
import { issuedCertificateFile } from '../layout.js';
import { rewriteRows, rowOf } from './rewrite.js';

/** What is to be revoked: all valid certificates of a name, or one certificate. */
export type RevocationTarget =
  | { readonly name: string }
  /** With the certificate itself one that the index does not know, and that the CA has signed. */
  | { readonly serialNumber: SerialNumber; readonly certificate?: Certificate };

/** The rows of a target as they are now, and whether it was this run that revoked them. */
export interface RevokeResult {
  readonly isNew: boolean;
  readonly rows: readonly IndexRow[];
}

/**
 * Revokes the certificates of each target that can be revoked, in the order given.
 *
 * @returns a result for each target; a refusal of one does not touch the others
 * @throws PKI_LOCKED, PKI_CORRUPT, KEY_MISMATCH, FILE_UNWRITABLE
 */
export function revokeInCa(
  platform: Platform,
  ca: Ca,
  targets: readonly RevocationTarget[],
  revocation: Revocation,
): Promise<(RevokeResult | OvsPkiError)[]> {
  return withLock(platform, ca.layout.lock, async () => {
    requireSameCa(ca);
    recoverInterrupted(platform, ca);
    const now = platform.clock.now();
    adopt(ca, targets);
    const rowsOf = rowFinder(readIndexBytes(ca.layout.index), targets);
    const order = { revocation, column: revokedColumn(revocation, now), now };
    const plans = targets.map((target) => planOf(ca, target, rowsOf(target), order));
    return carryOut(platform, ca, plans, 'revoke');
  });
}

/**
 * Ends a certificateHold: the certificates of each target that are on hold are valid again, and the next CRL is without
 * them.
 *
 * @returns a result for each target, with the rows as they were; a refusal of one does not touch the others
 * @throws PKI_LOCKED, PKI_CORRUPT, KEY_MISMATCH, FILE_UNWRITABLE
 */
export function releaseInCa(
  platform: Platform,
  ca: Ca,
  targets: readonly RevocationTarget[],
): Promise<(RevokeResult | OvsPkiError)[]> {
  return withLock(platform, ca.layout.lock, async () => {
    requireSameCa(ca);
    recoverInterrupted(platform, ca);
    const rowsOf = rowFinder(readIndexBytes(ca.layout.index), targets);
    const plans = targets.map((target) => releaseOf(ca, target, rowsOf(target)));
    return carryOut(platform, ca, plans, 'release');
  });
}

function carryOut(
  platform: Platform,
  ca: Ca,
  plans: readonly (Plan | OvsPkiError)[],
  action: 'revoke' | 'release',
): (RevokeResult | OvsPkiError)[] {
  const work = new Map(
    plans.flatMap((plan) => (plan instanceof OvsPkiError ? [] : plan.work.map((row) => [row.start, row] as const))),
  );
  rewriteRows(platform, ca, [...work.values()], action);
  return plans.map((plan) =>
    plan instanceof OvsPkiError ? plan : { isNew: plan.work.length > 0, rows: plan.rows.map(({ row }) => row) },
  );
}

function rowFinder(index: Buffer, targets: readonly RevocationTarget[]): (target: RevocationTarget) => PlacedRow[] {
  const names = new Set(targets.flatMap((target) => ('name' in target ? [target.name] : [])));
  const ofNames = findRowsByName(index, names);
  return (target) => ('name' in target ? (ofNames.get(target.name) ?? []) : rowOf(index, target.serialNumber));
}

/** Certificates that the index does not know, since it is younger than they are, get their rows and copies first. */
function adopt({ layout }: Ca, targets: readonly RevocationTarget[]): void {
  const known = serialsIn(readIndexBytes(layout.index));
  for (const target of targets) {
    const certificate = 'certificate' in target ? target.certificate : undefined;
    if (certificate === undefined || known.has(certificate.serialNumber)) continue;
    known.add(certificate.serialNumber);
    appendIndexRows(layout.index, [indexRowFor(certificate)]);
    files.replaceFile(issuedCertificateFile(layout, certificate.serialNumber), certificateFileText(certificate));
  }
}

interface Plan {
  /** The rows as they are to be. */
  readonly rows: readonly PlacedRow[];
  /** Those among them that have to be changed. */
  readonly work: readonly PlacedRow[];
}

interface Order {
  readonly revocation: Revocation;
  /** The third column of a row that is revoked by it. */
  readonly column: string;
  readonly now: Date;
}

function planOf(ca: Ca, target: RevocationTarget, found: readonly PlacedRow[], order: Order): Plan | OvsPkiError {
  const { revocation, column, now } = order;
  const what = whatOf(target);
  const own = [ca.certificate.serialNumber, ca.other?.certificate.serialNumber];
  if (found.some(({ row }) => own.includes(row.serialNumber))) return caItself(ca);
  // A serial number says exactly which; of a name those that have expired are beside the point.
  const open = found.filter(({ row }) => row.state !== 'R' && ('serialNumber' in target || expiryOf(row) >= now));
  // What supersedes is not superseded: that is the one of a name that was issued last, unless it is the only one.
  const isSuperseding = 'name' in target && revocation.reason === 'superseded' && found.length > 1;
  const meant = isSuperseding ? open.slice(0, -1) : open;
  const work = [
    ...meant.map((placed) => revokedBy(placed, column)),
    ...found.filter(({ row }) => isOnHold(row) && isFinal(revocation)).map((placed) => endOfHold(placed, column)),
  ];
  if (work.length > 0) return { rows: work, work };
  const revoked = found.filter(({ row }) => row.state === 'R');
  const same = revoked.filter(({ row }) => details(column) === '' || details(row.revoked) === details(column));
  if (same.length > 0) return { rows: same, work: [] };
  const [current] = open;
  if (current !== undefined) return supersedesItself(what, current.row);
  if (revoked.length === 0) return unknown(ca, what, found.length > 0);
  return otherwise(what, (revoked.at(-1) as PlacedRow).row);
}

function revokedBy(placed: PlacedRow, column: string): PlacedRow {
  return { ...placed, row: { ...placed.row, state: 'R', revoked: column } };
}

/** The certificate was not to be trusted since it was put on hold, and that stays its date (X.509, 8.5.2.2). */
function endOfHold(placed: PlacedRow, column: string): PlacedRow {
  const [since = ''] = placed.row.revoked.split(',');
  return revokedBy(placed, column.replace(/^[^,]*/, since));
}

/** That a reason is not said leaves a hold what it is. */
function isFinal({ reason }: Revocation): boolean {
  return reason !== undefined && reason !== 'certificateHold';
}

function isOnHold({ state, revoked }: IndexRow): boolean {
  return state === 'R' && reasonOfColumn(revoked) === 'certificateHold';
}

function releaseOf(ca: Ca, target: RevocationTarget, found: readonly PlacedRow[]): Plan | OvsPkiError {
  const held = found.filter(({ row }) => isOnHold(row));
  if (held.length > 0) {
    return { rows: held, work: held.map((placed) => ({ ...placed, row: { ...placed.row, state: 'V', revoked: '' } })) };
  }
  const what = whatOf(target);
  if (found.length === 0) return unknown(ca, what, false);
  const revoked = found.findLast(({ row }) => row.state === 'R');
  return revoked === undefined ? notRevoked(what) : finallyRevoked(what, revoked.row);
}

function whatOf(target: RevocationTarget): string {
  return 'name' in target ? target.name : `serial ${target.serialNumber}`;
}

/** What stands behind the time of the revocation: that it is unspecified may be said or not. */
function details(column: string): string {
  return column.replace(/^[^,]*,?/, '').replace(/^unspecified$/, '');
}

function unknown({ type, layout }: Ca, what: string, hasExpired: boolean): OvsPkiError {
  const message = hasExpired
    ? `every certificate of ${what} has expired`
    : `${type}ca has issued no certificate of ${what}`;
  return new OvsPkiError('CERTIFICATE_UNKNOWN', message, {
    hint: hasExpired
      ? `nobody takes them any more; to revoke one all the same, give its --serial: see ${layout.index}`
      : `see what it has issued: ovs-pki-ts list ${type}; a certificate of the other CA is named with its type: ${
          type === 'switch' ? 'controller' : 'switch'
        }`,
    details: { what, type },
  });
}

function otherwise(what: string, row: IndexRow): OvsPkiError {
  const { serialNumber, revoked } = row;
  const since = `since ${revokedAt(row).toISOString().slice(0, 10)}, ${reasonOfColumn(revoked)}`;
  return new OvsPkiError('REVOCATION_REFUSED', `${what} is revoked already, with another reason or time: ${since}`, {
    hint: 'what lists have told stands; without --reason and --at this is no error',
    details: { serialNumber, revoked },
  });
}

function caItself({ type, layout }: Ca): OvsPkiError {
  return new OvsPkiError('REVOCATION_REFUSED', `this is the certificate of ${type}ca itself`, {
    hint: `a CA cannot revoke itself: take ${layout.certificate} away from all hosts`,
    details: { type },
  });
}

function supersedesItself(what: string, { serialNumber }: IndexRow): OvsPkiError {
  const message = `nothing supersedes the certificate of ${what}, serial ${serialNumber}: it is the one that was issued last`;
  return new OvsPkiError('REVOCATION_REFUSED', message, {
    hint: `to revoke it all the same: ovs-pki-ts revoke --serial ${serialNumber} --reason superseded; if the host is gone: --reason cessationOfOperation`,
    details: { serialNumber },
  });
}

function notRevoked(what: string): OvsPkiError {
  return new OvsPkiError('REVOCATION_REFUSED', `no certificate of ${what} is revoked: there is no hold to end`, {
    hint: 'see which are: ovs-pki-ts list --state revoked',
  });
}

function finallyRevoked(what: string, { serialNumber, revoked }: IndexRow): OvsPkiError {
  const reason = reasonOfColumn(revoked);
  return new OvsPkiError('REVOCATION_REFUSED', `${what} is revoked for good (${reason}): only certificateHold ends`, {
    hint: 'if the host is to be trusted again, give it another key: ovs-pki-ts req+sign --force --unique NAME',
    details: { serialNumber, revoked },
  });
}
