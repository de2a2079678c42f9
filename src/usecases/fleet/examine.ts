/**
 * What `status` and `doctor` do first: find out which hosts are meant, and ask them.
 *
 * @module
 */

import { refusalOf } from '../../deploy/answer/answer.js';
import type { DesiredFleet } from '../../deploy/desired/desired.js';
import type { ExaminedHost } from '../../deploy/doctor/doctor.js';
import { readFleet } from '../../deploy/inventory/file.js';
import { OvsPkiError } from '../../errors.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { askHostsAll, closeAll } from './ask.js';
import { fleetAt } from './inventory.js';

/** Which hosts `status` and `doctor` look at. */
export interface ExamineRequest {
  /** An inventory. */
  readonly file: string | undefined;
  /**
   * Destinations of ssh(1), or IP addresses, also as `NAME=HOST`. Without them and a file: the inventory that lies here, or
   * this machine.
   */
  readonly destinations: readonly string[];
  /** How an ordinary user becomes root on these; undefined for sudo. */
  readonly become?: string | undefined;
  /** Whose CRLs those of the hosts are compared with; there need be none. */
  readonly pkiDirectory: string;
  /** Called as hosts answer. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** A host that could not be asked. */
export interface UnaskedHost {
  readonly host: string;
  readonly error: OvsPkiError;
}

const usualFile = 'fleet.yaml';

/** @throws USAGE, FILE_NOT_FOUND, INVENTORY_INVALID */
export function fleetToExamine(request: ExamineRequest): DesiredFleet {
  const { file, destinations, become } = request;
  if (file !== undefined && destinations.length > 0) {
    throw new OvsPkiError('USAGE', 'hosts are named by an inventory or by --to, not by both', {
      hint: `ovs-pki-ts status ${file}`,
    });
  }
  if (destinations.length > 0) return fleetAt(destinations, become);
  const inventory = inventoryOf(request);
  return inventory === undefined ? fleetAt(['local'], become) : readFleet(inventory);
}

/** The inventory that hosts are taken from; undefined where they are named, or there is none. */
export function inventoryOf({ file, destinations }: ExamineRequest): string | undefined {
  if (destinations.length > 0) return undefined;
  return file ?? (files.exists(usualFile) ? usualFile : undefined);
}

/** Looks at each host that has been asked; where its facts make no sense, that is its own error. */
export function lookAtEach<T>(
  examined: readonly ExaminedHost[],
  look: (host: ExaminedHost) => T,
): { readonly seen: readonly T[]; readonly unasked: readonly UnaskedHost[] } {
  const unasked: UnaskedHost[] = [];
  const seen = examined.flatMap((host): T[] => {
    try {
      return [look(host)];
    } catch (error) {
      unasked.push({ host: host.desired.name, error: refusalOf(host.desired.name, error) });
      return [];
    }
  });
  return { seen, unasked };
}

/** Asks all hosts; changes nothing there. */
export async function examine(
  platform: Platform,
  fleet: DesiredFleet,
  onProgress?: (done: number, total: number) => void,
): Promise<{ readonly examined: ExaminedHost[]; readonly unasked: UnaskedHost[] }> {
  const asked = await askHostsAll(platform, fleet, false, onProgress);
  closeAll(asked);
  return {
    examined: asked.flatMap((host) => ('facts' in host ? [host] : [])),
    unasked: asked.flatMap((host) => ('error' in host ? [{ host: host.desired.name, error: host.error }] : [])),
  };
}
