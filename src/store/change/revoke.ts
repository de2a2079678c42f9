/**
 * Revoking in a PKI directory: rows of index.txt become those that `openssl ca -revoke` would write, all of a run at
 * once or in large batches, and wherever a run is killed each certificate is revoked or is not.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Revocation } from '../../pki/revocation.js';
import { certificateFileText } from '../../pki/text.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, requireSameCa } from '../ca/ca.js';
import { appendIndexRows, expiryOf, type IndexRow, indexRowFor } from '../index/row.js';
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
import {
  caItself,
  details,
  finallyRevoked,
  notRevoked,
  otherwise,
  type RevocationTarget,
  supersedesItself,
  unknown,
  whatOf,
} from './revocation-refusals.js';
import { rewriteRows, rowOf } from './rewrite.js';

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
