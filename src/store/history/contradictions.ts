/**
 * Where the parts of a CA's folder contradict each other: a file that was put back from an older backup, emptied or cut.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { equalBytes } from '../../pki/der.js';
import { verifySignature } from '../../pki/engine.js';
import type { SerialNumber } from '../../pki/serial.js';
import * as files from '../../platform/files.js';
import type { Ca } from '../ca/ca.js';
import { copyOf } from '../index/copies.js';
import { isRegisterCurrent, registeredSerials } from '../index/key-register.js';
import { serialsIn } from '../index/scan.js';
import { interruptedSerials } from '../journal/audit-log.js';
import { cutRow } from '../journal/recovery.js';
import { type AuditedIssue, issuesOf } from './audit-facts.js';
import type { Contradiction, ContradictionKind } from './contradiction.js';
import { type History, issuersOf, type KnownRevocation, readHistory } from './known.js';
import { missingFiles, numberContradictions, serialContradictions } from './number-contradictions.js';

/** All that can be found. Throws PKI_CORRUPT where the CA has no index. */
export function contradictionsOf(ca: Ca, now: Date): Contradiction[] {
  const history = readHistory(ca, now);
  const { layout } = ca;
  return [
    ...revocationContradictions(ca, history),
    ...listed(layout.index, 'release-lost', history.unreleased, 'on hold, and released', (one) => one.source),
    ...certificateContradictions(ca, now),
    ...issueContradictions(ca, now),
    ...missingFiles(ca),
    ...numberContradictions(ca, history),
    ...serialContradictions(ca),
    ...registerContradictions(ca),
    ...authorityContradictions(ca, history),
  ];
}

/**
 * The history of a CA that a CRL can be made from. A contradiction that could make it forget a revocation is refused.
 *
 * @throws PKI_CONTRADICTORY, PKI_CORRUPT, FILE_UNREADABLE
 */
export function requireHistory(ca: Ca, now: Date): History {
  const history = readHistory(ca, now);
  if (history.audited.unread !== undefined) throw history.audited.unread;
  const found = [...revocationContradictions(ca, history), ...certificateContradictions(ca, now)];
  const [first] = found;
  if (first === undefined) return history;
  const { type, layout } = ca;
  throw new OvsPkiError('PKI_CONTRADICTORY', `${first.about}: ${first.message}; no CRL is made that forgets it`, {
    hint: `put the right ${layout.index} back, or take over what is known: ovs-pki-ts check --repair ${type}`,
    details: { contradictions: found },
  });
}

function revocationContradictions({ layout }: Ca, { lost }: History): Contradiction[] {
  return listed(
    layout.index,
    'revocation-lost',
    lost,
    'not revoked here (or only on hold), and revoked',
    (one) => one.source,
  );
}

/** One sentence for all of a kind that one source knows. */
function listed(
  about: string,
  kind: ContradictionKind,
  all: readonly KnownRevocation[],
  what: string,
  sourceOf: (one: KnownRevocation) => string,
): Contradiction[] {
  return [...new Set(all.map(sourceOf))].map((source) => {
    const serials = all.filter((one) => sourceOf(one) === source).map(({ serialNumber }) => serialNumber);
    return { kind, about, message: `${countText(serials)} ${what} by ${source}` };
  });
}

function countText(serials: readonly SerialNumber[]): string {
  const more = serials.length > 3 ? ` and ${serials.length - 3} more` : '';
  return `serial ${serials.slice(0, 3).join(', ')}${more}: ${serials.length === 1 ? 'it is' : 'they are'}`;
}

/** Copies in newcerts/ that the index should have and has not. */
function certificateContradictions(ca: Ca, now: Date): Contradiction[] {
  const { layout } = ca;
  const cut = cutRow(layout);
  if (cut !== undefined) {
    const message = `its last row is cut off, that of serial ${cut.serialNumber}`;
    return [{ kind: 'certificate-lost', about: layout.index, message }];
  }
  const [first] = lostCertificates(ca, now);
  if (first === undefined) return [];
  const message = `it does not know certificates that ${layout.newCertificates} has, such as ${first.serialNumber}`;
  return [{ kind: 'certificate-lost', about: layout.index, message }];
}

/** The certificates of this CA in newcerts/ that have no row and have not expired, but for those that are being issued now. */
export function* lostCertificates(ca: Ca, now: Date) {
  const { layout } = ca;
  const names = files.list(layout.newCertificates).flatMap((name) => /^((?:[0-9A-F]{2})+)\.pem$/.exec(name)?.[1] ?? []);
  const known = serialsIn(files.readFile(layout.index));
  const missing = names.filter((serialNumber) => !known.has(serialNumber));
  if (missing.length === 0) return;
  const [interrupted, issuers] = [interruptedSerials(layout.auditLog), issuersOf(ca)];
  for (const serialNumber of missing) {
    const copy = interrupted.has(serialNumber) ? undefined : copyOf(layout, serialNumber);
    if (copy === undefined || copy.serialNumber !== serialNumber || copy.notAfter < now) continue;
    const isOurs = issuers.some(
      ({ subject, publicKey }) =>
        equalBytes(subject.der, copy.issuer.der) &&
        verifySignature(publicKey, copy.signatureAlgorithm, copy.toBeSigned.bytes, copy.signature),
    );
    if (isOurs) yield copy;
  }
}

/**
 * Certificates that the audit log has as issued, and neither the index nor a copy that could be read; nothing where it may not
 * be read. That of the CA itself is one of them where it signed that.
 */
export function unknownIssues(ca: Ca, now: Date): AuditedIssue[] {
  const { layout } = ca;
  const lost = [...lostCertificates(ca, now)].map(({ serialNumber }) => serialNumber);
  const issued = issuesOf(layout.auditLog, new Set([...serialsIn(files.readFile(layout.index)), ...lost]), now);
  return issued.filter(({ action }) => action === 'issue' || ca.chain.length === 0);
}

function issueContradictions(ca: Ca, now: Date): Contradiction[] {
  const { layout } = ca;
  // Its serial number can be read, and the row is made again with the certificate.
  const [first] = cutRow(layout) === undefined ? unknownIssues(ca, now) : [];
  if (first === undefined) return [];
  const message = `it does not know certificates that ${layout.auditLog} has as issued, such as ${first.serialNumber} of ${first.commonName}`;
  return [{ kind: 'certificate-lost', about: layout.index, message }];
}

/** A register that is behind the index is brought up to date by itself; one that says that it is not, is not. */
function registerContradictions({ layout }: Ca): Contradiction[] {
  if (!isRegisterCurrent(layout)) return [];
  const registered = registeredSerials(layout);
  const copies = files.list(layout.newCertificates).flatMap((name) => /^([0-9A-F]+)\.pem$/.exec(name)?.[1] ?? []);
  const known = serialsIn(files.readFile(layout.index));
  const missing = copies.find((serial) => known.has(serial) && !registered.has(serial) && copyOf(layout, serial));
  if (missing === undefined) return [];
  const message = `the key of a certificate that was issued is missing, serial ${missing}`;
  return [{ kind: 'register-behind', about: layout.keyRegister, message }];
}

function authorityContradictions({ certificate, layout }: Ca, { audited }: History): Contradiction[] {
  const { caSerial, caSerials } = audited;
  // One that nobody here has brought is not an older one of it.
  if (caSerial === certificate.serialNumber || !caSerials.has(certificate.serialNumber)) return [];
  const message = `its serial number is ${certificate.serialNumber}, and ${layout.auditLog} has ${caSerial} as the last`;
  return [{ kind: 'ca-certificate-older', about: layout.certificate, message }];
}
