/**
 * All that the plan of a host is made from, and the questions that its parts ask of it.
 *
 * @module
 */

import type { Certificate } from '../../pki/certificate.js';
import type { Crl } from '../../pki/crl.js';
import { equalBytes } from '../../pki/der.js';
import type { SubjectBase } from '../../pki/profile.js';
import type { DesiredHost, TunnelEnd } from '../desired/desired.js';
import { knownValue } from '../facts/fact.js';
import type { FileFact } from '../facts/files.js';
import { ikeDaemonOf, type PlanningFacts } from '../facts/host-facts.js';
import { type InterfaceFact, interfaceIn } from '../facts/ovsdb.js';
import type { IkeDaemon, Places } from '../ike/daemon.js';
import { daemonNamed, usualDaemon } from '../ike/daemons.js';
import type { Identity } from './identity-files.js';
import type { HostLoops } from './loops.js';

/** All that the plan of a host is made of. */
export interface HostInput {
  readonly desired: DesiredHost;
  readonly facts: PlanningFacts;
  /** `enroll`: the host makes its key when the plan is applied. */
  readonly identity: Identity | 'enroll' | undefined;
  /** What stands before the common name in what its CA certifies, where that has a profile. */
  readonly subjectBase?: SubjectBase;
  /** The certificates of self-signed peers by name; `enroll` where they are made when the plan is applied. */
  readonly peers: ReadonlyMap<string, Certificate | 'enroll'>;
  /** The PSK of each tunnel end by port, where it has to be another one than is there. */
  readonly psks: ReadonlyMap<string, 'set'>;
  /** The lists of revoked certificates that it is to have, those of all keys of its CA. */
  readonly crls: readonly HostCrl[];
  /** Hosts whose certificates were revoked. */
  readonly revokedPeers: ReadonlySet<string>;
  /** What else there is to say about its CA. */
  readonly notices: readonly string[];
  /** CAs that are not to be trusted any more. */
  readonly retired: readonly Certificate[];
  /** The IKE daemon reads the CAs again, even if their files are in place. */
  readonly trustsAnew?: boolean;
  /** What it does against loops of tunnels. */
  readonly loops: HostLoops;
  /** Tunnels that the plan does not touch and that a new identity must not stop. */
  readonly watched: readonly TunnelEnd[];
  /** Tunnels must be encrypted when the plan has been applied: their services must run now. */
  readonly prove: boolean;
  readonly now: Date;
}

/** A CRL that hosts are to have. */
export interface HostCrl {
  /** Whose key has signed it. */
  readonly issuer: Certificate;
  /** Undefined where it is made only when the plan is applied. */
  readonly crl: Crl | undefined;
  /** How many certificates are revoked. */
  readonly count: number;
}

export function daemonFor({ desired, facts }: Pick<HostInput, 'desired' | 'facts'>): IkeDaemon {
  return daemonNamed(desired.ikeDaemon) ?? ikeDaemonOf(facts) ?? usualDaemon(facts.system);
}

/** The functions for the daemon that is there, in sh(1). */
export function ikeScriptFor({ desired, facts }: Pick<HostInput, 'desired' | 'facts'>): string {
  const there = knownValue(facts.ike);
  return (there?.daemon ?? daemonFor({ desired, facts })).script(there?.version ?? '');
}

export function placesFor(input: Pick<HostInput, 'desired' | 'facts'>): Places {
  const { places } = input.desired;
  const defaults = daemonFor(input).places;
  return {
    certs: places.certs ?? defaults.certs,
    private: places.private ?? defaults.private,
    cacerts: places.cacerts ?? defaults.cacerts,
    crls: places.crls ?? defaults.crls,
  };
}

/** The ends of a host that are authenticated with certificates. */
export function certificateEnds({ ends }: DesiredHost): TunnelEnd[] {
  return ends.filter(({ method }) => method !== 'psk');
}

export function fileAt({ facts }: HostInput, path: string | undefined): FileFact | undefined {
  const fact = path === undefined ? undefined : facts.files.get(path);
  return fact === undefined ? undefined : knownValue(fact);
}

/** Its first certificate counts: the IKE daemons read no further. */
export function holdsCertificate(input: HostInput, path: string | undefined, wanted: Certificate): boolean {
  const file = fileAt(input, path);
  return file?.kind === 'certificate' && equalBytes(file.certificates[0].der, wanted.der);
}

export function interfaceOf({ facts }: HostInput, { port }: TunnelEnd): InterfaceFact | undefined {
  return interfaceIn(facts.ovsdb, port);
}
