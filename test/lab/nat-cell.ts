/** A host behind a real NAT: its peers send to an address that only the router has, and ESP goes in UDP from the beginning. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cell } from './cells.js';
import { type Outcome, said, wireFailures } from './connect-cell.js';
import { applyInTime, statusFaults } from './fleet-cell.js';
import type { Lab, LabHost, Pair } from './lab.js';
import { makeIdentities, ours } from './renewal-cell.js';
import { pingBothWays } from './watch.js';

export async function tryNat(lab: Lab, pair: Pair, cell: Cell, folder: string): Promise<Outcome> {
  const [, second] = pair.hosts;
  const outer = `2.2.200.${pair.number}`;
  await putBehindNat(lab, pair, second, outer);
  await makeIdentities(pair, folder);
  writeFileSync(join(folder, 'fleet.yaml'), translatedInventory(pair, cell, outer));
  const capture = await lab.captureUnderlay(pair);
  const started = Date.now();
  const applied = await applyInTime(lab, folder);
  const seconds = (Date.now() - started) / 1000;
  if (applied.status !== 0) return { failures: [`apply: ${said(applied)}`] };
  const pings = await pingBothWays(lab, pair, 50);
  const failures = await statusFaults(lab, folder);
  const doctor = await lab.operate(ours(['doctor', '--json', 'fleet.yaml']), { cwd: folder });
  if (!/"findings":/.test(doctor.stdout) || /"severity": ?"error"/.test(doctor.stdout))
    failures.push(`doctor: ${said(doctor)}`);
  const removed = await lab.operate(ours(['remove', 'fleet.yaml']), { cwd: folder });
  if (removed.status !== 0) failures.push(`remove: ${said(removed)}`);
  const wire = await capture.stop();
  if (pings.answered !== pings.sent) failures.push(`${pings.answered} of ${pings.sent} pings were answered`);
  if (wire.esp.count !== wire.encapsulated) {
    failures.push(`${wire.esp.count - wire.encapsulated} of ${wire.esp.count} packets of ESP are not in UDP`);
  }
  failures.push(...wireFailures(wire));
  const note = `outside the NAT, all ${wire.encapsulated} packets of ESP in UDP 4500; ${pings.answered} of ${pings.sent} pings`;
  return { failures, seconds, wire, pings, ...(failures.length === 0 ? { note } : {}) };
}

/**
 * A router between the host and the underlay: what comes from the host gets the router's address, and UDP 500 and 4500 of
 * that address go to the host. The network behind it is one of its own, so that nothing else leads there.
 */
async function putBehindNat(lab: Lab, { number }: Pair, host: LabHost, address: string): Promise<void> {
  const tag = host.management.replace('10.77.', '').replace('.', '-');
  const router = `nat${tag}`;
  const { status, stderr } = await lab.runInGuest(`set -e
    ip link add bn${tag} type bridge forward_delay 0 stp_state 0 mcast_snooping 0
    ip link set bn${tag} up
    ip link set u${tag} master bn${tag}
    ip netns add ${router}
    ip link add no${tag} type veth peer name outer netns ${router}
    ip link set no${tag} master br${number} up
    ip link add ni${tag} type veth peer name inner netns ${router}
    ip link set ni${tag} master bn${tag} up
    ip -n ${router} addr add ${address}/32 dev outer
    for device in lo outer inner; do ip -n ${router} link set $device up; done
    ip -n ${router} route add 1.0.0.0/8 dev outer src ${address}
    ip -n ${router} route add 2.0.0.0/8 dev outer src ${address}
    ip -n ${router} route add ${host.address}/32 dev inner
    ip netns exec ${router} sysctl -q -w net.ipv4.ip_forward=1 net.ipv4.conf.inner.proxy_arp=1
    table() { ip netns exec ${router} iptables -t nat "$@"; }
    table -A POSTROUTING -o outer -j MASQUERADE
    table -A PREROUTING -i outer -p udp -m multiport --dports 500,4500 -j DNAT --to-destination ${host.address}
    ip netns exec ${router} iptables -P FORWARD DROP
    ip netns exec ${router} iptables -A FORWARD -p udp -j ACCEPT`);
  if (status !== 0) throw new Error(`NAT before ${host.name}: ${stderr}`);
}

function translatedInventory({ hosts }: Pair, { type }: Cell, outer: string): string {
  const lines = hosts.map(({ name, target, address }, index) => {
    const peers = index === 1 ? ` peer_address: ${outer},` : '';
    return `  ${name}: { ssh: ${target}, address: ${address},${peers} bridge_address: 192.0.0.${index + 1}/24 }`;
  });
  return `version: 1
defaults: { type: ${type}, auth: ca-signed }
hosts:
${lines.join('\n')}
tunnels:
  - between: [${hosts.map(({ name }) => name).join(', ')}]
`;
}
