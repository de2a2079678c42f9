/**
 * Rules about packets of tunnels that leave, or could leave, unencrypted.
 *
 * @module
 */

import { shellCommand } from '../../platform/quote.js';
import type { TunnelEnd } from '../desired/desired.js';
import { knownValue } from '../facts/fact.js';
import type { KernelPolicy } from '../facts/kernel.js';
import { lookup } from '../facts/lookup.js';
import type { Fault } from '../fitness/fault.js';
import { plainTunnels } from '../tunnels/existing.js';
import { guardCommand, hasGuard } from '../tunnels/packets.js';
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
        ...cureOf(host, name, type, options['remote_ip']),
        port: name,
      })),
  },
];

/** Whose peers OpenFlow chooses is made by somebody who can encrypt it, or nobody can: ovs-monitor-ipsec wants an address. */
function cureOf(host: HostView, name: string, type: string, remoteIp: string | undefined): Pick<Fault, 'cure' | 'at'> {
  const isOvn = databaseOf(host)?.externalIds['ovn-remote'] !== undefined;
  if (isOvn) return { cure: 'ovn-nbctl set NB_Global . ipsec=true', at: 'host' };
  if (remoteIp === undefined || remoteIp === 'flow') {
    return { cure: shellCommand`ovs-vsctl --columns=name,options,external_ids list Interface ${name}`, at: 'host' };
  }
  return {
    cure: shellCommand`ovs-pki-ts connect ${nameOf(host)}=${host.destination} PEER=${remoteIp} --type ${type} --port ${name}`,
    at: 'here',
  };
}

const blocked = lookup<KernelPolicy>(({ direction, action, protocol }) =>
  direction === 'out' && action === 'block' && protocol !== undefined ? [protocol] : [],
);

/** Our own policy, or that of strongSwan for gre, which has no ports; nothing is said of what is not there or not known. */
function isGuarded(end: TunnelEnd, host: HostView): boolean {
  const policies = knownValue(host.facts.policies);
  if (interfaceOf(host, end) === undefined || policies === undefined || end.localIp === '' || hasGuard(host.facts, end))
    return true;
  return daemonOf(host)?.markStops.includes(end.type) === true && blocked(policies, end.type).length > 0;
}
