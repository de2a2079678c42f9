/** The tutorial's method c) typed by hand: ovs-pki here, scp's work by tar over ssh, ovs-vsctl over ssh. */

import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { runWell } from '../support/programs.js';
import type { Daemon, Lab, LabHost, Pair } from './lab.js';

/** Where each IKE daemon may read keys; the tutorial's notes say so. */
const folders: Readonly<Record<Daemon, Readonly<Record<'certificate' | 'key' | 'ca', string>>>> = {
  strongswan: { certificate: '/etc/ipsec.d/certs', key: '/etc/ipsec.d/private', ca: '/etc/ipsec.d/cacerts' },
  libreswan: { certificate: '/etc/keys', key: '/etc/keys', ca: '/etc/keys' },
};

/** Makes a CA and a certificate for each host in `folder`, with the original program. */
export async function makePki(folder: string, hosts: readonly LabHost[]): Promise<void> {
  const pki = [`--dir=${folder}/pki`, `--log=${folder}/log`];
  mkdirSync(folder, { recursive: true });
  await runWell('ovs-pki', [...pki, 'init'], { cwd: folder });
  for (const { name } of hosts) {
    await runWell('ovs-pki', [...pki, '-u', 'req', name], { cwd: folder });
    await runWell('ovs-pki', [...pki, '-b', '-u', 'sign', name, 'switch'], { cwd: folder });
  }
}

/** Bridges, certificates, both ends of the tunnel. */
export async function typeTutorial(lab: Lab, pair: Pair, folder: string): Promise<void> {
  const [first, second] = pair.hosts;
  await Promise.all([prepare(lab, first, '192.0.0.1', folder), prepare(lab, second, '192.0.0.2', folder)]);
  await Promise.all([wire(lab, first, second), wire(lab, second, first)]);
}

/** Seconds until the first answered ping, or undefined when none is answered in a minute. */
export async function firstPing(lab: Lab, host: LabHost, address: string): Promise<number | undefined> {
  const started = Date.now();
  while (Date.now() - started < 60_000) {
    const ping = await lab.ssh(host, `ping -c 1 -W 1 ${address}`);
    if (ping.status === 0) return (Date.now() - started) / 1000;
    await sleep(200);
  }
  return undefined;
}

async function prepare(lab: Lab, host: LabHost, address: string, folder: string): Promise<void> {
  const place = folders[host.daemon];
  await lab.ssh(
    host,
    `ovs-vsctl add-br br-ipsec && ip addr add ${address}/24 dev br-ipsec && ip link set br-ipsec up && mkdir -p /etc/keys`,
  );
  const files: readonly (readonly [from: string, to: string])[] = [
    [`${host.name}-cert.pem`, place.certificate],
    [`${host.name}-privkey.pem`, place.key],
    ['pki/switchca/cacert.pem', place.ca],
  ];
  for (const [from, to] of files) {
    await runWell('ip', [...lab.prefix().slice(1), 'scp', '-q', `${folder}/${from}`, `${host.target}:${to}/`]);
  }
  if (host.daemon === 'strongswan') await lab.ssh(host, 'ipsec rereadcacerts');
}

async function wire(lab: Lab, host: LabHost, peer: LabHost): Promise<void> {
  const place = folders[host.daemon];
  const result = await lab.ssh(
    host,
    `ovs-vsctl set Open_vSwitch . other_config:certificate=${place.certificate}/${host.name}-cert.pem \
       other_config:private_key=${place.key}/${host.name}-privkey.pem other_config:ca_cert=${place.ca}/cacert.pem &&
     ovs-vsctl add-port br-ipsec tun -- set interface tun type=gre options:remote_ip=${peer.address} \
       options:local_ip=${host.address} options:remote_name=${peer.name}`,
  );
  if (result.status !== 0) throw new Error(`${host.name}: ${result.stderr}`);
}
