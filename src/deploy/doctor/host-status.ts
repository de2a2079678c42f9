/**
 * What is true of a host and its tunnels now, in the words of an operator. JSON-safe, without secrets.
 *
 * @module
 */

import type { Certificate } from '../../pki/certificate.js';
import { formatName } from '../../pki/name.js';
import type { AuthenticationMethod, TunnelEnd, TunnelType } from '../desired/desired.js';
import { knownValue } from '../facts/fact.js';
import type { HostFacts } from '../facts/host-facts.js';
import { interfaceIn } from '../facts/ovsdb.js';
import { unknownTunnels } from '../plan/leftovers.js';
import { hasGuard, hasIpsecPolicy } from '../tunnels/packets.js';
import { idleReasons, proveEnd } from '../tunnels/proof.js';
import { type ExaminedHost, endsOf } from './doctor.js';

/** One host and its tunnels as they are now; JSON-safe. */
export interface HostStatus {
  readonly host: string;
  readonly hostName: string;
  readonly kernel: string;
  /** Undefined where it could not be found out. */
  readonly ovsVersion: string | undefined;
  readonly ikeDaemon: { readonly name: string; readonly version: string; readonly running: boolean } | undefined;
  readonly services: { readonly ovsdbServer: boolean; readonly vswitchd: boolean; readonly monitorIpsec: boolean };
  readonly clockAheadSeconds: number;
  /** `other_config:ipsec_skb_mark`. */
  readonly skbMark: string | undefined;
  readonly identity: IdentityStatus | undefined;
  readonly tunnels: readonly EndStatus[];
}

/** The certificate that the database names. */
export interface IdentityStatus {
  readonly file: string;
  /** Undefined where the file holds none that can be read. */
  readonly certificate:
    | { readonly subject: string; readonly serialNumber: string; readonly notAfter: string }
    | undefined;
  /** The IKE daemon has loaded just this one; undefined where no tunnel needs it. */
  readonly inUse: boolean | undefined;
}

/**
 * `encrypted`: packets leave as ESP only, both ways; `not-encrypted`: packets can leave, and nothing encrypts them;
 * `down`: no packet passes.
 */
export type EndState = 'encrypted' | 'not-encrypted' | 'down';

/** One end of a tunnel as it is now; JSON-safe. */
export interface EndStatus {
  readonly port: string;
  readonly type: TunnelType;
  readonly method: AuthenticationMethod;
  readonly peer: string;
  readonly localIp: string;
  readonly remoteIp: string;
  readonly state: EndState;
  /** Why it is not encrypted, or that nothing has passed yet. */
  readonly reasons: readonly string[];
  readonly bytesOut: number;
  readonly bytesIn: number;
  readonly peerId: string | undefined;
  /** The inventory that was asked with does not name it; undefined without one. */
  readonly isUnknown: boolean | undefined;
  /** The kernel drops its packets while there is no IPsec policy for them. */
  readonly dropPolicy: boolean;
}

export function hostStatus(host: ExaminedHost): HostStatus {
  const { desired, facts } = host;
  const ike = knownValue(facts.ike);
  const database = knownValue(facts.ovsdb);
  const file = database?.otherConfig['certificate'];
  const certificate = certificateIn(facts, file);
  const unknown = new Set(unknownTunnels(host).map(({ port }) => port));
  return {
    host: desired.name,
    hostName: facts.hostName,
    kernel: facts.kernel,
    ovsVersion: database?.ovsVersion,
    ikeDaemon: ike === undefined ? undefined : { name: ike.daemon.name, version: ike.version, running: ike.running },
    services: {
      ovsdbServer: facts.ovsdb.state === 'known',
      vswitchd: facts.vswitchdRuns,
      monitorIpsec: facts.monitor.state === 'known',
    },
    clockAheadSeconds: facts.clockAheadSeconds,
    skbMark: database?.otherConfig['ipsec_skb_mark'],
    identity: file === undefined ? undefined : identityStatus(facts, file, certificate),
    tunnels: endsOf(host).map((end) => endStatus(host, end, certificate, unknown)),
  };
}

function identityStatus(facts: HostFacts, file: string, certificate: Certificate | undefined): IdentityStatus {
  const needed = (knownValue(facts.monitorTunnels) ?? []).some(
    ({ state, usesPsk }) => state === 'CONFIGURED' && !usesPsk,
  );
  const loaded = knownValue(facts.ike)?.certificates ?? [];
  return {
    file,
    certificate: certificate && {
      subject: formatName(certificate.subject),
      serialNumber: certificate.serialNumber,
      notAfter: certificate.notAfter.toISOString(),
    },
    inUse:
      needed && certificate !== undefined
        ? loaded.some(({ serialNumber }) => serialNumber === certificate.serialNumber)
        : undefined,
  };
}

function endStatus(
  { desired, facts }: ExaminedHost,
  end: TunnelEnd,
  certificate: Certificate | undefined,
  unknown: ReadonlySet<string>,
): EndStatus {
  const proof = proveEnd({ host: desired, end, facts, certificate });
  const { port, type, method, peer, localIp, remoteIp } = end;
  const isEncrypted = proof.reasons.every((reason) => idleReasons.includes(reason));
  return {
    port,
    type,
    method,
    peer,
    localIp,
    remoteIp,
    state: isEncrypted ? 'encrypted' : leaks(facts, end) ? 'not-encrypted' : 'down',
    reasons: proof.reasons,
    bytesOut: proof.bytesOut,
    bytesIn: proof.bytesIn,
    peerId: proof.peerId,
    isUnknown: desired.others === undefined ? undefined : unknown.has(port),
    dropPolicy: hasGuard(facts, end),
  };
}

/** The port is there, and nothing in the kernel takes its packets or drops them. */
function leaks(facts: HostFacts, end: TunnelEnd): boolean {
  const found = interfaceIn(facts.ovsdb, end.port);
  const isThere = found?.ofport !== undefined && found.ofport > 0;
  return isThere && facts.policies.state === 'known' && !hasIpsecPolicy(facts, end) && !hasGuard(facts, end);
}

function certificateIn({ files }: HostFacts, path: string | undefined): Certificate | undefined {
  const fact = files.get(path ?? '');
  const file = fact === undefined ? undefined : knownValue(fact);
  return file?.kind === 'certificate' ? file.certificates[0] : undefined;
}
