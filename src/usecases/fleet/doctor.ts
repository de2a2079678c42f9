/**
 * `doctor`: what is wrong with hosts and their tunnels, and what cures it.
 *
 * @module
 */

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
  return {
    hosts: examined.map(({ desired }) => desired.name),
    findings: findingsOn(examined, platform.clock.now(), crlsIn(platform, request.pkiDirectory)),
    unasked,
  };
}
