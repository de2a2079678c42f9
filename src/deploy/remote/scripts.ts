/**
 * The scripts that change a host, from the actions of its plan. Everything in them that came from outside is quoted
 * here.
 *
 * @module
 */

import { shellNumber, shellWord } from '../../platform/quote.js';
import { fillTemplate } from '../../platform/templates.js';
import type { TunnelEnd } from '../desired/desired.js';
import type { GuardedTunnel } from '../plan/action.js';
import type { IdentityFiles } from '../plan/identity-files.js';
import { type ActionOf, actionsOf, type KindWith } from '../plan/kinds.js';
import { guardCommand, packetSelectors, unguardCommand } from '../tunnels/packets.js';
import type { Transaction } from './transaction.js';

type Place = ActionOf<'place'>;

export type Link = ActionOf<'link'>;

type PrepareKind = KindWith<{ readonly stage: 'prepare' }>;

/** What `prepare` puts on a host before anything points to it. */
export interface Preparation {
  readonly actions: readonly ActionOf<PrepareKind>[];
  /** The private keys that travel, PEM, by the path that they go to. */
  readonly keys: ReadonlyMap<string, string>;
  /** The functions of its IKE daemon. */
  readonly ike: string;
  /** Sets ipsec_skb_mark. */
  readonly plaintext: Transaction | undefined;
}

const modes: Readonly<Record<Place['role'], string>> = {
  ca: '644',
  certificate: '644',
  'private-key': '600',
  'peer-certificate': '644',
  crl: '644',
};

/** What each action of the stage becomes, in this order: certificates come before what points to them. */
const preparing: {
  readonly [Kind in PrepareKind]: (action: ActionOf<Kind>, preparation: Preparation) => readonly string[];
} = {
  place: (place, { keys }) => [placeLine(place, keys)],
  verify: (files) => fitLines(files),
  // Links in use change when the IKE daemon rereads them.
  link: ({ path, to, inUse }) => (inUse ? [] : [linkLine(path, to)]),
  trust: ({ files }) => ['reread_authorities', ...files.map((file) => `trust ${shellWord(file)}`)],
  listen: () => ['listen'],
  guard: (guard) => [guardLine(guard)],
  // When the lists of revoked certificates are loaded.
  cut: ({ port }) => [`take_down ${shellWord(portPattern(port))}`],
  plaintext: (_, { plaintext }) => (plaintext === undefined ? [] : [transactLine(plaintext)]),
  'refuse-strangers': ({ when }) => (when === 'before the change' ? [refuseStrangers] : []),
};

/** Keys before certificates, certificates before what points to them. */
export function prepareScript(preparation: Preparation): string {
  const of = <Kind extends PrepareKind>(kind: Kind): readonly string[] =>
    actionsOf(preparation.actions, kind).flatMap((action) => preparing[kind](action, preparation));
  const lines = (Object.keys(preparing) as PrepareKind[]).flatMap((kind) => of(kind));
  return `${[functionsWith(preparation.ike), ...lines].join('\n')}\n`;
}

function placeLine({ path, role, content }: Place, keys: Preparation['keys']): string {
  const text = role === 'private-key' ? keys.get(path) : content;
  if (text === undefined) throw new Error(`there is nothing to put at ${path}`);
  return role === 'crl'
    ? `place_crl ${shellWord(path)} ${shellWord(text)}`
    : `place ${shellWord(path)} ${modes[role]} ${shellWord(text)}`;
}

function fitLines({ certificate, private_key, ca_cert }: IdentityFiles): string[] {
  return [
    `same ${shellWord(private_key)} ${shellWord(certificate)}`,
    ...(ca_cert === undefined ? [] : [`signed ${shellWord(certificate)} ${shellWord(ca_cert)}`]),
  ];
}

const refuseStrangers = 'refuse_strangers';

/** The same alone, for a daemon that has read its connections again since. */
export function refuseStrangersScript(ike: string): string {
  return `${functionsWith(ike)}${refuseStrangers}\n`;
}

export function linkLine(path: string, to: string): string {
  return `point ${shellWord(path)} ${shellWord(to.slice(to.lastIndexOf('/') + 1))}`;
}

/** One transaction, then the addresses of bridges. Ends with the transaction's reply on standard output. */
export function switchScript(
  ike: string,
  transaction: Transaction | undefined,
  addresses: readonly ActionOf<'address'>[],
): string {
  const lines = [functionsWith(ike)];
  if (transaction !== undefined) lines.push(transactLine(transaction));
  for (const action of addresses) {
    const bridge = shellWord(action.bridge);
    lines.push(
      `tries=0; until ip link show dev ${bridge} >/dev/null 2>&1; do tries=$((tries + 1)); [ "$tries" -lt 30 ] || fail ${shellWord(`the bridge ${action.bridge} did not come up: is ovs-vswitchd at work?`)}; sleep 1; done`,
      `ip addr replace ${shellWord(action.address)} dev ${bridge} && ip link set dev ${bridge} up || fail ${shellWord(`the address ${action.address} could not be given to ${action.bridge}`)}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** The name of a port as a basic regular expression (POSIX): `tun.1` is not `tun-1`. */
export function portPattern(port: string): string {
  return port.replaceAll(/[^\w-]/g, (character) => (character === '^' ? '\\^' : `[${character}]`));
}

/** Lets libreswan have the connections of ports, and wait there for the peer. */
export function waitForPeerScript(ports: readonly string[]): string {
  return ports.map((port) => `wait_for_peer ${shellWord(portPattern(port))}\n`).join('');
}

/** Whose certificate it was, and the files of the CAs, which are still there. */
export interface LeavingIdentity {
  readonly name: string;
  readonly authorities: readonly string[];
}

/** Takes an identity out of what the IKE daemon keeps besides files. */
export function forgetIdentityScript({ name, authorities }: LeavingIdentity): string {
  return `forget_identity ${[name, ...authorities].map(shellWord).join(' ')}\n`;
}

export function removeFilesScript(paths: readonly string[]): string {
  if (paths.length === 0) return '';
  // Packages have made what is below /etc/ipsec.d; other folders came with our files, and go with the last of them.
  const folders = new Set(paths.map((path) => path.slice(0, path.lastIndexOf('/'))));
  const own = [...folders].filter((folder) => !/^\/etc\/ipsec\.d(\/|$)/.test(folder));
  const emptied = own.map((folder) => `rmdir -- ${shellWord(folder)} 2>/dev/null || :\n`).join('');
  return `rm -f -- ${paths.map(shellWord).join(' ')}\n${emptied}`;
}

/** An end that is to be proved. */
export interface SettlingEnd extends TunnelEnd {
  /** It was at work and has but another certificate: nobody may have something to send to it. */
  readonly mayBeIdle: boolean;
}

/** @param seconds how long the tunnels may take; @param mark of the answer in which it tells what they carried */
export function settleScript(ike: string, ends: readonly SettlingEnd[], seconds: number, mark: string): string {
  const tunnels = ends.map(({ bridge, port, type, localIp, remoteIp, initiates, mayBeIdle }) => {
    const words = [
      bridge,
      port,
      packetSelectors[type].replace(/^proto (udp|tcp) /, ''),
      localIp,
      remoteIp,
      initiates ? '1' : '0',
      portPattern(port),
      mayBeIdle ? '1' : '0',
    ];
    return `settle ${words.map(shellWord).join(' ')} &`;
  });
  const values = { mark, seconds: shellNumber(seconds), tunnels: tunnels.join('\n'), places: places() };
  return ike + fillTemplate('remote/settle.sh', values);
}

/**
 * A policy that stands behind those of any IKE daemon: what they do not take is dropped. ipsec_skb_mark alone does not
 * do that: ovs-monitor-ipsec's drop policies for geneve, vxlan and stt are for packets *from* the well-known port, and
 * tunnel packets go *to* it; and libreswan 4 loads none of them.
 */
function guardLine(guard: GuardedTunnel): string {
  return `${guardCommand(guard)} || fail 'the kernel does not take a drop policy: has it IPsec?'`;
}

/** Takes the drop policies of tunnels away. */
export function unguardScript(guards: readonly GuardedTunnel[]): string {
  const lines = guards.map((guard) => `${unguardCommand(guard)} 2>/dev/null || :\n`);
  return lines.length === 0 ? '' : `gone\n${lines.join('')}`;
}

/**
 * On standard input of the program that talks to ovsdb-server: a PSK is in no list of processes. What follows rests on
 * the transaction: where it is refused, the script ends.
 */
function transactLine(transaction: Transaction): string {
  return `printf '%s' ${shellWord(JSON.stringify(transaction))} | transact || { [ $? -ne 3 ] || exit 3; fail 'the database refused the connection: is ovsdb-server at work?'; }`;
}

export function renewFunctions(ike: string): string {
  return `${functionsWith(ike)}\n${fillTemplate('remote/renew.sh', {})}\n`;
}

function functionsWith(ike: string): string {
  return `${placeFunctions()}\n${ike}`;
}

/** The shell functions that place files and talk to the database. */
export function placeFunctions(): string {
  return fillTemplate('remote/place.sh', {
    transact: shellWord(fillTemplate('remote/transact.py', {})),
    places: places(),
  });
}

function places(): string {
  return fillTemplate('remote/places.sh', {});
}
