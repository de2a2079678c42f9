/**
 * Another certificate for tunnels that are at work: under the same path, so that ovs-monitor-ipsec rebuilds nothing, and
 * then a new IKE SA, so that what is new has proved to be good before what was is gone.
 *
 * @module
 */

import type { TunnelEnd } from '../desired/desired.js';
import { versionOf } from '../facts/host-facts.js';
import type { HostPlan } from '../plan/action.js';
import { daemonFor, ikeScriptFor } from '../plan/input.js';
import { actionsOf } from '../plan/kinds.js';
import { authenticateOn, databaseOf, leaveOn, pinOn, rereadOn } from '../remote/run.js';
import type { Held, Link } from '../remote/scripts.js';
import { isAtWork } from '../tunnels/packets.js';
import { type ApplyEdges, nameOf, onEach, type Progress, warn } from './host-run.js';

export async function renewInPlace(hosts: readonly Progress[], edges: ApplyEdges): Promise<void> {
  const renewing = hosts.filter(isRenewed);
  if (renewing.length === 0) return;
  // 1. Everywhere the daemon has the new certificate, and what is up stays up.
  await onEach(renewing, edges, 'switch', async (host) => {
    const links = linksInUse(host.plan);
    host.begun = [...host.begun, ...links];
    const database = databaseOf(nameOf(host), host.input.facts);
    await rereadOn(host.work.shell, nameOf(host), ikeScriptFor(host.input), links, database);
  });
  // 2. One authentication a tunnel proves what is new at both of its ends.
  const before = new Map<Progress, readonly string[]>();
  for (const group of groupsOf(tunnelsToAuthenticate(hosts))) await authenticateAnew(group, hosts, edges, before);
  // 3. What was up before goes.
  await onEach([...before.keys()], edges, 'switch', async (host) => {
    const { leave } = daemonFor(host.input).renewalSeconds;
    await leaveOn(host.work.shell, nameOf(host), ikeScriptFor(host.input), before.get(host) ?? [], leave);
  });
}

/** The links that tunnels are at work by. */
export function linksInUse({ actions }: HostPlan): Link[] {
  return actionsOf(actions, 'link').filter(({ inUse }) => inUse);
}

/** Whether its tunnels go over to a new certificate without being rebuilt. */
export function isRenewed({ plan }: Progress): boolean {
  return linksInUse(plan).length > 0;
}

/** So many tunnels of a host at a time: all of them have to be done while the other ends are held. */
const atOnce = 16;

interface Tunnel {
  readonly asker: Progress;
  readonly end: TunnelEnd;
  /** The other end, where it is one of ours. */
  readonly peer: Progress | undefined;
  readonly back: TunnelEnd | undefined;
}

interface Group {
  readonly tunnels: Tunnel[];
  /** How many of them each host has. */
  readonly counts: Map<string, number>;
}

/** No host has more than some tunnels in a group, whether it asks or answers. */
function groupsOf(tunnels: readonly Tunnel[]): (readonly Tunnel[])[] {
  const groups: Group[] = [];
  for (const tunnel of tunnels) {
    const names = [nameOf(tunnel.asker), tunnel.end.peer];
    const found = groups.find(({ counts }) => names.every((name) => (counts.get(name) ?? 0) < atOnce));
    const group: Group = found ?? { tunnels: [], counts: new Map() };
    if (found === undefined) groups.push(group);
    group.tunnels.push(tunnel);
    for (const name of names) group.counts.set(name, (group.counts.get(name) ?? 0) + 1);
  }
  return groups.map((group) => group.tunnels);
}

/**
 * A peer that gives no answer is no fault of the certificate: it is told of, and the tunnel left as it is.
 *
 * @param before takes the IKE SAs that were up
 */
async function authenticateAnew(
  tunnels: readonly Tunnel[],
  hosts: readonly Progress[],
  edges: ApplyEdges,
  before: Map<Progress, readonly string[]>,
): Promise<void> {
  const held = (host: Progress): Held[] =>
    tunnels.flatMap(({ asker, peer, back }) =>
      peer === host && back ? [{ end: back, seconds: daemonFor(asker.input).renewalSeconds.hold }] : [],
    );
  await onEach(
    hosts.filter((host) => held(host).length > 0),
    edges,
    'switch',
    (host) => pinOn(host.work.shell, nameOf(host), held(host)),
  );
  const asking = new Set(tunnels.map(({ asker }) => asker));
  await onEach([...asking], edges, 'switch', async (host) => {
    const ends = tunnels.flatMap(({ asker, end }) => (asker === host ? [end] : []));
    const answer = await authenticateOn(host.work.shell, nameOf(host), ikeScriptFor(host.input), ends);
    before.set(host, [...(before.get(host) ?? []), ...answer.before]);
    warn(
      host,
      answer.unanswered.map(
        ({ port, peer }) =>
          `${nameOf(host)}: ${peer} gives no answer at the other end of ${port}; it gets to see the new certificate when it is back`,
      ),
    );
  });
}

/**
 * A renewed end asks, and of two one: charon makes a new IKE SA only where its own certificate is another one. pluto can be made to
 * do that for a peer that is pluto too; charon, as such a peer, drops what is up as soon as the new IKE SA is there. So what is
 * renewed at libreswan alone, opposite to strongSwan, is used when strongSwan authenticates anew, every few hours.
 */
function tunnelsToAuthenticate(hosts: readonly Progress[]): Tunnel[] {
  const presentsAnew = (host: Progress): boolean => host.error === undefined && host.input.prove && isRenewed(host);
  const canAsk = (host: Progress, peer: Progress | undefined): boolean => {
    const daemon = daemonFor(host.input);
    const isLike = peer !== undefined && daemonFor(peer.input) === daemon;
    const whom = daemon.authenticatesAgain(versionOf(host.input.facts, daemon));
    return presentsAnew(host) && (whom === 'with any peer' || (whom === 'with its like' && isLike));
  };
  const byName = new Map(hosts.map((host) => [nameOf(host), host]));
  return hosts.flatMap((asker): Tunnel[] => {
    const { desired, watched, facts, revokedPeers } = asker.input;
    const ends = [...desired.ends, ...watched].filter(
      (end) => end.method !== 'psk' && !revokedPeers.has(end.peer) && isAtWork(facts, end),
    );
    return ends.flatMap((end): Tunnel[] => {
      const peer = byName.get(end.peer);
      const back = peer?.input.desired.ends.find(
        ({ type, localIp, remoteIp, peer: theirs }) =>
          type === end.type &&
          (end.isTranslated === true ? theirs === nameOf(asker) : localIp === end.remoteIp && remoteIp === end.localIp),
      );
      if (!canAsk(asker, peer)) return [];
      const isForOther = peer !== undefined && canAsk(peer, asker) && nameOf(peer) < nameOf(asker);
      return isForOther ? [] : [{ asker, end, peer, back }];
    });
  });
}
