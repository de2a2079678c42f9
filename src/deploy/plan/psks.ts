/**
 * Which PSK each tunnel gets: one for its two ends. What a host has in its database is a stranger's text: it goes to
 * another host only where it can be nothing but a PSK there.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { DesiredHost, TunnelEnd } from '../desired/desired.js';
import { type Fact, knownValue } from '../facts/fact.js';
import type { InterfaceFact } from '../facts/ovsdb.js';

/** A host and what is known of it. */
export interface PskHost {
  readonly desired: DesiredHost;
  readonly facts: { readonly ovsdb: Fact<{ readonly interfaces: readonly Pick<InterfaceFact, 'name' | 'psk'>[] }> };
}

export interface PskTable {
  /** By host and port, see {@link endKey}. */
  readonly values: ReadonlyMap<string, string>;
  /** The ends that do not have it yet. */
  readonly changed: ReadonlySet<string>;
  /** What the operator is to know, by host. */
  readonly notices: ReadonlyMap<string, readonly string[]>;
}

/** Where PSKs come from that no host has. */
export interface PskSources {
  /** For all tunnels without a file of their own. */
  readonly given: string | undefined;
  /** Gives the PSK in a file. */
  readonly inFile: (file: string) => string;
  readonly make: () => string;
}

/** The key of an end in a {@link PskTable}. */
export function endKey(host: string, port: string): string {
  return `${host}/${port}`;
}

/**
 * The PSK of a file or the one that was given; else what both ends have; else what the one end has that has a good one;
 * else a new one, also where two good ones differ, so that no host decides for another.
 */
export function pskTable(hosts: readonly PskHost[], sources: PskSources): PskTable {
  const values = new Map<string, string>();
  const changed = new Set<string>();
  const notices = new Map<string, string[]>();
  for (const ends of tunnelsOf(hosts)) {
    const psk = wanted(ends, sources) ?? agreed(ends) ?? onlyGood(ends) ?? sources.make();
    for (const { host, end, now } of ends) {
      values.set(endKey(host, end.port), psk);
      // A port that takes the place of another one is made, and has none yet.
      if (now === psk && end.before === undefined) continue;
      changed.add(endKey(host, end.port));
      if (now === undefined || isPsk(now)) continue;
      const notice = `${host}: the PSK of ${end.port} is not 8 to 512 visible ASCII characters without " and \\; it gets another one`;
      notices.set(host, [...(notices.get(host) ?? []), notice]);
    }
  }
  return { values, changed, notices };
}

interface End {
  readonly host: string;
  readonly end: TunnelEnd;
  readonly now: string | undefined;
}

/** The ends of each tunnel that uses a PSK, as far as their hosts are among these. */
function tunnelsOf(hosts: readonly PskHost[]): Iterable<readonly End[]> {
  const tunnels = new Map<string, End[]>();
  for (const { desired, facts } of hosts) {
    for (const end of desired.ends.filter(({ method }) => method === 'psk')) {
      const tunnel = [...[end.localIp, end.remoteIp].sort(), end.type].join(' ');
      const found = tunnels.get(tunnel) ?? [];
      tunnels.set(tunnel, [...found, { host: desired.name, end, now: pskNow(facts, end) ?? pskBefore(facts, end) }]);
    }
  }
  return tunnels.values();
}

function pskNow({ ovsdb }: PskHost['facts'], { port }: Pick<TunnelEnd, 'port'>): string | undefined {
  return knownValue(ovsdb)
    ?.interfaces.find(({ name }) => name === port)
    ?.psk?.reveal();
}

/** Both daemons keep PSKs by address: what takes the place of a tunnel has its key. */
function pskBefore(facts: PskHost['facts'], { before }: TunnelEnd): string | undefined {
  return before === undefined ? undefined : pskNow(facts, { port: before });
}

function wanted(ends: readonly End[], { given, inFile }: PskSources): string | undefined {
  const file = ends.find(({ end }) => end.pskFile !== undefined)?.end.pskFile;
  return file === undefined ? given : inFile(file);
}

/** What all ends have stays as it is, whatever it is: nothing of it travels. */
function agreed(ends: readonly End[]): string | undefined {
  const [first] = ends;
  return ends.every(({ now }) => now === first?.now) ? first?.now : undefined;
}

function onlyGood(ends: readonly End[]): string | undefined {
  const good = new Set(ends.flatMap(({ now }) => (now !== undefined && isPsk(now) ? [now] : [])));
  const [only] = good;
  return good.size === 1 ? only : undefined;
}

/** ovs-monitor-ipsec writes it between quotation marks into a line of ipsec.secrets. */
function isPsk(text: string): boolean {
  return /^[\x21\x23-\x5b\x5d-\x7e]{8,512}$/.test(text);
}

/** A PSK as it was given, without the end of its line. @throws USAGE */
export function checkedPsk(text: string, file: string): string {
  const psk = text.replace(/\r?\n$/, '');
  if (isPsk(psk)) return psk;
  throw new OvsPkiError(
    'USAGE',
    `${file} holds no PSK: 8 to 512 visible ASCII characters on one line, without " and \\`,
    {
      hint: `make a strong one: openssl rand -base64 32 >${file}; or leave the file away to have one made`,
    },
  );
}

/** 256 bits: RFC 7296, 2.15 wants no less of what replaces a certificate. */
export function newPsk(): string {
  return Buffer.from(globalThis.crypto.getRandomValues(new Uint8Array(32))).toString('base64url');
}
