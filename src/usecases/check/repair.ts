/**
 * `check --repair`: the folders of CAs are put right from what is known of their past.
 *
 * @module
 */

import type { CertificateType } from '../../pki/profile.js';
import type { Platform } from '../../platform/index.js';
import { readCa, typesIn } from '../../store/ca/ca.js';
import { type Repair, repairCa } from '../../store/change/repair.js';

export type { Contradiction, ContradictionKind } from '../../store/history/contradiction.js';

/** Whose folder. */
export interface RepairRequest {
  readonly pkiDirectory: string;
  /** Undefined for all that are there. */
  readonly type?: CertificateType | undefined;
}

/** What was found wrong in one folder, and what is left. */
export interface Repaired extends Repair {
  readonly type: CertificateType;
}

/** @throws PKI_NOT_FOUND, PKI_CORRUPT, PKI_LOCKED, KEY_MISMATCH, FILE_UNWRITABLE */
export async function repair(platform: Platform, { pkiDirectory, type }: RepairRequest): Promise<Repaired[]> {
  const repaired: Repaired[] = [];
  for (const one of type === undefined ? typesIn(pkiDirectory) : [type]) {
    repaired.push({ type: one, ...(await repairCa(platform, readCa(pkiDirectory, one))) });
  }
  return repaired;
}
