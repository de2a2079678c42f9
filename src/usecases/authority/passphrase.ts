/**
 * `passphrase [TYPE]`: gives the key of a CA a passphrase, another one, or none.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { digestHex } from '../../pki/digest.js';
import { requireGoodPassphrase } from '../../pki/encrypted-key.js';
import { keyHash } from '../../pki/key-identity.js';
import { attributeValues } from '../../pki/name.js';
import { oid } from '../../pki/oid.js';
import type { CertificateType } from '../../pki/profile.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, readCa } from '../../store/ca/ca.js';
import { keyFileText, readCaKey } from '../../store/ca/ca-key.js';
import { rolloverPhase } from '../../store/ca/phase.js';
import { appendAudit } from '../../store/journal/audit-log.js';
import { withLock } from '../../store/journal/lock.js';
import { recoverInterrupted } from '../../store/journal/recovery.js';

/** Whose passphrase `changePassphrase` is to change. The old one, if there is one, is given by the platform. */
export interface PassphraseRequest {
  readonly pkiDirectory: string;
  readonly type: CertificateType;
  /** Gives the new one, after the key was opened with the old one; undefined takes the passphrase away. */
  readonly newPassphrase: (() => Promise<string>) | undefined;
}

/** What the key file is now. */
export interface PassphraseChanged {
  readonly outcome: 'encrypted' | 'plain';
  readonly privateKeyFile: string;
}

/** @throws PKI_NOT_FOUND, PKI_CORRUPT, PKI_LOCKED, KEY_ENCRYPTED, KEY_MISMATCH, PASSPHRASE_WRONG, PASSPHRASE_INVALID */
export async function changePassphrase(platform: Platform, request: PassphraseRequest): Promise<PassphraseChanged> {
  // 1. The key, opened.
  const ca = readCa(request.pkiDirectory, request.type);
  const file = ca.layout.privateKey;
  if (ca.other !== undefined) throw underWay(ca);
  const before = files.stampOf(file)?.stamp;
  const { privateKey } = await readCaKey(platform, ca);
  // 2. What its file is to hold.
  const passphrase = await request.newPassphrase?.();
  if (passphrase !== undefined) requireGoodPassphrase(passphrase);
  const text = keyFileText(privateKey.pkcs8, passphrase);
  // 3. The change: the old file is gone with it.
  await withLock(platform, ca.layout.lock, async () => {
    recoverInterrupted(platform, ca);
    if (rolloverPhase(ca.layout) !== undefined) throw underWay(ca);
    if (files.stampOf(file)?.stamp !== before) throw changedMeanwhile(file);
    replaceKeyFile(platform, ca, text);
  });
  const outcome = passphrase === undefined ? 'plain' : 'encrypted';
  platform.log.write(`changed the passphrase of ${file}, which is ${outcome} now`);
  return { outcome, privateKeyFile: file };
}

function replaceKeyFile({ clock, operator }: Platform, { layout, type, certificate }: Ca, text: string): void {
  const { serialNumber, subject, publicKey, notAfter } = certificate;
  const entry = { time: clock.now().toISOString(), operator, action: 'passphrase', serialNumber } as const;
  const intent = {
    ...entry,
    event: 'intent',
    type,
    commonName: attributeValues(subject, oid.commonName)[0] ?? '',
    publicKey: keyHash(publicKey),
    notAfter: notAfter.toISOString(),
    keyFile: digestHex('sha256', Buffer.from(text)),
  } as const;
  appendAudit(layout.auditLog, [intent]);
  try {
    files.replaceFile(layout.privateKey, text, 0o600);
  } catch (error) {
    appendAudit(layout.auditLog, [{ ...entry, event: 'abandoned' }]);
    throw error;
  }
  appendAudit(layout.auditLog, [{ ...entry, event: 'recorded' }]);
}

function underWay({ type, layout }: Ca): OvsPkiError {
  return new OvsPkiError('ROLLOVER_STATE', `a rollover of ${type}ca is under way, and its keys stay as they are`, {
    hint: `end it first: ovs-pki-ts rollover retire ${type}, or rollover back ${type}`,
    details: { folder: layout.folder },
  });
}

function changedMeanwhile(file: string): OvsPkiError {
  return new OvsPkiError('KEY_MISMATCH', `${file} was changed by somebody else meanwhile; it was left as it is`, {
    hint: 'run the command again, with the passphrase that the key has now',
    details: { file },
  });
}
