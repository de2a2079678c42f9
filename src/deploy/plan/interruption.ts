/**
 * What a change costs a tunnel that is at work.
 *
 * @module
 */

import type { PlanningFacts } from '../facts/host-facts.js';
import { existingEnds } from '../tunnels/existing.js';
import type { Action, Interruption } from './action.js';

/**
 * About how long packets are lost. `rebuilt` was measured: 9 of 250 pings at 0.2 s; the others are estimates from it, since less is
 * done.
 */
export const secondsLost: Readonly<Record<Interruption['why'], number>> = {
  rebuilt: 2,
  replaced: 1,
  moved: 1,
  'both ends': 1,
};

/** Undefined for a port that is made, and for what nobody notices. */
export function interruptionOf(action: Extract<Action, { readonly kind: 'port' }>): Interruption | undefined {
  const why = causeOf(action);
  return why === undefined ? undefined : { why, seconds: secondsLost[why] };
}

function causeOf({
  isNew,
  set,
  remove,
  psk,
  before,
  movedFrom,
}: Extract<Action, { readonly kind: 'port' }>): Interruption['why'] | undefined {
  if (before?.goes === 'at once') return 'rebuilt';
  if (isNew) return undefined;
  const changed = [...Object.keys(set), ...remove];
  if (psk !== undefined || changed.some(isOfIpsec)) return 'rebuilt';
  if (movedFrom !== undefined) return 'moved';
  return changed.some((option) => option === 'key' || option === 'dst_port') ? 'both ends' : undefined;
}

/** `ipsec_skb_mark` is a part of each connection for ovs-monitor-ipsec, also of those that are not ours. */
export function costOfMark(
  facts: PlanningFacts,
): Pick<Extract<Action, { readonly kind: 'plaintext' }>, 'rebuilds' | 'interruption'> {
  const rebuilds = existingEnds(facts).map(({ port }) => port);
  return rebuilds.length === 0 ? {} : { rebuilds, interruption: { why: 'rebuilt', seconds: secondsLost.rebuilt } };
}

/** ovs-monitor-ipsec makes the connections of a tunnel again where one of these has changed. */
function isOfIpsec(option: string): boolean {
  return ['remote_ip', 'local_ip', 'remote_name', 'remote_cert'].includes(option) || option.startsWith('ipsec_');
}
