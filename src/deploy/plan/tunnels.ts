/**
 * The part of a plan that makes tunnels: bridges, ports, their options, and the drop policy before them.
 *
 * @module
 */

import type { TunnelEnd } from '../desired/desired.js';
import { knownValue } from '../facts/fact.js';
import type { InterfaceFact } from '../facts/ovsdb.js';
import { optionRules } from '../inventory/tunnel-options.js';
import { hasGuard } from '../tunnels/packets.js';
import type { Action } from './action.js';
import { certificateFileFor, pemOf } from './identity-files.js';
import { type HostInput, holdsCertificate, interfaceOf, placesFor } from './input.js';
import { markFor } from './strangers.js';

/** What has to be in force before a port appears: drop policies of the kernel, and `other_config:ipsec_skb_mark`. */
export function guardActions(input: HostInput): Action[] {
  const { desired, facts } = input;
  if (desired.plaintext === 'keep') return [];
  const guards =
    desired.plaintext === '0/1' && facts.programs.has('ip') && facts.policies.state === 'known'
      ? desired.ends.filter((end) => !hasGuard(facts, end))
      : [];
  const unwanted = desired.plaintext === '0/1' ? [] : desired.ends.filter((end) => hasGuard(facts, end));
  const from = knownValue(facts.ovsdb)?.otherConfig['ipsec_skb_mark'];
  const to = markFor(input);
  return [
    ...guards.map(({ port, type, localIp, remoteIp }): Action => ({ kind: 'guard', port, type, localIp, remoteIp })),
    ...unwanted.map(
      ({ port, type, localIp, remoteIp }): Action => ({ kind: 'unguard', port, type, localIp, remoteIp }),
    ),
    ...(from === to ? [] : [{ kind: 'plaintext', from, to } as const]),
  ];
}

export function tunnelActions(input: HostInput): Action[] {
  const { desired, facts } = input;
  const database = knownValue(facts.ovsdb);
  const missing = [...new Set(desired.ends.map(({ bridge }) => bridge))].filter(
    (bridge) => !(database?.bridges ?? []).includes(bridge),
  );
  const addresses = knownValue(facts.addresses) ?? [];
  return [
    ...missing.map((bridge): Action => ({ kind: 'bridge', bridge })),
    ...desired.ends.flatMap((end) => endActions(input, end)),
    ...Object.entries(desired.bridgeAddresses)
      .filter(([, address]) => !addresses.includes(address.split('/')[0] ?? ''))
      .map(([bridge, address]): Action => ({ kind: 'address', bridge, address })),
  ];
}

function endActions(input: HostInput, end: TunnelEnd): Action[] {
  const found = interfaceOf(input, end);
  const { options, place } = wantedOptions(input, end, found);
  const now = found?.options ?? {};
  const set = Object.fromEntries(Object.entries(options).filter(([key, value]) => now[key] !== value));
  const remove = Object.keys(now).filter((key) => isManaged(key) && options[key] === undefined);
  const psk = pskChange(input, end, found);
  const { port, bridge, type, peer } = end;
  const isUnchanged =
    found !== undefined && found.type === type && psk === undefined && remove.length === 0 && isEmpty(set);
  if (isUnchanged) return place;
  const isNew = found === undefined;
  const loopRole = isNew ? input.loops.roles.get(port) : undefined;
  const role = loopRole === undefined || loopRole === 'none' ? {} : { loopRole };
  return [...place, { kind: 'port', port, bridge, type, isNew, set, remove, psk, peer, ...role }];
}

const managed = ['remote_ip', 'local_ip', 'remote_name', 'remote_cert', 'dst_port', 'egress_pkt_mark'];

/**
 * Options that we answer for: those of IPsec, what gets packets past it, and what both ends must agree on. What else an
 * operator has set stays.
 */
function isManaged(key: string): boolean {
  return managed.includes(key) || key.startsWith('ipsec_') || optionRules[key]?.ofTunnel === true;
}

function wantedOptions(
  input: HostInput,
  end: TunnelEnd,
  found: InterfaceFact | undefined,
): { options: Record<string, string>; place: Action[] } {
  const base = { ...end.options, remote_ip: end.remoteIp, local_ip: end.localIp };
  if (end.method === 'psk') return { options: base, place: [] };
  if (end.method === 'ca-signed') return { options: { ...base, remote_name: end.peer }, place: [] };
  const peer = input.peers.get(end.peer);
  const folder = placesFor(input).certs;
  if (peer === undefined || peer === 'enroll') {
    return { options: { ...base, remote_cert: `${folder}/${end.peer}-*-cert.pem` }, place: [] };
  }
  const current = found?.options['remote_cert'];
  if (current !== undefined && holdsCertificate(input, current, peer)) {
    return { options: { ...base, remote_cert: current }, place: [] };
  }
  const path = certificateFileFor(folder, end.peer, peer);
  const isThere = holdsCertificate(input, path, peer);
  const placed: Action = { kind: 'place', role: 'peer-certificate', path, content: pemOf(peer), source: undefined };
  return { options: { ...base, remote_cert: path }, place: isThere ? [] : [placed] };
}

function pskChange(
  input: HostInput,
  { method, port }: TunnelEnd,
  found: InterfaceFact | undefined,
): 'set' | 'remove' | undefined {
  if (method === 'psk') return input.psks.get(port);
  return found?.psk === undefined ? undefined : 'remove';
}

function isEmpty(record: Readonly<Record<string, string>>): boolean {
  return Object.keys(record).length === 0;
}
