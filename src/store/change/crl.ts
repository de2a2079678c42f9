/**
 * The CRL of a CA: `crl.pem`, made of the revoked rows of index.txt and numbered by the file crlnumber, as
 * `openssl ca -gencrl` numbers its lists.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import type { Issuer } from '../../pki/issue/certificate.js';
import { issueCrl } from '../../pki/issue/crl.js';
import { type CrlContext, crlSignFault } from '../../pki/lint/crl-rules.js';
import { encodePem } from '../../pki/pem.js';
import { formatSerial, parseSerial } from '../../pki/serial.js';
import { validityFrom } from '../../pki/validity.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, generationCrlFile, generationsOf, requireSameCa } from '../ca/ca.js';
import { openIssuer } from '../ca/ca-key.js';
import { rolloverPhase } from '../ca/phase.js';
import { requireHistory } from '../history/contradictions.js';
import type { History } from '../history/known.js';
import { nextSerial } from '../history/number-contradictions.js';
import { foldersOfIssuer, isInUse } from '../history/shared.js';
import { appendAudit, appendOutcomes, auditStamp } from '../journal/audit-log.js';
import { withLock } from '../journal/lock.js';
import { recoverInterrupted } from '../journal/recovery.js';
import type { CaLayout } from '../layout.js';
import { revokedEntries, serialContents } from './crl-rows.js';

/** A list that was made. */
export interface MadeCrl {
  /** The CA that signed it. */
  readonly issuer: Certificate;
  readonly file: string;
  readonly der: Uint8Array;
  readonly pem: string;
  /** Hexadecimal, as in the file crlnumber. */
  readonly crlNumber: string;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** How many certificates are revoked. */
  readonly count: number;
}

/**
 * Makes the list and puts it into the folder of the CA; during a rollover one with each of the two keys, that of the CA
 * that signs first. A number that was taken is never given to another list, so where a run is interrupted one can be
 * missing.
 *
 * @throws CA_EXPIRED, PKI_LOCKED, PKI_CORRUPT, PKI_CONTRADICTORY, KEY_MISMATCH, KEY_ENCRYPTED, LINT_FAILED, FILE_UNWRITABLE
 */
export async function makeCrls(platform: Platform, ca: Ca, days: number): Promise<[MadeCrl, ...MadeCrl[]]> {
  const { layout } = ca;
  const now = platform.clock.now();
  const issuers = crlIssuers(ca, now);
  const [, other] = issuers;
  for (const one of issuers) {
    requireCrlSign(one);
    // Before a number is taken.
    validityFrom(now, days, one.certificate);
  }
  const issuer = await openIssuer(platform, ca);
  const otherIssuer = other === undefined ? undefined : await openIssuer(platform, other);
  return withLocksOfIssuer(platform, ca, async () => {
    requireSameCa(ca);
    if (other !== undefined) requireSameCa(other);
    recoverInterrupted(platform, ca);
    const history = requireHistory(ca, now);
    const entries = revokedEntries(layout, history);
    const known = { lastNumber: history.crlNumber, revoked: serialContents(history) };
    const first = nextCrlNumber(layout, history);
    const count = other === undefined ? 1 : 2;
    files.replaceFile(`${layout.crlNumber}.old`, `${formatSerial(first)}\n`);
    takeNumbers(ca, first + BigInt(count));
    // Of lists of one name the IKE daemons keep the one with the higher number and the later time: that of the old CA has to
    // be it, whose certificates are those that have been revoked so far.
    const isOldOther = rolloverPhase(layout) === 'switched';
    const make = (one: Ca, by: Issuer, isLast: boolean): Promise<MadeCrl> =>
      makeOne(platform, one, by, entries, {
        days,
        number: first + (isLast ? BigInt(count) - 1n : 0n),
        isLast,
        ...known,
      });
    // That of the other one first, which can have had its place where that of the first one goes.
    const more = other === undefined || otherIssuer === undefined ? [] : [await make(other, otherIssuer, isOldOther)];
    const made = await make(ca, issuer, more.length === 0 || !isOldOther);
    // Until the last switch it had a list beside that of the other one.
    files.removeFile(generationCrlFile(layout, ca.certificate));
    return [made, ...more];
  });
}

/** Also for the other folder of the issuer: `openssl ca` there goes by its own file. */
function takeNumbers(ca: Ca, next: bigint): void {
  for (const layout of [ca.layout, ...foldersOfIssuer(ca).filter(isInUse)]) {
    const there = layout === ca.layout ? undefined : nextSerial(layout.crlNumber);
    if (there === undefined || parseSerial(there) < next)
      files.replaceFile(layout.crlNumber, `${formatSerial(next)}\n`);
  }
}

/** Two folders of one issuer take the numbers of their CRLs from one sequence, so one after the other. */
function withLocksOfIssuer<T>(platform: Platform, ca: Ca, action: () => Promise<T>): Promise<T> {
  const folders = [ca.layout, ...foldersOfIssuer(ca).filter(isInUse)].map(({ lock }) => lock).sort();
  return folders.reduceRight<() => Promise<T>>((inner, lock) => () => withLock(platform, lock, inner), action)();
}

/** The CAs that make a list: of one that is replaced and has expired nothing is valid any more, revoked or not. */
export function crlIssuers(ca: Ca, now: Date): [Ca, ...Ca[]] {
  const [signing, ...others] = generationsOf(ca);
  return [signing, ...others.filter(({ certificate }) => certificate.notAfter >= now)];
}

interface MakeOne extends Pick<CrlContext, 'lastNumber' | 'revoked'> {
  readonly days: number;
  readonly number: bigint;
  readonly isLast: boolean;
}

async function makeOne(
  platform: Platform,
  { layout, type, certificate }: Ca,
  issuer: Issuer,
  entries: readonly Uint8Array[],
  { days, number, isLast, ...known }: MakeOne,
): Promise<MadeCrl> {
  const now = platform.clock.now();
  const thisUpdate = new Date((Math.floor(now.getTime() / 1000) - (isLast ? 0 : 1)) * 1000);
  const nextUpdate = validityFrom(now, days, certificate).notAfter;
  const crlNumber = formatSerial(number);

  const entry = () => ({ ...auditStamp(platform), action: 'crl' as const, crlNumber });
  appendAudit(layout.auditLog, [{ ...entry(), event: 'intent', type, nextUpdate: nextUpdate.toISOString() }]);
  const input = { crlNumber: number, thisUpdate, nextUpdate, entries };
  const der = await issueCrl(issuer, input, { ...known, issuerCertificate: certificate });
  const pem = encodePem('X509 CRL', der);
  files.replaceFile(layout.crl, pem);
  appendOutcomes(layout.auditLog, [{ ...entry(), event: 'recorded' }]);
  platform.log.write(`made ${layout.crl}, number ${crlNumber}, ${entries.length} revoked`);
  return { file: layout.crl, issuer: certificate, der, pem, crlNumber, thisUpdate, nextUpdate, count: entries.length };
}

function readCrlNumber({ crlNumber: file }: CaLayout): bigint {
  const text = files.exists(file) ? files.readFile(file).toString('latin1').trim() : 'absent';
  // Section 5.2.3: at most 20 octets.
  if (/^[0-9A-F]{1,39}$/i.test(text)) return BigInt(`0x${text}`);
  throw new OvsPkiError('PKI_CORRUPT', `${file} does not hold the number of the next CRL, in hexadecimal`, {
    hint: 'put it right from what is known: ovs-pki-ts check --repair',
    details: { file },
  });
}

/** The one in the file, or more where a list has had it: numbers never go back (section 5.2.3). */
function nextCrlNumber(layout: CaLayout, { crlNumber }: History): bigint {
  const next = readCrlNumber(layout);
  return crlNumber === undefined || crlNumber < next ? next : crlNumber + 1n;
}

function requireCrlSign({ certificate, layout }: Ca): void {
  if (crlSignFault(certificate) === undefined) return;
  throw new OvsPkiError('LINT_FAILED', `${layout.certificate} does not allow its key to sign CRLs (keyUsage)`, {
    hint: 'have the certificate of the CA made anew, with cRLSign',
    details: { file: layout.certificate },
  });
}
