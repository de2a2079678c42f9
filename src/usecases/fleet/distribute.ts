/**
 * `distribute [NAME] --to HOST…`: takes an identity to hosts and points Open vSwitch to it.
 *
 * @module
 */

import { refusalOf } from '../../deploy/answer/answer.js';
import type { HostResult } from '../../deploy/apply/apply.js';
import type { DesiredHost, TunnelEnd } from '../../deploy/desired/desired.js';
import { knownValue } from '../../deploy/facts/fact.js';
import type { HostFacts, PlanningFacts } from '../../deploy/facts/host-facts.js';
import { keyHashOf } from '../../deploy/plan/identity-files.js';
import { existingEnds } from '../../deploy/tunnels/existing.js';
import { proveEnd } from '../../deploy/tunnels/proof.js';
import { OvsPkiError } from '../../errors.js';
import { equalBytes } from '../../pki/der.js';
import type { KeySpec } from '../../pki/key-spec.js';
import { attributeValues, nameFault } from '../../pki/name.js';
import { oid } from '../../pki/oid.js';
import type { Platform } from '../../platform/index.js';
import { shellCommand } from '../../platform/quote.js';
import { readCertificate } from '../../store/certificate-file.js';
import { type ApplyRequest, applyAsked } from './apply.js';
import { type AskedHost, askHostsAll, closeAll } from './ask.js';
import { namesHere } from './identities.js';
import { fleetAt } from './inventory.js';
import { recordDistributed, requireOwnName } from './own-word.js';

/** Whose identity goes to which hosts; what is made new is made with these. */
export interface DistributeRequest extends Omit<ApplyRequest, 'fleet' | 'watched'> {
  /** Undefined: each host's own is found out. */
  readonly name: string | undefined;
  /** Destinations of ssh(1), or IP addresses, also as `NAME=HOST`; one of this machine is handled without SSH. */
  readonly destinations: readonly string[];
  /** How an ordinary user becomes root there; undefined for sudo. */
  readonly become?: string | undefined;
  readonly days: number;
  readonly keySpec: KeySpec;
}

/** A result for each host, in the order given. */
export async function distribute(platform: Platform, request: DistributeRequest): Promise<HostResult[]> {
  const { name, destinations } = request;
  if (name !== undefined && destinations.length > 1) {
    throw new OvsPkiError('USAGE', `one identity belongs to one host, and ${destinations.length} are named`, {
      hint: `leave ${name} away, so that each host gets its own, or name one host`,
    });
  }
  // 1. What is true on the hosts.
  const identity = { method: 'ca-signed', type: 'switch', days: request.days, keySpec: request.keySpec } as const;
  const provisional = { hosts: fleetAt(destinations, request.become).hosts.map((host) => ({ ...host, identity })) };
  const other =
    name === undefined
      ? undefined
      : provisional.hosts.map(givenName).find((given) => given !== undefined && given !== name);
  if (other !== undefined) {
    throw new OvsPkiError('USAGE', `the host is to have the identity ${name}, and is called ${other}`, {
      hint: `leave one of the two away: ${shellCommand`ovs-pki-ts distribute --to ${destinations[0]}`}`,
    });
  }
  const asked = await askHostsAll(platform, provisional, true);
  try {
    // 2. Whose identity is meant.
    const named = withoutNamesakes(asked.map((host) => withName(request, host)));
    // 3. As for any inventory.
    const encrypted = new Map(named.map((host) => [host.desired, 'error' in host ? [] : encryptedEnds(host)]));
    const results = await applyAsked(platform, named, {
      ...request,
      watched: (desired) => encrypted.get(desired) ?? [],
    });
    const done = new Set(results.filter(({ error }) => error === undefined).map(({ host }) => host));
    const taken = named.filter(({ desired }) => done.has(desired.name));
    recordDistributed(
      request.pkiDirectory,
      taken.map(({ desired: { name, target } }) => ({ name, destination: target.destination })),
    );
    return results;
  } finally {
    closeAll(asked);
  }
}

function withName(request: DistributeRequest, host: AskedHost<HostFacts>): AskedHost<HostFacts> {
  if ('error' in host) return host;
  try {
    const name = request.name ?? givenName(host.desired) ?? namedByItself(request, host);
    const fault = nameFault(name);
    if (fault !== undefined) throw new OvsPkiError('NAME_INVALID', `${name} cannot be the name of a host: ${fault}`);
    const method = methodFor(name, host.facts);
    const { identity } = host.desired;
    return { ...host, desired: { ...host.desired, name, identity: identity && { ...identity, method } } };
  } catch (error) {
    host.shell.close();
    return { desired: host.desired, error: refusalOf(host.desired.name, error) };
  }
}

/** Who a host is where nobody else says it: what it says, held against what is known here. */
function namedByItself(
  { pkiDirectory }: DistributeRequest,
  { desired: { target }, facts }: Extract<AskedHost<HostFacts>, { readonly facts: HostFacts }>,
): string {
  const name = nameFor(facts, target.destination);
  requireOwnName(pkiDirectory, { name, destination: target.destination, isLocal: target.kind === 'local', facts });
  return name;
}

/** The name that stood before its destination. */
function givenName({ name, target }: DesiredHost): string | undefined {
  return name === target.destination ? undefined : name;
}

/** One key on two hosts would make each of them the other. */
function withoutNamesakes(hosts: readonly AskedHost<HostFacts>[]): AskedHost<HostFacts>[] {
  return hosts.map((host) => {
    const { name, target } = host.desired;
    const other = hosts.find((item) => item !== host && 'facts' in item && item.desired.name === name);
    if ('error' in host || other === undefined) return host;
    host.shell.close();
    const also = other.desired.target.destination;
    const error = new OvsPkiError(
      'IDENTITY_AMBIGUOUS',
      `${target.destination} and ${also} would both be ${name}, and one identity belongs to one host`,
      {
        hint: `name each one's: ${shellCommand`ovs-pki-ts distribute NAME --to ${target.destination}`}`,
        details: { name },
      },
    );
    return { desired: { ...host.desired, name: target.destination }, error };
  });
}

/**
 * Whose identity a host is to have, where nobody says it: an OVN chassis that of its system-id; else that whose key it has, that of its own name or its system-id
 * (which OVN wants), the one it has now, the only one here; and for a host that has none yet its own name.
 */
function nameFor(facts: PlanningFacts, destination: string): string {
  const here = namesHere();
  const hashes = new Set([...facts.files.values()].map((fact) => keyHashIn(fact)));
  const byKey = here.filter((name) => hashes.has(keyHashOf(certificateOf(name))));
  const { 'system-id': systemId, 'ovn-remote': ovn } = knownValue(facts.ovsdb)?.externalIds ?? {};
  const shortName = facts.hostName.split('.')[0] ?? '';
  const own = [systemId, facts.hostName, shortName].filter((name): name is string => name !== undefined);
  const now = nameNow(facts);
  const candidates = [
    ovn !== undefined && systemId !== undefined && nameFault(systemId) === undefined ? systemId : undefined,
    byKey.length === 1 ? byKey[0] : undefined,
    own.find((name) => here.includes(name)),
    now,
    here.length === 1 ? here[0] : undefined,
    here.length === 0 && nameFault(shortName) === undefined && shortName !== 'localhost' ? shortName : undefined,
  ];
  const name = candidates.find((candidate) => candidate !== undefined);
  if (name !== undefined) return name;
  throw new OvsPkiError(
    'IDENTITY_AMBIGUOUS',
    `which certificate is ${destination} (${facts.hostName}) to have? Here are ${here.join(', ') || 'none'}`,
    { hint: `name it: ${shellCommand`ovs-pki-ts distribute NAME --to ${destination}`}`, details: { names: here } },
  );
}

function keyHashIn(fact: PlanningFacts['files'] extends ReadonlyMap<string, infer F> ? F : never): string | undefined {
  const file = knownValue(fact);
  return file?.kind === 'key' ? file.keyHash : undefined;
}

/** The name in the certificate that the database points to. */
function nameNow(facts: PlanningFacts): string | undefined {
  const path = knownValue(facts.ovsdb)?.otherConfig['certificate'];
  const fact = path === undefined ? undefined : facts.files.get(path);
  const file = fact === undefined ? undefined : knownValue(fact);
  return file?.kind === 'certificate' ? attributeValues(file.certificates[0].subject, oid.commonName)[0] : undefined;
}

/** A certificate here that signed itself is meant to be used as such; otherwise the CA decides. */
function methodFor(name: string, facts: PlanningFacts): 'ca-signed' | 'self-signed' {
  if (namesHere().includes(name)) {
    const { issuer, subject } = certificateOf(name);
    return equalBytes(issuer.der, subject.der) ? 'self-signed' : 'ca-signed';
  }
  const config = knownValue(facts.ovsdb)?.otherConfig;
  return config?.['certificate'] !== undefined && config['ca_cert'] === undefined ? 'self-signed' : 'ca-signed';
}

function certificateOf(name: string) {
  const file = `${name}-cert.pem`;
  return readCertificate(file);
}

/** Tunnels that work now must work afterwards; what did not work is not the fault of the new identity. */
function encryptedEnds({ desired, facts }: Extract<AskedHost<HostFacts>, { readonly facts: HostFacts }>): TunnelEnd[] {
  return existingEnds(facts).filter(
    (end) => end.method !== 'psk' && proveEnd({ host: desired, end, facts, certificate: undefined }).encrypted,
  );
}
