/**
 * What pluto of several versions says of connections and states: from files where it was run, and written by the table of its
 * sources where no package of it is to be had.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/programs.js';

export interface PlutoAnswer {
  readonly title: string;
  readonly version: string;
  /** `run`: captured from the real program; `table`: made after its sources. */
  readonly source: 'run' | 'table';
  readonly status: string;
  readonly traffic: string;
  /** The connections that are read, and how far they are. */
  readonly connections: Readonly<Record<string, 'loaded' | 'trying' | 'ike' | 'child'>>;
  readonly remoteIds?: Readonly<Record<string, string>>;
}

const captured = (name: string): string =>
  readFileSync(join(projectRoot, 'test/fixtures/libreswan', `${name}.txt`), 'utf8');

/** The form of each generation: what stands before a line, and what a state is called. */
const generations = [
  {
    ...{ version: '4.3', prefix: '000 ', traffic: '006 ', routing: 'erouted; eroute owner: #2' },
    ike: 'STATE_V2_ESTABLISHED_IKE_SA (established IKE SA)',
    child: 'STATE_V2_ESTABLISHED_CHILD_SA (established Child SA)',
    trying: 'STATE_V2_PARENT_I1 (sent IKE_SA_INIT request)',
  },
  {
    ...{ version: '5.0', prefix: '', traffic: '', routing: 'routed-tunnel; my_ip=unset' },
    ike: 'STATE_V2_ESTABLISHED_IKE_SA (established IKE SA)',
    child: 'STATE_V2_ESTABLISHED_CHILD_SA (established Child SA)',
    trying: 'STATE_V2_PARENT_I1 (sent IKE_SA_INIT request)',
  },
  ...['5.1', '5.2', '5.2-2.2', '5.3'].map((version) => ({
    ...{ version, prefix: '', traffic: '', routing: 'routed-tunnel; my_ip=unset' },
    ike: 'ESTABLISHED_IKE_SA (established IKE SA)',
    child: 'ESTABLISHED_CHILD_SA (established Child SA)',
    trying: 'IKE_SA_INIT_I (sent IKE_SA_INIT request)',
  })),
  ...['5.4', '5.9', '6.0', 'unknown'].map((version) => ({
    ...{ version, prefix: '', traffic: '', routing: 'routed-tunnel; my_ip=unset' },
    ...{ ike: 'established IKE SA', child: 'established Child SA', trying: 'sent IKE_SA_INIT request' },
  })),
];

type Generation = (typeof generations)[number];

function statusOf({ prefix, routing }: Generation, states: readonly string[]): string {
  const connection = `"tun-1": 192.0.2.1/32/GRE/0===192.0.2.1...192.0.2.2===192.0.2.2/32/GRE/0; ${routing};`;
  const details = '"tun-1":   policy: IKEv2+PSK+ENCRYPT+TRANSPORT+PFS+UP+IKE_FRAG_ALLOW;';
  const lines = ['nssdir=/var/lib/ipsec/nss, dumpdir=/run/pluto, statsbin=unset', connection, details, ...states];
  return [...lines, 'Total IPsec connections: loaded 1, active 0'].map((line) => `${prefix}${line}\n`).join('');
}

const made = generations.flatMap((generation): PlutoAnswer[] => {
  const { version, ike, child, trying, traffic } = generation;
  const base = { version, source: 'table', traffic: '' } as const;
  const state = (number: number, words: string): string => `#${number}: "tun-1":500 ${words}; REKEY in 28060s; idle;`;
  const id = `${traffic}#2: "tun-1", type=ESP, add_time=1, inBytes=2, outBytes=3, maxBytes=2^63B, id='@host_2'\n`;
  return [
    { ...base, title: 'loaded', status: statusOf(generation, []), connections: { 'tun-1': 'loaded' } },
    { ...base, title: 'asking', status: statusOf(generation, [state(1, trying)]), connections: { 'tun-1': 'trying' } },
    { ...base, title: 'an IKE SA', status: statusOf(generation, [state(1, ike)]), connections: { 'tun-1': 'ike' } },
    {
      ...{ ...base, title: 'a Child SA', traffic: id, remoteIds: { 'tun-1': 'host_2' } },
      status: statusOf(generation, [state(1, ike), state(2, child)]),
      connections: { 'tun-1': 'child' },
    },
  ];
});

export const plutoAnswers: readonly PlutoAnswer[] = [
  {
    ...{ title: 'asking', version: '5.2', source: 'run', traffic: '' },
    ...{ status: captured('5.2-asking'), connections: { 'tun-1': 'trying' } },
  },
  {
    ...{ title: 'an IKE SA whose child was refused', version: '5.2', source: 'run', traffic: '' },
    ...{ status: captured('5.2-without-child'), connections: { 'tun-1': 'ike' } },
  },
  {
    ...{ title: 'established, under Open vSwitch 3.5.0', version: '5.2', source: 'run' },
    ...{ status: captured('5.2-established'), traffic: captured('5.2-established-traffic') },
    ...{ connections: { 'tun-1': 'child' }, remoteIds: { 'tun-1': 'lab1-2' } },
  },
  ...made,
];
