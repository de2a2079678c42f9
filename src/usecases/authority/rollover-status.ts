/**
 * How far a rollover is, and whose certificates the other key has signed.
 *
 * @module
 */

import { commonNameOfOneLine, formatOneLine } from '../../pki/name.js';
import type { CertificateType } from '../../pki/profile.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, readCa } from '../../store/ca/ca.js';
import { isOfOther } from '../../store/ca/issued-by.js';
import { rolloverPhase } from '../../store/ca/phase.js';
import { readWaiting } from '../../store/ca/waiting.js';
import { readCertificate } from '../../store/certificate-file.js';
import { indexRows, indexTimeMs } from '../../store/index/row.js';
import { issuedCertificateFile } from '../../store/layout.js';
import { type CertificateSummary, summarize } from '../summary.js';

/** Which CA it is about. */
export interface RolloverRequest {
  readonly pkiDirectory: string;
  readonly type: CertificateType;
}

/** How far a rollover has got. */
export interface RolloverState {
  readonly type: CertificateType;
  /** `none`: there is no rollover; `prepared`: the old CA signs; `switched`: the new one does. */
  readonly phase: 'none' | 'prepared' | 'switched';
  /** The CA that signs. */
  readonly signing: CertificateSummary;
  /** The other one, which hosts trust as well. */
  readonly other?: CertificateSummary;
  /** Its file, for hosts that get their files in another way. */
  readonly otherFile?: string;
  /** The request of the next key, which waits for its certificate. */
  readonly requestFile?: string;
  /** Names whose last certificate in force was signed by the other CA. */
  readonly lagging: readonly string[];
  /** The key of the CA that has ended, in its token: it was not made here, and was left there. */
  readonly keyLeft?: string;
}

/** @throws PKI_NOT_FOUND, PKI_CORRUPT */
export async function rolloverStatus(platform: Platform, request: RolloverRequest): Promise<RolloverState> {
  const ca = readCa(request.pkiDirectory, request.type);
  const waiting = readWaiting(request.pkiDirectory, request.type);
  return {
    type: ca.type,
    phase: rolloverPhase(ca.layout) ?? 'none',
    signing: summarize(ca.certificate),
    ...(ca.other === undefined
      ? {}
      : { other: summarize(ca.other.certificate), otherFile: ca.other.layout.certificate }),
    ...(waiting === undefined ? {} : { requestFile: waiting.layout.request }),
    lagging: laggingNames(ca, platform.clock.now()),
  };
}

/** The names whose last certificate in force was signed by the CA that does not sign now: that is what they use. */
export function laggingNames(ca: Ca, now: Date): string[] {
  if (ca.other === undefined) return [];
  const own = formatOneLine(ca.certificate.subject);
  const last = new Map<string, string>();
  for (const { state, expires, subject, serialNumber } of indexRows(ca.layout.index)) {
    if (state !== 'V' || subject === own || indexTimeMs(expires) < now.getTime()) continue;
    last.set(commonNameOfOneLine(subject), issuedCertificateFile(ca.layout, serialNumber));
  }
  return [...last].flatMap(([name, copy]) =>
    !files.exists(copy) || isOfOther(readCertificate(copy), ca) ? [name] : [],
  );
}
