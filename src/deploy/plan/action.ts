/**
 * What a plan is made of.
 *
 * @module
 */

import type { KeySpec } from '../../pki/key-spec.js';
import type { NameAttribute } from '../../pki/name.js';
import type { HostTarget, TunnelType } from '../desired/desired.js';
import type { IdentityFiles } from './identity-files.js';

/** What a port does against loops: split horizon keeps frames from going from one such port to another. */
export type LoopRole = 'none' | 'split-horizon' | 'rstp';

/** One thing that is done to a host. JSON-safe, without a byte of a key. */
export type Action =
  | {
      readonly kind: 'enroll';
      readonly name: string;
      readonly method: 'ca-signed' | 'self-signed';
      readonly keySpec: KeySpec;
      readonly folder: string;
      /** What stands before the common name in the request, where it is not that of ovs-pki. */
      readonly subject?: readonly NameAttribute[];
      /** A key that is on the host already and has no certificate yet. */
      readonly existingKey: string | undefined;
      /** When the certificate in use expires, where it is still good: YYYY-MM-DD. */
      readonly expires: string | undefined;
    }
  | {
      readonly kind: 'place';
      readonly role: 'ca' | 'certificate' | 'private-key' | 'peer-certificate' | 'crl';
      readonly path: string;
      /** The PEM that goes there; undefined for a private key, and where it is made only when the plan is applied. */
      readonly content: string | undefined;
      /** The file here that holds the private key. */
      readonly source: string | undefined;
      readonly crl?: CrlSummary;
    }
  | ({
      /** The host's own openssl finds that these belong together. */
      readonly kind: 'verify';
    } & IdentityFiles)
  | {
      /** The IKE daemon reads its CAs again, and trusts those in these files too. */
      readonly kind: 'trust';
      readonly files: readonly string[];
    }
  | {
      /** The IKE daemon forgets the connections of drop policies, which any peer fits. */
      readonly kind: 'refuse-strangers';
      /** charon reads all its connections again for a renewal. */
      readonly when: 'before the change' | 'after the renewal';
    }
  | {
      /** The IKE daemon reads what the links in use lead to now. */
      readonly kind: 'reread';
      readonly certificate: string;
      readonly private_key: string;
    }
  | {
      /** An end goes on sending by its security association, while the other end authenticates again. */
      readonly kind: 'hold';
      readonly port: string;
      readonly peer: string;
      readonly localIp: string;
      readonly remoteIp: string;
      /** For so long: less than the association lives on. */
      readonly seconds: number;
      readonly turn: number;
    }
  | {
      /** An end authenticates again beside what is up, with the certificate that is new. */
      readonly kind: 'authenticate';
      readonly port: string;
      readonly peer: string;
      /** All of a turn are held first, then asked; counted from 0. */
      readonly turn: number;
      /** This host asks for both, and this end does only where that fails before. */
      readonly unless?: string;
    }
  | {
      /** The IKE SAs go that others have taken the place of, so long after these. */
      readonly kind: 'leave';
      readonly seconds: number;
    }
  /** The connection of a port is loaded again, so that it waits for its peer. */
  | { readonly kind: 'wait-for-peer'; readonly port: string; readonly peer: string }
  | {
      /** A symbolic link is made to lead to another generation of an identity. */
      readonly kind: 'link';
      readonly path: string;
      readonly from: string | undefined;
      readonly to: string;
      /** Tunnels are at work with what it leads to now: the IKE daemon is told to read it again. */
      readonly inUse: boolean;
    }
  /** The IKE daemon looks again which addresses the host has: it does not listen at these, where tunnels begin. */
  | { readonly kind: 'listen'; readonly addresses: readonly string[] }
  /** The security associations of a tunnel end, and its peer is not to be believed again. */
  | { readonly kind: 'cut'; readonly port: string; readonly peer: string }
  | {
      readonly kind: 'plaintext';
      readonly from: string | undefined;
      readonly to: string | undefined;
      /** It is put back to what it was before the first apply. */
      readonly restores?: true;
      /** Ports whose tunnels ovs-monitor-ipsec makes again for it. */
      readonly rebuilds?: readonly string[];
      readonly interruption?: Interruption;
    }
  | {
      readonly kind: 'other_config';
      readonly key: 'certificate' | 'private_key' | 'ca_cert';
      readonly from: string | undefined;
      readonly to: string | undefined;
    }
  | ({
      /** The kernel drops the packets of one tunnel as long as no IPsec policy takes them. */
      readonly kind: 'guard';
    } & GuardedTunnel)
  | ({ readonly kind: 'unguard' } & GuardedTunnel)
  | { readonly kind: 'bridge'; readonly bridge: string }
  | {
      /** Of the own port of a bridge; undefined is the default of Open vSwitch. */
      readonly kind: 'bridge-port';
      readonly bridge: string;
      readonly column: 'mtu_request' | 'tag';
      readonly from: number | undefined;
      readonly to: number | undefined;
      /** It is put back to what it was before the first apply. */
      readonly restores?: true;
    }
  | { readonly kind: 'address'; readonly bridge: string; readonly address: string }
  | {
      readonly kind: 'port';
      readonly port: string;
      readonly bridge: string;
      readonly type: string;
      /** The port is made. */
      readonly isNew: boolean;
      readonly set: Readonly<Record<string, string>>;
      readonly remove: readonly string[];
      readonly psk: 'set' | 'remove' | undefined;
      readonly peer: string;
      /** The host whose end is wired first. */
      readonly after?: string;
      /** What a new port does against loops. */
      readonly loopRole?: LoopRole;
      /** The values that `set` changes. */
      readonly was?: Readonly<Record<string, string>>;
      /** The port that it takes the place of: at once, or when its tunnel has been proved. Until then it is kept apart. */
      readonly before?: { readonly port: string; readonly bridge: string; readonly goes: 'at once' | 'when proved' };
      /** The bridge that it was on. */
      readonly movedFrom?: string;
      readonly interruption?: Interruption;
    }
  /** What a port that is there does against loops of tunnels. */
  | { readonly kind: 'loop-role'; readonly port: string; readonly from: LoopRole; readonly to: LoopRole }
  | {
      readonly kind: 'rstp';
      readonly bridge: string;
      readonly to: boolean;
      /** `other_config:rstp-priority` of the bridge that is to be the root. */
      readonly priority: string | undefined;
    }
  /** A tunnel that is as it should be is marked as one of ours. */
  | { readonly kind: 'mark'; readonly port: string; readonly peer: string; readonly was: string | undefined }
  /** A tunnel that has been proved takes the place of another one, which goes. */
  | {
      readonly kind: 'replace';
      readonly port: string;
      readonly peer: string;
      readonly old: { readonly port: string; readonly bridge: string };
      readonly interruption?: Interruption;
    }
  | {
      readonly kind: 'remove-port';
      readonly port: string;
      readonly bridge: string;
      /** Where its tunnel leads, as far as that is known. */
      readonly peer?: string;
    }
  | { readonly kind: 'remove-bridge'; readonly bridge: string }
  | { readonly kind: 'remove-file'; readonly path: string };

/** What a change costs a tunnel that is at work. */
export interface Interruption {
  /** `rebuilt`: by ovs-monitor-ipsec, with new security associations; `both ends`: until both have changed. */
  readonly why: 'rebuilt' | 'replaced' | 'moved' | 'both ends';
  /** For about so long, by measurement. */
  readonly seconds: number;
}

/** A tunnel on the host that the inventory does not name. */
export interface UnknownTunnel {
  readonly port: string;
  readonly bridge: string;
  readonly type: TunnelType;
  readonly peer: string | undefined;
  readonly remoteIp: string;
  /** It is marked as ours, or was made by an earlier version: --prune takes it away. */
  readonly isOurs: boolean;
}

/** A list of revoked certificates. */
export interface CrlSummary {
  /** Hexadecimal; undefined for a list that is made only when the plan is applied. */
  readonly crlNumber: string | undefined;
  /** How many certificates are revoked. */
  readonly count: number;
  /** ISO 8601, UTC. */
  readonly nextUpdate: string | undefined;
}

/** A tunnel whose unencrypted packets the kernel drops. */
export interface GuardedTunnel {
  readonly port: string;
  readonly type: TunnelType;
  readonly localIp: string;
  readonly remoteIp: string;
}

/** Why nothing is done to a host. */
export interface Obstacle {
  /** Of the rule of `doctor` that finds the same; undefined where it is the wish that cannot be met. */
  readonly id?: string;
  readonly code: 'HOST_UNFIT' | 'HOST_FACT_UNKNOWN' | 'AUTH_METHODS_MIXED' | 'IDENTITY_UNFIT';
  readonly message: string;
  readonly hint: string;
  /** What `--install-packages` installs against it, by the names that the host's system has for them. */
  readonly packages?: readonly string[];
}

/** What is to be done to one host, in order, or what stands against it; JSON-safe. */
export interface HostPlan {
  readonly host: string;
  readonly target: HostTarget;
  readonly actions: readonly Action[];
  readonly warnings: readonly string[];
  readonly obstacles: readonly Obstacle[];
  /** Encrypted tunnels that the inventory does not name and that stay. */
  readonly unknown?: readonly UnknownTunnel[];
}
