/**
 * Another certificate for the same key of a CA, such as that of a company's intermediate that was renewed: index, numbers,
 * CRLs and keys stay.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { certificateFileText } from '../../pki/text.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, requireSameCa } from '../ca/ca.js';
import { type AuditEntry, appendAudit } from '../journal/audit-log.js';
import { withLock } from '../journal/lock.js';
import { recoverInterrupted } from '../journal/recovery.js';

/** Throws ROLLOVER_STATE, KEY_MISMATCH, PKI_LOCKED, FILE_UNWRITABLE. */
export function renewCaCertificate(
  platform: Platform,
  ca: Ca,
  next: { readonly certificate: Certificate; readonly chain: readonly Certificate[] },
  audit: readonly AuditEntry[],
): Promise<void> {
  const { layout } = ca;
  return withLock(platform, layout.lock, async () => {
    requireSameCa(ca);
    recoverInterrupted(platform, ca);
    if (ca.other !== undefined) throw underWay(ca);
    const text = [next.certificate, ...next.chain].map(certificateFileText).join('');
    const [intent, outcome] = audit as readonly [AuditEntry, AuditEntry];
    appendAudit(layout.auditLog, [intent]);
    files.replaceFile(layout.certificate, text);
    appendAudit(layout.auditLog, [outcome]);
  });
}

function underWay({ type, layout }: Ca): OvsPkiError {
  return new OvsPkiError('ROLLOVER_STATE', `a rollover of ${type}ca is under way`, {
    hint: `finish it before its certificate is renewed: ovs-pki-ts rollover status ${type}`,
    details: { folder: layout.folder },
  });
}
