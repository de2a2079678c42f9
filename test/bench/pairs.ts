/** A fleet of pairs of hosts, all that an operator has made for it, and `apply` over it: what the playbook is held against. */

import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Fleet, startFleet } from '../support/fleet/fleet.js';
import { beginPki, oursWell } from '../support/pki.js';
import type { IdentityOf } from './ansible.js';

export interface Pairs {
  readonly fleet: Fleet;
  /** Where each host's certificate, key and CA are for Ansible. */
  readonly identityOf: IdentityOf;
  /** Makes the hosts what they were in the beginning. */
  reset(): Promise<void>;
  apply(): Promise<Applied>;
}

export interface Applied {
  readonly seconds: number;
  /** Each host's, in the order of the fleet. */
  readonly outcomes: readonly string[];
  /** Round trips of each host over its one connection. */
  readonly exchanges: readonly number[];
}

/** Hosts in pairs, with their certificates and keys made here. */
export async function startPairs(count: number): Promise<Pairs> {
  const fleet = await startFleet({ count, vswitchd: 'dummy' });
  const work = join(fleet.folder, 'work');
  try {
    mkdirSync(work);
    await beginPki(work, 'ours');
    await oursWell(work, ['req+sign', '-u', '-b', '-B', '2048', ...fleet.hosts.map(({ name }) => name)]);
    writeFileSync(join(work, 'fleet.yaml'), inventoryOf(fleet));
    for (const { name } of fleet.hosts) collect(work, name);
    await onAll(fleet, 'ipsec start; ovsdb-client backup unix:/run/openvswitch/db.sock >/run/fleet/bare');
  } catch (error) {
    await fleet.close();
    throw error;
  }
  return {
    fleet,
    identityOf: (host) => join(work, 'identities', host),
    reset: () => onAll(fleet, backToBare),
    apply: () => applyIn(fleet, work),
  };
}

/** All hosts and one tunnel for each two of them: host_1 to host_2, host_3 to host_4 and so on. */
function inventoryOf({ hosts }: Fleet): string {
  const entries = hosts.map(({ name, address }) => `  ${name}: {ssh: root@${name}, address: ${address}}`);
  const tunnels = hosts.flatMap(({ name }, index) =>
    index % 2 === 0 ? [`  - between: [${name}, ${hosts[index + 1]?.name}]`] : [],
  );
  return `${['version: 1', 'hosts:', ...entries, 'tunnels:', ...tunnels].join('\n')}\n`;
}

function collect(work: string, name: string): void {
  const folder = join(work, 'identities', name);
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(work, `${name}-cert.pem`), join(folder, 'cert.pem'));
  copyFileSync(join(work, `${name}-privkey.pem`), join(folder, 'privkey.pem'));
  copyFileSync(join(work, 'pki/switchca/cacert.pem'), join(folder, 'cacert.pem'));
}

/** ovs-vswitchd has to have seen it, else it works while others are measured. */
const backToBare = `set -e
  find /etc/ipsec.d -type f -delete
  flock /run/fleet/ipsec.lock sh -c 'rm -rf /run/fleet/ike/cacerts && mkdir /run/fleet/ike/cacerts'
  ip xfrm policy flush
  ovsdb-client restore unix:/run/openvswitch/db.sock </run/fleet/bare
  ovs-vsctl --timeout=60 set Open_vSwitch . external_ids:bare=true`;

async function applyIn(fleet: Fleet, work: string): Promise<Applied> {
  const start = process.hrtime.bigint();
  const args = ['apply', '--skip-proof', '--json', '--dir', 'pki', '--log', 'log'];
  const { status, stdout, stderr } = await fleet.runOurs(args, { cwd: work });
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (status !== 0) throw new Error(`apply: exit status ${status}\n${stderr}`);
  const { results } = JSON.parse(stdout) as { results: readonly { outcome: string; exchanges: number }[] };
  return {
    seconds,
    outcomes: results.map(({ outcome }) => outcome),
    exchanges: results.map(({ exchanges }) => exchanges),
  };
}

async function onAll(fleet: Fleet, script: string): Promise<void> {
  await Promise.all(fleet.hosts.map(({ name }) => fleet.must(name, script)));
}
