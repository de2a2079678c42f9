/**
 * What of a host's database is ours: what we make is marked in `external_ids`. Earlier versions made no marks; what they
 * made is known by its name, its `local_ip` and its drop policy together.
 *
 * @module
 */

import { type TunnelEnd, type TunnelType, tunnelTypes } from '../desired/desired.js';
import { knownValue } from '../facts/fact.js';
import type { PlanningFacts } from '../facts/host-facts.js';
import type { InterfaceFact } from '../facts/ovsdb.js';
import { portNames } from '../inventory/port-names.js';
import { existingEnds } from './existing.js';
import { guardedWays } from './packets.js';

/** Keys of `external_ids`. */
export const marks = {
  /** Of an Interface: the host at the other end. */
  peer: 'ovs-pki-ts-peer',
  /** Of an Interface: the port that goes when the tunnel of this one has been proved. */
  replaces: 'ovs-pki-ts-replaces',
  /** Of a Bridge that was made for tunnels. */
  bridge: 'ovs-pki-ts-made',
  /** Of Open_vSwitch: what `ipsec_skb_mark` was before us, or `none`. */
  skbMark: 'ovs-pki-ts-skb-mark-before',
} as const;

/** A tunnel that is on a host now, encrypted or not. */
export interface FoundTunnel {
  readonly port: string;
  readonly bridge: string;
  readonly type: TunnelType;
  readonly remoteIp: string;
  readonly localIp: string | undefined;
  /** The name of the host at its other end, where anything tells it. */
  readonly peer: string | undefined;
  readonly isEncrypted: boolean;
  readonly isMarked: boolean;
  /** It is ours: marked, or made by an earlier version. */
  readonly isOurs: boolean;
  /** The port that it takes the place of, where it is to. */
  readonly replaces: string | undefined;
}

export function tunnelsOn(facts: PlanningFacts): FoundTunnel[] {
  const ends = new Map(existingEnds(facts).map((end) => [end.port, end]));
  const guarded = new Set(guardedWays(facts).map((way) => `${way.type} ${way.remoteIp}`));
  return (knownValue(facts.ovsdb)?.interfaces ?? []).flatMap((row): FoundTunnel[] => {
    const type = tunnelTypes.find((item) => item === row.type);
    const { remote_ip: remoteIp, local_ip: localIp } = row.options;
    if (type === undefined || remoteIp === undefined) return [];
    const end = ends.get(row.name);
    const { [marks.peer]: marked, [marks.replaces]: replaces } = row.externalIds;
    const named = end === undefined || end.peer === remoteIp ? undefined : end.peer;
    const isGuarded = guarded.has(`${type} ${remoteIp}`);
    const isLike = isGuarded && end !== undefined && hasOurForm(row, end);
    return [
      {
        ...{ port: row.name, bridge: row.bridge ?? '', type, remoteIp, localIp, replaces },
        peer: marked ?? named,
        isEncrypted: end !== undefined,
        isMarked: marked !== undefined,
        isOurs: marked !== undefined || isLike,
      },
    ];
  });
}

function hasOurForm({ name, options }: InterfaceFact, { type, peer, remoteIp }: TunnelEnd): boolean {
  if (options['local_ip'] === undefined) return false;
  // With a PSK nothing tells the name of the peer.
  if (peer === remoteIp) return name === 'tun' || /^(tun|gre|geneve|vxlan|stt)_/.test(name);
  const { port, otherNames } = portNames(peer, type, { all: 1, toPeer: 1 });
  return [port, ...otherNames].includes(name);
}
