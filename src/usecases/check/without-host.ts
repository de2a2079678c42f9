/**
 * Certificates of names that no host of an inventory has: the host has gone, or has another name, and whoever has its key
 * still passes for it.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { nameFault } from '../../pki/name.js';
import { readCa } from '../../store/ca/ca.js';
import { certificatesByName, type Newest } from './gather.js';

/** A name with a certificate that is valid, and no host. */
export interface NameWithoutHost {
  readonly name: string;
  /** Of its certificate that expires last. */
  readonly serialNumber: string;
  /** ISO 8601, UTC. */
  readonly notAfter: string;
  /** What revokes its certificates. */
  readonly command: string;
}

/** @param hosts the names in the inventory; their certificates are of the type switch */
export function namesWithoutHost(
  newest: ReadonlyMap<string, Newest>,
  hosts: ReadonlySet<string>,
  now: number,
): NameWithoutHost[] {
  return [...newest]
    .filter(([name, { expires }]) => expires >= now && !hosts.has(name))
    .map(([name, { serialNumber, expires }]) => ({
      name,
      serialNumber,
      notAfter: new Date(expires).toISOString(),
      command: revocationOf(name, serialNumber),
    }));
}

/** Those of a PKI directory; none where there is no CA for hosts, or where it cannot be read: `check` says why. */
export function namesWithoutHostIn(pkiDirectory: string, hosts: ReadonlySet<string>, now: Date): NameWithoutHost[] {
  try {
    const { newest } = certificatesByName(readCa(pkiDirectory, 'switch'), now.getTime());
    return namesWithoutHost(newest, hosts, now.getTime());
  } catch (error) {
    if (error instanceof OvsPkiError) return [];
    throw error;
  }
}

/** A name of another CA's making may be none that can be typed. */
function revocationOf(name: string, serialNumber: string): string {
  const what = nameFault(name) === undefined && !/^(switch|controller)$/.test(name) ? name : `--serial ${serialNumber}`;
  return `ovs-pki-ts revoke ${what} --reason cessationOfOperation`;
}
