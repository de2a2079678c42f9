/**
 * A CA that is here learns what it has done elsewhere: its rows, its certificates, its revocations.
 *
 * @module
 */

import { join } from 'node:path';
import { encodePem } from '../../pki/pem.js';
import { certificateFileText } from '../../pki/text.js';
import * as files from '../../platform/files.js';
import { makeFolder } from '../../platform/folders.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, requireSameCa } from '../ca/ca.js';
import { readHistory } from '../history/known.js';
import { appendIndexRows } from '../index/row.js';
import { readIndexBytes } from '../index/scan.js';
import { withLock } from '../journal/lock.js';
import { recoverInterrupted } from '../journal/recovery.js';
import { issuedCertificateFile } from '../layout.js';
import type { CaPast } from './new-ca.js';
import { repairCa } from './repair.js';
import { rewriteRows, rowOf } from './rewrite.js';

/**
 * What is known here stays, and what was released here stays released.
 *
 * @throws PKI_LOCKED, PKI_CORRUPT, KEY_MISMATCH, FILE_UNWRITABLE
 */
export async function addPast(platform: Platform, ca: Ca, past: CaPast): Promise<void> {
  const { layout } = ca;
  // As one of its CRLs it tells the repair what it has, and the crash of a run forgets nothing.
  const brought = join(layout.crlFolder, 'brought-in.pem');
  await withLock(platform, layout.lock, async () => {
    requireSameCa(ca);
    recoverInterrupted(platform, ca);
    if (past.crl !== undefined) {
      makeFolder(layout.crlFolder);
      files.replaceFile(brought, encodePem('X509 CRL', past.crl.der));
    }
    for (const certificate of past.certificates) {
      const file = issuedCertificateFile(layout, certificate.serialNumber);
      if (!files.exists(file)) files.createFile(file, certificateFileText(certificate));
    }
    addRows(platform, ca, past);
  });
  await repairCa(platform, ca);
  files.removeFile(brought);
}

function addRows(platform: Platform, ca: Ca, { rows }: CaPast): void {
  const index = readIndexBytes(ca.layout.index);
  const { released } = readHistory(ca, platform.clock.now());
  const revoked = rows.flatMap((row) => {
    if (row.state !== 'R' || released.has(row.serialNumber)) return [];
    return rowOf(index, row.serialNumber)
      .filter((placed) => placed.row.state !== 'R')
      .map((placed) => ({ ...placed, row: { ...placed.row, state: 'R', revoked: row.revoked } as const }));
  });
  rewriteRows(platform, ca, revoked, 'revoke');
  const added = rows.filter(({ serialNumber }) => rowOf(index, serialNumber).length === 0);
  if (added.length > 0) appendIndexRows(ca.layout.index, added);
}
