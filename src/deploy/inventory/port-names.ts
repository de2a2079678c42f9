/**
 * Names of ports where the inventory gives none.
 *
 * @module
 */

import { digestHex } from '../../pki/digest.js';
import type { TunnelType } from '../desired/desired.js';

/** IFNAMSIZ, less the NUL at its end. */
const maximumLength = 15;
const hashLength = 5;

/** How many tunnels the host has, and how many of them to the one peer. */
export interface TunnelCounts {
  readonly all: number;
  readonly toPeer: number;
}

/**
 * `tun` where the host has no other tunnel, as in Open vSwitch's tutorial; else `tun_PEER`, or `gre_PEER` and
 * `vxlan_PEER` where there are several to one peer. The order of tunnels does not matter. The others are for a host where
 * an older tunnel has that name.
 */
export function portNames(
  peer: string,
  type: TunnelType,
  { all, toPeer }: TunnelCounts,
): { readonly port: string; readonly otherNames: readonly string[] } {
  const names = ['tun', shortened('tun_', peer), shortened(`${type}_`, peer)];
  const [port = 'tun', ...otherNames] = names.slice(all === 1 ? 0 : toPeer === 1 ? 1 : 2);
  return { port, otherNames };
}

function shortened(prefix: string, peer: string): string {
  const whole = `${prefix}${peer}`;
  if (whole.length <= maximumLength) return whole;
  const hash = BigInt(`0x${digestHex('sha256', Buffer.from(peer))}`)
    .toString(36)
    .slice(0, hashLength);
  return `${prefix}${peer.slice(0, maximumLength - prefix.length - hashLength - 1)}-${hash}`;
}
