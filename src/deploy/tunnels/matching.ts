/**
 * Which of the tunnels that a host has is which of those that it should have: by addresses and peers, and not by the names of
 * ports alone. Open vSwitch cannot rename a port in place, so a tunnel keeps the name that it has wherever the operator has
 * not given it another one.
 *
 * @module
 */

import type { DesiredHost, TunnelEnd } from '../desired/desired.js';
import { knownValue } from '../facts/fact.js';
import type { PlanningFacts } from '../facts/host-facts.js';
import { type FoundTunnel, tunnelsOn } from './ownership.js';

/** The host with the names that the ports of its tunnels have, or are to have, there. */
export function matched(desired: DesiredHost, facts: PlanningFacts): DesiredHost {
  const database = knownValue(facts.ovsdb);
  if (database === undefined || desired.ends.length === 0) return desired;
  const found = claims(desired, tunnelsOn(facts));
  const taken = new Set(database.interfaces.map(({ name }) => name));
  const names = new Set(desired.ends.map(({ port, otherNames }) => (otherNames === undefined ? port : '')));
  const ends = desired.ends.map((end): TunnelEnd => {
    const { otherNames: _, ...rest } = end;
    const tunnel = found.get(end);
    if (tunnel !== undefined && keepsName(end, tunnel, taken)) {
      names.add(tunnel.port);
      return { ...rest, port: tunnel.port, ...(tunnel.replaces === undefined ? {} : { before: tunnel.replaces }) };
    }
    const before = tunnel === undefined ? {} : { before: tunnel.port };
    // A name that is the operator's own wish is taken as it is: what stands against it is an obstacle.
    if (end.otherNames === undefined) return { ...rest, ...before };
    const free = [end.port, ...end.otherNames].find((name) => !taken.has(name) && !names.has(name)) ?? end.port;
    names.add(free);
    return { ...rest, ...before, port: free };
  });
  return { ...desired, ends };
}

/** Whether a tunnel that is there is the one that is meant, and not another one that has its port. */
export function isMeant(end: TunnelEnd, tunnel: FoundTunnel): boolean {
  return end.type === tunnel.type && (isSameWay(end, tunnel) || tunnel.peer === end.peer);
}

type Match = (end: TunnelEnd, tunnel: FoundTunnel) => boolean;

function isSameWay(end: TunnelEnd, { type, remoteIp }: FoundTunnel): boolean {
  return type === end.type && remoteIp === end.remoteIp;
}

/** In the order in which they decide. */
const matches: readonly Match[] = [
  (end, tunnel) => isSameWay(end, tunnel) && tunnel.port === end.port && isAsWanted(end, tunnel),
  (end, tunnel) => isSameWay(end, tunnel) && tunnel.isEncrypted && isAsWanted(end, tunnel),
  (end, tunnel) => isSameWay(end, tunnel) && (tunnel.isOurs || (tunnel.isEncrypted && tunnel.port === end.port)),
  // The peer has another address.
  (end, tunnel) => tunnel.type === end.type && tunnel.peer === end.peer && (tunnel.isOurs || tunnel.port === end.port),
  // It is of another type.
  (end, tunnel) =>
    tunnel.isOurs && tunnel.type !== end.type && (tunnel.peer === end.peer || tunnel.remoteIp === end.remoteIp),
];

function isAsWanted({ localIp }: TunnelEnd, tunnel: FoundTunnel): boolean {
  return tunnel.localIp === undefined || tunnel.localIp === localIp;
}

/** Each tunnel is one end at most, and those that fit best are found first. */
function claims({ ends, others }: DesiredHost, tunnels: readonly FoundTunnel[]): ReadonlyMap<TunnelEnd, FoundTunnel> {
  const found = new Map<TunnelEnd, FoundTunnel>();
  const free = new Set(tunnels);
  const claim = (fits: Match): void => {
    for (const end of ends.filter((item) => !found.has(item))) {
      const tunnel = [...free].find((item) => fits(end, item));
      if (tunnel === undefined) continue;
      found.set(end, tunnel);
      free.delete(tunnel);
    }
  };
  for (const fits of matches) claim(fits);
  // What is half replaced already goes with what replaces it.
  const replaced = new Set([...found.values()].map(({ replaces }) => replaces));
  for (const tunnel of free) if (replaced.has(tunnel.port)) free.delete(tunnel);
  // A port that goes anyhow, and whose name the operator wants for another tunnel.
  claim((end, tunnel) => end.otherNames === undefined && tunnel.port === end.port && isGoing(tunnel, others));
  return found;
}

/** Whether a tunnel that the inventory has no longer goes. */
export function isGoing({ peer, isOurs, replaces }: FoundTunnel, others: DesiredHost['others']): boolean {
  if (others === undefined || !isOurs) return false;
  return others.prune || replaces !== undefined || (peer !== undefined && others.removedPeers.includes(peer));
}

/**
 * Another name costs the tunnel a moment. With certificates that of another peer costs it anyhow, and then the port may be called
 * after it.
 */
function keepsName(end: TunnelEnd, tunnel: FoundTunnel, taken: ReadonlySet<string>): boolean {
  if (tunnel.port === end.port && tunnel.type === end.type) return true;
  if (tunnel.type !== end.type || end.otherNames === undefined) return false;
  const isRebuilt = end.method !== 'psk' && tunnel.isMarked && tunnel.peer !== end.peer;
  return !isRebuilt || tunnel.port === 'tun' || taken.has(end.port);
}
