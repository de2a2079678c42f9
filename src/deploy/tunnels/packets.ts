/**
 * The packets of a tunnel, as the kernel's policies and associations select them.
 *
 * @module
 */

import { shellWord } from '../../platform/quote.js';
import { type TunnelEnd, type TunnelType, tunnelTypes } from '../desired/desired.js';
import { knownValue } from '../facts/fact.js';
import type { PlanningFacts } from '../facts/host-facts.js';
import type { SecurityAssociation, Selector } from '../facts/kernel.js';

/**
 * How `ip xfrm` names the packets of a tunnel on their way out. Encapsulated packets go to the well-known port in both
 * directions, from any port; gre has none.
 */
export const packetSelectors: Readonly<Record<TunnelType, string>> = {
  gre: 'proto gre',
  geneve: 'proto udp dport 6081',
  vxlan: 'proto udp dport 4789',
  stt: 'proto tcp dport 7471',
};

/** The kernel takes the lowest number first; IKE daemons use numbers below two millions. */
const lastPriority = 3_000_000_000;

type Addresses = Pick<TunnelEnd, 'type' | 'localIp' | 'remoteIp'>;

/**
 * Packets from any address of ours to the other end. Not from the one address: the kernel keeps one policy for a
 * selector, and that of the IKE daemon has both addresses; each would take the place of the other.
 */
function guardSelector({ type, remoteIp }: Pick<Addresses, 'type' | 'remoteIp'>): string {
  return `dir out dst ${shellWord(remoteIp)} ${packetSelectors[type]}`;
}

/** The command that makes the kernel drop the packets of this end that no IPsec policy takes. */
export function guardCommand(end: Pick<Addresses, 'type' | 'remoteIp'>): string {
  return `ip xfrm policy update ${guardSelector(end)} priority ${lastPriority} action block`;
}

/** The command that takes that policy away again. */
export function unguardCommand(end: Pick<Addresses, 'type' | 'remoteIp'>): string {
  return `ip xfrm policy delete ${guardSelector(end)}`;
}

/** Whether the kernel sends the packets of this end as ESP or not at all. */
export function hasIpsecPolicy(facts: PlanningFacts, end: Addresses): boolean {
  return outPolicies(facts, end).some(
    ({ action, esp, source }) => action === 'allow' && esp && addressOf(source) === end.localIp,
  );
}

/** Whether the kernel drops the packets of this end that no IPsec policy takes, whatever their mark. */
export function hasGuard(facts: PlanningFacts, end: Addresses): boolean {
  return outPolicies(facts, end).some(
    ({ action, mark, source }) => action === 'block' && mark === undefined && /^(0\.0\.0\.0|::)\/0$/.test(source),
  );
}

/** The tunnels that our drop policies are for, whether these tunnels are there or not. */
export function guardedWays({ policies }: Pick<PlanningFacts, 'policies'>): Pick<TunnelEnd, 'type' | 'remoteIp'>[] {
  return (knownValue(policies) ?? [])
    .filter(({ direction, action, priority }) => direction === 'out' && action === 'block' && priority === lastPriority)
    .flatMap((policy) =>
      tunnelTypes
        .filter((type) => isFor(policy, { type, localIp: '', remoteIp: '' }))
        .map((type) => ({ type, remoteIp: addressOf(policy.destination) })),
    );
}

export function carries(state: SecurityAssociation, end: Addresses, source: string, destination: string): boolean {
  if (state.larval || state.source !== source || state.destination !== destination) return false;
  return state.selector === undefined || isFor(state.selector, end);
}

/** Whether ESP packets of this end have gone both ways in the associations that are in force. */
export function isAtWork(facts: PlanningFacts, end: Addresses): boolean {
  const states = knownValue(facts.states) ?? [];
  const used = (source: string, destination: string): boolean =>
    states.some((state) => state.bytes > 0 && carries(state, end, source, destination));
  return hasIpsecPolicy(facts, end) && used(end.localIp, end.remoteIp) && used(end.remoteIp, end.localIp);
}

function outPolicies({ policies }: PlanningFacts, end: Addresses) {
  return (knownValue(policies) ?? []).filter(
    (policy) => policy.direction === 'out' && addressOf(policy.destination) === end.remoteIp && isFor(policy, end),
  );
}

function isFor({ protocol, destinationPort }: Selector, { type }: Addresses): boolean {
  const [, , , port] = packetSelectors[type].split(' ');
  return port === undefined ? protocol === 'gre' || protocol === '47' : destinationPort === port;
}

function addressOf(selector: string): string {
  return selector.split('/')[0] ?? '';
}
