/**
 * `revoke NAME [TYPE]`: certificates that are not to be trusted any more.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { parseFileName } from '../../pki/file-name.js';
import { formatNameOfOneLine } from '../../pki/name.js';
import type { CertificateType } from '../../pki/profile.js';
import type { ReasonCode, Revocation } from '../../pki/revocation.js';
import { formatSerial } from '../../pki/serial.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, readCa } from '../../store/ca/ca.js';
import { isIssuedBy, isOfOther } from '../../store/ca/issued-by.js';
import { rolloverPhase } from '../../store/ca/phase.js';
import { readCertificate } from '../../store/certificate-file.js';
import type { RevocationTarget } from '../../store/change/revocation-refusals.js';
import { type RevokeResult, releaseInCa, revokeInCa } from '../../store/change/revoke.js';
import { expiryOf, type IndexRow, revokedAt } from '../../store/index/row.js';
import { reasonOfColumn } from '../../store/index/scan.js';
import { issuedCertificateFile } from '../../store/layout.js';
import { asRefused, orRefused, type Refused } from '../summary.js';

/** What `revoke` is to revoke. */
export interface RevokeRequest {
  readonly pkiDirectory: string;
  readonly type: CertificateType;
  /** All certificates of these names that have not expired; or the file of a certificate, which the index need not know. */
  readonly names: readonly string[];
  /** Certificates by their serial number, hexadecimal. */
  readonly serialNumbers: readonly string[];
  readonly reason: ReasonCode | undefined;
  /** Since when the key is known or suspected to be in other hands; with keyCompromise and CACompromise only. */
  readonly invalidityDate: Date | undefined;
  /** Not to revoke: certificates that are on hold (certificateHold) are to be valid again. */
  readonly release?: boolean;
}

/** A certificate that is revoked. */
export interface RevokedCertificate {
  readonly serialNumber: string;
  /** `C=US, …, CN=host_1`, as everywhere. */
  readonly subject: string;
  /** ISO 8601, UTC. */
  readonly notAfter: string;
  /** ISO 8601, UTC. */
  readonly revokedAt: string;
  readonly reason: string;
}

/** What was done for one name or serial number. */
export interface Revoked {
  /** The name, or the serial number. */
  readonly name: string;
  readonly outcome: 'revoked' | 'already-revoked' | 'released';
  readonly type: CertificateType;
  /** With `already-revoked` nothing has changed; with `released` they are as they were. */
  readonly certificates: readonly RevokedCertificate[];
  /** Hosts learn of it when the rollover ends: until then IKE daemons keep the list of the old key, and this is of the new. */
  readonly waitsForRetire?: true;
}

/**
 * A result for each name, then for each serial number; a refusal of one does not touch the others.
 *
 * @throws USAGE, PKI_NOT_FOUND, PKI_CORRUPT, PKI_LOCKED, KEY_MISMATCH, FILE_UNWRITABLE
 */
export async function revoke(platform: Platform, request: RevokeRequest): Promise<(Revoked | Refused)[]> {
  // 1. The CA, and why.
  const ca = readCa(request.pkiDirectory, request.type);
  const revocation = checkedRevocation(platform, request);
  // 2. What.
  const targets = await Promise.all([
    ...request.names.map((name) => orRefused(name, () => ({ name, target: targetOf(ca, name) }))),
    ...request.serialNumbers.map((name) => orRefused(name, () => ({ name, target: serialTarget(name) }))),
  ]);
  const good = targets.filter((item): item is { name: string; target: RevocationTarget } => 'target' in item);
  // 3. The index.
  const wanted = good.map(({ target }) => target);
  const results = await (request.release
    ? releaseInCa(platform, ca, wanted)
    : revokeInCa(platform, ca, wanted, revocation));
  const next = results.values();
  const isSwitched = rolloverPhase(ca.layout) === 'switched';
  return targets.map((item) => {
    if (!('target' in item)) return item;
    const result = next.next().value as RevokeResult | OvsPkiError;
    if (result instanceof OvsPkiError) return asRefused(item.name, result);
    const outcome = request.release ? 'released' : result.isNew ? 'revoked' : 'already-revoked';
    return {
      ...{ name: item.name, outcome, type: ca.type, certificates: result.rows.map(revokedCertificate) },
      ...(isSwitched && isOfNewKey(ca, result.rows) ? { waitsForRetire: true } : {}),
    };
  });
}

function isOfNewKey(ca: Ca, rows: readonly IndexRow[]): boolean {
  return rows.some(({ serialNumber }) => {
    const copy = issuedCertificateFile(ca.layout, serialNumber);
    try {
      return files.exists(copy) && !isOfOther(readCertificate(copy), ca);
    } catch (error) {
      // It is revoked, whatever has become of the copy.
      if (error instanceof OvsPkiError) return false;
      throw error;
    }
  });
}

/** An index.txt has a place for the date only with a compromise. */
function checkedRevocation({ clock }: Platform, { reason, invalidityDate, release }: RevokeRequest): Revocation {
  if (release && (reason !== undefined || invalidityDate !== undefined)) {
    throw new OvsPkiError('USAGE', 'a release has no reason and no time: it ends a certificateHold', {
      hint: 'ovs-pki-ts revoke --release NAME',
    });
  }
  if (invalidityDate !== undefined && reason !== 'keyCompromise' && reason !== 'CACompromise') {
    throw new OvsPkiError('USAGE', 'the time since which a key is in other hands goes with a compromise only', {
      hint: 'give --reason keyCompromise or --reason CACompromise with --at',
    });
  }
  if (invalidityDate !== undefined && invalidityDate > clock.now()) {
    throw new OvsPkiError('USAGE', `${invalidityDate.toISOString()} is not in the past`, {
      hint: 'a certificate is revoked from now on; --at tells since when its key was in other hands',
    });
  }
  return { reason, invalidityDate };
}

/** What is the file of a certificate stands for that one, known here or not; anything else is a name. */
function targetOf(ca: Ca, typed: string): RevocationTarget {
  if (!/\.(pem|crt|cer)$/i.test(typed) || !files.exists(typed)) return { name: parseFileName(typed).name };
  const certificate = readCertificate(typed);
  if (isIssuedBy(certificate, ca)) return { serialNumber: certificate.serialNumber, certificate };
  throw new OvsPkiError('CERTIFICATE_UNKNOWN', `${typed} was not signed by ${ca.type}ca`, {
    hint: `see who has signed it: openssl x509 -noout -issuer -in ${typed}`,
    details: { file: typed },
  });
}

/** As people copy it from other programs: with colons, in small letters, without the leading zero. */
function serialTarget(typed: string): RevocationTarget {
  const digits = typed.replace(/^0x/i, '').replaceAll(':', '');
  if (!/^[0-9a-f]{1,40}$/i.test(digits)) {
    throw new OvsPkiError('USAGE', `${JSON.stringify(typed)} is not a serial number in hexadecimal`, {
      hint: 'see what it is: openssl x509 -noout -serial -in FILE',
    });
  }
  return { serialNumber: formatSerial(BigInt(`0x${digits}`)) };
}

function revokedCertificate(row: IndexRow): RevokedCertificate {
  return {
    serialNumber: row.serialNumber,
    subject: formatNameOfOneLine(row.subject),
    notAfter: expiryOf(row).toISOString(),
    revokedAt: revokedAt(row).toISOString(),
    reason: reasonOfColumn(row.revoked),
  };
}
