/**
 * A CA's folder whose parts contradict each other is put right from what is known: nothing is forgotten, and what one part
 * has is taken over by the others.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { timeText } from '../../pki/der-encode.js';
import { encodeName, formatOneLine } from '../../pki/name.js';
import { type OwnProfile, ownProfileMark } from '../../pki/own-profile.js';
import { leafSubject } from '../../pki/profile.js';
import { formatSerial, parseSerial, randomSerial, type SerialNumber } from '../../pki/serial.js';
import { defaultDays } from '../../pki/validity.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, requireSameCa } from '../ca/ca.js';
import { configText, daysOf, markOf } from '../ca/config.js';
import { profileOrFault } from '../ca/profile.js';
import { specOf } from '../ca/token-key.js';
import type { Contradiction } from '../history/contradiction.js';
import { contradictionsOf, lostCertificates, unknownIssues } from '../history/contradictions.js';
import { type History, type KnownRevocation, readHistory } from '../history/known.js';
import { nextSerial } from '../history/number-contradictions.js';
import { copyOf } from '../index/copies.js';
import { forgetRegister } from '../index/key-register.js';
import { appendIndexRows, type IndexRow, indexRowFor } from '../index/row.js';
import { readIndexBytes, serialsIn } from '../index/scan.js';
import { appendAudit, auditStamp } from '../journal/audit-log.js';
import { withLock } from '../journal/lock.js';
import { recoverInterrupted } from '../journal/recovery.js';
import { oldSuffix } from '../layout.js';
import { uniqueSubjects } from './refusals.js';
import { rewriteRows, rowOf } from './rewrite.js';

/** What was found before and is left afterwards. */
export interface Repair {
  readonly found: readonly Contradiction[];
  readonly left: readonly Contradiction[];
}

/**
 * Puts right what can be put right without the key of the CA.
 *
 * @throws PKI_LOCKED, PKI_CORRUPT, KEY_MISMATCH, FILE_UNWRITABLE
 */
export function repairCa(platform: Platform, ca: Ca): Promise<Repair> {
  const { layout } = ca;
  return withLock(platform, layout.lock, async () => {
    requireSameCa(ca);
    // An index that is gone is made again from the copies of the certificates.
    if (!files.exists(layout.index)) files.createFile(layout.index, '');
    recoverInterrupted(platform, ca);
    const now = platform.clock.now();
    const found = contradictionsOf(ca, now);
    noteRevocations(platform, ca);
    if (found.length === 0) return { found, left: [] };
    const certificates = [...lostCertificates(ca, now)].sort(
      (left, right) => Number(left.notBefore) - Number(right.notBefore),
    );
    appendIndexRows(layout.index, certificates.map(indexRowFor));
    appendIndexRows(layout.index, rowsOfLog(ca, now));
    const history = readHistory(ca, now);
    revokeLost(platform, ca, history);
    releaseAgain(platform, ca, history);
    raiseNumbers(ca, history, now);
    bringConfig(ca, now);
    if (found.some(({ kind }) => kind === 'register-behind')) forgetRegister(layout);
    for (const { about, message } of found) platform.log.write(`repaired, as far as is known: ${about}: ${message}`);
    return { found, left: contradictionsOf(ca, now) };
  });
}

/** Of what the log has as issued and nobody has a copy of: it can be revoked, and its name is not free. */
function rowsOfLog(ca: Ca, now: Date): IndexRow[] {
  const taken = uniqueSubjects(ca.layout);
  const profile = profileOrFault(ca);
  const base = profile instanceof OvsPkiError ? undefined : profile.subject;
  return unknownIssues(ca, now).map(({ action, serialNumber, commonName, notAfter }): IndexRow => {
    const leaf = () => encodeName(leafSubject(commonName, ca.organization, base));
    const likely = formatOneLine(action === 'init' ? ca.certificate.subject : leaf());
    const subject = taken?.has(likely) ? `/OU=serial ${serialNumber}/CN=${commonName}` : likely;
    return { state: 'V', expires: timeText(notAfter), revoked: '', serialNumber, file: 'unknown', subject };
  });
}

/** What openssl has revoked, or an older audit log does not have: from now on the log knows it, too. */
function noteRevocations(platform: Platform, ca: Ca): void {
  const { indexed, audited } = readHistory(ca, platform.clock.now());
  const index = readIndexBytes(ca.layout.index);
  const missing = [...indexed].flatMap(([serialNumber, column]) => {
    const last = audited.revocations.get(serialNumber);
    const isKnown = last?.action === 'revoke' && last.column === column;
    const isOver = last?.action === 'release' && last.column === column;
    return isKnown || isOver ? [] : rowOf(index, serialNumber).map(({ row }) => row);
  });
  record(platform, ca, missing);
}

/** Revocations that are in the log at once, with their outcome. */
function record(platform: Platform, { layout, type }: Ca, rows: readonly IndexRow[]): void {
  const entry = ({ serialNumber }: IndexRow) => {
    return { ...auditStamp(platform), action: 'revoke', serialNumber, recovered: true } as const;
  };
  appendAudit(layout.auditLog, [
    ...rows.map((row) => {
      return { ...entry(row), event: 'intent', type, subject: row.subject, revoked: row.revoked } as const;
    }),
    ...rows.map((row) => ({ ...entry(row), event: 'recorded' }) as const),
  ]);
}

function revokeLost(platform: Platform, ca: Ca, { lost }: History): void {
  const { layout } = ca;
  const index = readIndexBytes(layout.index);
  const isThere = ({ serialNumber }: KnownRevocation): boolean => rowOf(index, serialNumber).length > 0;
  const changed = lost.filter(isThere).flatMap(({ serialNumber, column }) =>
    rowOf(index, serialNumber).map((placed) => ({
      ...placed,
      row: { ...placed.row, state: 'R', revoked: column } as const,
    })),
  );
  rewriteRows(platform, ca, changed, 'revoke');
  const added = lost.filter((one) => !isThere(one));
  const rows = added.map((one) => revokedRow(ca, one, copyOf(layout, one.serialNumber)));
  if (rows.length > 0) appendIndexRows(layout.index, rows);
  record(platform, ca, rows);
}

/** Of a certificate that is not here the serial number is known: it lives no longer than its CA, as far as that matters. */
function revokedRow(
  ca: Ca,
  { serialNumber, column, subject }: KnownRevocation,
  copy: Certificate | undefined,
): IndexRow {
  const known = copy === undefined ? undefined : indexRowFor(copy);
  return {
    state: 'R',
    expires: known?.expires ?? timeText(ca.certificate.notAfter),
    revoked: column,
    serialNumber,
    file: 'unknown',
    subject: known?.subject ?? (subject === undefined || subject === '' ? `/CN=serial ${serialNumber}` : subject),
  };
}

function releaseAgain(platform: Platform, ca: Ca, { unreleased }: History): void {
  const index = readIndexBytes(ca.layout.index);
  const rows = unreleased.flatMap(({ serialNumber }) =>
    rowOf(index, serialNumber).map((placed) => ({
      ...placed,
      row: { ...placed.row, state: 'V', revoked: '' } as const,
    })),
  );
  rewriteRows(platform, ca, rows, 'release');
}

/** The next CRL and the next certificate of `openssl ca` get numbers that none has had. */
function raiseNumbers({ layout }: Ca, { crlNumber: last }: History, now: Date): void {
  const next = nextSerial(layout.crlNumber);
  if (next === undefined || (last !== undefined && parseSerial(next) <= last)) {
    // Where nothing is known of lists, there can have been some; none had as many seconds.
    const seconds = BigInt(Math.floor(now.getTime() / 1000));
    files.replaceFile(layout.crlNumber, `${formatSerial(last === undefined ? seconds : last + 1n)}\n`);
  }
  const used = serialsIn(readIndexBytes(layout.index));
  const serial = nextSerial(layout.serial);
  if (serial === undefined || used.has(serial)) {
    files.replaceFile(layout.serial, `${freeAfter(serial ?? randomSerial(), used)}\n`);
  }
}

/** One that is there may have been changed by hand: it is kept. */
function bringConfig(ca: Ca, now: Date): void {
  const { config } = ca.layout;
  const before = files.exists(config) ? files.readFile(config) : undefined;
  const profile = profileOrFault(ca);
  if (profile instanceof OvsPkiError) return;
  const text = before?.toString() ?? '';
  if (before === undefined) files.createFile(config, configOf(ca, profile, defaultDays));
  if (before === undefined || markOf(text) === ownProfileMark(profile)) return;
  files.createFile(`${config}.${oldSuffix(now)}`, before);
  files.replaceFile(config, configOf(ca, profile, daysOf(text) ?? defaultDays));
}

function configOf({ type, certificate }: Ca, profile: OwnProfile, days: number): string {
  return configText({ type, days, keySpec: specOf(certificate.publicKey), certificate, profile });
}

function freeAfter(serial: SerialNumber, used: ReadonlySet<SerialNumber>): SerialNumber {
  let next = parseSerial(serial);
  while (used.has(formatSerial(next))) next++;
  return formatSerial(next);
}
