/**
 * `status`: what is true of hosts and their tunnels now.
 *
 * @module
 */

import { refusalOf } from '../../deploy/answer/answer.js';
import { findingsOn } from '../../deploy/doctor/doctor.js';
import { type HostStatus, hostStatus } from '../../deploy/doctor/host-status.js';
import type { Platform } from '../../platform/index.js';
import { type NameWithoutHost, namesWithoutHostIn } from '../check/without-host.js';
import { crlsIn } from './authorities.js';
import { type ExamineRequest, examine, fleetToExamine, inventoryOf, lookAtEach, type UnaskedHost } from './examine.js';

/** What is true of the hosts that could be asked. */
export interface StatusResult {
  readonly hosts: readonly (HostStatus & {
    /** What `doctor` would find, by its weight. */
    readonly findings: { readonly errors: number; readonly warnings: number };
  })[];
  readonly unasked: readonly UnaskedHost[];
  /** Names with a valid certificate of our CA that the inventory has no host for; none without an inventory. */
  readonly withoutHost: readonly NameWithoutHost[];
}

/** @throws USAGE, FILE_NOT_FOUND, INVENTORY_INVALID */
export async function status(platform: Platform, request: ExamineRequest): Promise<StatusResult> {
  // 1. What is true on the hosts.
  const fleet = fleetToExamine(request);
  const { examined, unasked } = await examine(platform, fleet, request.onProgress);
  // 2. What it means.
  const failed = new Map<string, UnaskedHost>();
  const crls = crlsIn(platform, request.pkiDirectory);
  const findings = findingsOn(examined, platform.clock.now(), crls, (host, error) => {
    failed.set(host, { host, error: refusalOf(host, error) });
  });
  const sound = examined.filter(({ desired }) => !failed.has(desired.name));
  const looked = lookAtEach(sound, (host) => {
    const own = findings.filter((finding) => finding.host === host.desired.name);
    const errors = own.filter(({ severity }) => severity === 'error').length;
    return { ...hostStatus(host), findings: { errors, warnings: own.length - errors } };
  });
  const names = inventoryOf(request) === undefined ? undefined : new Set(fleet.hosts.map(({ name }) => name));
  return {
    hosts: looked.seen,
    unasked: [...unasked, ...failed.values(), ...looked.unasked],
    withoutHost: names === undefined ? [] : namesWithoutHostIn(request.pkiDirectory, names, platform.clock.now()),
  };
}
