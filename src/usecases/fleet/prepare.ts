/**
 * What every command that works on hosts does first: open a shell on each, find out what is true, and decide who is to
 * have which certificate and which PSK.
 *
 * @module
 */

import { refusalOf } from '../../deploy/answer/answer.js';
import type { HostWork } from '../../deploy/apply/apply.js';
import type { DesiredHost, TunnelEnd } from '../../deploy/desired/desired.js';
import { knownValue } from '../../deploy/facts/fact.js';
import type { PlanningFacts } from '../../deploy/facts/host-facts.js';
import type { Identity } from '../../deploy/plan/identity-files.js';
import type { HostInput } from '../../deploy/plan/input.js';
import { remainingFacts } from '../../deploy/plan/leftovers.js';
import { type LoopHost, loopsOf, noLoops } from '../../deploy/plan/loops.js';
import { checkedPsk, endKey, newPsk, pskTable } from '../../deploy/plan/psks.js';
import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import type { Renewal } from '../../pki/renewal.js';
import type { Platform } from '../../platform/index.js';
import type { HostShell } from '../../platform/ssh.js';
import { type AskedHost, pskIn } from './ask.js';
import { type Authorities, type Authority, authoritiesIn } from './authorities.js';
import { identityFor, isLeft } from './identities.js';

/** What a plan is made from, and the secrets that it does not hold. */
export interface PreparedFleet {
  readonly work: readonly (HostWork & { readonly desired: DesiredHost })[];
  readonly failed: readonly { readonly desired: DesiredHost; readonly error: OvsPkiError }[];
  readonly pskOf: (host: string, port: string) => string;
}

interface FleetPreparation {
  readonly pkiDirectory: string;
  readonly prove: boolean;
  readonly psk?: string;
  readonly renewal?: Renewal;
  readonly trustsAnew?: boolean;
}

export async function prepareFleet(
  platform: Platform,
  hosts: readonly AskedHost[],
  { pkiDirectory, prove, psk, renewal = 'all', trustsAnew = false }: FleetPreparation,
  crls: 'made' | 'planned',
  watched: (desired: DesiredHost) => readonly TunnelEnd[] = () => [],
): Promise<PreparedFleet> {
  const authorities = authoritiesIn(platform, pkiDirectory, crls);
  const unasked = new Set(hosts.flatMap((host) => ('error' in host ? [host.desired.name] : [])));
  const decided = await Promise.all(
    withoutTwins(hosts).map((host) => withIdentity(platform, host, authorities, renewal, unasked)),
  );
  const failed = decided.filter((host): host is FailedHost => 'error' in host);
  const revokedPeers = await revokedAmong(failed, authorities);
  const ready = decided.filter((host): host is ReadyHost => 'identity' in host);
  const loops = loopsOf(hosts.map(loopHost));
  const psks = pskTable(ready, {
    given: psk === undefined ? undefined : checkedPsk(psk, 'the PSK'),
    inFile: pskIn,
    make: newPsk,
  });
  const certificates = new Map(
    ready.map(({ desired, identity }) => [
      desired.name,
      identity === undefined || identity === 'enroll' ? identity : identity.certificate,
    ]),
  );
  const work = ready.map(({ desired, shell, facts, identity, authority, notices }) => {
    const input: HostInput = {
      desired,
      facts,
      identity,
      subjectBase: authority?.subjectBase,
      peers: peersOf(desired, certificates),
      psks: new Map(
        desired.ends.flatMap(({ port }) => (psks.changed.has(endKey(desired.name, port)) ? [[port, 'set']] : [])),
      ),
      crls: authority?.crls ?? [],
      revokedPeers,
      retired: authority?.retired ?? [],
      loops: loops.get(desired.name) ?? noLoops,
      notices: [...(authority?.warnings ?? []), ...notices, ...(psks.notices.get(desired.name) ?? [])],
      watched: watched(desired),
      ...{ prove, trustsAnew },
      now: platform.clock.now(),
    };
    return { shell, input, desired };
  });
  return { work, failed, pskOf: (host, port) => psks.values.get(endKey(host, port)) ?? '' };
}

/** Two destinations that lead to one machine: its names would take turns. */
function withoutTwins(hosts: readonly AskedHost[]): AskedHost[] {
  const first = new Map<string, string>();
  return hosts.map((host) => {
    const machine = 'facts' in host ? machineOf(host.facts) : undefined;
    if ('error' in host || machine === undefined) return host;
    const { name, target } = host.desired;
    const other = first.get(machine);
    first.set(machine, other ?? name);
    if (other === undefined) return host;
    host.shell.close();
    const message = `${name} (${target.destination}) is the machine that is ${other} already, and one machine has one identity`;
    const hint = 'give each host of the inventory a machine of its own: hosts.NAME.ssh';
    return { desired: host.desired, error: new OvsPkiError('IDENTITY_AMBIGUOUS', message, { hint }) };
  });
}

/**
 * Machines that were cloned may have a system-id and a name in common, but not their addresses. All of that anybody can say of
 * himself to be taken for another host; only its own kernel knows the number of its start.
 */
function machineOf({ ovsdb, addresses, hostName, bootId }: PlanningFacts): string | undefined {
  const systemId = knownValue(ovsdb)?.externalIds['system-id'];
  const own = (knownValue(addresses) ?? []).filter((address) => !/^(127\.|::1$|fe80:)/.test(address));
  if (systemId === undefined || bootId === undefined || own.length === 0) return undefined;
  return [systemId, bootId, hostName, ...own.sort()].join(' ');
}

/** A host that cannot be asked is part of the shape all the same. */
function loopHost(host: AskedHost): LoopHost {
  const { name, ends, loopProtection } = host.desired;
  return { name, ends, protection: loopProtection, facts: 'facts' in host ? remainingFacts(host) : undefined };
}

interface ReadyHost {
  readonly desired: DesiredHost;
  readonly shell: HostShell;
  readonly facts: PlanningFacts;
  readonly identity: Identity | 'enroll' | undefined;
  readonly authority: Authority | undefined;
  readonly notices: readonly string[];
}

type FailedHost = Extract<AskedHost, { readonly error: OvsPkiError }>;

async function withIdentity(
  platform: Platform,
  host: AskedHost,
  authorities: Authorities,
  renewal: Renewal,
  unasked: ReadonlySet<string>,
): Promise<ReadyHost | FailedHost> {
  if ('error' in host) return host;
  const { desired, facts } = host;
  try {
    const authority = desired.identity && (await authorities.of(desired.identity));
    // Whether a host that cannot be asked trusts the next CA is not known: its peers keep what it trusts surely.
    const waits = renewal === 'all' ? desired.ends.map(({ peer }) => peer).filter((peer) => unasked.has(peer)) : [];
    const identity = await identityFor(platform, desired, facts, authority, waits.length > 0 ? 'expiring' : renewal);
    const isHeld = typeof identity === 'object' && waits.length > 0 && isLeft(identity.certificate, authority?.ca);
    const notice = `${desired.name}: keeps its certificate of the other CA until ${waits.join(', ')} can be asked`;
    return { ...host, authority, identity, notices: isHeld ? [notice] : [] };
  } catch (error) {
    host.shell.close();
    return { desired, error: refusalOf(desired.name, error) };
  }
}

/** Also a host that cannot be asked: one that was stolen, say. */
async function revokedAmong(failed: readonly FailedHost[], authorities: Authorities): Promise<Set<string>> {
  const names = failed.map(async ({ desired: { name, identity }, error }) => {
    if (error.code === 'CERTIFICATE_REVOKED') return [name];
    const authority = identity && (await authorities.of(identity).catch(() => undefined));
    return authority?.distrusts(name) === true ? [name] : [];
  });
  return new Set((await Promise.all(names)).flat());
}

function peersOf(
  { ends }: DesiredHost,
  certificates: ReadonlyMap<string, Certificate | 'enroll' | undefined>,
): Map<string, Certificate | 'enroll'> {
  const peers = new Map<string, Certificate | 'enroll'>();
  for (const { method, peer } of ends) {
    const certificate = certificates.get(peer);
    if (method === 'self-signed' && certificate !== undefined) peers.set(peer, certificate);
  }
  return peers;
}
