/** Which ends of tunnels authenticate anew when certificates were renewed in place, and which are held meanwhile. */

import test from 'ava';
import type { Action } from '../../src/deploy/action.js';
import type { DesiredHost, IkeDaemon, TunnelEnd } from '../../src/deploy/desired.js';
import { known } from '../../src/deploy/fact.js';
import type { PlanningFacts } from '../../src/deploy/host-facts.js';
import type { Progress } from '../../src/deploy/progress.js';
import { renewInPlace } from '../../src/deploy/stage-renew.js';
import { OvsPkiError } from '../../src/errors.js';
import { capturedFacts } from '../support/host-answers.js';
import { edges, progressWith } from '../support/progress.js';

interface Host {
  readonly daemon: IkeDaemon;
  readonly renewed?: boolean;
  readonly method?: TunnelEnd['method'];
  /** No packet has passed its tunnels. */
  readonly idle?: boolean;
  readonly unproved?: boolean;
  /** The certificate of its peer was revoked. */
  readonly distrusts?: boolean;
  readonly refuses?: 'reread';
}

interface Case {
  readonly title: string;
  /** host_1 and host_2 with a tunnel between them; where there is one alone, its peer is a stranger. */
  readonly hosts: readonly Host[];
  /** What is run after the daemons have read: on which host, and for which port or addresses. */
  readonly says: readonly string[];
}

const [strongswan, libreswan] = [{ daemon: 'strongswan' }, { daemon: 'libreswan' }] as const;
const anew = { renewed: true } as const;

const cases: readonly Case[] = [
  {
    title: 'strongSwan at both ends, both renewed: one asks for both',
    hosts: [
      { ...strongswan, ...anew },
      { ...strongswan, ...anew },
    ],
    says: ['host_1 authenticate 8 tun', 'host_2 pin 192.0.2.2 192.0.2.1 8'],
  },
  {
    title: 'strongSwan at both ends: the one that is renewed asks',
    hosts: [strongswan, { ...strongswan, ...anew }],
    says: ['host_1 pin 192.0.2.1 192.0.2.2 8', 'host_2 authenticate 8 tun'],
  },
  {
    title: 'both renewed, and different daemons: strongSwan asks',
    hosts: [
      { ...libreswan, ...anew },
      { ...strongswan, ...anew },
    ],
    says: ['host_1 pin 192.0.2.1 192.0.2.2 8', 'host_2 authenticate 8 tun'],
  },
  {
    title: 'libreswan renewed alone, opposite to strongSwan: strongSwan will ask in its own time',
    hosts: [{ ...libreswan, ...anew }, strongswan],
    says: [],
  },
  {
    title: 'strongSwan renewed alone, opposite to libreswan',
    hosts: [libreswan, { ...strongswan, ...anew }],
    says: ['host_1 pin 192.0.2.1 192.0.2.2 8', 'host_2 authenticate 8 tun'],
  },
  {
    title: 'libreswan at both ends, both renewed: one asks for both',
    hosts: [
      { ...libreswan, ...anew },
      { ...libreswan, ...anew },
    ],
    says: ['host_1 authenticate 20 tun', 'host_2 pin 192.0.2.2 192.0.2.1 20'],
  },
  {
    title: 'libreswan at both ends: the one that is renewed asks',
    hosts: [libreswan, { ...libreswan, ...anew }],
    says: ['host_1 pin 192.0.2.1 192.0.2.2 20', 'host_2 authenticate 20 tun'],
  },
  {
    title: 'strongSwan whose peer is a stranger asks, and nobody is held',
    hosts: [{ ...strongswan, ...anew }],
    says: ['host_1 authenticate 8 tun'],
  },
  { title: 'libreswan whose peer is a stranger does not', hosts: [{ ...libreswan, ...anew }], says: [] },
  {
    title: 'one whose daemon did not read is not asked to, and the other is',
    hosts: [
      { ...strongswan, ...anew, refuses: 'reread' },
      { ...strongswan, ...anew },
    ],
    says: ['host_2 authenticate 8 tun'],
  },
  {
    title: 'a tunnel that is not at work is left alone',
    hosts: [
      { ...strongswan, ...anew, idle: true },
      { ...strongswan, idle: true },
    ],
    says: [],
  },
  { title: 'so is one to a host that was revoked', hosts: [{ ...strongswan, ...anew, distrusts: true }], says: [] },
  { title: 'so is one with a PSK', hosts: [{ ...strongswan, ...anew, method: 'psk' }], says: [] },
  { title: 'and all where nothing is to be proved', hosts: [{ ...strongswan, ...anew, unproved: true }], says: [] },
];

for (const { title, hosts, says } of cases) {
  test(title, async (t) => {
    const ran: string[] = [];
    const fleet = hosts.map((host, index) => progressOf(host, index, ran));
    await renewInPlace(fleet, edges);
    const rereads = ran.filter((call) => call.includes(' reread '));
    const renewed = hosts.flatMap((host, index) => (host.renewed === true ? [nameOf(index)] : []));
    t.deepEqual(
      rereads.map((call) => call.replace(/ reread .*/, '')).sort(),
      renewed,
      'every daemon with a new certificate reads it',
    );
    t.deepEqual(ran.slice(0, rereads.length), rereads, 'before anybody authenticates');
    t.deepEqual(ran.slice(rereads.length).sort(), says);
    const authenticates = ran.findIndex((call) => call.includes(' authenticate '));
    const pins = ran.findLastIndex((call) => call.includes(' pin '));
    t.true(pins < authenticates || pins === -1, 'the end that answers is held before the other asks');
  });
}

const nameOf = (index: number): string => `host_${index + 1}`;
const addressOf = (index: number): string => `192.0.2.${index + 1}`;

function progressOf(host: Host, index: number, ran: string[]): Progress {
  const name = nameOf(index);
  const end: TunnelEnd = {
    ...{ bridge: 'br-ipsec', port: 'tun', type: 'gre', method: host.method ?? 'ca-signed' },
    ...{ localIp: addressOf(index), remoteIp: addressOf(1 - index), peer: nameOf(1 - index) },
    ...{ options: {}, pskFile: undefined, initiates: index === 0 },
  };
  const target = { kind: 'local', destination: 'local' } as const;
  const desired: DesiredHost = {
    ...{ name, target, ikeDaemon: host.daemon, places: {}, plaintext: 'keep', identity: undefined },
    ...{ ends: [end], bridgeAddresses: {} },
  };
  const input = {
    desired,
    facts: factsWith(end, host.idle === true),
    revokedPeers: new Set(host.distrusts === true ? [end.peer] : []),
    prove: host.unproved !== true,
  };
  const link: Action = { kind: 'link', path: '/links/cert.pem', from: '/links/1', to: '/links/2', inUse: true };
  return progressWith(recording(name, host, ran), input, host.renewed === true ? [link] : []);
}

function recording(name: string, { refuses }: Host, ran: string[]): Progress['work']['shell'] {
  return {
    run: async (script) => {
      const calls = script.match(/^(?:reread|pin|authenticate) .*$/gm) ?? [];
      ran.push(...calls.map((call) => `${name} ${call.replaceAll("'", '')}`));
      if (refuses !== undefined && calls.some((call) => call.startsWith(refuses))) {
        throw new OvsPkiError('HOST_STEP_FAILED', `${name} does not`);
      }
      return { status: 0, stdout: '', stderr: '' };
    },
    exchanges: () => 0,
    close: () => undefined,
  };
}

/** A tunnel that has carried packets both ways. */
function factsWith({ localIp, remoteIp }: TunnelEnd, idle: boolean): PlanningFacts {
  const ports = { protocol: 'gre', sourcePort: undefined, destinationPort: undefined };
  const selector = { source: `${localIp}/32`, destination: `${remoteIp}/32`, ...ports };
  const associations = [
    [localIp, remoteIp],
    [remoteIp, localIp],
  ].map(([source = '', destination = '']) => ({
    ...{ source, destination, spi: '0x1', bytes: idle ? 0 : 100, packets: 1, selector: undefined, larval: false },
  }));
  return {
    ...capturedFacts('strongswan-gre-ca-signed'),
    policies: known([{ ...selector, direction: 'out', action: 'allow', mark: undefined, esp: true }]),
    states: known(associations),
  };
}
