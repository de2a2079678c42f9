/** Which ends of tunnels come up, and are proved, again when another tunnel to the same peer has gone. */

import test from 'ava';
import { endsThatStay } from '../../../src/deploy/apply/again.js';
import type { Progress } from '../../../src/deploy/apply/host-run.js';
import type { DesiredHost, TunnelEnd } from '../../../src/deploy/desired/desired.js';
import { known } from '../../../src/deploy/facts/fact.js';
import type { Action } from '../../../src/deploy/plan/action.js';
import { OvsPkiError } from '../../../src/errors.js';
import { capturedFacts } from '../../support/host-answers.js';
import { progressWith } from '../../support/progress.js';

const old = { port: 'old', bridge: 'br-ipsec' } as const;
const replaced = { kind: 'replace', port: 'tun', peer: 'any', old } as const;
const removed = { kind: 'remove-port', ...old } as const;

interface Host {
  /** Where the tunnel `old` leads, by the number of the host. */
  readonly oldTo: number;
  readonly actions: readonly Action[];
  readonly idle?: true;
  readonly unproved?: true;
  readonly fails?: true;
}

const both = (host: Host): readonly Host[] => [host, { ...host, oldTo: 0 }];

const cases: readonly (readonly [title: string, hosts: readonly Host[], ends: Readonly<Record<string, string[]>>])[] = [
  [
    'a tunnel that another has taken the place of',
    both({ oldTo: 1, actions: [replaced] }),
    { host_1: ['tun'], host_2: ['tun'] },
  ],
  [
    'a tunnel beside one that is removed, at both of its ends',
    [
      { oldTo: 1, actions: [removed] },
      { oldTo: 0, actions: [] },
    ],
    { host_1: ['tun'], host_2: ['tun'] },
  ],
  ['not one to another peer', both({ oldTo: 7, actions: [removed] }).slice(0, 1), {}],
  ['not one that was down before', both({ oldTo: 1, actions: [removed], idle: true }), {}],
  ['none where nothing goes', both({ oldTo: 1, actions: [] }), {}],
  ['none where nothing is to be proved', both({ oldTo: 1, actions: [removed], unproved: true }), {}],
  [
    'none of a host that has failed',
    [
      { oldTo: 1, actions: [replaced], fails: true },
      { oldTo: 0, actions: [replaced] },
    ],
    { host_2: ['tun'] },
  ],
];

for (const [title, hosts, ends] of cases) {
  test(title, (t) => {
    const staying = endsThatStay(hosts.map(progressOf));
    const found = [...staying].map(([host, list]) => [host.plan.host, list.map(({ port }) => port)]);
    t.deepEqual(Object.fromEntries(found), ends);
  });
}

const addressOf = (index: number): string => `192.0.2.${index + 1}`;

function progressOf({ oldTo, actions, idle, unproved, fails }: Host, index: number): Progress {
  const [name, peer] = [`host_${index + 1}`, 1 - index];
  const end: TunnelEnd = {
    ...{ bridge: 'br-ipsec', port: 'tun', type: 'gre', method: 'ca-signed', options: {}, pskFile: undefined },
    ...{ initiates: index === 0, localIp: addressOf(index), remoteIp: addressOf(peer), peer: `host_${peer + 1}` },
  };
  const target = { kind: 'local', destination: 'local' } as const;
  const desired: DesiredHost = {
    ...{ name, target, ikeDaemon: 'libreswan', places: {}, plaintext: 'keep', identity: undefined },
    ...{ loopProtection: 'auto', ends: [end], bridgeAddresses: {} },
  };
  const input = { desired, facts: factsWith(end, oldTo, idle === true), prove: unproved !== true };
  const shell = { run: () => Promise.reject(new Error('nothing runs')), exchanges: () => 0, close: () => undefined };
  const progress = progressWith(shell, input, actions);
  return fails === true ? { ...progress, error: new OvsPkiError('HOST_TIMEOUT', name) } : progress;
}

function factsWith({ localIp, remoteIp }: TunnelEnd, oldTo: number, idle: boolean): Progress['input']['facts'] {
  const facts = capturedFacts('strongswan-gre-ca-signed');
  const database = facts.ovsdb.state === 'known' ? facts.ovsdb.value : undefined;
  const [interfaceFact] = database?.interfaces ?? [];
  if (database === undefined || interfaceFact === undefined) throw new Error('nothing was captured');
  const interfaces = [{ ...interfaceFact, name: 'old', options: { remote_ip: addressOf(oldTo) } }];
  const ports = { protocol: 'gre', sourcePort: undefined, destinationPort: undefined };
  const policy = { direction: 'out', action: 'allow', mark: undefined, priority: undefined, esp: true } as const;
  const state = { spi: '0x1', bytes: idle ? 0 : 100, packets: 1, selector: undefined, larval: false };
  return {
    ...facts,
    ovsdb: known({ ...database, interfaces }),
    policies: known([{ ...policy, source: `${localIp}/32`, destination: `${remoteIp}/32`, ...ports }]),
    states: known([
      { ...state, source: localIp, destination: remoteIp },
      { ...state, source: remoteIp, destination: localIp },
    ]),
  };
}
