/**
 * The scripts that change a host, from the actions of its plan. Everything in them that came from outside is quoted
 * here.
 *
 * @module
 */

import { shellWord } from '../platform/quote.js';
import { fillTemplate } from '../platform/templates.js';
import type { Action } from './action.js';
import type { IkeDaemon, TunnelEnd, TunnelType } from './desired.js';
import type { Transaction } from './transaction.js';

type Place = Extract<Action, { readonly kind: 'place' }>;

/** What `prepare` puts on a host before anything points to it. */
export interface Preparation {
  readonly places: readonly Place[];
  /** The private keys that travel, PEM, by the path that they go to. */
  readonly keys: ReadonlyMap<string, string>;
  /** The pairs that must fit, checked by the host's own openssl. */
  readonly identity:
    | { readonly certificate: string; readonly private_key: string; readonly ca_cert: string | undefined }
    | undefined;
  readonly daemon: IkeDaemon;
  /** Sets the drop policy, and waits until the kernel has it for tunnels of these types. */
  readonly guard: { readonly transaction: Transaction; readonly types: readonly TunnelType[] } | undefined;
}

const modes: Readonly<Record<Place['role'], string>> = {
  ca: '644',
  certificate: '644',
  'private-key': '600',
  'peer-certificate': '644',
};

/** Keys before certificates, certificates before what points to them. */
export function prepareScript({ places, keys, identity, daemon, guard }: Preparation): string {
  const lines = [placeFunctions()];
  for (const { path, role, content } of places) {
    const text = role === 'private-key' ? keys.get(path) : content;
    if (text === undefined) throw new Error(`there is nothing to put at ${path}`);
    lines.push(`place ${shellWord(path)} ${modes[role]} ${shellWord(text)}`);
  }
  if (identity !== undefined) {
    lines.push(`same ${shellWord(identity.private_key)} ${shellWord(identity.certificate)}`);
    if (identity.ca_cert !== undefined) {
      lines.push(`signed ${shellWord(identity.certificate)} ${shellWord(identity.ca_cert)}`);
    }
  }
  // charon reads /etc/ipsec.d/cacerts when it starts; the "ca" section that ovs-monitor-ipsec writes is never loaded.
  if (daemon === 'strongswan' && identity?.ca_cert !== undefined) {
    lines.push('if command -v ipsec >/dev/null 2>&1; then ipsec rereadcacerts >/dev/null 2>&1 || :; fi');
  }
  if (guard !== undefined) {
    lines.push(transactLine(guard.transaction));
    for (const type of new Set(guard.types)) lines.push(`dropped ${shellWord(packetPattern[type])}`);
  }
  return `${lines.join('\n')}\n`;
}

/** One transaction, then the addresses of bridges. Ends with the transaction's reply on standard output. */
export function switchScript(transaction: Transaction | undefined, addresses: readonly Action[]): string {
  const lines = [placeFunctions()];
  if (transaction !== undefined) lines.push(transactLine(transaction));
  for (const action of addresses) {
    if (action.kind !== 'address') continue;
    const bridge = shellWord(action.bridge);
    lines.push(
      `tries=0; until ip link show dev ${bridge} >/dev/null 2>&1; do tries=$((tries + 1)); [ "$tries" -lt 30 ] || fail "the bridge ${action.bridge} did not come up: is ovs-vswitchd at work?"; sleep 1; done`,
      `ip addr replace ${shellWord(action.address)} dev ${bridge} && ip link set dev ${bridge} up || fail "the address ${action.address} could not be given to ${action.bridge}"`,
    );
  }
  return `${lines.join('\n')}\n`;
}

export function removeFilesScript(paths: readonly string[]): string {
  return paths.length === 0 ? '' : `rm -f -- ${paths.map(shellWord).join(' ')}\n`;
}

/** @param seconds how long the tunnels may take */
export function settleScript(ends: readonly TunnelEnd[], seconds: number): string {
  const tunnels = ends.map(({ bridge, port, type, localIp, remoteIp, initiates }) => {
    const words = [bridge, port, packetPattern[type], localIp, remoteIp, initiates ? '1' : '0'];
    return `settle ${words.map(shellWord).join(' ')} &`;
  });
  return fillTemplate('remote/settle.sh', { seconds: String(seconds), tunnels: tunnels.join('\n') });
}

/** How `ip xfrm` names the packets of a tunnel on their way out. */
export const packetPattern: Readonly<Record<TunnelType, string>> = {
  gre: 'proto gre',
  geneve: 'dport 6081',
  vxlan: 'dport 4789',
  stt: 'dport 7471',
};

/** On standard input of the program that talks to ovsdb-server: a PSK is in no list of processes. */
function transactLine(transaction: Transaction): string {
  return `printf '%s' ${shellWord(JSON.stringify(transaction))} | transact || fail 'the database refused the connection: is ovsdb-server at work?'`;
}

/** The shell functions that place files and talk to the database. */
export function placeFunctions(): string {
  return fillTemplate('remote/place.sh', { transact: shellWord(fillTemplate('remote/transact.py', {})) });
}
