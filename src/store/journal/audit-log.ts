/**
 * The audit log of a CA: before a signature or a revocation what is going to be done, after it how that ended. A line
 * is a JSON object. What has an intent and no outcome was interrupted, and the next run finishes it.
 *
 * @module
 */

import type { Certificate } from '../../pki/certificate.js';
import { keyHash } from '../../pki/key-identity.js';
import { attributeValues } from '../../pki/name.js';
import { oid } from '../../pki/oid.js';
import type { CertificateType } from '../../pki/profile.js';
import type { SerialNumber } from '../../pki/serial.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';

interface AuditBase {
  /** ISO 8601, UTC. */
  readonly time: string;
  /** `user@host`. */
  readonly operator: string;
}

/** Written before the signature. */
export interface IssueIntent extends AuditBase {
  readonly action: 'init' | 'import' | 'issue' | 'passphrase';
  readonly event: 'intent';
  readonly serialNumber: SerialNumber;
  readonly type: CertificateType;
  readonly commonName: string;
  /** SHA-256 of the SubjectPublicKeyInfo, hexadecimal. */
  readonly publicKey: string;
  readonly notAfter: string;
  /** SHA-256 of the file of the CA key as it is to be, where that is what is changed. */
  readonly keyFile?: string;
}

/** Written before a row of the index is changed. */
export interface RevokeIntent extends AuditBase {
  readonly action: 'revoke' | 'release';
  readonly event: 'intent';
  readonly serialNumber: SerialNumber;
  readonly type: CertificateType;
  /** As the index has it. */
  readonly subject: string;
  /** What the third column of the row is to be; of a release what it was. */
  readonly revoked: string;
}

/** Written before a CRL takes its number. */
export interface CrlIntent extends AuditBase {
  readonly action: 'crl';
  readonly event: 'intent';
  /** As in the file crlnumber. */
  readonly crlNumber: string;
  readonly type: CertificateType;
  readonly nextUpdate: string;
}

/** Written before a step of a rollover. */
export interface RolloverIntent extends AuditBase {
  readonly action: 'rollover';
  readonly event: 'intent';
  readonly type: CertificateType;
  /** Of the certificate of the new CA. */
  readonly serialNumber: SerialNumber;
  /** What is to be after it. */
  readonly phase: 'prepared' | 'switched' | 'none';
}

export type AuditIntent = IssueIntent | RevokeIntent | CrlIntent | RolloverIntent;

/**
 * Written after it. `recorded`: it is done, and in the directory. `abandoned`: it is not, by a refusal or by an
 * interruption before it was.
 */
export type AuditOutcome = AuditBase & {
  readonly event: 'recorded' | 'abandoned';
  /** True where a later run wrote this for one that was interrupted. */
  readonly recovered?: boolean;
} & AuditSubject;

/** What an entry is about. */
type AuditSubject =
  | {
      readonly action: IssueIntent['action'] | RevokeIntent['action'] | 'rollover';
      readonly serialNumber: SerialNumber;
    }
  | { readonly action: 'crl'; readonly crlNumber: string };

export type AuditEntry = AuditIntent | AuditOutcome;

/** More than the entries of the largest batch take. */
const tailBytes = 256 * 1024;

/** A CA appears with its whole directory or not at all, so both of its entries are written at once. */
export function entriesOfCa(
  action: 'init' | 'import',
  made: { operator: string; at: Date; type: CertificateType; certificate: Certificate },
): AuditEntry[] {
  const { serialNumber, subject, publicKey, notAfter } = made.certificate;
  const base = { time: made.at.toISOString(), operator: made.operator, action, serialNumber };
  const intent = {
    type: made.type,
    commonName: attributeValues(subject, oid.commonName)[0] ?? '',
    publicKey: keyHash(publicKey),
    notAfter: notAfter.toISOString(),
  };
  return [
    { ...base, ...intent, event: 'intent' },
    { ...base, event: 'recorded' },
  ];
}

/** Who does what is logged, and when. */
export function auditStamp({ clock, operator }: Platform): AuditBase {
  return { time: clock.now().toISOString(), operator };
}

/** What the outcome of an intent is about. */
export function subjectOf(intent: AuditIntent): AuditSubject {
  const { action } = intent;
  return action === 'crl' ? { action, crlNumber: intent.crlNumber } : { action, serialNumber: intent.serialNumber };
}

/** Appends entries and waits until they are on the disk. */
export function appendAudit(file: string, entries: readonly AuditEntry[]): void {
  if (entries.length > 0) files.appendDurably(file, toLines(entries), 0o640);
}

/**
 * Appends outcomes and does not wait: one that is lost in a crash of the machine leaves an intent without an outcome,
 * which the next run finishes.
 */
export function appendOutcomes(file: string, outcomes: readonly AuditOutcome[]): void {
  if (outcomes.length > 0) files.append(file, toLines(outcomes));
}

/**
 * The intents without an outcome: those of a run that was interrupted. They can only be in the last batch, since each
 * run closes what the one before has left. Also takes away a torn last line.
 */
export function unfinishedIntents(file: string): AuditIntent[] {
  const tail = files.readTail(file, tailBytes);
  const whole = tail.lastIndexOf('\n') + 1;
  if (whole < tail.length) files.truncate(file, (files.stampOf(file)?.size ?? 0) - (tail.length - whole));
  const open: AuditIntent[] = [];
  const closed = new Set<string>();
  for (const entry of lastBatch(tail.toString('utf8', 0, whole))) {
    if (entry.event !== 'intent') closed.add(numberOf(entry));
    else if (!closed.has(numberOf(entry))) open.unshift(entry);
  }
  return open;
}

/** What is being done now, or was when a run was killed: the numbers of intents without an outcome. Changes nothing. */
export function interruptedSerials(file: string, action: AuditIntent['action'] = 'issue'): Set<string> {
  const tail = files.readTail(file, tailBytes).toString('utf8');
  const closed = new Set<string>();
  const open = new Set<string>();
  for (const entry of lastBatch(tail.slice(0, tail.lastIndexOf('\n') + 1))) {
    if (entry.event !== 'intent') closed.add(numberOf(entry));
    else if (entry.action === action && !closed.has(numberOf(entry))) open.add(numberOf(entry));
  }
  return open;
}

/** The entries of the last batch, last first: its outcomes, before them its intents, up to the outcome of another. */
function* lastBatch(text: string): Generator<AuditEntry> {
  let sawIntent = false;
  for (let end = text.length - 1; end > 0; ) {
    const start = text.lastIndexOf('\n', end - 1) + 1;
    const entry = parseEntry(text.slice(start, end));
    end = start - 1;
    // The first line of the tail is cut off, mostly; and a line that is no JSON opens and closes nothing.
    if (entry === undefined) continue;
    if (entry.event === 'intent') sawIntent = true;
    else if (sawIntent) return;
    yield entry;
  }
}

function toLines(entries: readonly AuditEntry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}

/** The first line of the tail is cut off, mostly; and a line that is no entry opens and closes nothing. */
function parseEntry(line: string): AuditEntry | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    return isEntry(entry) ? entry : undefined;
  } catch {
    return undefined;
  }
}

/** The serial number becomes part of a file name, so its form is looked at too. */
function isEntry(value: unknown): value is AuditEntry {
  if (typeof value !== 'object' || value === null || !('event' in value)) return false;
  const number = 'serialNumber' in value ? value.serialNumber : 'crlNumber' in value ? value.crlNumber : undefined;
  const isNumber = typeof number === 'string' && /^([0-9A-F]{2})+$/.test(number);
  return isNumber && (value.event === 'intent' || value.event === 'recorded' || value.event === 'abandoned');
}

/** Serial numbers and those of CRLs are never in one batch. */
function numberOf(entry: AuditSubject): string {
  return 'crlNumber' in entry ? entry.crlNumber : entry.serialNumber;
}
