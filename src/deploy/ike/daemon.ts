/**
 * What differs between IKE daemons, in one value per daemon. Nobody else asks which daemon it is.
 *
 * @module
 */

import type { Section } from '../answer/sections.js';
import type { Cure, PackageManager, SystemFact } from '../system/system.js';
import type { IkeAnswers } from './answers.js';

/** {@link IkeDaemonName}, as a list. */
export const ikeDaemonNames = ['strongswan', 'libreswan'] as const;
/** The IKE daemons that ovs-monitor-ipsec can feed. */
export type IkeDaemonName = (typeof ikeDaemonNames)[number];
/** As they call themselves. */
export const ikeDaemonLabels: Readonly<Record<IkeDaemonName, string>> = {
  strongswan: 'strongSwan',
  libreswan: 'libreswan',
};

/** The folders on a host, absolute. */
export interface Places {
  readonly certs: string;
  readonly private: string;
  readonly cacerts: string;
  readonly crls: string;
}

/** A program that a host needs for the daemon. */
export interface NeededProgram {
  readonly program: string;
  /** Debian's package that brings it. */
  readonly pack: string;
  readonly why: string;
  /** Without it nothing is lacking but this. */
  readonly onlyFor?: 'crl';
}

/** Something that is wrong with the daemon of a host, and the commands that help there. */
export interface IkeFault {
  readonly message: string;
  readonly cure: Cure;
}

/** What a daemon logs of a tunnel that does not come up, and what it means. */
export interface IkeSaying {
  readonly id: string;
  readonly said: RegExp;
  /** Without a CA it is said too, and means nothing. */
  readonly needsCa?: true;
  readonly message: string;
  readonly cure: Cure;
}

export interface IkeDaemon {
  /** As ovs-monitor-ipsec and the inventory call it. */
  readonly name: string;
  /** As it calls itself. */
  readonly label: string;
  /** Finds its version in what `ipsec --version` prints, and nothing in what that of another one does. */
  readonly version: RegExp;
  /** The same as a pattern of sh(1). */
  readonly versionPattern: string;
  /** Where it may read, and where ovs-monitor-ipsec imports from. */
  readonly places: Places;
  /** It reads certificates from files, or from a database of NSS that ovs-monitor-ipsec writes. */
  readonly store: 'files' | 'nss';
  /** The database of NSS that a version has where nobody says otherwise. */
  readonly nssFolderOf: (version: string) => string | undefined;
  readonly programs: readonly NeededProgram[];
  /** The packages that bring it, and all that ovs-monitor-ipsec needs of it. */
  readonly packages: (system: SystemFact) => readonly string[];
  /** Packages of the same daemon in another form, which go when these are installed. */
  readonly displaces?: readonly string[];
  /** With whose packages it works, and is what those of Open vSwitch come with. */
  readonly usualWith: readonly PackageManager[];
  /** A program that shows that it is here in another form, which ovs-monitor-ipsec cannot feed, where there is no program ipsec. */
  readonly otherForm: string | undefined;
  /** What `facts.sh` asks where the host has it. */
  readonly questions: () => string;
  /** Reads the answers to these. */
  readonly read: (answers: ReadonlyMap<string, Section>, version: string) => IkeAnswers;
  /** How it is told things: the functions of {@link ikeFunctions} in sh(1). */
  readonly script: (version: string) => string;
  /** What it lacks for the proposals of ovs-monitor-ipsec. */
  readonly lacks: (answers: Pick<IkeAnswers, 'plugins'>) => IkeFault | undefined;
  /** ovs-monitor-ipsec lets it read EC keys. */
  readonly readsEcKeys: boolean;
  /** It refuses a certificate whose extKeyUsage allows neither IKE nor TLS. */
  readonly checksExtKeyUsage: boolean;
  /** Where AppArmor confines it to, and the profile that does. */
  readonly confinement: { readonly profile: RegExp; readonly folder: string } | undefined;
  /** Drop policies that `ipsec_skb_mark` brings let any peer in before its own connection is there. */
  readonly meetsStrangers: boolean;
  /** The types of tunnels whose unencrypted packets these policies stop. */
  readonly markStops: readonly string[];
  /** ovs-monitor-ipsec starts each connection; the end of this daemon can be made to wait for its peer, and has to be. */
  readonly waitsForPeer: boolean;
  /** Whom it can be made to authenticate with again, for another certificate under the same path. */
  readonly authenticatesAgain: (version: string) => 'with any peer' | 'with its like' | 'never';
  /** The newest version that it was tried with. */
  readonly triedUpTo: string;
  /**
   * When it asks: for how long the end that answers sends by the old security association, and how long after the new one the old
   * IKE SA goes.
   */
  readonly renewalSeconds: { readonly hold: number; readonly leave: number };
  /** It trusts each CA that lies in its folder, whoever put it there. */
  readonly trustsFolder: boolean;
  /** It needs a minute to notice a new CRL. */
  readonly noticesCrlLate: boolean;
  /** It does not find its own address without a default route. */
  readonly needsLocalIp: boolean;
  /** From 3.5 on, ovs-monitor-ipsec compares every 15 seconds what is wanted, loaded and active there, and repairs it. */
  readonly isReconciled: boolean;
  /** It keeps connections of tunnels that are gone. */
  readonly keepsConnections: boolean;
  /** The option of an Interface that puts ESP into UDP, with its value. */
  readonly encapsulation: string;
  readonly sayings: readonly IkeSaying[];
  readonly commands: IkeCommands;
}

/** Commands for an operator of the host. */
export interface IkeCommands {
  readonly start: (connection: string, version: string) => string;
  readonly forget: (connection: string, version: string) => string;
  /** Lets it answer at addresses that came after it had started; of one that tells where it listens. */
  readonly listen?: string;
  /** Lets it have the CA in a file. */
  readonly trust: (file: string | undefined, nssFolder: string | undefined) => string;
  /** Lets it have the CRL in a file. */
  readonly readCrl: (file: string, nssFolder: string | undefined) => string;
  /** Takes the passphrase off a key in place; undefined where a new key is the better way. */
  readonly decryptKey: (file: string) => string | undefined;
}

/**
 * What each script in `templates/remote/ike/` has: nobody calls another function of it. What they do stands in the scripts.
 */
export const ikeFunctions = [
  ...[
    'listen',
    'reread_authorities',
    'trust',
    'distrust',
    'place_crl',
    'forget',
    'down',
    'refuse_strangers',
    'wait_for_peer',
  ],
  ...['reread', 'drop_old_keys', 'forget_identity', 'states', 'authenticate_again', 'leave_state', 'help_up'],
] as const;

/** What is known of the IKE daemon of a host. */
export interface IkeFact extends IkeAnswers {
  readonly daemon: IkeDaemon;
}
