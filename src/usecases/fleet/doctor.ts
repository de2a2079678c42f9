/**
 * `doctor`: what is wrong with hosts and their tunnels, and what cures it.
 *
 * @module
 */

import { refusalOf } from '../../deploy/answer/answer.js';
import { findingsOn } from '../../deploy/doctor/doctor.js';
import type { Finding } from '../../deploy/doctor/rule.js';
import type { Platform } from '../../platform/index.js';
import { crlsIn } from './authorities.js';
import { type ExamineRequest, examine, fleetToExamine, type UnaskedHost } from './examine.js';

/** What was found on the hosts that could be asked. */
export interface DoctorResult {
  /** The hosts that have been asked. */
  readonly hosts: readonly string[];
  readonly findings: readonly Finding[];
  readonly unasked: readonly UnaskedHost[];
}

/** @throws USAGE, FILE_NOT_FOUND, INVENTORY_INVALID */
export async function doctor(platform: Platform, request: ExamineRequest): Promise<DoctorResult> {
  const { examined, unasked } = await examine(platform, fleetToExamine(request), request.onProgress);
  const failed = new Map<string, UnaskedHost>();
  const crls = crlsIn(platform, request.pkiDirectory);
  const findings = findingsOn(examined, platform.clock.now(), crls, (host, error) => {
    failed.set(host, { host, error: refusalOf(host, error) });
  });
  const hosts = examined.map(({ desired }) => desired.name).filter((name) => !failed.has(name));
  return { hosts, findings, unasked: [...unasked, ...failed.values()] };
}
