/**
 * Another certificate for tunnels that are at work: under the same path, so that ovs-monitor-ipsec rebuilds nothing, and
 * then a new IKE SA, so that what is new has proved to be good before what was is gone.
 *
 * @module
 */

import type { HostPlan } from './action.js';
import type { IkeDaemon, TunnelEnd } from './desired.js';
import { daemonFor } from './host-input.js';
import { isAtWork } from './packets.js';
import { type ApplyEdges, nameOf, onEach, type Progress } from './progress.js';
import { authenticateOn, databaseOf, pinOn, rereadOn } from './run-host.js';
import type { AnewEnd, Link } from './steps.js';

export async function renewInPlace(hosts: readonly Progress[], edges: ApplyEdges): Promise<void> {
  const renewing = hosts.filter(({ plan }) => linksInUse(plan).length > 0);
  if (renewing.length === 0) return;
  // 1. Everywhere the daemon has the new certificate, and what is up stays up.
  await onEach(renewing, edges, 'switch', async (host) => {
    const links = linksInUse(host.plan);
    host.begun = [...host.begun, ...links];
    await rereadOn(host.work.shell, nameOf(host), links, databaseOf(nameOf(host), host.input.facts));
  });
  // 2. One authentication a tunnel proves what is new at both of its ends.
  const tunnels = tunnelsToAuthenticate(hosts);
  await onEachWith(
    hosts,
    edges,
    (host) => tunnels.flatMap(({ peer, back, seconds }) => (peer === host && back ? [{ end: back, seconds }] : [])),
    pinOn,
  );
  await onEachWith(
    hosts,
    edges,
    (host) => tunnels.flatMap(({ asker, end, seconds }) => (asker === host ? [{ end, seconds }] : [])),
    authenticateOn,
  );
}

/** The links that tunnels are at work by. */
export function linksInUse({ actions }: HostPlan): Link[] {
  return actions.filter((action): action is Link => action.kind === 'link' && action.inUse);
}

/**
 * charon as the end that answers takes the old IKE SA away ten seconds after the new one has come. Of pluto we do that
 * ourselves, and what it does before takes longer.
 */
const holdSeconds: Readonly<Record<IkeDaemon, number>> = { strongswan: 8, libreswan: 20 };

interface Tunnel {
  readonly asker: Progress;
  readonly end: TunnelEnd;
  /** The other end, where it is one of ours. */
  readonly peer: Progress | undefined;
  readonly back: TunnelEnd | undefined;
  readonly seconds: number;
}

/**
 * A renewed end asks, and of two one: charon makes a new IKE SA only where its own certificate is another one. pluto can be made to
 * do that for a peer that is pluto too; charon, as such a peer, drops what is up as soon as the new IKE SA is there. So what is
 * renewed at libreswan alone, opposite to strongSwan, is used when strongSwan authenticates anew, every few hours.
 */
function tunnelsToAuthenticate(hosts: readonly Progress[]): Tunnel[] {
  const isRenewed = ({ plan, input, error }: Progress): boolean =>
    error === undefined && input.prove && linksInUse(plan).length > 0;
  const canAsk = (host: Progress, peer: Progress | undefined): boolean =>
    isRenewed(host) &&
    (daemonFor(host.input) === 'strongswan' || (peer !== undefined && daemonFor(peer.input) === 'libreswan'));
  return hosts.flatMap((asker): Tunnel[] => {
    const { desired, watched, facts, revokedPeers } = asker.input;
    const ends = [...desired.ends, ...watched].filter(
      (end) => end.method !== 'psk' && !revokedPeers.has(end.peer) && isAtWork(facts, end),
    );
    return ends.flatMap((end): Tunnel[] => {
      const peer = hosts.find((host) => nameOf(host) === end.peer);
      const back = peer?.input.desired.ends.find(
        ({ type, localIp, remoteIp }) => type === end.type && localIp === end.remoteIp && remoteIp === end.localIp,
      );
      if (!canAsk(asker, peer)) return [];
      const isForOther = peer !== undefined && canAsk(peer, asker) && nameOf(peer) < nameOf(asker);
      const seconds = holdSeconds[daemonFor(asker.input)];
      return isForOther ? [] : [{ asker, end, peer, back, seconds }];
    });
  });
}

async function onEachWith(
  hosts: readonly Progress[],
  edges: ApplyEdges,
  endsOf: (host: Progress) => AnewEnd[],
  act: (shell: Progress['work']['shell'], host: string, ends: readonly AnewEnd[]) => Promise<void>,
): Promise<void> {
  const concerned = hosts.filter((host) => endsOf(host).length > 0);
  await onEach(concerned, edges, 'switch', (host) => act(host.work.shell, nameOf(host), endsOf(host)));
}
