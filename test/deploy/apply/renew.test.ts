/** Which ends of tunnels authenticate anew when certificates were renewed in place, and which are held meanwhile. */

import test from 'ava';
import type { Progress } from '../../../src/deploy/apply/host-run.js';
import { renewInPlace } from '../../../src/deploy/apply/renew.js';
import type { DesiredHost, TunnelEnd } from '../../../src/deploy/desired/desired.js';
import { known } from '../../../src/deploy/facts/fact.js';
import type { PlanningFacts } from '../../../src/deploy/facts/host-facts.js';
import type { IkeDaemonName } from '../../../src/deploy/ike/daemon.js';
import type { Action } from '../../../src/deploy/plan/action.js';
import { plannedTogether } from '../../../src/deploy/plan/together.js';
import { OvsPkiError } from '../../../src/errors.js';
import { capturedFacts } from '../../support/host-answers.js';
import { edges, progressWith } from '../../support/progress.js';

interface Host {
  readonly daemon: IkeDaemonName;
  readonly renewed?: boolean;
  readonly method?: TunnelEnd['method'];
  /** No packet has passed its tunnels. */
  readonly idle?: boolean;
  readonly unproved?: boolean;
  /** The certificate of its peer was revoked. */
  readonly distrusts?: boolean;
  readonly refuses?: 'reread';
  /** Which of its peers gives no answer, counted from 0. */
  readonly unanswered?: number;
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
    says: ['host_1 authenticate tun', 'host_1 leave 12 tun-1[1]', 'host_2 pin 192.0.2.2 192.0.2.1 8'],
  },
  {
    title: 'strongSwan at both ends: the one that is renewed asks',
    hosts: [strongswan, { ...strongswan, ...anew }],
    says: ['host_1 pin 192.0.2.1 192.0.2.2 8', 'host_2 authenticate tun', 'host_2 leave 12 tun-1[1]'],
  },
  {
    title: 'both renewed, and different daemons: strongSwan asks',
    hosts: [
      { ...libreswan, ...anew },
      { ...strongswan, ...anew },
    ],
    says: ['host_1 pin 192.0.2.1 192.0.2.2 8', 'host_2 authenticate tun', 'host_2 leave 12 tun-1[1]'],
  },
  {
    title: 'libreswan renewed alone, opposite to strongSwan: strongSwan will ask in its own time',
    hosts: [{ ...libreswan, ...anew }, strongswan],
    says: [],
  },
  {
    title: 'strongSwan renewed alone, opposite to libreswan',
    hosts: [libreswan, { ...strongswan, ...anew }],
    says: ['host_1 pin 192.0.2.1 192.0.2.2 8', 'host_2 authenticate tun', 'host_2 leave 12 tun-1[1]'],
  },
  {
    title: 'libreswan at both ends, both renewed: one asks for both',
    hosts: [
      { ...libreswan, ...anew },
      { ...libreswan, ...anew },
    ],
    says: ['host_1 authenticate tun', 'host_1 leave 21 tun-1[1]', 'host_2 pin 192.0.2.2 192.0.2.1 20'],
  },
  {
    title: 'libreswan at both ends: the one that is renewed asks',
    hosts: [libreswan, { ...libreswan, ...anew }],
    says: ['host_1 pin 192.0.2.1 192.0.2.2 20', 'host_2 authenticate tun', 'host_2 leave 21 tun-1[1]'],
  },
  {
    title: 'strongSwan whose peer is a stranger asks, and nobody is held',
    hosts: [{ ...strongswan, ...anew }],
    says: ['host_1 authenticate tun', 'host_1 leave 12 tun-1[1]'],
  },
  { title: 'libreswan whose peer is a stranger does not', hosts: [{ ...libreswan, ...anew }], says: [] },
  {
    title: 'one whose daemon did not read is not asked to, and the other is',
    hosts: [
      { ...strongswan, ...anew, refuses: 'reread' },
      { ...strongswan, ...anew },
    ],
    says: ['host_2 authenticate tun', 'host_2 leave 12 tun-1[1]'],
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
    await renewTogether(fleet);
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
    const leaves = ran.findIndex((call) => call.includes(' leave '));
    t.true(leaves === -1 || leaves === ran.length - 1, 'what was up goes last');
  });
}

const spokeCount = 40;
const spokeIndexes = Array.from({ length: spokeCount }, (_, index) => index + 1);

for (const { title, renewed } of [
  { title: 'a hub asks sixteen spokes at a time, which are held just before', renewed: 'hub' },
  { title: 'sixteen spokes at a time ask a hub, which holds just those', renewed: 'spokes' },
] as const) {
  test(title, async (t) => {
    const ran: string[] = [];
    const hub = progressOf({ ...strongswan, renewed: renewed === 'hub' }, 0, ran, spokeIndexes);
    const spokes = spokeIndexes.map((index) =>
      progressOf({ ...strongswan, renewed: renewed === 'spokes' }, index, ran, [0]),
    );
    await renewTogether([hub, ...spokes]);
    const inOrder = ran.flatMap((call) => {
      const [, verb = '', ...words] = call.split(' ');
      return verb === 'pin' ? ['p'] : verb === 'authenticate' ? words.map(() => 'a') : [];
    });
    t.is(inOrder.join(''), [16, 16, 8].map((size) => 'p'.repeat(size) + 'a'.repeat(size)).join(''));
    const leaves = ran.filter((call) => call.includes(' leave '));
    t.is(leaves.length, renewed === 'hub' ? 1 : spokeCount);
    t.deepEqual(ran.slice(-leaves.length), leaves, 'what was up goes after the last of them');
  });
}

test('a peer that gives no answer is told of, and nothing has failed', async (t) => {
  const ran: string[] = [];
  const hub = progressOf({ ...strongswan, ...anew, unanswered: 1 }, 0, ran, [1, 2]);
  await renewTogether([hub]);
  t.is(hub.error, undefined);
  t.deepEqual(hub.plan.warnings, [
    'host_1: host_3 gives no answer at the other end of tun-3; it gets to see the new certificate when it is back',
  ]);
  t.deepEqual(ran.slice(1), ['host_1 authenticate tun-2 tun-3', 'host_1 leave 12 tun-2-1[1] tun-3-1[1]']);
});

const nameOf = (index: number): string => `host_${index + 1}`;
const addressOf = (index: number): string => `192.0.2.${index + 1}`;

/** @param peers the hosts that it has tunnels to, by their numbers from 0 */
function progressOf(host: Host, index: number, ran: string[], peers = [1 - index]): Progress {
  const name = nameOf(index);
  const ends = peers.map(
    (peer): TunnelEnd => ({
      ...{ bridge: 'br-ipsec', port: peers.length === 1 ? 'tun' : `tun-${peer + 1}`, type: 'gre' },
      ...{ method: host.method ?? 'ca-signed', options: {}, pskFile: undefined, initiates: index === 0 },
      ...{ localIp: addressOf(index), remoteIp: addressOf(peer), peer: nameOf(peer) },
    }),
  );
  const target = { kind: 'local', destination: 'local' } as const;
  const desired: DesiredHost = {
    ...{ name, target, ikeDaemon: host.daemon, places: {}, plaintext: 'keep', identity: undefined },
    loopProtection: 'auto',
    ...{ ends, bridgeAddresses: {} },
  };
  const input = {
    desired,
    facts: factsWith(ends, host.idle === true),
    revokedPeers: new Set(host.distrusts === true ? peers.map(nameOf) : []),
    prove: host.unproved !== true,
  };
  const link: Action = { kind: 'link', path: '/links/cert.pem', from: '/links/1', to: '/links/2', inUse: true };
  const reread: Action = { kind: 'reread', certificate: '/links/cert.pem', private_key: '/links/key.pem' };
  return progressWith(recording(name, host, ran), input, host.renewed === true ? [link, reread] : []);
}

/** As the plans of all of them say. */
async function renewTogether(hosts: readonly Progress[]): Promise<void> {
  for (const [index, plan] of plannedTogether(hosts).entries()) Object.assign(hosts[index] ?? {}, { plan });
  await renewInPlace(hosts, edges);
}

function recording(name: string, { refuses, unanswered }: Host, ran: string[]): Progress['work']['shell'] {
  return {
    run: async (script) => {
      const calls = script.match(/^(?:reread|pin|authenticate|leave) .*$/gm) ?? [];
      ran.push(...calls.map((call) => `${name} ${call.replaceAll("'", '')}`));
      if (refuses !== undefined && calls.some((call) => call.startsWith(refuses))) {
        throw new OvsPkiError('HOST_STEP_FAILED', `${name} does not`);
      }
      const ports = /^authenticate (.*)$/m.exec(script)?.[1]?.replaceAll("'", '').split(' ') ?? [];
      const before = ports.map((port) => `before ${port}-1[1]\n`);
      const stdout = [...before, ...(unanswered === undefined ? [] : [`unanswered ${unanswered}\n`])].join('');
      return { status: 0, stdout: ports.length === 0 ? '' : stdout, stderr: '' };
    },
    exchanges: () => 0,
    close: () => undefined,
  };
}

/** Tunnels that have carried packets both ways. */
function factsWith(ends: readonly TunnelEnd[], idle: boolean): PlanningFacts {
  const ports = { protocol: 'gre', sourcePort: undefined, destinationPort: undefined };
  const policy = { direction: 'out', action: 'allow', mark: undefined, priority: undefined, esp: true } as const;
  const state = { spi: '0x1', bytes: idle ? 0 : 100, packets: 1, selector: undefined, larval: false };
  return {
    ...capturedFacts('strongswan-gre-ca-signed'),
    policies: known(
      ends.map((end) => ({ ...policy, source: `${end.localIp}/32`, destination: `${end.remoteIp}/32`, ...ports })),
    ),
    states: known(
      ends.flatMap((end) => [
        { ...state, source: end.localIp, destination: end.remoteIp },
        { ...state, source: end.remoteIp, destination: end.localIp },
      ]),
    ),
  };
}
