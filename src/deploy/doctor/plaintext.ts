/**
 * Rules about packets of tunnels that leave, or could leave, unencrypted.
 *
 * @module
 */

import type { TunnelEnd } from '../desired/desired.js';
import { knownValue } from '../facts/fact.js';
import { guardCommand, hasGuard } from '../tunnels/packets.js';
import { plainTunnels } from './fitness.js';
import { configOf, daemonOf, databaseOf, endRule, type HostView, interfaceOf, nameOf, type Rule } from './rule.js';

export const plaintextRules: readonly Rule[] = [
  endRule(
    {
      id: 'drop-policy-missing',
      severity: 'warning',
      meaning: 'Nothing drops the packets of an encrypted tunnel while it has no IPsec policy: they leave unencrypted.',
    },
    (end, host) =>
      isGuarded(end, host) || configOf(host)['ipsec_skb_mark'] !== undefined
        ? undefined
        : {
            message: `nothing in the kernel drops unencrypted packets of ${end.port}: whenever its IPsec policy is not there, they leave in the clear`,
            cure: guardCommand(end),
            at: 'host',
          },
  ),
  endRule(
    {
      id: 'drop-policy-ineffective',
      severity: 'warning',
      meaning:
        'ipsec_skb_mark is set and does not stop the packets of a tunnel: with libreswan it does nothing, and with strongSwan it does not match what geneve, vxlan and stt send.',
    },
    (end, host) =>
      isGuarded(end, host) || configOf(host)['ipsec_skb_mark'] === undefined
        ? undefined
        : {
            message: `ipsec_skb_mark=${configOf(host)['ipsec_skb_mark']} does not stop unencrypted ${end.type} packets of ${end.port}`,
            cure: guardCommand(end),
            at: 'host',
          },
  ),
  {
    id: 'plaintext-tunnel',
    severity: 'warning',
    meaning: 'The host has a tunnel that is not meant to be encrypted.',
    find: (host) =>
      plainTunnels(databaseOf(host)?.interfaces ?? []).map(({ name, type, options }) => ({
        message: `${name} (${type} to ${options['remote_ip'] ?? 'anyone'}) has no IPsec options: its packets are not encrypted`,
        cure: `ovs-pki-ts connect ${nameOf(host)}=${host.destination} PEER=${options['remote_ip'] ?? 'HOST'} --type ${type} --port ${name}`,
        at: 'here' as const,
        port: name,
      })),
  },
];

/** Our own policy, or that of strongSwan for gre, which has no ports; nothing is said of what is not there or not known. */
function isGuarded(end: TunnelEnd, host: HostView): boolean {
  const policies = knownValue(host.facts.policies);
  if (interfaceOf(host, end) === undefined || policies === undefined || end.localIp === '' || hasGuard(host.facts, end))
    return true;
  return (
    daemonOf(host)?.markStops.includes(end.type) === true &&
    policies.some(
      ({ direction, action, protocol }) => direction === 'out' && action === 'block' && protocol === end.type,
    )
  );
}
