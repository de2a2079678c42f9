/**
 * From what is wanted and what is true to what is to be done: pure, so that a plan that was shown is the plan that is
 * carried out, and one made right after it is empty.
 *
 * @module
 */

import { versionOf } from '../facts/host-facts.js';
import { existingEnds } from '../tunnels/existing.js';
import { unheardAddresses } from '../tunnels/listening.js';
import type { Action, HostPlan } from './action.js';
import { bridgePortActions } from './bridge-ports.js';
import { crlActions, crlWarnings, cutActions, cutWarnings } from './crls.js';
import { entailedActions, withEntailed } from './entailed.js';
import { identityActions } from './identity.js';
import { daemonFor, type HostInput } from './input.js';
import { actionsOf } from './kinds.js';
import { emptyBridges, goneTunnelActions, leftoverFiles, staleGuardActions, unknownTunnels } from './leftovers.js';
import { loopActions } from './loop-actions.js';
import { hostObstacles } from './obstacles.js';
import { retiredWarnings } from './retired.js';
import { guardActions, tunnelActions } from './tunnels.js';

/** @param keeps which actions are wanted, where not all are; what these entail comes with them */
export function planHost(input: HostInput, keeps: (action: Action) => boolean = () => true): HostPlan {
  const { desired } = input;
  const { obstacles, warnings } = hostObstacles(input);
  const actions = obstacles.length > 0 ? [] : allActions(input);
  const kept = actions.filter(keeps);
  const unknown = unknownTunnels(input);
  return {
    host: desired.name,
    target: desired.target,
    actions: withEntailed(kept, entailedActions(input, kept)),
    warnings: [
      ...warnings,
      ...input.notices,
      ...input.loops.warnings,
      ...retiredWarnings(input),
      ...crlWarnings(input),
      ...cutWarnings(input, actions),
      ...costOf(input, actions),
      ...delayOf(input, actions),
    ],
    obstacles,
    ...(unknown.length === 0 ? {} : { unknown }),
  };
}

function allActions(input: HostInput): Action[] {
  const actions = [
    ...identityActions(input),
    ...crlActions(input),
    ...cutActions(input),
    ...listenActions(input),
    ...guardActions(input),
    ...goneTunnelActions(input),
    ...tunnelActions(input),
    ...bridgePortActions(input),
    ...loopActions(input),
    ...staleGuardActions(input),
  ];
  return [...actions, ...leftoverFiles(input, actions), ...emptyBridges(input, actions)];
}

/** Before its tunnels are wired: a connection from an address that pluto does not know stays out of use. */
function listenActions({ desired, facts }: HostInput): Action[] {
  const addresses = unheardAddresses(
    facts,
    desired.ends.map(({ localIp }) => localIp),
  );
  return addresses.length === 0 ? [] : [{ kind: 'listen', addresses }];
}

/** What is renewed under the same path is presented when the daemon next authenticates. */
function delayOf(input: HostInput, actions: readonly Action[]): string[] {
  const daemon = daemonFor(input);
  const version = versionOf(input.facts, daemon);
  const isInUse = actionsOf(actions, 'link').some(({ inUse }) => inUse);
  if (!isInUse || !input.prove || daemon.authenticatesAgain(version) !== 'never') return [];
  return [
    `${input.desired.name}: ${daemon.label} ${version} cannot be made to authenticate again while a tunnel is up: it presents the new certificate when the tunnel is next set up`,
  ];
}

/** ovs-monitor-ipsec compares paths, and makes every connection of the host anew where one has changed. */
function costOf({ desired, facts }: HostInput, actions: readonly Action[]): string[] {
  const isNewIdentity = actionsOf(actions, 'other_config').some(
    ({ from, to }) => from !== undefined && to !== undefined,
  );
  const rebuilt = isNewIdentity ? existingEnds(facts).map(({ port }) => port) : [];
  if (rebuilt.length === 0) return [];
  return [
    `${desired.name}: its tunnels are rebuilt for the new certificate and lose packets for about a second: ${rebuilt.join(', ')}`,
  ];
}
