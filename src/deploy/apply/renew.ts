/**
 * Another certificate for tunnels that are at work: under the same path, so that ovs-monitor-ipsec rebuilds nothing, and
 * then a new IKE SA, so that what is new has proved to be good before what was is gone.
 *
 * @module
 */

import { ikeScriptFor } from '../plan/input.js';
import { type ActionOf, actionsOf, type KindWith } from '../plan/kinds.js';
import { authenticateOn, leaveOn, pinOn, rereadOn } from '../remote/run.js';
import { type ApplyEdges, nameOf, onEach, type Progress, warn } from './host-run.js';

/** What of a plan is done here. */
type Renewal = { readonly [Kind in KindWith<{ readonly stage: 'renew' }>]: readonly ActionOf<Kind>[] };

function renewalOf({ plan: { actions } }: Progress): Renewal {
  return {
    reread: actionsOf(actions, 'reread'),
    hold: actionsOf(actions, 'hold'),
    authenticate: actionsOf(actions, 'authenticate'),
    leave: actionsOf(actions, 'leave'),
  };
}

export async function renewInPlace(hosts: readonly Progress[], edges: ApplyEdges): Promise<void> {
  const renewing = hosts.filter(isRenewed);
  if (renewing.length === 0) return;
  // 1. Everywhere the daemon has the new certificate, and what is up stays up.
  await onEach(renewing, edges, 'switch', async (host) => {
    const links = actionsOf(host.plan.actions, 'link').filter(({ inUse }) => inUse);
    host.begun = [...host.begun, ...links];
    for (const names of renewalOf(host).reread)
      await rereadOn(host.work.shell, nameOf(host), ikeScriptFor(host.input), links, names);
  });
  // 2. One authentication a tunnel proves what is new at both of its ends.
  const failed = new Set(hosts.filter(({ error }) => error !== undefined).map(nameOf));
  const before = new Map<Progress, readonly string[]>();
  const turns = new Set(hosts.flatMap((host) => renewalOf(host).authenticate.map(({ turn }) => turn)));
  for (const turn of [...turns].sort((one, other) => one - other))
    await authenticateAnew(turn, hosts, failed, edges, before);
  // 3. What was up before goes.
  await onEach([...before.keys()], edges, 'switch', async (host) => {
    for (const { seconds } of renewalOf(host).leave)
      await leaveOn(host.work.shell, nameOf(host), ikeScriptFor(host.input), before.get(host) ?? [], seconds);
  });
}

/** Whether its tunnels go over to a new certificate without being rebuilt. */
export function isRenewed(host: Progress): boolean {
  return renewalOf(host).reread.length > 0;
}

/**
 * A peer that gives no answer is no fault of the certificate: it is told of, and the tunnel left as it is.
 *
 * @param failed hosts that ask nobody, so that their peers do
 * @param before takes the IKE SAs that were up
 */
async function authenticateAnew(
  now: number,
  hosts: readonly Progress[],
  failed: ReadonlySet<string>,
  edges: ApplyEdges,
  before: Map<Progress, readonly string[]>,
): Promise<void> {
  const held = (host: Progress): Renewal['hold'] =>
    renewalOf(host).hold.filter(({ turn, peer }) => turn === now && !failed.has(peer));
  const asked = (host: Progress): Renewal['authenticate'] =>
    renewalOf(host).authenticate.filter(
      ({ turn, unless }) => turn === now && (unless === undefined || failed.has(unless)),
    );
  const holding = hosts.filter((host) => held(host).length > 0);
  await onEach(holding, edges, 'switch', (host) => pinOn(host.work.shell, nameOf(host), held(host)));
  const asking = hosts.filter((host) => asked(host).length > 0);
  await onEach(asking, edges, 'switch', async (host) => {
    const answer = await authenticateOn(host.work.shell, nameOf(host), ikeScriptFor(host.input), asked(host));
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
