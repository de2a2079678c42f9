/**
 * Tunnels that stay, to a peer that another tunnel led to and does no more: both may have used one IKE SA, and some IKE daemons
 * take that down with the connection that has made it. What stays comes up again, and is proved again.
 *
 * @module
 */

import type { TunnelEnd } from '../desired/desired.js';
import { interfaceIn } from '../facts/ovsdb.js';
import { goingPorts } from '../plan/effects.js';
import { ikeScriptFor, placesFor } from '../plan/input.js';
import { daemonsOf } from '../plan/together.js';
import { switchHost } from '../remote/run.js';
import { isAtWork } from '../tunnels/packets.js';
import { type ApplyEdges, isChangedPort, nameOf, onEach, type Progress } from './host-run.js';
import { notEncrypted, proofsOf, reasonsOf } from './prove.js';
import { settlingEnds } from './switch.js';

export async function proveAgain(hosts: readonly Progress[], edges: ApplyEdges): Promise<void> {
  const staying = endsThatStay(hosts);
  const daemons = daemonsOf(hosts);
  await onEach([...staying.keys()], edges, 'done', async (host) => {
    const { work, input, plan } = host;
    const ends = staying.get(host) ?? [];
    const { facts, said } = await switchHost(work.shell, plan.host, {
      ike: ikeScriptFor(input),
      transaction: undefined,
      addresses: [],
      waiting: [],
      ends: settlingEnds(host, ends, daemons),
      seconds: edges.proofSeconds,
      folders: Object.values(placesFor(input)),
      now: edges.now,
    });
    const proofs = proofsOf(host, ends, facts);
    host.proofs = [...host.proofs.filter(({ port }) => !ends.some((end) => end.port === port)), ...proofs];
    const failed = proofs.filter(({ encrypted }) => !encrypted);
    if (failed.length === 0) return;
    const because = `another tunnel to the same peer was removed, and since then ${reasonsOf(failed).join('; ')}`;
    throw notEncrypted(host, failed, because, said);
  });
}

/** Of both hosts of a tunnel: neither end can be proved without the other. */
export function endsThatStay(hosts: readonly Progress[]): Map<Progress, readonly TunnelEnd[]> {
  const concerned = new Map(hosts.map((host) => [host, new Set(endsBesideGoing(host))]));
  const named = new Map(hosts.map((host) => [nameOf(host), host]));
  for (const [host, ends] of [...concerned]) {
    for (const { peer } of [...ends]) {
      const other = named.get(peer);
      const back = other === undefined ? [] : endsInUse(other).filter((end) => end.peer === nameOf(host));
      for (const end of back) concerned.get(other as Progress)?.add(end);
    }
  }
  return new Map([...concerned].flatMap(([host, ends]) => (ends.size === 0 ? [] : [[host, [...ends]] as const])));
}

function endsBesideGoing(host: Progress): TunnelEnd[] {
  const { plan, input } = host;
  const going = goingPorts(plan.actions);
  if (host.error !== undefined || going.length === 0) return [];
  const left = new Set(going.map((port) => interfaceIn(input.facts.ovsdb, port)?.options['remote_ip']));
  return endsInUse(host).filter(({ remoteIp }) => left.has(remoteIp));
}

/** What was down before is no fault of this apply. */
function endsInUse(host: Progress): TunnelEnd[] {
  const { input } = host;
  if (!input.prove || host.error !== undefined) return [];
  return input.desired.ends.filter((end) => isChangedPort(host, end.port) || isAtWork(input.facts, end));
}
