/**
 * The tunnels that a host has now, as its database tells them.
 *
 * @module
 */

import { isTunnelType, type TunnelEnd } from '../desired/desired.js';
import { knownValue } from '../facts/fact.js';
import type { PlanningFacts } from '../facts/host-facts.js';
import type { SecurityAssociation } from '../facts/kernel.js';
import { lookup } from '../facts/lookup.js';
import type { InterfaceFact } from '../facts/ovsdb.js';

/** The ends that are to be encrypted; `local_ip` is that of the security associations where the database has none. */
export function existingEnds(facts: PlanningFacts): TunnelEnd[] {
  return (knownValue(facts.ovsdb)?.interfaces ?? []).flatMap((found) => {
    const end = endOf(found, facts);
    return end === undefined ? [] : [end];
  });
}

/** The tunnels that nothing is to encrypt. */
export function plainTunnels(interfaces: readonly InterfaceFact[]): InterfaceFact[] {
  return interfaces.filter(
    ({ type, options, psk }) =>
      isTunnelType(type) &&
      psk === undefined &&
      options['remote_name'] === undefined &&
      options['remote_cert'] === undefined,
  );
}

function endOf({ name, type, options, psk, bridge }: InterfaceFact, facts: PlanningFacts): TunnelEnd | undefined {
  const { remote_ip: remoteIp, local_ip, remote_name, remote_cert } = options;
  if (!isTunnelType(type) || remoteIp === undefined) return undefined;
  if (psk === undefined && remote_name === undefined && remote_cert === undefined) return undefined;
  return {
    bridge: bridge ?? '',
    port: name,
    type,
    method: psk !== undefined ? 'psk' : remote_cert !== undefined ? 'self-signed' : 'ca-signed',
    localIp: local_ip ?? localIpTo(remoteIp, facts) ?? '',
    remoteIp,
    peer: remote_name ?? nameIn(remote_cert, facts) ?? remoteIp,
    options: {},
    pskFile: undefined,
    initiates: true,
  };
}

function localIpTo(remoteIp: string, { states }: PlanningFacts): string | undefined {
  return leadingTo(knownValue(states) ?? [], remoteIp)[0]?.source;
}

const leadingTo = lookup<SecurityAssociation>(({ destination }) => [destination]);

function nameIn(path: string | undefined, { files }: PlanningFacts): string | undefined {
  const fact = path === undefined ? undefined : files.get(path);
  const file = fact === undefined ? undefined : knownValue(fact);
  if (file?.kind !== 'certificate') return undefined;
  return file.certificates[0].subjectAltName?.find(({ kind }) => kind === 2)?.text;
}
