/**
 * `status`: what is true of hosts and their tunnels now.
 *
 * @module
 */

import { findingsOn } from '../../deploy/doctor/doctor.js';
import { type HostStatus, hostStatus } from '../../deploy/doctor/host-status.js';
import type { Platform } from '../../platform/index.js';
import { crlsIn } from './authorities.js';
import { type ExamineRequest, examine, fleetToExamine, type UnaskedHost } from './examine.js';

/** What is true of the hosts that could be asked. */
export interface StatusResult {
  readonly hosts: readonly (HostStatus & {
    /** What `doctor` would find, by its weight. */
    readonly findings: { readonly errors: number; readonly warnings: number };
  })[];
  readonly unasked: readonly UnaskedHost[];
}

/** @throws USAGE, FILE_NOT_FOUND, INVENTORY_INVALID */
export async function status(platform: Platform, request: ExamineRequest): Promise<StatusResult> {
  // 1. What is true on the hosts.
  const { examined, unasked } = await examine(platform, fleetToExamine(request), request.onProgress);
  // 2. What it means.
  const findings = findingsOn(examined, platform.clock.now(), crlsIn(platform, request.pkiDirectory));
  const hosts = examined.map((host) => {
    const own = findings.filter((finding) => finding.host === host.desired.name);
    const errors = own.filter(({ severity }) => severity === 'error').length;
    return { ...hostStatus(host), findings: { errors, warnings: own.length - errors } };
  });
  return { hosts, unasked };
}
