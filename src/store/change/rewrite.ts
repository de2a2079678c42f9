/**
 * Rows of index.txt that are revoked or released, all of a run at once or in large batches, and each with its intent and
 * its outcome in the audit log.
 *
 * @module
 */

import type { SerialNumber } from '../../pki/serial.js';
import type { Platform } from '../../platform/index.js';
import type { Ca } from '../ca/ca.js';
import { isRegisterCurrent, registerKeys } from '../index/key-register.js';
import { findRowBySerial, type PlacedRow, readIndexBytes, replaceRows } from '../index/scan.js';
import { appendAudit, appendOutcomes, auditStamp } from '../journal/audit-log.js';

/** So many intents and outcomes are surely found again by the run that finishes an interrupted one. */
const batchSize = 256;

const done = { revoke: 'revoked', release: 'released' } as const;

/** Puts rows as they are to be in the place of those with the same serial numbers. The lock must be held. */
export function rewriteRows(
  platform: Platform,
  ca: Ca,
  rows: readonly PlacedRow[],
  action: 'revoke' | 'release',
): void {
  for (let start = 0; start < rows.length; start += batchSize) {
    rewriteBatch(platform, ca, rows.slice(start, start + batchSize), action);
  }
}

function rewriteBatch(
  platform: Platform,
  { layout, type }: Ca,
  batch: readonly PlacedRow[],
  action: 'revoke' | 'release',
): void {
  const entries = batch.map(({ row: { serialNumber } }) => ({ ...auditStamp(platform), action, serialNumber }));
  const before = readIndexBytes(layout.index);
  appendAudit(
    layout.auditLog,
    batch.map(({ row: { subject, revoked, serialNumber } }, at) => {
      const entry = entries[at] as (typeof entries)[number];
      // What a release ends, so that an older index is known by it.
      const column = action === 'revoke' ? revoked : (rowOf(before, serialNumber)[0]?.row.revoked ?? '');
      return { ...entry, event: 'intent', type, subject, revoked: column };
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
  for (const { serialNumber } of entries) platform.log.write(`${done[action]} serial ${serialNumber} of ${type}ca`);
}

export function rowOf(index: Buffer, serialNumber: SerialNumber): PlacedRow[] {
  const row = findRowBySerial(index, serialNumber);
  return row === undefined ? [] : [row];
}
