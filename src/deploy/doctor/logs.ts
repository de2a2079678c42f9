/**
 * Rules about what the IKE daemon has said lately, for a tunnel that is down.
 *
 * @module
 */

import { shellCommand } from '../../platform/quote.js';
import type { TunnelEnd } from '../desired/desired.js';
import type { HostFacts } from '../facts/host-facts.js';
import type { Fault } from '../fitness/fault.js';
import type { IkeDaemon } from '../ike/daemon.js';
import { ikeDaemons } from '../ike/daemons.js';
import { type Cure, cureOn } from '../system/system.js';
import { connectionsOf } from '../tunnels/proof.js';
import { daemonOf, endRule, type HostView, interfaceOf, methodOf, type Rule, startCommands } from './rule.js';
import { isUp } from './tunnels.js';

/** What is said, by whom, and what it means. */
interface Saying {
  readonly id: string;
  readonly said: RegExp;
  /** Undefined where all daemons may say it. */
  readonly daemon?: IkeDaemon;
  readonly needsCa?: true;
  readonly message: string;
  readonly cure: (host: HostView, down: TunnelEnd) => string;
  readonly at: Fault['at'];
}

const sayings: readonly Saying[] = [
  ...ikeDaemons.flatMap((daemon) =>
    daemon.sayings.map((saying) => ({ ...saying, daemon, cure: typed(saying.cure), at: 'host' as const })),
  ),
  {
    id: 'log-no-proposal',
    said: /NO_PROPOSAL_CHOSEN/,
    message: 'the peer takes none of the proposals, or has not loaded its end of the tunnel yet',
    cure: typed('ipsec statusall 2>/dev/null || ipsec status'),
    at: 'host',
  },
  {
    id: 'log-authentication-failed',
    said: /AUTHENTICATION_FAILED|authentication of '.*' .*failed|authentication failed/,
    message:
      'the two ends do not believe each other: the certificate, its CA, its name or the PSK of one of them is not what the other wants',
    cure: (host, { remoteIp }) => shellCommand`ovs-pki-ts doctor --to ${host.destination} ${remoteIp}`,
    at: 'here',
  },
  {
    id: 'log-selectors',
    said: /TS_UNACCEPTABLE|No IKEv2 connection found with compatible Traffic Selectors/,
    message: 'the peer has not loaded the same tunnel: its type, its addresses or its ipsec options are other ones',
    cure: typed('ovs-vsctl --columns=name,type,options list Interface'),
    at: 'host',
  },
];

function typed(cure: Cure): Saying['cure'] {
  return ({ facts }) => cureOn(facts.system, cure);
}

const sayingRules = sayings.map(
  ({ id, said, daemon, needsCa, message, cure, at }): Rule => ({
    id,
    severity: 'error',
    meaning: `A tunnel is down, and the IKE daemon has logged: ${message}.`,
    find: (host) => {
      const down = host.ends.filter(({ port }) => !isUp(port, host));
      const line = sinceLastSuccess(host.facts).findLast((item) => said.test(item));
      const [first] = down;
      if (first === undefined || line === undefined) return [];
      if (daemon !== undefined && daemonOf(host) !== daemon) return [];
      if (needsCa && !host.ends.some((end) => methodOf(host, end) === 'ca-signed')) return [];
      return [{ message: `${message} ("${line.trim()}")`, cure: cure(host, first), at }];
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
        return connections.length === 0
          ? {
              message: `the IKE daemon has not loaded the connection of ${port}`,
              cure: 'ovs-appctl -t ovs-monitor-ipsec refresh',
              at: 'host',
            }
          : {
              message: `${port} to ${peer} is not up, and nothing here tells why`,
              cure: startCommands(host, connections),
              at: 'host',
            };
      },
    ),
    isLast: true,
  },
];

/** What was said before the last success is over. */
export function sinceLastSuccess(facts: HostFacts): readonly string[] {
  const found = lately.get(facts) ?? linesSinceSuccess(facts.ikeLog);
  lately.set(facts, found);
  return found;
}

/** It is asked for again for each tunnel. */
const lately = new WeakMap<HostFacts, readonly string[]>();

function linesSinceSuccess(log: string): string[] {
  const lines = log.split('\n').slice(-mostLines);
  return lines.slice(lines.findLastIndex((line) => /CHILD_SA .* established|established Child SA/.test(line)) + 1);
}

/** More than the script asks for. */
const mostLines = 500;
