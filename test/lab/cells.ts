/** What the laboratory tries, as data: one cell is one tunnel between two hosts, made in one way. */

import type { Daemon } from './lab.js';
import { type Release, releases } from './releases.js';
import { type ShapeName, shapes } from './shapes.js';

export const tunnelTypes = ['gre', 'geneve', 'vxlan'] as const;
export const methods = ['ca-signed', 'self-signed', 'psk'] as const;
export type Method = (typeof methods)[number];
export type TunnelType = (typeof tunnelTypes)[number] | 'stt';

/** Both ends of a pair, in the short words of the table. */
export const pairings = {
  'ss-ss': ['strongswan', 'strongswan'],
  'ss-ls': ['strongswan', 'libreswan'],
  'ls-ls': ['libreswan', 'libreswan'],
} as const satisfies Readonly<Record<string, readonly [Daemon, Daemon]>>;
export type Pairing = keyof typeof pairings;

/**
 * `connect`: one `connect` of the program; `tutorial`: the same with the tutorial's names; `by-hand`: the tutorial's own
 * commands; `configuration`: no packet can flow, only what is written is looked at; `misfortunes`: a working tunnel goes
 * wrong in many ways, and doctor is asked; `refused`: what cannot work is not
 * begun; `on-host`: the program runs on one of the hosts; `renewal`: certificates and CA are replaced under a tunnel at
 * work; `renewal-hub`: a hub is renewed while one of its spokes is gone; `revocation`: a certificate is revoked; `fleet`:
 * four hosts in one shape; `evolution`: their inventory changes; `nat`: a host behind a router that translates; `takeover`:
 * what the tutorial made comes under an inventory; `remove`: hosts are compared before a tunnel and after it.
 */
export type CellKind =
  | 'connect'
  | 'tutorial'
  | 'by-hand'
  | 'configuration'
  | 'misfortunes'
  | 'refused'
  | 'on-host'
  | 'renewal'
  | 'renewal-hub'
  | 'revocation'
  | 'fleet'
  | 'evolution'
  | 'nat'
  | 'takeover'
  | 'remove';

export interface Cell {
  readonly name: string;
  readonly kind: CellKind;
  readonly type: TunnelType;
  readonly method: Method;
  readonly pairing: Pairing;
  /** Of its hosts, in the order of the pairing. */
  readonly releases: readonly [Release, Release];
  readonly ipv6: boolean;
  /** Cells of one name share a pair of hosts, one after the other. */
  readonly hosts: string;
  readonly isRepresentative: boolean;
  /** Of a fleet. */
  readonly shape?: ShapeName;
}

/** What every build tries: the tutorial in its three ways, and two daemons together. */
const representative: readonly string[] = [
  'tutorial a) psk',
  'tutorial b) self-signed',
  'tutorial c) ca-signed',
  'vxlan ca-signed ss-ls',
];

export const cells: readonly Cell[] = [
  ...tutorialCells('tutorial', 'tutorial'),
  ...tutorialCells('by-hand', 'by hand'),
  ...matrix(),
  ...columnOverIpv6(),
  ...sttCells(),
  ...misfortuneCells(),
  ...renewalCells(),
  ...hubCells(),
  ...revocationCells(),
  ...fleetCells(),
  ...evolutionCells(),
  ...natCells(),
  ...[...matrix(), ...columnOverIpv6(), ...renewalCells(), ...revocationCells()]
    .filter(({ kind }) => kind !== 'refused')
    .map((item) => onReleases(item, '13', '13')),
  ...matrix()
    .filter(({ method, type }) => method === 'ca-signed' && type !== 'vxlan')
    .map((item) => onReleases(item, '12', '13')),
  ...takeoverCells(),
  ...removeCells(),
  cell({
    name: 'on the host c) ca-signed',
    kind: 'on-host',
    type: 'gre',
    method: 'ca-signed',
    pairing: 'ss-ss',
    ipv6: false,
    hosts: 'tutorial',
  }),
];

/** The representative ones, `all`, or those whose name has every word of one of the arguments; a release has to be named. */
export function chosenCells(wanted: readonly string[]): readonly Cell[] {
  if (wanted.length === 0) return cells.filter(({ isRepresentative }) => isRepresentative);
  const fits = (name: string, words: string): boolean => {
    const [own, asked] = [name.split(' '), words.split(' ')];
    const isNamed = !isRelease(own[0]) || asked.includes(own[0] ?? '');
    return isNamed && asked.every((word) => own.includes(word));
  };
  return cells.filter(({ name }) => wanted.some((words) => words === 'all' || fits(name, words)));
}

function isRelease(word = ''): boolean {
  return word.split('-').every((part) => releases.some((release) => release === part));
}

/** `13 gre psk ls-ls`, `12-13 gre psk ss-ls`: what is tried on the machine's own release, on another one, or on two. */
function onReleases(item: Cell, first: Release, second: Release): Cell {
  const word = first === second ? first : `${first}-${second}`;
  const names = { name: `${word} ${item.name}`, hosts: `${word} ${item.hosts}` };
  return cell({ ...item, ...names, releases: [first, second] });
}

type Draft = Omit<Cell, 'isRepresentative' | 'releases'> & Partial<Pick<Cell, 'releases'>>;

function cell(draft: Draft): Cell {
  return { releases: ['12', '12'], ...draft, isRepresentative: representative.includes(draft.name) };
}

/** CA-signed first: libreswan that has once looked without a CA does not see one that comes later. */
function tutorialCells(kind: 'tutorial' | 'by-hand', word: string): Cell[] {
  const letters: Readonly<Record<Method, string>> = { psk: 'a', 'self-signed': 'b', 'ca-signed': 'c' };
  return methods.map((method) =>
    cell({
      name: `${word} ${letters[method]}) ${method}`,
      kind,
      type: 'gre',
      method,
      pairing: 'ss-ss',
      ipv6: false,
      hosts: 'tutorial',
    }),
  );
}

function matrix(): Cell[] {
  return pairingNames().flatMap((pairing) =>
    methods.flatMap((method) =>
      tunnelTypes.map((type) =>
        cell({
          name: `${type} ${method} ${pairing}`,
          kind: 'connect',
          type,
          method,
          pairing,
          ipv6: false,
          hosts: pairing,
        }),
      ),
    ),
  );
}

function columnOverIpv6(): Cell[] {
  return pairingNames().flatMap((pairing) =>
    tunnelTypes.map((type) =>
      cell({
        name: `${type} ca-signed ${pairing} ipv6`,
        kind: type === 'gre' ? 'refused' : 'connect',
        type,
        method: 'ca-signed',
        pairing,
        ipv6: true,
        hosts: `${pairing} ipv6`,
      }),
    ),
  );
}

function sttCells(): Cell[] {
  return (['ss-ss', 'ls-ls'] as const).map((pairing) =>
    cell({
      name: `stt ca-signed ${pairing}`,
      kind: 'configuration',
      type: 'stt',
      method: 'ca-signed',
      pairing,
      ipv6: false,
      hosts: `${pairing} stt`,
    }),
  );
}

function misfortuneCells(): Cell[] {
  return (['ss-ss', 'ls-ls'] as const).map((pairing) =>
    cell({
      name: `misfortunes ${pairing}`,
      kind: 'misfortunes',
      type: 'gre',
      method: 'ca-signed',
      pairing,
      ipv6: false,
      hosts: `${pairing} misfortunes`,
    }),
  );
}

function renewalCells(): Cell[] {
  return pairingNames().flatMap((pairing) =>
    (['gre', 'geneve'] as const).map((type) =>
      cell({
        name: `renewal ${type} ${pairing}`,
        kind: 'renewal',
        type,
        method: 'ca-signed',
        pairing,
        ipv6: false,
        hosts: `${pairing} renewal`,
      }),
    ),
  );
}

function hubCells(): Cell[] {
  return (['ss-ss', 'ls-ls'] as const).map((pairing) =>
    cell({
      name: `renewal hub ${pairing}`,
      kind: 'renewal-hub',
      type: 'gre',
      method: 'ca-signed',
      pairing,
      ipv6: false,
      hosts: `${pairing} hub`,
    }),
  );
}

function revocationCells(): Cell[] {
  return (['ss-ss', 'ls-ls'] as const).map((pairing) =>
    cell({
      name: `revocation ${pairing}`,
      kind: 'revocation',
      type: 'gre',
      method: 'ca-signed',
      pairing,
      ipv6: false,
      hosts: `${pairing} revocation`,
    }),
  );
}

/** Two hosts of each end of a pairing; both daemons together first. */
function fleetCells(): Cell[] {
  const types = { mesh: 'gre', hub: 'geneve', 'mesh-and-spoke': 'vxlan', 'mesh-and-hub': 'geneve' } as const;
  return (['ss-ls', 'ss-ss', 'ls-ls'] as const).flatMap((pairing) =>
    (Object.keys(shapes) as ShapeName[]).map((shape) =>
      cell({
        name: `fleet ${shape} ${pairing}`,
        kind: 'fleet',
        type: types[shape],
        method: 'ca-signed',
        pairing,
        ipv6: false,
        hosts: `${pairing} fleet`,
        shape,
      }),
    ),
  );
}

function evolutionCells(): Cell[] {
  return (['ss-ls', 'ss-ss', 'ls-ls'] as const).map((pairing) =>
    cell({
      name: `evolution ${pairing}`,
      kind: 'evolution',
      type: 'gre',
      method: 'ca-signed',
      pairing,
      ipv6: false,
      hosts: `${pairing} evolution`,
    }),
  );
}

/** The second host is behind NAT. */
function natCells(): Cell[] {
  const types = { 'ss-ss': 'gre', 'ss-ls': 'geneve', 'ls-ls': 'vxlan' } as const;
  return pairingNames().map((pairing) =>
    cell({
      name: `nat ${types[pairing]} ${pairing}`,
      kind: 'nat',
      type: types[pairing],
      method: 'ca-signed',
      pairing,
      ipv6: false,
      hosts: `${pairing} nat`,
    }),
  );
}

/** As the tutorial is typed, and with the addresses named that an inventory has. */
function takeoverCells(): Cell[] {
  return ['', ' local_ip'].flatMap((word) =>
    methods.map((method) =>
      cell({
        name: `takeover ${method}${word}`,
        kind: 'takeover',
        type: 'gre',
        method,
        pairing: 'ss-ss',
        ipv6: false,
        hosts: `takeover ${method}${word}`,
      }),
    ),
  );
}

/** Both daemons, one at each end. */
function removeCells(): Cell[] {
  return methods.map((method) =>
    cell({
      name: `remove ${method} ss-ls`,
      kind: 'remove',
      type: 'gre',
      method,
      pairing: 'ss-ls',
      ipv6: false,
      hosts: 'ss-ls remove',
    }),
  );
}

function pairingNames(): Pairing[] {
  return ['ss-ss', 'ss-ls', 'ls-ls'];
}
