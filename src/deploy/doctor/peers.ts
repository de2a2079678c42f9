/**
 * Rules about the two ends of a tunnel, seen together.
 *
 * @module
 */

import { equalBytes } from '../../pki/der.js';
import { shellCommand } from '../../platform/quote.js';
import type { TunnelEnd } from '../desired/desired.js';
import { knownValue } from '../facts/fact.js';
import type { Fault } from '../fitness/fault.js';
import type { IkeConnection } from '../ike/answers.js';
import { ikeDaemons } from '../ike/daemons.js';
import { admitCommand } from '../system/system.js';
import { carriers } from '../tunnels/packets.js';
import { connectionsOf } from '../tunnels/proof.js';
import { mayHaveSigned } from './identity.js';
import { sinceLastSuccess } from './logs.js';
import {
  certificateAt,
  commonNameOf,
  configOf,
  connectCommand,
  daemonOf,
  dnsNamesOf,
  endRule,
  fileAt,
  type HostView,
  interfaceOf,
  methodOf,
  ownCertificate,
  type PeerEnd,
  type Rule,
} from './rule.js';
import { isUp } from './tunnels.js';

type PairFault = Omit<Fault, 'port'> | undefined;
interface Pair extends PeerEnd {
  readonly end: TunnelEnd;
}

export const peerRules: readonly Rule[] = [
  endRule(
    { id: 'peer-end-missing', severity: 'error', meaning: 'The host at the other end has no tunnel that leads back.' },
    (end, host) => {
      const peer = host.peerOf(end);
      if (peer === undefined || peer.end !== undefined || peer.host.facts.ovsdb.state !== 'known') return undefined;
      return {
        message: `${end.port} leads to ${peer.host.name} (${end.remoteIp}), which has no encrypted ${end.type} tunnel back to ${end.localIp}`,
        cure: connectCommand(host, peer.host, end),
        at: 'here',
      };
    },
  ),
  pairRule('auth-differs', 'The two ends authenticate by different methods.', (end, host, peer) => {
    const [own, other] = [methodOf(host, end), methodOf(peer.host, peer.end)];
    if (own === other) return undefined;
    return {
      message: `${end.port} authenticates with ${own}, and ${peer.host.name} with ${other}`,
      cure: connectCommand(host, peer.host, end),
      at: 'here',
    };
  }),
  pairRule('psk-differs', 'The two ends have different PSKs.', (end, host, peer) => {
    const [own, other] = [interfaceOf(host, end)?.psk?.reveal(), interfaceOf(peer.host, peer.end)?.psk?.reveal()];
    if (own === undefined || other === undefined || own === other) return undefined;
    return {
      message: `${end.port} and ${peer.end.port} of ${peer.host.name} have different PSKs`,
      cure: `${connectCommand(host, peer.host, end)} --auth psk`,
      at: 'here',
    };
  }),
  pairRule('remote-name-mismatch', "A remote_name is not a name in the peer's certificate.", (end, host, peer) => {
    const wanted = interfaceOf(host, end)?.options['remote_name'];
    const certificate = ownCertificate(peer.host);
    if (wanted === undefined || certificate === undefined || methodOf(host, end) !== 'ca-signed') return undefined;
    const names = dnsNamesOf(certificate);
    if (names.includes(wanted)) return undefined;
    const right = commonNameOf(certificate) ?? peer.host.name;
    return {
      message: `${end.port} wants the peer ${wanted}, and the certificate of ${peer.host.name} is for ${names.join(', ') || right}`,
      cure: shellCommand`ovs-vsctl set Interface ${end.port} options:remote_name=${right}`,
      at: 'host',
    };
  }),
  pairRule('remote-cert-differs', 'remote_cert is not the certificate that the peer presents.', (end, host, peer) => {
    const path = interfaceOf(host, end)?.options['remote_cert'];
    const [kept, presented] = [certificateAt(host, path), ownCertificate(peer.host)];
    if (kept === undefined || presented === undefined || equalBytes(kept.der, presented.der)) return undefined;
    return {
      message: `${path} is not the certificate of ${peer.host.name} (serial ${kept.serialNumber}, and it presents ${presented.serialNumber})`,
      cure: `${connectCommand(host, peer.host, end)} --auth self-signed`,
      at: 'here',
    };
  }),
  pairRule(
    'ca-differs',
    'The certificate of the peer was issued by a CA that the host does not trust.',
    (end, host, peer) => {
      const path = configOf(host)['ca_cert'];
      const [file, presented] = [fileAt(host, path), ownCertificate(peer.host)];
      if (methodOf(host, end) !== 'ca-signed' || file?.kind !== 'certificate' || presented === undefined)
        return undefined;
      if (file.certificates.some((authority) => mayHaveSigned(authority, presented))) return undefined;
      return {
        message: `the certificate of ${peer.host.name} is not of the CA in ${path}`,
        cure: shellCommand`ovs-pki-ts distribute --to ${host.destination} ${peer.host.destination}`,
        at: 'here',
      };
    },
  ),
  pairRule(
    'ike-filtered',
    'An end asks again and again, the other one is ready for it, and no IKE message arrives: UDP 500 or 4500 is filtered.',
    (end, host, peer) => {
      if (!getsNoAnswer(end, host)) return undefined;
      if (!getsNoAnswer(peer.end, peer.host) && !(repeats(host) && listens(peer.end, peer.host))) return undefined;
      return {
        message: `${host.name} asks, and gets no answer from ${peer.host.name}: UDP 500 or 4500 is filtered between ${end.localIp} and ${end.remoteIp}`,
        cure: `${admitCommand(host.facts.system, end.remoteIp)}; then let it pass in the network and the cloud's security group too`,
        at: 'host',
      };
    },
  ),
  pairRule(
    'esp-filtered',
    'ESP packets leave one end and do not arrive at the other: IP protocol 50 is filtered.',
    (end, host, peer) => {
      if (!isUp(end.port, host) || !isUp(peer.end.port, peer.host)) return undefined;
      const sent = bytesOf(host, end, end.localIp, end.remoteIp);
      const arrived =
        end.isTranslated === true
          ? bytesOf(peer.host, peer.end, peer.end.remoteIp, peer.end.localIp)
          : bytesOf(peer.host, peer.end, end.localIp, end.remoteIp);
      if (sent < tellingBytes || arrived > 0) return undefined;
      const option = (daemonOf(host) ?? ikeDaemons[0]).encapsulation;
      return {
        message: `${sent} bytes of ESP have left for ${peer.host.name}, and none has arrived there: IP protocol 50 is filtered on the way (ESP in UDP gets through, and takes 8 bytes more: keep the MTU of what goes through the tunnel 100 below that of the network)`,
        cure: shellCommand`ovs-vsctl set Interface ${end.port} options:${option}`,
        at: 'host',
      };
    },
  ),
];

/** One packet may be under way. */
const tellingBytes = 400;

/** A rule about an end whose other end is known. */
function pairRule(id: string, meaning: string, find: (end: TunnelEnd, host: HostView, peer: Pair) => PairFault): Rule {
  return endRule({ id, severity: 'error', meaning }, (end, host) => {
    const peer = host.peerOf(end);
    if (peer?.end === undefined) return undefined;
    return find(end, host, { host: peer.host, end: peer.end });
  });
}

/** Of charon and of pluto. */
function repeats({ facts }: HostView): boolean {
  return sinceLastSuccess(facts).some((line) => /retransmit \d+ of request|: retransmission; will wait/.test(line));
}

/** It has loaded its end, and would answer. What it had established may still stand there: a filter stops goodbyes too. */
function listens(end: TunnelEnd, { facts }: HostView): boolean {
  return knownValue(facts.ike)?.running === true && facts.listensForIke && connectionsOf(facts, end).length > 0;
}

/** It has asked and heard nothing: refusals are answers. */
function getsNoAnswer({ port }: TunnelEnd, { facts }: HostView): boolean {
  const connections: readonly IkeConnection[] = connectionsOf(facts, { port });
  if (connections.length === 0 || connections.some(({ ikeEstablished }) => ikeEstablished)) return false;
  return (
    connections.some(({ connecting }) => connecting) &&
    !sinceLastSuccess(facts).some((line) => /AUTHENTICATION_FAILED|NO_PROPOSAL_CHOSEN|TS_UNACCEPTABLE/.test(line))
  );
}

function bytesOf({ facts }: HostView, end: TunnelEnd, source: string, destination: string): number {
  return carriers(facts, end, source, destination).reduce((sum, { bytes }) => sum + bytes, 0);
}
