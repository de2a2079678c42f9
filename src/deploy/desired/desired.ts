/**
 * What the hosts of a fleet should have, as values. The inventory is read into this, and so are the arguments of
 * `connect` and `distribute`.
 *
 * @module
 */

import type { KeySpec } from '../../pki/key-spec.js';
import type { CertificateType } from '../../pki/profile.js';
import type { IkeDaemonName, Places } from '../ike/daemon.js';

/** {@link TunnelType}, as a list. */
export const tunnelTypes = ['gre', 'geneve', 'vxlan', 'stt'] as const;
/** The types of tunnels that ovs-monitor-ipsec knows. */
export type TunnelType = (typeof tunnelTypes)[number];

export function isTunnelType(type: string): type is TunnelType {
  return tunnelTypes.some((item) => item === type);
}

/** {@link AuthenticationMethod}, as a list. */
export const authenticationMethods = ['ca-signed', 'self-signed', 'psk'] as const;
/** How the two hosts of a tunnel know each other (howto "Encrypt Open vSwitch Tunnels with IPsec"). */
export type AuthenticationMethod = (typeof authenticationMethods)[number];

/** How a host is reached: a destination of ssh(1), or this machine without it. */
export interface HostTarget {
  readonly kind: 'ssh' | 'local';
  readonly destination: string;
  /** How an ordinary user becomes root there, where that is not sudo: `doas`, `su`, `none`, or the path of a program. */
  readonly become?: string;
}

/**
 * `other_config:ipsec_skb_mark`: which unencrypted tunnel packets the kernel drops. `0/1` all of the host that OpenFlow
 * did not mark, `1/1` only those that it marked, `none` no packet, `keep` leaves what is there.
 */
export type PlaintextPolicy = '0/1' | '1/1' | 'none' | 'keep';

/**
 * What is done against loops of tunnels: `auto` split horizon where there is a full mesh and RSTP elsewhere, `rstp` always
 * that, `keep` leaves what is there.
 */
export type LoopProtection = 'auto' | 'rstp' | 'keep';

/** One host as it should be. */
export interface DesiredHost {
  /** The common name of its certificate, unless only PSKs are used. */
  readonly name: string;
  readonly target: HostTarget;
  readonly ikeDaemon: IkeDaemonName | 'auto';
  /** Undefined takes those of its IKE daemon. */
  readonly places: Partial<Places>;
  readonly plaintext: PlaintextPolicy;
  /** Somebody has asked for it; else it is what holds where nobody has. */
  readonly isPlaintextNamed?: boolean;
  readonly loopProtection: LoopProtection;
  /** Which certificate it is to have; undefined where it needs none. */
  readonly identity: DesiredIdentity | undefined;
  readonly ends: readonly TunnelEnd[];
  /** Addresses with prefix length, such as `192.0.0.1/24`, by bridge. */
  readonly bridgeAddresses: Readonly<Record<string, string>>;
  /** What the own ports of bridges are to have, by bridge. */
  readonly bridgePorts?: Readonly<Record<string, BridgePort>>;
  /** Undefined where not all of its tunnels are named, as with `connect`: then nothing is said of the others. */
  readonly others?: OtherTunnels;
}

/** The own port of a bridge, by which the host itself takes part. */
export interface BridgePort {
  /** Of its packets, in bytes. */
  readonly mtu?: number;
  /** The VLAN that it is in. */
  readonly tag?: number;
}

/** What becomes of tunnels of ours that the inventory has no longer. */
export interface OtherTunnels {
  /** Hosts that the inventory names as taken out: tunnels to them go. */
  readonly removedPeers: readonly string[];
  /** All of them go. */
  readonly prune: boolean;
}

/** How a host comes by its certificate where it has none that is good. */
export interface DesiredIdentity {
  readonly method: 'ca-signed' | 'self-signed';
  /** Of the CA that signs; for self-signed certificates it says nothing. */
  readonly type: CertificateType;
  readonly days: number;
  readonly keySpec: KeySpec;
}

/** One end of a tunnel: an Interface of one host. */
export interface TunnelEnd {
  readonly bridge: string;
  /** Of the Port and of its Interface; at most 15 characters. */
  readonly port: string;
  /** Names that it may have where another tunnel has that one; undefined where the operator has named it. */
  readonly otherNames?: readonly string[];
  /** The port of ours that it takes the place of: it has another name, or its tunnel is of another type. */
  readonly before?: string;
  readonly type: TunnelType;
  readonly method: AuthenticationMethod;
  readonly localIp: string;
  /** Where its packets are sent to: behind NAT not the address that the peer has itself. */
  readonly remoteIp: string;
  /** Addresses are translated between the two hosts (NAT). */
  readonly isTranslated?: true;
  /** The name of the host at the other end. */
  readonly peer: string;
  /** Further options of the Interface, `ipsec_*` among them. */
  readonly options: Readonly<Record<string, string>>;
  /** A file on the operator's machine that holds the PSK; undefined keeps what both ends have, or makes one. */
  readonly pskFile: string | undefined;
  /** This end asks first; the other one answers. */
  readonly initiates: boolean;
}

/** All hosts that are looked at together: the ends of a tunnel are found among them. */
export interface DesiredFleet {
  readonly hosts: readonly DesiredHost[];
}
