/**
 * What has to be put right before a CA is changed.
 *
 * @module
 */

import { asRefusal, OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { digestHex } from '../../pki/digest.js';
import { parseSerial } from '../../pki/serial.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import type { Ca } from '../ca/ca.js';
import { readCrls } from '../ca/crls.js';
import { removeLeftovers, rolloverPhase } from '../ca/phase.js';
import { readCertificate } from '../certificate-file.js';
import { copyOf } from '../index/copies.js';
import { appendIndexRows, type IndexRow, indexRowFor, repairIndexTail, unendedRow } from '../index/row.js';
import { findIndexRow } from '../index/scan.js';
import { type CaLayout, issuedCertificateFile } from '../layout.js';
import {
  type AuditIntent,
  appendAudit,
  auditStamp,
  type CrlIntent,
  type IssueIntent,
  type RevokeIntent,
  subjectOf,
  unfinishedIntents,
} from './audit-log.js';

/**
 * Finishes what a run that was killed has left: a certificate that was kept gets its row, an intent that came to
 * nothing is closed. The lock must be held, and the key register is to be brought up to date after it.
 */
export function recoverInterrupted(platform: Platform, { layout }: Ca): void {
  const open = unfinishedIntents(layout.auditLog).map((intent) => ({ intent, certificate: keptFor(layout, intent) }));
  const rows = open.flatMap(({ certificate }) => (certificate === undefined ? [] : [indexRowFor(certificate)]));
  const cut = cutRow(layout);
  repairIndexTail(layout.index, cut === undefined ? rows : [...rows, cut]);
  if (cut !== undefined) appendIndexRows(layout.index, [cut]);
  for (const { intent, certificate } of open) {
    const event = isDone(layout, intent, certificate) ? 'recorded' : 'abandoned';
    const subject = subjectOf(intent);
    appendAudit(layout.auditLog, [{ ...auditStamp(platform), ...subject, event, recovered: true }]);
    platform.log.write(`finished after an interruption: ${Object.values(subject).join(' ')}: ${event}`);
  }
}

/** The last row of an index as it was, where a part of its subject is missing: a file that was cut. */
export function cutRow(layout: CaLayout): IndexRow | undefined {
  const row = unendedRow(layout.index);
  const copy = row === undefined ? undefined : copyOf(layout, row.serialNumber);
  if (row === undefined || copy === undefined) return undefined;
  const { subject } = indexRowFor(copy);
  return subject !== row.subject && subject.startsWith(row.subject) ? { ...row, subject } : undefined;
}

function isDone(layout: CaLayout, intent: AuditIntent, certificate: Certificate | undefined): boolean {
  if (intent.action === 'passphrase') return isKeyChanged(layout, intent);
  if (intent.action === 'import') return isInPlace(layout, intent);
  if (intent.action === 'revoke') return isRevoked(layout, intent);
  if (intent.action === 'release') return findIndexRow(layout.index, intent.serialNumber)?.state !== 'R';
  if (intent.action === 'rollover') {
    removeLeftovers(layout);
    return (rolloverPhase(layout) ?? 'none') === intent.phase;
  }
  return intent.action === 'crl' ? isPublished(layout, intent) : isIssued(layout, certificate);
}

/** A renewed certificate of the CA is in its place, or the one before is. */
function isInPlace({ certificate: file }: CaLayout, { serialNumber }: IssueIntent): boolean {
  return keptCertificate(file)?.serialNumber === serialNumber;
}

/** A revocation changes the index as a whole: it has been made or it has not. */
function isRevoked({ index }: CaLayout, { serialNumber, revoked }: RevokeIntent): boolean {
  return findIndexRow(index, serialNumber)?.revoked === revoked;
}

function isPublished(layout: CaLayout, { crlNumber }: CrlIntent): boolean {
  try {
    const numbers = readCrls(layout).map((list) => list.crlNumber);
    return numbers.includes(parseSerial(crlNumber));
  } catch (error) {
    // What another program has left there is not the list that was to be made.
    asRefusal(error);
    return false;
  }
}

/** The key file is the old one or the new one; a new one that did not get to its place must not stay beside it. */
function isKeyChanged({ privateKey }: CaLayout, { keyFile }: IssueIntent): boolean {
  files.removeTemporaries(privateKey);
  return files.exists(privateKey) && digestHex('sha256', files.readFile(privateKey)) === keyFile;
}

/** What was kept is issued, once it has its row. */
function isIssued({ index }: CaLayout, certificate: Certificate | undefined): boolean {
  if (certificate === undefined) return false;
  if (findIndexRow(index, certificate.serialNumber) === undefined) {
    appendIndexRows(index, [indexRowFor(certificate)]);
  }
  return true;
}

function keptFor(layout: CaLayout, intent: AuditIntent): Certificate | undefined {
  if (intent.action !== 'issue') return undefined;
  return keptCertificate(issuedCertificateFile(layout, intent.serialNumber));
}

function keptCertificate(file: string): Certificate | undefined {
  if (!files.exists(file)) return undefined;
  try {
    return readCertificate(file);
  } catch (error) {
    const { message, details } = asRefusal(error);
    throw new OvsPkiError('PKI_CORRUPT', `the copy of a certificate whose making was interrupted: ${message}`, {
      hint: `it was never given out: move it away, then run the command again: mv ${file} /tmp`,
      details,
      cause: error,
    });
  }
}
