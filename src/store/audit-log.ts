/**
 * The audit log of a CA: before a signature what is going to be signed, after it how that ended. A line is a JSON
 * object. What has an intent and no outcome was interrupted, and the next run finishes it.
 *
 * @module
 */

import type { CertificateType } from '../pki/profile.js';
import type { SerialNumber } from '../pki/serial.js';
import * as files from '../platform/files.js';

interface AuditBase {
  /** ISO 8601, UTC. */
  readonly time: string;
  /** `user@host`. */
  readonly operator: string;
  readonly action: 'init' | 'issue';
  readonly serialNumber: SerialNumber;
}

/** Written before the signature. */
export interface AuditIntent extends AuditBase {
  readonly event: 'intent';
  readonly type: CertificateType;
  readonly commonName: string;
  /** SHA-256 of the SubjectPublicKeyInfo, hexadecimal. */
  readonly publicKey: string;
  readonly notAfter: string;
}

/**
 * Written after it. `recorded`: the certificate is in the index. `abandoned`: there is no such certificate, by a
 * refusal or by an interruption before it was kept.
 */
export interface AuditOutcome extends AuditBase {
  readonly event: 'recorded' | 'abandoned';
  /** True where a later run wrote this for one that was interrupted. */
  readonly recovered?: boolean;
}

export type AuditEntry = AuditIntent | AuditOutcome;

/** More than the intents of the largest batch take. */
const tailBytes = 256 * 1024;

export function appendAudit(file: string, entries: readonly AuditEntry[]): void {
  if (entries.length > 0)
    files.appendDurably(file, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''), 0o640);
}

/** The intents without an outcome: those of a run that was interrupted. Also takes away a torn last line. */
export function unfinishedIntents(file: string): AuditIntent[] {
  const tail = files.readTail(file, tailBytes);
  const whole = tail.lastIndexOf('\n') + 1;
  if (whole < tail.length) files.truncate(file, (files.stampOf(file)?.size ?? 0) - (tail.length - whole));
  const open = new Map<SerialNumber, AuditIntent>();
  for (const line of tail.toString('utf8', 0, whole).split('\n')) {
    const entry = parseEntry(line);
    if (entry?.event === 'intent') open.set(entry.serialNumber, entry);
    else if (entry !== undefined) open.delete(entry.serialNumber);
  }
  return [...open.values()];
}

function parseEntry(line: string): AuditEntry | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    return isEntry(entry) ? entry : undefined;
  } catch {
    // The first line of the tail is cut off, mostly; and a line that is no JSON opens and closes nothing.
    return undefined;
  }
}

/** The serial number becomes part of a file name, so its form is looked at too. */
function isEntry(value: unknown): value is AuditEntry {
  if (typeof value !== 'object' || value === null || !('event' in value) || !('serialNumber' in value)) return false;
  const { event, serialNumber } = value;
  const isSerial = typeof serialNumber === 'string' && /^([0-9A-F]{2})+$/.test(serialNumber);
  return isSerial && (event === 'intent' || event === 'recorded' || event === 'abandoned');
}
