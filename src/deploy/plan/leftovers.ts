/**
 * The part of a plan that is about what the inventory has no longer: tunnels of ours that it does not name, drop policies of
 * tunnels that are gone, files that nothing points to.
 *
 * @module
 */

import type { TunnelEnd } from '../desired/desired.js';
import { known, knownValue } from '../facts/fact.js';
import type { PlanningFacts } from '../facts/host-facts.js';
import type { OvsDatabase } from '../facts/ovsdb.js';
import { isGoing } from '../tunnels/matching.js';
import { type FoundTunnel, marks, tunnelsOn } from '../tunnels/ownership.js';
import { guardedWays } from '../tunnels/packets.js';
import type { Action, UnknownTunnel } from './action.js';
import { effectOf, goingPorts, goingThings } from './effects.js';
import { isIdentityLink, isOurAuthorityFile, isOurFile } from './identity-files.js';
import { type HostInput, placesFor } from './input.js';
import { actionsOf } from './kinds.js';

/** Tunnels that go because the inventory has them no longer. */
export function goneTunnels({ desired, facts }: Pick<HostInput, 'desired' | 'facts'>): FoundTunnel[] {
  return strangers({ desired, facts }).filter((tunnel) => isGoing(tunnel, desired.others));
}

/** Those that stay, and that the inventory does not name; all that is encrypted counts, whoever made it. */
export function unknownTunnels({ desired, facts }: Pick<HostInput, 'desired' | 'facts'>): UnknownTunnel[] {
  if (desired.others === undefined) return [];
  return strangers({ desired, facts })
    .filter((tunnel) => tunnel.isEncrypted && !isGoing(tunnel, desired.others))
    .map(({ port, bridge, type, peer, remoteIp, isOurs }) => ({ port, bridge, type, peer, remoteIp, isOurs }));
}

/** The facts of a host without the tunnels that go, and those that others take the place of. */
export function remainingFacts(host: Pick<HostInput, 'desired' | 'facts'>): PlanningFacts {
  const { ovsdb } = host.facts;
  if (ovsdb.state !== 'known') return host.facts;
  const own = new Set(host.desired.ends.map(({ port }) => port));
  const replaced = host.desired.ends.flatMap(({ before }) => before ?? []).filter((port) => !own.has(port));
  const gone = new Set([...replaced, ...goneTunnels(host).map(({ port }) => port)]);
  const interfaces = ovsdb.value.interfaces.filter(({ name }) => !gone.has(name));
  return { ...host.facts, ovsdb: known({ ...ovsdb.value, interfaces }) };
}

function strangers({ desired, facts }: Pick<HostInput, 'desired' | 'facts'>): FoundTunnel[] {
  const named = new Set(desired.ends.flatMap(({ port, before }) => [port, before]));
  return tunnelsOn(facts).filter(({ port }) => !named.has(port));
}

export function goneTunnelActions(input: HostInput): Action[] {
  return goneTunnels(input).map(({ port, bridge, peer }) => ({
    ...{ kind: 'remove-port', port, bridge },
    ...(peer === undefined ? {} : { peer }),
  }));
}

/** Drop policies of ours that no tunnel needs: of tunnels that go, and of addresses that peers had before. */
export function staleGuardActions(input: HostInput): Action[] {
  const { desired, facts } = input;
  if (desired.plaintext === 'keep') return [];
  const staying = [...desired.ends, ...stayingTunnels(input)];
  return guardedWays(facts)
    .filter((way) => !staying.some(({ type, remoteIp }) => type === way.type && remoteIp === way.remoteIp))
    .map(({ type, remoteIp }) => ({ kind: 'unguard', port: '', type, localIp: '', remoteIp }));
}

function stayingTunnels(input: HostInput): FoundTunnel[] {
  const going = new Set(goneTunnels(input).map(({ port }) => port));
  const replaced = new Map<string, TunnelEnd>(
    input.desired.ends.flatMap((end) => (end.before === undefined ? [] : [[end.before, end]])),
  );
  // A tunnel that has another address or type now is in the database as it was before.
  const own = new Set(input.desired.ends.map(({ port }) => port));
  return tunnelsOn(input.facts).filter(
    ({ port, isEncrypted }) => isEncrypted && !going.has(port) && !replaced.has(port) && !own.has(port),
  );
}

/**
 * Files of ours that nothing will point to: certificates of peers that are gone, and what an identity of another name or
 * kind has left. Only where all that the host is to have is named.
 *
 * @param actions all others of the plan
 */
export function leftoverFiles(input: HostInput, actions: readonly Action[]): Action[] {
  const { desired, facts } = input;
  if (desired.others === undefined) return [];
  const needed = neededFiles(input, actions);
  const going = new Set(goingThings(actions).files);
  const folders = new Set(Object.values(placesFor(input)));
  const hasAuthority = desired.identity?.method === 'ca-signed';
  const isLeft = (path: string): boolean =>
    isOurFile(path) || (facts.links.has(path) && isIdentityLink(path)) || (!hasAuthority && isOurAuthorityFile(path));
  return [...new Set([...facts.files.keys(), ...facts.links.keys()])]
    .filter((path) => facts.files.get(path)?.state !== 'absent' || facts.links.has(path))
    .filter((path) => folders.has(path.slice(0, path.lastIndexOf('/'))) && isLeft(path))
    .filter((path) => !needed.has(path) && !going.has(path))
    .map((path) => ({ kind: 'remove-file', path }));
}

function neededFiles(input: HostInput, actions: readonly Action[]): ReadonlySet<string> {
  const { facts } = input;
  const database = knownValue(facts.ovsdb);
  const effects = actions.map(effectOf);
  const changedKeys = new Set(effects.map(({ configKey }) => configKey));
  const changedPorts = new Set(effects.flatMap(({ port, peerFileOf }) => [port, peerFileOf]));
  const kept = [
    ...['certificate', 'private_key', 'ca_cert'].map((key) =>
      changedKeys.has(key) ? undefined : database?.otherConfig[key],
    ),
    ...(database?.interfaces ?? []).map(({ name, options }) =>
      changedPorts.has(name) ? undefined : options['remote_cert'],
    ),
  ];
  const needed = new Set(effects.flatMap(({ needs = [] }) => needs));
  for (const path of kept) if (path !== undefined) needed.add(path);
  const relinked = new Map(actionsOf(actions, 'link').map(({ path, to }) => [path, to] as const));
  for (const path of [...needed]) {
    const to = relinked.get(path) ?? facts.links.get(path);
    if (to !== undefined) needed.add(to);
  }
  return needed;
}

/** Bridges that were made for tunnels and have none left, where nothing else is attached to them. */
export function emptyBridges(input: HostInput, actions: readonly Action[]): Action[] {
  const { desired, facts } = input;
  const database = knownValue(facts.ovsdb);
  if (database === undefined || desired.others === undefined) return [];
  return emptiedBridges(database, actions, new Set(desired.ends.map(({ bridge }) => bridge)));
}

/** @param wanted bridges that stay whatever is on them */
export function emptiedBridges(
  database: OvsDatabase,
  actions: readonly Action[],
  wanted: ReadonlySet<string>,
): Action[] {
  const gone = new Set(goingPorts(actions));
  const moved = new Set(
    actions.flatMap((action) => (action.kind === 'port' && action.movedFrom !== undefined ? [action.port] : [])),
  );
  return [...database.bridgeRows.values()]
    .filter(({ name, externalIds }) => externalIds[marks.bridge] !== undefined && !wanted.has(name))
    .filter(({ name }) =>
      database.ports.every(
        (port) => port.bridge !== name || port.name === name || gone.has(port.name) || moved.has(port.name),
      ),
    )
    .map(({ name }) => ({ kind: 'remove-bridge', bridge: name }));
}
