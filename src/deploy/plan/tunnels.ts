/**
 * The part of a plan that makes tunnels: bridges, ports, their options, and the drop policy before them.
 *
 * @module
 */

import type { TunnelEnd } from '../desired/desired.js';
import { knownValue } from '../facts/fact.js';
import { type InterfaceFact, interfaceIn } from '../facts/ovsdb.js';
import { optionRules } from '../inventory/tunnel-options.js';
import { marks } from '../tunnels/ownership.js';
import { hasGuard } from '../tunnels/packets.js';
import type { Action } from './action.js';
import { certificateFileFor, pemOf } from './identity-files.js';
import { daemonFor, type HostInput, holdsCertificate, interfaceOf, placesFor } from './input.js';
import { costOfMark, interruptionOf, secondsLost } from './interruption.js';
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
    ...(from === to ? [] : [{ kind: 'plaintext', from, to, ...costOfMark(facts) } as const]),
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
  const isHalfReplaced = found?.externalIds[marks.replaces] !== undefined && end.before !== undefined;
  const isNew = found === undefined || (end.before !== undefined && !isHalfReplaced);
  const now = isNew ? undefined : found;
  const { options, place } = wantedOptions(input, end, now);
  const before = now?.options ?? {};
  const set = Object.fromEntries(Object.entries(options).filter(([key, value]) => before[key] !== value));
  const remove = Object.keys(before).filter((key) => isManaged(key) && options[key] === undefined);
  const psk = pskChange(input, end, now);
  const movedFrom = now?.bridge === undefined || now.bridge === end.bridge ? undefined : now.bridge;
  const was = Object.fromEntries(Object.entries(before).filter(([key]) => set[key] !== undefined));
  const { port, bridge, type, peer } = end;
  const taken = isNew ? takenPlace(input, end) : undefined;
  const isUnchanged = !isNew && psk === undefined && remove.length === 0 && isEmpty(set) && movedFrom === undefined;
  const replaced: Action[] = isHalfReplaced || taken?.goes === 'when proved' ? [replaceAction(input, end)] : [];
  if (isUnchanged) return [...place, ...markActions(end, now), ...replaced];
  const action: Action = {
    ...{ kind: 'port', port, bridge, type, isNew, set, remove, psk, peer },
    ...(isEmpty(was) ? {} : { was }),
    ...(taken === undefined ? {} : { before: taken }),
    ...(movedFrom === undefined ? {} : { movedFrom }),
    ...(isNew ? roleOf(input, port) : {}),
  };
  const interruption = interruptionOf(action);
  return [...place, interruption === undefined ? action : { ...action, interruption }, ...replaced];
}

function roleOf({ loops }: HostInput, port: string): Pick<Extract<Action, { kind: 'port' }>, 'loopRole'> {
  const loopRole = loops.roles.get(port);
  return loopRole === undefined || loopRole === 'none' ? {} : { loopRole };
}

/** A tunnel of the same type leaves its place at once: the datapath takes no two of them. */
function takenPlace(
  { facts }: HostInput,
  { before, port, type }: TunnelEnd,
): Extract<Action, { kind: 'port' }>['before'] {
  const old = interfaceIn(facts.ovsdb, before);
  if (old === undefined) return undefined;
  const goes = old.type === type || old.name === port ? 'at once' : 'when proved';
  return { port: old.name, bridge: old.bridge ?? '', goes };
}

function replaceAction({ facts }: HostInput, { port, peer, before = '' }: TunnelEnd): Action {
  const old = interfaceIn(facts.ovsdb, before);
  const interruption = { why: 'replaced', seconds: secondsLost.replaced } as const;
  return { kind: 'replace', port, peer, old: { port: before, bridge: old?.bridge ?? '' }, interruption };
}

function markActions({ port, peer }: TunnelEnd, found: InterfaceFact | undefined): Action[] {
  const was = found?.externalIds[marks.peer];
  return was === peer ? [] : [{ kind: 'mark', port, peer, was }];
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
  const base = { ...encapsulation(input, end), ...end.options, remote_ip: end.remoteIp, local_ip: end.localIp };
  if (end.method === 'psk') return { options: base, place: [] };
  if (end.method === 'ca-signed') return { options: { ...base, remote_name: end.peer }, place: [] };
  const peer = input.peers.get(end.peer);
  const folder = placesFor(input).certs;
  if (peer === undefined || peer === 'enroll') {
    const path = `${folder}/${end.peer}-*-cert.pem`;
    const placed: Action = { kind: 'place', role: 'peer-certificate', path, content: undefined, source: undefined };
    return { options: { ...base, remote_cert: path }, place: peer === undefined ? [] : [placed] };
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

/** Where addresses are translated, ESP goes in UDP from the beginning; Open vSwitch passes such options on since 3.0. */
function encapsulation(input: HostInput, { isTranslated }: TunnelEnd): Record<string, string> {
  const version = Number.parseInt(knownValue(input.facts.ovsdb)?.ovsVersion ?? '', 10);
  if (isTranslated !== true || !(version >= 3)) return {};
  const [option = '', value = ''] = daemonFor(input).encapsulation.split('=');
  return { [option]: value };
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
