/**
 * Why a host is not protected against loops, in words.
 *
 * @module
 */

import { shellCommand } from '../../platform/quote.js';
import type { Vertex } from '../tunnels/topology.js';
import type { Obstacle } from './action.js';

export function isStranger(vertex: Vertex | undefined): boolean {
  return vertex?.host === undefined;
}

/** The farthest that the information of RSTP gets is its max-age, 20 bridges. */
export const farthestHop = 18;

export interface Own {
  readonly vertex: Vertex;
  readonly tunnels: string;
}

function where(vertices: readonly Vertex[]): string {
  return vertices.map(({ host, bridge }) => (host === undefined ? bridge : `${bridge} of ${host}`)).join(', ');
}

const answer = 'or answer for it yourself: loop_protection: keep in defaults of the inventory';

export function throughStrangers({ vertex, tunnels }: Own, vertices: readonly Vertex[]): Omit<Obstacle, 'code'> {
  const strangers = where(vertices.filter((item) => isStranger(item)));
  return {
    message: `${vertex.host}: ${tunnels} of ${vertex.bridge} would make a loop by way of ${strangers}, where nothing can be done against it`,
    hint: 'name all hosts of the loop in one inventory, as a mesh, and apply that: ovs-pki-ts inventory init',
  };
}

export function mixedStp(
  { vertex, tunnels }: Own,
  stp: readonly Vertex[],
  all: readonly Vertex[],
): Omit<Obstacle, 'code'> {
  const others = all.filter((item) => !stp.includes(item));
  return {
    message: `${vertex.host}: ${tunnels} of ${vertex.bridge} are part of a loop, in which ${where(stp)} runs STP and ${where(others)} does not`,
    hint: `let all of them run RSTP (${shellCommand`ovs-vsctl set Bridge ${vertex.bridge} stp_enable=false rstp_enable=true`}), or none; ${answer}`,
  };
}

export function notByRstp({ vertex, tunnels }: Own, controlled: readonly Vertex[]): Omit<Obstacle, 'code'> {
  return {
    message: `${vertex.host}: ${tunnels} of ${vertex.bridge} would make a loop that needs RSTP, and ${where(controlled)} forwards as OpenFlow says`,
    hint: `make it a full mesh, or tunnels without a ring; ${answer}`,
  };
}

export function throughPatch({ vertex, tunnels }: Own): Omit<Obstacle, 'code'> {
  return {
    message: `${vertex.host}: ${tunnels} of ${vertex.bridge} would make a loop by way of patch ports between bridges`,
    hint: `put the tunnels of the ring on one bridge of each host; ${answer}`,
  };
}

export function throughBond({ vertex, tunnels }: Own, bond: string): Omit<Obstacle, 'code'> {
  return {
    message: `${vertex.host}: ${tunnels} of ${vertex.bridge} would make a loop that needs RSTP, which the bond ${bond} cannot run`,
    hint: `give each tunnel a port of its own, or make it a full mesh; ${answer}`,
  };
}

export function tooFar({ vertex, tunnels }: Own): Omit<Obstacle, 'code'> {
  return {
    message: `${vertex.host}: ${tunnels} of ${vertex.bridge} would make a ring that is too long for RSTP: its hosts are more than ${farthestHop} tunnels apart`,
    hint: `make it a full mesh, or a hub with spokes; ${answer}`,
  };
}
