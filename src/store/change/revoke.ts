/**
 * Revoking in a PKI directory: rows of index.txt become those that `openssl ca -revoke` would write, all of a run at
 * once or in large batches, and wherever a run is killed each certificate is revoked or is not.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Revocation } from '../../pki/revocation.js';
import type { SerialNumber } from '../../pki/serial.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, requireSameCa } from '../ca/ca.js';
import { isRegisterCurrent, registerKeys } from '../index/key-register.js';
import { expiryOf, type IndexRow, revokedAt } from '../index/row.js';
import {
  findRowBySerial,
  findRowsByName,
  type PlacedRow,
  readIndexBytes,
  reasonOfColumn,
  replaceRows,
  revokedColumn,
} from '../index/scan.js';
import { appendAudit, appendOutcomes, auditStamp } from '../journal/audit-log.js';
import { withLock } from '../journal/lock.js';
import { recoverInterrupted } from '../journal/recovery.js';

/** What is to be revoked: all valid certificates of a name, or one certificate. */
export type RevocationTarget = { readonly name: string } | { readonly serialNumber: SerialNumber };

/** The rows of a target as they are now, and whether it was this run that revoked them. */
export interface RevokeResult {
  readonly isNew: boolean;
  readonly rows: readonly IndexRow[];
}

/** So many intents and outcomes are surely found again by the run that finishes an interrupted one. */
const batchSize = 256;

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
    const index = readIndexBytes(ca.layout.index);
    const ofNames = findRowsByName(
      index,
      new Set(targets.flatMap((target) => ('name' in target ? [target.name] : []))),
    );
    const column = revokedColumn(revocation, now);
    const plans = targets.map((target) => {
      const rows = 'name' in target ? (ofNames.get(target.name) ?? []) : rowOf(index, target.serialNumber);
      return planOf(ca, target, rows, column, now);
    });
    const work = new Map(
      plans.flatMap((plan) => (plan instanceof OvsPkiError ? [] : plan.work.map((row) => [row.start, row] as const))),
    );
    revokeRows(platform, ca, [...work.values()]);
    return plans.map((plan) =>
      plan instanceof OvsPkiError ? plan : { isNew: plan.work.length > 0, rows: plan.rows.map(({ row }) => row) },
    );
  });
}

interface Plan {
  /** The rows as they are to be. */
  readonly rows: readonly PlacedRow[];
  /** Those among them that have to be changed. */
  readonly work: readonly PlacedRow[];
}

function planOf(
  ca: Ca,
  target: RevocationTarget,
  found: readonly PlacedRow[],
  column: string,
  now: Date,
): Plan | OvsPkiError {
  const what = 'name' in target ? target.name : `serial ${target.serialNumber}`;
  const own = [ca.certificate.serialNumber, ca.other?.certificate.serialNumber];
  if (found.some(({ row }) => own.includes(row.serialNumber))) return caItself(ca);
  // A serial number says exactly which; of a name those that have expired are beside the point.
  const open = found.filter(({ row }) => row.state !== 'R' && ('serialNumber' in target || expiryOf(row) >= now));
  if (open.length > 0) {
    const work = open.map((placed) => ({ ...placed, row: { ...placed.row, state: 'R', revoked: column } as const }));
    return { rows: work, work };
  }
  const revoked = found.filter(({ row }) => row.state === 'R');
  if (revoked.length === 0) return unknown(ca, what, found.length > 0);
  const same = revoked.filter(({ row }) => details(column) === '' || details(row.revoked) === details(column));
  return same.length > 0 ? { rows: same, work: [] } : otherwise(what, (revoked.at(-1) as PlacedRow).row);
}

/** What stands behind the time of the revocation: that it is unspecified may be said or not. */
function details(column: string): string {
  return column.replace(/^[^,]*,?/, '').replace(/^unspecified$/, '');
}

function revokeRows(platform: Platform, ca: Ca, rows: readonly PlacedRow[]): void {
  const { layout } = ca;
  for (let start = 0; start < rows.length; start += batchSize) {
    const batch = rows.slice(start, start + batchSize);
    const entries = batch.map(({ row: { serialNumber } }) => ({
      ...auditStamp(platform),
      action: 'revoke' as const,
      serialNumber,
    }));
    appendAudit(
      layout.auditLog,
      batch.map(({ row: { subject, revoked } }, at) => {
        const entry = entries[at] as (typeof entries)[number];
        return { ...entry, event: 'intent', type: ca.type, subject, revoked };
      }),
    );
    const isCurrent = isRegisterCurrent(layout);
    const index = readIndexBytes(layout.index);
    // The batches before this one have moved what stands behind them.
    const placed = batch.flatMap(({ row }) => rowOf(index, row.serialNumber).map((place) => ({ ...place, row })));
    replaceRows(layout.index, index, placed);
    // Which keys are certified has not changed.
    if (isCurrent) registerKeys(layout, []);
    appendOutcomes(
      layout.auditLog,
      entries.map((entry) => ({ ...entry, event: 'recorded' })),
    );
    for (const { serialNumber } of entries) platform.log.write(`revoked serial ${serialNumber} of ${ca.type}ca`);
  }
}

function rowOf(index: Buffer, serialNumber: SerialNumber): PlacedRow[] {
  const row = findRowBySerial(index, serialNumber);
  return row === undefined ? [] : [row];
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
