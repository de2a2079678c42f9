/**
 * The addresses of this machine.
 *
 * @module
 */

import { networkInterfaces } from 'node:os';

/** Whether an address or name is this machine itself, which is then handled without SSH. */
export function isThisMachine(destination: string): boolean {
  if (['local', 'localhost'].includes(destination)) return true;
  return Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === destination));
}
