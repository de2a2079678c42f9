/**
 * The part of a plan that keeps tunnels from making a loop. What we set bears a mark, so that it is taken back when it is
 * not needed any more, and so that what an operator has set stays.
 *
 * @module
 */

import { knownValue } from '../facts/fact.js';
import type { PlanningFacts } from '../facts/host-facts.js';
import type { BridgeFact, PortFact } from '../facts/ovsdb.js';
import type { Action, LoopRole } from './action.js';
import type { HostInput } from './input.js';
import { loopMark } from './loops.js';

/** Bridges and ports that are there; a new port gets its role when it is made. */
export function loopActions({ facts, loops }: HostInput): Action[] {
  const database = knownValue(facts.ovsdb);
  const roles = [...loops.roles].flatMap(([name, to]): Action[] => {
    const port = database?.ports.find((item) => item.name === name);
    if (port === undefined || hasRole(port, to)) return [];
    return [{ kind: 'loop-role', port: name, from: markedRole(port), to }];
  });
  const bridges = [...loops.rstp].flatMap(([bridge, { enable, priority }]): Action[] => {
    const now = database?.bridgeRows.get(bridge);
    const root = priority !== undefined && mayBeRoot(now) ? priority : undefined;
    return isAsWanted(now, enable, root) ? [] : [{ kind: 'rstp', bridge, to: enable, priority: root }];
  });
  return [...bridges, ...roles];
}

/** RSTP that we let a bridge run ends with the last of its tunnels. */
export function endOfRstp(facts: PlanningFacts, left: ReadonlySet<string>): Action[] {
  return [...(knownValue(facts.ovsdb)?.bridgeRows.values() ?? [])]
    .filter(({ name, externalIds }) => externalIds[loopMark] !== undefined && !left.has(name))
    .map(({ name }): Action => ({ kind: 'rstp', bridge: name, to: false, priority: undefined }));
}

function markedRole({ externalIds }: PortFact): LoopRole {
  const mark = externalIds[loopMark];
  return mark === 'split-horizon' || mark === 'rstp' ? mark : 'none';
}

function hasRole(port: PortFact, role: LoopRole): boolean {
  const mark = markedRole(port);
  if (role === 'none') return mark === 'none';
  if (role === 'split-horizon') return port.protected === true && mark !== 'rstp';
  return port.otherConfig['rstp-port-auto-edge'] !== undefined && mark !== 'split-horizon';
}

function isAsWanted(now: BridgeFact | undefined, enable: boolean, priority: string | undefined): boolean {
  if (now === undefined) return !enable;
  const mark = now.externalIds[loopMark];
  if (!enable) return mark === undefined;
  return now.rstp && (mark === undefined || mark === (priority === undefined ? 'rstp' : 'rstp-root'));
}

/** An operator's own RSTP is not changed. */
function mayBeRoot(now: BridgeFact | undefined): boolean {
  return now?.rstp !== true || now.externalIds[loopMark] !== undefined;
}
