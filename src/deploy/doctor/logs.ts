/**
 * Rules about what the IKE daemon has said lately, for a tunnel that is down.
 *
 * @module
 */

import type { TunnelEnd } from '../desired/desired.js';
import { connectionsOf } from '../tunnels/proof.js';
import {
  endRule,
  type Fault,
  type HostView,
  interfaceOf,
  isLibreswan,
  isStrongswan,
  methodOf,
  type Rule,
} from './rule.js';
import { isUp } from './tunnels.js';

/** What is said, by whom, and what it means. */
const sayings: readonly {
  readonly id: string;
  readonly said: RegExp;
  readonly isOf: (host: HostView) => boolean;
  readonly message: string;
  readonly cure: string | ((host: HostView, down: TunnelEnd) => string);
  readonly at: Fault['at'];
}[] = [
  {
    id: 'log-no-trusted-key',
    said: /no trusted (?:RSA|ECDSA)?\s?public key found/,
    isOf: isStrongswan,
    message: 'strongSwan has no CA that it believes the certificate of the peer by',
    cure: 'ipsec rereadcacerts && ipsec listcacerts',
    at: 'host',
  },
  {
    id: 'log-no-ca-in-nss',
    said: /no Certificate Authority in NSS Certificate DB/,
    // With self-signed certificates it says so too, and means nothing by it.
    isOf: (host) => isLibreswan(host) && host.ends.some((end) => methodOf(host, end) === 'ca-signed'),
    message:
      'libreswan had no CA when it first looked, and goes on with that: a CA that came later is seen only after a restart',
    cure: 'systemctl restart ipsec && systemctl restart openvswitch-ipsec',
    at: 'host',
  },
  {
    id: 'log-cannot-identify',
    said: /we cannot identify ourselves/,
    isOf: isLibreswan,
    message: 'libreswan does not find its own address among those of the connection',
    cure: 'ovs-vsctl --columns=name,options list Interface',
    at: 'host',
  },
  {
    id: 'log-no-proposal',
    said: /NO_PROPOSAL_CHOSEN/,
    isOf: () => true,
    message: 'the peer takes none of the proposals, or has not loaded its end of the tunnel yet',
    cure: 'ipsec statusall 2>/dev/null || ipsec status',
    at: 'host',
  },
  {
    id: 'log-authentication-failed',
    said: /AUTHENTICATION_FAILED|authentication of '.*' .*failed|authentication failed/,
    isOf: () => true,
    message:
      'the two ends do not believe each other: the certificate, its CA, its name or the PSK of one of them is not what the other wants',
    cure: (host, { remoteIp }) => `ovs-pki-ts doctor --to ${host.destination} ${remoteIp}`,
    at: 'here',
  },
  {
    id: 'log-selectors',
    said: /TS_UNACCEPTABLE|No IKEv2 connection found with compatible Traffic Selectors/,
    isOf: () => true,
    message: 'the peer has not loaded the same tunnel: its type, its addresses or its ipsec options are other ones',
    cure: 'ovs-vsctl --columns=name,type,options list Interface',
    at: 'host',
  },
];

const sayingRules = sayings.map(
  ({ id, said, isOf, message, cure, at }): Rule => ({
    id,
    severity: 'error',
    meaning: `A tunnel is down, and the IKE daemon has logged: ${message}.`,
    find: (host) => {
      const down = host.ends.filter(({ port }) => !isUp(port, host));
      const line = sinceLastSuccess(host.facts.ikeLog).findLast((item) => said.test(item));
      const [first] = down;
      if (first === undefined || line === undefined || !isOf(host)) return [];
      return [
        { message: `${message} ("${line.trim()}")`, cure: typeof cure === 'string' ? cure : cure(host, first), at },
      ];
    },
  }),
);

export const logRules: readonly Rule[] = [
  ...sayingRules,
  {
    ...endRule(
      {
        id: 'tunnel-down',
        severity: 'error',
        meaning: 'A tunnel is down, and no rule knows why: the other end may not be ready, or nobody has asked for it.',
      },
      ({ port, peer }, host) => {
        const connections = connectionsOf(host.facts, { port }).map(({ name }) => name);
        if (interfaceOf(host, { port }) === undefined || isUp(port, host)) return undefined;
        const start = isLibreswan(host) ? 'ipsec auto --start' : 'ipsec up';
        return connections.length === 0
          ? {
              message: `the IKE daemon has not loaded the connection of ${port}`,
              cure: 'ovs-appctl -t ovs-monitor-ipsec refresh',
              at: 'host',
            }
          : {
              message: `${port} to ${peer} is not up, and nothing here tells why`,
              cure: connections.map((name) => `${start} ${name}`).join('; '),
              at: 'host',
            };
      },
    ),
    isLast: true,
  },
];

/** What was said before the last success is over. */
export function sinceLastSuccess(log: string): string[] {
  const lines = log.split('\n');
  return lines.slice(lines.findLastIndex((line) => /CHILD_SA .* established|established Child SA/.test(line)) + 1);
}
