/**
 * The proof that a tunnel is encrypted, from what both of its hosts say after it was made.
 *
 * @module
 */

import { isIP } from 'node:net';
import type { Certificate } from '../../pki/certificate.js';
import type { DesiredHost, TunnelEnd } from '../desired/desired.js';
import { knownValue } from '../facts/fact.js';
import type { HostFacts } from '../facts/host-facts.js';
import type { SecurityAssociation } from '../facts/kernel.js';
import { lookup } from '../facts/lookup.js';
import { monitored } from '../facts/monitor.js';
import { interfaceIn } from '../facts/ovsdb.js';
import { type IkeConnection, portOfConnection } from '../ike/answers.js';
import { carriers, hasIpsecPolicy } from './packets.js';

/** One end of a tunnel, its host, and what is true there. */
export interface ProvedEnd {
  readonly host: DesiredHost;
  readonly end: TunnelEnd;
  /** Undefined where the host could not be asked. */
  readonly facts: HostFacts | undefined;
  /** The certificate that the host is to present; undefined with PSKs, or where nothing is known of it. */
  readonly certificate: Certificate | undefined;
  /** It was at work before and has but another certificate: nobody may have something to send to it. */
  readonly mayBeIdle?: boolean;
}

/** What was seen of one end; JSON-safe. */
export interface EndProof {
  readonly host: string;
  readonly port: string;
  readonly encrypted: boolean;
  /** Bytes carried by the security associations that are in force now. */
  readonly bytesOut: number;
  readonly bytesIn: number;
  /** What the other end proved to be, where the IKE daemon tells. */
  readonly peerId: string | undefined;
  /** Of the certificate that this end presents; upper-case hexadecimal. */
  readonly serialNumber: string | undefined;
  /** Why it does not count as encrypted. */
  readonly reasons: readonly string[];
}

const nothingOut = 'no ESP packet has left';
const nothingIn = 'no ESP packet has arrived';

/** They are no proof, and no fault either: a tunnel that nobody has used yet. */
export const idleReasons: readonly string[] = [nothingOut, nothingIn];

export function proveEnd({ host, end, facts, certificate, mayBeIdle = false }: ProvedEnd): EndProof {
  const base = { host: host.name, port: end.port, serialNumber: certificate?.serialNumber };
  if (facts === undefined) {
    return {
      ...base,
      encrypted: false,
      bytesOut: 0,
      bytesIn: 0,
      peerId: undefined,
      reasons: ['the host could not be asked'],
    };
  }
  const carried = (source: string, destination: string): number | undefined =>
    sumOf(carriers(facts, end, source, destination));
  const seen = facts.carried.get(end.port);
  const out = atLeast(carried(end.localIp, end.remoteIp), seen?.out);
  const incoming = atLeast(carried(end.remoteIp, end.localIp), seen?.in);
  const connections = connectionsOf(facts, end);
  const reasons = [
    ...wiringReasons(facts, end),
    ...ikeReasons(facts, end, certificate),
    ...(hasIpsecPolicy(facts, end) ? [] : ['the kernel has no IPsec policy for its packets']),
    ...(out === undefined ? ['no security association leads to the peer'] : out === 0 ? [nothingOut] : []),
    ...(incoming === undefined
      ? ['no security association leads here from the peer']
      : incoming === 0 && !mayBeIdle
        ? [nothingIn]
        : []),
  ];
  return {
    ...base,
    encrypted: reasons.length === 0,
    bytesOut: out ?? 0,
    bytesIn: incoming ?? 0,
    peerId: connections.find(({ remoteId }) => remoteId !== undefined)?.remoteId,
    reasons,
  };
}

/** The connections of the version that is in force: ovs-monitor-ipsec raises it with each change. */
export function connectionsOf(facts: HostFacts, { port }: Pick<TunnelEnd, 'port'>) {
  const all = ofPort(knownValue(facts.ike)?.connections ?? [], port);
  const newest = all.reduce((found, { name }) => Math.max(found, portOfConnection(name)?.version ?? 0), 0);
  return all.filter(({ name }) => portOfConnection(name)?.version === newest);
}

const ofPort = lookup<IkeConnection>(({ name }) => {
  const { port } = portOfConnection(name) ?? {};
  return port === undefined ? [] : [port];
});

function wiringReasons(facts: HostFacts, end: TunnelEnd): string[] {
  const found = interfaceIn(facts.ovsdb, end.port);
  if (found === undefined) return ['the port is not in the database'];
  const reasons: string[] = [];
  if (found.error !== undefined) reasons.push(`Open vSwitch says: ${found.error}`);
  else if (found.ofport === undefined || found.ofport < 1) reasons.push('ovs-vswitchd has not made the port');
  const tunnel = monitored(facts, end);
  const complaint = tunnel?.reason ?? facts.complaints.get(end.port);
  // It answers nobody while it is at work: what the kernel and the IKE daemon say then counts alone.
  if (facts.monitorTunnels.state !== 'unknown' && tunnel?.state !== 'CONFIGURED') {
    reasons.push(`ovs-monitor-ipsec has not configured it${complaint === undefined ? '' : `: ${complaint}`}`);
  }
  return reasons;
}

function ikeReasons(facts: HostFacts, end: TunnelEnd, certificate: Certificate | undefined): string[] {
  const ike = knownValue(facts.ike);
  if (ike === undefined || !ike.running) return ['the IKE daemon does not answer'];
  const connections = connectionsOf(facts, end);
  const reasons: string[] = [];
  if (connections.length === 0) reasons.push('the IKE daemon has not loaded its connection');
  for (const { name, childInstalled } of connections) {
    if (!childInstalled) reasons.push(`the connection ${name} is not up`);
  }
  if (end.method !== 'psk' && isIP(end.peer) === 0) {
    for (const { name, remoteId } of connections) {
      if (remoteId === undefined || isIdOf(end.peer, remoteId)) continue;
      reasons.push(`the other end of ${name} is authenticated as ${remoteId}, and not as ${end.peer}`);
    }
  }
  if (certificate === undefined || end.method === 'psk') return reasons;
  const loaded = ike.certificates.filter(({ serialNumber }) => serialNumber === certificate.serialNumber);
  if (loaded.length === 0) {
    reasons.push(
      `${ike.daemon.label} has not loaded the certificate with the serial number ${certificate.serialNumber}`,
    );
  } else if (loaded.every(({ hasPrivateKey }) => hasPrivateKey === false)) {
    reasons.push(`${ike.daemon.label} has no private key for its certificate`);
  }
  return reasons;
}

/** A host names itself by the common name of its certificate, or by the whole subject. */
function isIdOf(peer: string, id: string): boolean {
  return id === peer || (id.includes('=') && /(?:^|[,/] ?)CN=([^,/]*)$/.exec(id)?.[1] === peer);
}

/** What was seen counts only where there still is an association. */
function atLeast(now: number | undefined, seen: number | undefined): number | undefined {
  return now === undefined ? undefined : Math.max(now, seen ?? 0);
}

function sumOf(states: readonly SecurityAssociation[]): number | undefined {
  return states.length === 0 ? undefined : states.reduce((sum, { bytes }) => sum + bytes, 0);
}
