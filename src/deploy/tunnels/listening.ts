/**
 * Whether the IKE daemon of a host answers where its tunnels begin.
 *
 * @module
 */

import { canonicalAddress } from '../desired/address.js';
import { knownValue } from '../facts/fact.js';
import type { PlanningFacts } from '../facts/host-facts.js';

/**
 * The addresses of tunnels that the host has, and at which its IKE daemon does not listen: pluto looks which addresses there are
 * when it starts, and when it is told to. None where the daemon does not run, or does not tell.
 */
export function unheardAddresses({ ike, addresses }: PlanningFacts, localIps: readonly string[]): string[] {
  const [daemon, own] = [knownValue(ike), knownValue(addresses)];
  if (daemon?.running !== true || daemon.listensAt === undefined || own === undefined) return [];
  const heard = new Set(daemon.listensAt.map(canonicalAddress));
  const there = new Set(own.map(canonicalAddress));
  return [...new Set(localIps.map(canonicalAddress))].filter((address) => there.has(address) && !heard.has(address));
}
