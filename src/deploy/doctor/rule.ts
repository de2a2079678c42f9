/**
 * What a rule of `doctor` is: data, so that the documentation and the tests go through all of them.
 *
 * @module
 */

import type { Certificate } from '../../pki/certificate.js';
import { attributeValues, nameFault } from '../../pki/name.js';
import { oid } from '../../pki/oid.js';
import { shellCommand } from '../../platform/quote.js';
import type { AuthenticationMethod, TunnelEnd } from '../desired/desired.js';
import { knownValue } from '../facts/fact.js';
import type { FileFact } from '../facts/files.js';
import { type HostFacts, ikeDaemonOf, versionOf } from '../facts/host-facts.js';
import { lookup } from '../facts/lookup.js';
import { type InterfaceFact, interfaceIn, type OvsDatabase } from '../facts/ovsdb.js';
import type { Fault, RuleText } from '../fitness/fault.js';
import type { IkeDaemon } from '../ike/daemon.js';
import { ikeDaemons } from '../ike/daemons.js';
import type { UnknownTunnel } from '../plan/action.js';
import type { HostCrl } from '../plan/input.js';
import { hasGuard } from '../tunnels/packets.js';

/** A host as the rules see it. */
export interface HostView {
  readonly name: string;
  /** As ssh(1) reaches it. */
  readonly destination: string;
  readonly facts: HostFacts;
  /** What the CAs here have. */
  readonly crls: readonly HostCrl[];
  /** The ends that it should have, and those that it has. */
  readonly ends: readonly TunnelEnd[];
  /** Tunnels that it has and the inventory does not name; none where not all are named. */
  readonly unknown: readonly UnknownTunnel[];
  /** The other end of a tunnel, where its host has been asked too. */
  readonly peerOf: (end: TunnelEnd) => PeerEnd | undefined;
  /** The loops that its tunnels are part of. */
  readonly loops: readonly SeenLoop[];
  /** The time by the clock of the host. */
  readonly time: Date;
}

/** A loop of tunnels as one of its hosts sees it. */
export interface SeenLoop {
  readonly bridge: string;
  readonly ports: readonly string[];
  /** The other hosts. */
  readonly hosts: readonly string[];
}

export interface PeerEnd {
  readonly host: HostView;
  /** Undefined where that host has no end that leads here. */
  readonly end: TunnelEnd | undefined;
}

export interface Rule extends RuleText {
  readonly find: (host: HostView) => readonly Fault[];
  /** It tells an effect, and is silent where another error of the host tells the cause. */
  readonly isLast?: true;
}

/** A fault with the rule and the host that it belongs to; JSON-safe. */
export interface Finding extends Omit<Fault, 'port'> {
  readonly id: string;
  readonly severity: Rule['severity'];
  readonly host: string;
  readonly port: string | undefined;
}

/** A rule that looks at each end of a tunnel by itself. */
export function endRule(
  rule: Omit<Rule, 'find'>,
  find: (end: TunnelEnd, host: HostView) => Omit<Fault, 'port'> | undefined,
): Rule {
  return {
    ...rule,
    find: (host) =>
      host.ends.flatMap((end) => {
        const fault = find(end, host);
        return fault === undefined ? [] : [{ ...fault, port: end.port }];
      }),
  };
}

export function databaseOf({ facts }: HostView): OvsDatabase | undefined {
  return knownValue(facts.ovsdb);
}

export function configOf(host: HostView): Readonly<Record<string, string>> {
  return databaseOf(host)?.otherConfig ?? {};
}

export function interfaceOf(host: HostView, { port }: Pick<TunnelEnd, 'port'>): InterfaceFact | undefined {
  return interfaceIn(host.facts.ovsdb, port);
}

/** The IKE daemon that ovs-monitor-ipsec feeds, or else the one that is there. */
export function daemonOf({ facts }: HostView): IkeDaemon | undefined {
  return ikeDaemonOf(facts);
}

/** The commands that initiate connections, one after the other. */
export function startCommands({ facts }: HostView, connections: readonly string[]): string {
  const daemon = ikeDaemonOf(facts) ?? ikeDaemons[0];
  return connections.map((name) => daemon.commands.start(name, versionOf(facts, daemon))).join('; ');
}

export function usesCertificates(host: HostView): boolean {
  return host.ends.some((end) => methodOf(host, end) !== 'psk');
}

/** What the database says counts, and not what the inventory wants. */
export function methodOf(host: HostView, end: TunnelEnd): AuthenticationMethod {
  const found = interfaceOf(host, end);
  if (found === undefined) return end.method;
  if (found.psk !== undefined) return 'psk';
  return found.options['remote_cert'] === undefined ? 'ca-signed' : 'self-signed';
}

export function fileAt({ facts }: HostView, path: string | undefined): FileFact | undefined {
  const fact = path === undefined ? undefined : facts.files.get(path);
  return fact === undefined ? undefined : knownValue(fact);
}

/** The certificate of a file that the database names: its first, for the IKE daemons read no further. */
export function certificateAt(host: HostView, path: string | undefined): Certificate | undefined {
  const file = fileAt(host, path);
  return file?.kind === 'certificate' ? file.certificates[0] : undefined;
}

/** What a host presents to its peers. */
export function ownCertificate(host: HostView): Certificate | undefined {
  return certificateAt(host, configOf(host)['certificate']);
}

export function commonNameOf({ subject }: Certificate): string | undefined {
  return attributeValues(subject, oid.commonName)[0];
}

export function dnsNamesOf({ subjectAltName }: Certificate): string[] {
  return (subjectAltName ?? []).filter(({ kind }) => kind === 2).map(({ text }) => text);
}

/** What becomes of packets that ovs-monitor-ipsec has made no policy for. */
export function lotOf(host: HostView, port: string): string {
  const [end] = endsOfPort(host.ends, port);
  return end !== undefined && hasGuard(host.facts, end)
    ? 'nothing but the drop policy keeps its packets from leaving unencrypted'
    : 'its packets leave unencrypted';
}

const endsOfPort = lookup<TunnelEnd>(({ port }) => [port]);

export function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** What a host is called by its certificate, where it was named by its address alone. */
export function nameOf(host: HostView): string {
  if (nameFault(host.name) === undefined && host.name !== 'local') return host.name;
  const certificate = ownCertificate(host);
  const said = [certificate && commonNameOf(certificate), host.facts.hostName];
  // It becomes a word of a command that somebody types, so what is no name of a host is none here.
  return said.find((name) => name !== undefined && nameFault(name) === undefined) ?? 'NAME';
}

/** The command that wires a tunnel between two hosts anew. */
export function connectCommand(host: HostView, peer: HostView, { type }: Pick<TunnelEnd, 'type'>): string {
  return shellCommand`ovs-pki-ts connect ${nameOf(host)}=${host.destination} ${nameOf(peer)}=${peer.destination} --type ${type}`;
}

/** The command that gives a host a new, good identity. */
export function renewCommand(host: HostView): string {
  const name = nameOf(host);
  return shellCommand`ovs-pki-ts req+sign --unique --force ${name} && ovs-pki-ts distribute ${name} --to ${host.destination}`;
}

/** What a host lacks of its files, or has in an older form: they are brought once more, with a CRL that is not due. */
export function curedByDistribute(host: HostView, message: string): Fault {
  return { message, cure: shellCommand`ovs-pki-ts distribute ${nameOf(host)} --to ${host.destination}`, at: 'here' };
}
