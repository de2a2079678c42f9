/**
 * The addresses and the name of this machine.
 *
 * @module
 */

import { hostname, networkInterfaces } from 'node:os';

/** Whether an address or name is this machine itself, which is then handled without SSH. */
export function isThisMachine(destination: string): boolean {
  if (['local', 'localhost'].includes(destination)) return true;
  return Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === destination));
}

/** What this machine calls itself. */
export function machineName(): string {
  return hostname();
}
