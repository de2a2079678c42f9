/**
 * The packets of a tunnel, as the kernel's policies and associations select them.
 *
 * @module
 */

import { shellWord } from '../../platform/quote.js';
import { type TunnelEnd, type TunnelType, tunnelTypes } from '../desired/desired.js';
import { knownValue } from '../facts/fact.js';
import type { PlanningFacts } from '../facts/host-facts.js';
import type { KernelPolicy, SecurityAssociation, Selector } from '../facts/kernel.js';
import { lookup } from '../facts/lookup.js';

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
export function hasIpsecPolicy({ policies }: PlanningFacts, { type, localIp, remoteIp }: Addresses): boolean {
  return encrypting(knownValue(policies) ?? [], `${type} ${localIp} ${remoteIp}`).length > 0;
}

const encrypting = lookup<KernelPolicy>((policy) => {
  const { direction, action, esp, source, destination } = policy;
  if (direction !== 'out' || action !== 'allow' || !esp) return [];
  return typesOf(policy).map((type) => `${type} ${addressOf(source)} ${addressOf(destination)}`);
});

/** Whether the kernel drops the packets of this end that no IPsec policy takes, whatever their mark. */
export function hasGuard({ policies }: PlanningFacts, { type, remoteIp }: Addresses): boolean {
  return dropping(knownValue(policies) ?? [], `${type} ${remoteIp}`).length > 0;
}

const dropping = lookup<KernelPolicy>((policy) => {
  const { direction, action, mark, source, destination } = policy;
  const isOurs = direction === 'out' && action === 'block' && mark === undefined;
  if (!isOurs || !/^(0\.0\.0\.0|::)\/0$/.test(source)) return [];
  return typesOf(policy).map((type) => `${type} ${addressOf(destination)}`);
});

/** The tunnels that our drop policies are for, whether these tunnels are there or not. */
export function guardedWays({ policies }: Pick<PlanningFacts, 'policies'>): Pick<TunnelEnd, 'type' | 'remoteIp'>[] {
  return (knownValue(policies) ?? [])
    .filter(({ direction, action, priority }) => direction === 'out' && action === 'block' && priority === lastPriority)
    .flatMap((policy) => typesOf(policy).map((type) => ({ type, remoteIp: addressOf(policy.destination) })));
}

/** The associations in force that packets of this end go by, from one address to the other. */
export function carriers(
  { states }: Pick<PlanningFacts, 'states'>,
  { type }: Pick<Addresses, 'type'>,
  source: string,
  destination: string,
): readonly SecurityAssociation[] {
  return carrying(knownValue(states) ?? [], `${type} ${source} ${destination}`);
}

const carrying = lookup<SecurityAssociation>(({ larval, selector, source, destination }) => {
  if (larval) return [];
  return (selector === undefined ? tunnelTypes : typesOf(selector)).map((type) => `${type} ${source} ${destination}`);
});

/** Whether ESP packets of this end have gone both ways in the associations that are in force. */
export function isAtWork(facts: PlanningFacts, end: Addresses): boolean {
  const used = (source: string, destination: string): boolean =>
    carriers(facts, end, source, destination).some(({ bytes }) => bytes > 0);
  return hasIpsecPolicy(facts, end) && used(end.localIp, end.remoteIp) && used(end.remoteIp, end.localIp);
}

/** The types of tunnels whose packets a selector is for. */
function typesOf({ protocol, destinationPort }: Selector): TunnelType[] {
  return tunnelTypes.filter((type) => {
    const [, , , port] = packetSelectors[type].split(' ');
    return port === undefined ? protocol === 'gre' || protocol === '47' : destinationPort === port;
  });
}

function addressOf(selector: string): string {
  return selector.split('/')[0] ?? '';
}
