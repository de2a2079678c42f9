/**
 * The tutorial of Open vSwitch typed by hand, with ovs-pki-ts for ovs-pki: what it makes lies on the operator's machine,
 * goes to the hosts by scp, and is moved to where the tutorial's notes want it for strongSwan.
 */

import { readFileSync } from 'node:fs';
import { runWell } from '../support/programs.js';
import type { Cell, Method } from './cells.js';
import { type Outcome, removeAll, said, targets, wireFailures } from './connect-cell.js';
import type { Lab, LabHost, Pair } from './lab.js';
import { pingBothWays } from './watch.js';

export async function tryByHand(lab: Lab, pair: Pair, cell: Cell, folder: string): Promise<Outcome> {
  const started = Date.now();
  const hands = overSsh(lab);
  await wire(lab, hands, pair, cell.method, folder, true);
  const before = cell.method === 'ca-signed' ? await rereadCas(lab, hands, pair, folder) : { failures: [], note: '' };
  const isUp = await waitForAssociations(lab, pair);
  const seconds = (Date.now() - started) / 1000;
  const capture = await lab.capture(pair);
  const pings = await pingBothWays(lab, pair, 10);
  const seen = await capture.stop();
  const findings = await errorsOfDoctor(lab, pair, folder);
  const removed = await removeAll(lab, pair, folder);
  return {
    failures: [
      ...before.failures,
      ...(isUp ? [] : ['no security associations']),
      ...(pings.answered === pings.sent ? [] : [`${pings.answered} of ${pings.sent} pings were answered`]),
      ...wireFailures(seen),
      ...(findings.length === 0 ? [] : [`doctor in the end: ${findings.join(', ')}`]),
      ...(removed.status === 0 ? [] : [`remove: ${said(removed)}`]),
    ],
    seconds,
    wire: seen,
    pings,
    note: [
      'the wire from when the tunnel was up: before that, the tutorial lets packets leave unencrypted',
      before.note,
    ]
      .filter((text) => text !== '')
      .join('; '),
  };
}

/** The tunnel as the tutorial makes it, up and in use. */
export async function wireByHand(
  lab: Lab,
  pair: Pair,
  method: Method,
  folder: string,
  namesLocalAddress: boolean,
): Promise<string[]> {
  const hands = atConsole(lab);
  await wire(lab, hands, pair, method, folder, namesLocalAddress);
  if (method === 'ca-signed') await reread(hands, pair);
  return (await waitForAssociations(lab, pair)) ? [] : ['no security associations by hand'];
}

async function wire(
  lab: Lab,
  hands: Hands,
  pair: Pair,
  method: Method,
  folder: string,
  namesLocalAddress: boolean,
): Promise<void> {
  const [first, second] = pair.hosts;
  await Promise.all([makeBridge(hands, first, '192.0.0.1'), makeBridge(hands, second, '192.0.0.2')]);
  await ways[method](lab, hands, pair, folder);
  for (const host of namesLocalAddress ? pair.hosts : []) {
    await hands.type(host, `ovs-vsctl set Interface tun options:local_ip=${host.address}`);
  }
}

/** How what the tutorial says is typed on a host, and how a file gets there. */
interface Hands {
  type(host: LabHost, command: string): Promise<void>;
  /** To /etc/keys as the tutorial says, and from there to where its note wants it. */
  copy(file: string, host: LabHost, place: 'certs' | 'private' | 'cacerts'): Promise<void>;
}

function overSsh(lab: Lab): Hands {
  const type = async (host: LabHost, command: string): Promise<void> => {
    const result = await lab.ssh(host, command);
    if (result.status !== 0) throw new Error(`${host.name}: ${command}: ${said(result)}`);
  };
  return {
    type,
    copy: async (file, host, place) => {
      await runWell('ip', [...lab.prefix().slice(1), 'scp', '-q', file, `${host.target}:/etc/keys/`], { seconds: 60 });
      await type(host, `mv /etc/keys/${file.split('/').at(-1)} /etc/ipsec.d/${place}/`);
    },
  };
}

/** Every login takes seconds where everything is emulated. */
function atConsole(lab: Lab): Hands {
  return {
    type: async (host, command) => {
      await lab.must(host, command);
    },
    copy: async (file, host, place) => {
      const path = `/etc/ipsec.d/${place}/${file.split('/').at(-1)}`;
      await lab.must(host, `umask ${place === 'private' ? '077' : '022'}; cat >${path}`, readFileSync(file, 'latin1'));
    },
  };
}

const ways: Readonly<Record<Method, (lab: Lab, hands: Hands, pair: Pair, folder: string) => Promise<void>>> = {
  psk: async (_, hands, pair) => {
    for (const [host, peer] of bothWays(pair)) await addPort(hands, host, peer, 'options:psk=swordfish');
  },
  'self-signed': async (lab, hands, pair, folder) => {
    for (const { name } of pair.hosts) {
      await ours(lab, folder, ['req', '-u', name]);
      await ours(lab, folder, ['self-sign', name]);
    }
    for (const [host, peer] of bothWays(pair)) {
      await hands.copy(`${folder}/${host.name}-privkey.pem`, host, 'private');
      await hands.copy(`${folder}/${host.name}-cert.pem`, host, 'certs');
      await hands.copy(`${folder}/${peer.name}-cert.pem`, host, 'certs');
    }
    for (const [host, peer] of bothWays(pair)) {
      await nameIdentity(hands, host, '');
      await addPort(hands, host, peer, `options:remote_cert=/etc/ipsec.d/certs/${peer.name}-cert.pem`);
    }
  },
  'ca-signed': async (lab, hands, pair, folder) => {
    await ours(lab, folder, ['init']);
    for (const { name } of pair.hosts) {
      await ours(lab, folder, ['req', '-u', name]);
      await ours(lab, folder, ['-b', 'sign', name, 'switch']);
    }
    for (const host of pair.hosts) {
      await hands.copy(`${folder}/${host.name}-privkey.pem`, host, 'private');
      await hands.copy(`${folder}/${host.name}-cert.pem`, host, 'certs');
      await hands.copy(`${folder}/pki/switchca/cacert.pem`, host, 'cacerts');
    }
    for (const [host, peer] of bothWays(pair)) {
      await nameIdentity(hands, host, 'other_config:ca_cert=/etc/ipsec.d/cacerts/cacert.pem');
      await addPort(hands, host, peer, `options:remote_name=${peer.name}`);
    }
  },
};

/** strongSwan reads CA certificates only when it starts, which the tutorial does not tell; `doctor` does. */
async function rereadCas(
  lab: Lab,
  hands: Hands,
  pair: Pair,
  folder: string,
): Promise<{ failures: string[]; note: string }> {
  const findings = await errorsOfDoctor(lab, pair, folder);
  await reread(hands, pair);
  return {
    failures: findings.includes('ca-not-loaded')
      ? []
      : [`doctor before rereadcacerts: ${findings.join(', ') || 'nothing'}`],
    note: `the tutorial alone does not come up: \`ipsec rereadcacerts\` and a refresh are needed, and before them doctor says ${findings.join(', ')}`,
  };
}

async function reread(hands: Hands, pair: Pair): Promise<void> {
  for (const host of pair.hosts) await hands.type(host, 'ipsec rereadcacerts');
  for (const host of pair.hosts) await hands.type(host, 'ovs-appctl -t ovs-monitor-ipsec refresh');
}

async function errorsOfDoctor(lab: Lab, pair: Pair, folder: string): Promise<string[]> {
  const doctor = await lab.operate(['doctor', '--json', '--to', targets(pair).join(',')], { cwd: folder });
  if (doctor.stdout === '') throw new Error(`doctor: ${said(doctor)}`);
  const { findings } = JSON.parse(doctor.stdout) as { findings: readonly { id: string; severity: string }[] };
  return [...new Set(findings.filter(({ severity }) => severity === 'error').map(({ id }) => id))];
}

/** As long as the kernel waits for the answer to an acquire, and a little more. */
async function waitForAssociations(lab: Lab, pair: Pair): Promise<boolean> {
  const until = Date.now() + 200_000;
  while (Date.now() < until) {
    await pingBothWays(lab, pair, 1);
    const counts = await Promise.all(
      pair.hosts.map((host) => lab.run(host, `ip xfrm state list proto esp | grep -c 'auth-trunc\\|aead'`)),
    );
    if (counts.every(({ stdout }) => Number(stdout) >= 2)) return true;
  }
  return false;
}

function bothWays({ hosts: [first, second] }: Pair): readonly (readonly [host: LabHost, peer: LabHost])[] {
  return [
    [first, second],
    [second, first],
  ];
}

async function makeBridge(hands: Hands, host: LabHost, address: string): Promise<void> {
  await hands.type(
    host,
    `ovs-vsctl --may-exist add-br br-ipsec; ip addr replace ${address}/24 dev br-ipsec; ip link set br-ipsec up; mkdir -p /etc/keys`,
  );
}

function nameIdentity(hands: Hands, host: LabHost, more: string): Promise<void> {
  return hands.type(
    host,
    `ovs-vsctl set Open_vSwitch . other_config:certificate=/etc/ipsec.d/certs/${host.name}-cert.pem \
       other_config:private_key=/etc/ipsec.d/private/${host.name}-privkey.pem ${more}`,
  );
}

function addPort(hands: Hands, host: LabHost, peer: LabHost, option: string): Promise<void> {
  return hands.type(
    host,
    `ovs-vsctl add-port br-ipsec tun -- set interface tun type=gre options:remote_ip=${peer.address} ${option}`,
  );
}

async function ours(lab: Lab, folder: string, args: readonly string[]): Promise<void> {
  const result = await lab.operate(['--dir', 'pki', '--log', 'log', ...args], { cwd: folder });
  if (result.status !== 0) throw new Error(`ovs-pki-ts ${args.join(' ')}: ${said(result)}`);
}
