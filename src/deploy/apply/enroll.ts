/**
 * Hosts without a key make one; what they ask for is signed in one go.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import type { CertificationRequest } from '../../pki/certification-request.js';
import { refusalOf } from '../answer/answer.js';
import type { DesiredIdentity } from '../desired/desired.js';
import type { Action } from '../plan/action.js';
import { actionsWith } from '../plan/kinds.js';
import { planHost } from '../plan/plan.js';
import { isOfMany, type PlannedAlone, plannedTogether } from '../plan/together.js';
import { enrollHost } from '../remote/run.js';
import { type ApplyEdges, nameOf, obstructed, onEach, type Progress } from './host-run.js';

export async function enroll(hosts: readonly Progress[], edges: ApplyEdges): Promise<void> {
  const enrolling = hosts.filter(({ input }) => input.identity === 'enroll');
  const requests: { host: Progress; keyFile: string; identity: DesiredIdentity; request: CertificationRequest }[] = [];
  await onEach(enrolling, edges, 'enroll', async (host) => {
    const { identity } = host.input.desired;
    const [action] = actionsWith(host.plan.actions, { stage: 'enroll' });
    if (identity === undefined || action === undefined) return;
    const made = await enrollHost(host.work.shell, nameOf(host), action, identity.days);
    if ('certificate' in made) setIdentity(host, made.certificate, [], made.keyFile);
    else requests.push({ host, identity, ...made });
  });
  const certified = await certify(
    requests.map((item) => ({ ...item, host: nameOf(item.host) })),
    edges,
  );
  for (const [index, { host, keyFile }] of requests.entries()) {
    const result = certified[index];
    if (result === undefined || result instanceof OvsPkiError) host.error = result;
    else setIdentity(host, result.certificate, result.authorities, keyFile);
  }
  tellPeers(hosts);
  for (const host of hosts.filter(({ error }) => error === undefined)) {
    if (enrolling.includes(host)) host.input = { ...host.input, now: judgedAt(edges) };
    try {
      planAgain(host, edges);
    } catch (error) {
      host.error = refusalOf(nameOf(host), error);
    }
  }
  const plans = plannedTogether(hosts.map(alone));
  for (const [index, host] of hosts.entries()) {
    host.plan = plans[index] ?? host.plan;
    // What was shown holds all of it, but for the names of what has been made since.
    host.error ??= edges.refuse(host.plan, enrolling.includes(host));
  }
}

/** What hosts do together is planned again for all; those that have failed do none of it. */
function alone({ input, plan }: Progress): PlannedAlone {
  return { input, plan: { ...plan, actions: plan.actions.filter((action) => !isOfMany(action)) } };
}

/** What goes wrong here is an error of those who ask for a certificate: others go on. */
async function certify(
  requests: Parameters<ApplyEdges['certify']>[0],
  edges: ApplyEdges,
): ReturnType<ApplyEdges['certify']> {
  if (requests.length === 0) return [];
  try {
    return await edges.certify(requests);
  } catch (error) {
    return requests.map(({ host }) => refusalOf(host, error));
  }
}

function planAgain(host: Progress, edges: ApplyEdges): void {
  const done = actionsWith(host.plan.actions, { stage: 'enroll' });
  const plan = planHost(host.input, edges.keeps);
  host.plan = { ...plan, actions: [...done, ...plan.actions.filter(isMade)] };
  host.error = obstructed(host.plan);
}

/** A peer that could not make its certificate has none to be placed: the tunnel to it is left out later. */
function isMade(action: Action): boolean {
  return action.kind !== 'place' || action.role !== 'peer-certificate' || action.content !== undefined;
}

/**
 * What hosts have just made is younger than the facts, by as long as a slow host needs for a key, and bears the time of
 * their own clock: one that is a little ahead of ours has made no certificate of the future.
 */
function judgedAt({ now }: ApplyEdges): Date {
  return new Date(now().getTime() + 60_000);
}

function setIdentity(
  host: Progress,
  certificate: Certificate,
  authorities: readonly Certificate[],
  path: string,
): void {
  host.input = { ...host.input, identity: { certificate, authorities, key: { kind: 'on-host', path } } };
}

/** Who trusts a self-signed certificate needs it, also when it was made a moment ago. */
function tellPeers(hosts: readonly Progress[]): void {
  const byName = new Map(hosts.map((host) => [nameOf(host), host.input.identity]));
  for (const host of hosts) {
    const peers = new Map(host.input.peers);
    for (const [peer, certificate] of peers) {
      const identity = byName.get(peer);
      if (certificate === 'enroll' && identity !== undefined && identity !== 'enroll')
        peers.set(peer, identity.certificate);
    }
    host.input = { ...host.input, peers };
  }
}
