/**
 * The inventories of examples/ over real ssh: planned, applied, and then without anything left to do. Every host of an
 * example is one of a fleet, where it has the tunnel address that the example says; ssh leads there by the names.
 */

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import type { DesiredHost } from '../../src/deploy/desired/desired.js';
import { expandInventory, parseInventory } from '../../src/deploy/inventory/inventory.js';
import { type Fleet, startFleet } from '../support/fleet/fleet.js';
import { beginPki } from '../support/pki.js';
import { projectRoot, type Run } from '../support/programs.js';

const folders = ['tutorial', 'mesh', 'hub-and-spokes'];
const inventories = folders.flatMap((folder) =>
  readdirSync(join(projectRoot, 'examples', folder))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => `${folder}/${name}`),
);
const mostHosts = 4;

let fleet: Fleet;

test.before(async () => {
  fleet = await startFleet({ count: mostHosts, vswitchd: 'dummy' });
  mkdirSync(join(fleet.folder, 'pki-of-all'));
  await beginPki(join(fleet.folder, 'pki-of-all'), 'ours with EC keys');
  await onAll('ovsdb-client backup unix:/run/openvswitch/db.sock >/run/fleet/bare');
});

test.after.always(() => fleet?.close());

for (const example of inventories) {
  test.serial(`examples/${example} is planned and applied, and then there is nothing left to do`, async (t) => {
    const text = readFileSync(join(projectRoot, 'examples', example), 'utf8');
    const { hosts } = expandInventory(parseInventory(text, example), { folder: '/' });
    t.true(hosts.length <= mostHosts);
    await onAll(back);
    await give(hosts);
    const folder = join(fleet.folder, example);
    mkdirSync(dirname(folder), { recursive: true });
    cpSync(join(fleet.folder, 'pki-of-all'), folder, { recursive: true });
    const ours = (...args: string[]): Promise<Run> =>
      fleet.runOurs([...args, '--dir', 'pki', '--log', 'log'], { cwd: folder });
    const inventory = join(projectRoot, 'examples', example);

    const planned = await ours('plan', inventory, '--skip-proof');
    t.is(planned.status, 0, planned.stderr);
    for (const { name, ends } of hosts) {
      t.true(planned.stdout.includes(name));
      for (const { port } of ends) t.true(planned.stdout.includes(`+ port ${port} of `), `${name}: ${port}`);
    }
    const applied = await ours('apply', inventory, '--skip-proof');
    t.is(applied.status, 0, applied.stderr);
    for (const [index, { ends }] of hosts.entries()) {
      const ports = await fleet.must(
        fleet.hosts[index]?.name ?? '',
        'ovs-vsctl --bare --columns=name find Interface type!=internal',
      );
      t.deepEqual(
        ports
          .split('\n')
          .filter((line) => line !== '')
          .sort(),
        ends.map(({ port }) => port).sort(),
      );
    }
    const again = await ours('plan', inventory, '--skip-proof');
    t.is(again.status, 0, again.stderr);
    t.regex(again.stdout, new RegExp(`^(\\S+( \\(\\S+\\))?: nothing to do\n){${hosts.length}}$`));
  });
}

for (const folder of folders) {
  test(`examples/${folder} says what it is and which commands it is for`, (t) => {
    const place = join(projectRoot, 'examples', folder);
    const page = readFileSync(join(place, 'README.md'), 'utf8');
    for (const command of ['plan', 'apply', 'status', 'remove'])
      t.regex(page, new RegExp(`^ovs-pki-ts ${command} `, 'm'));
    const named = [...page.matchAll(/^ovs-pki-ts .*?(\S+\.yaml)/gm)].map(([, file = '']) => file);
    t.true(named.length > 0);
    for (const file of named) t.true(existsSync(join(place, file)), file);
  });
}

/** The hosts of an example: the fleet's get their tunnel addresses, and ssh finds them under their names there. */
async function give(hosts: readonly DesiredHost[]): Promise<void> {
  const known = hosts.map(({ target }, index) => {
    const { address, hostKey } = fleet.hosts[index] as Fleet['hosts'][number];
    return { name: target.destination.replace(/^.*@/, ''), address, hostKey };
  });
  fleet.ssh.know(known, 'root');
  for (const [index, { ends, target }] of hosts.entries()) {
    const address = ends[0]?.localIp ?? '';
    const user = /^(.*)@/.exec(target.destination)?.[1] ?? 'root';
    const bits = address.includes(':') ? 128 : 32;
    await fleet.must(
      fleet.hosts[index]?.name ?? '',
      `ip addr replace ${address}/${bits} dev eth0
       id ${user} >/dev/null 2>&1 || {
         echo '${user}:x:2001:2000::/home/operator:/bin/sh' >>/etc/passwd; echo '${user}:*:20000:0:99999:7:::' >>/etc/shadow
         echo '${user} ALL=(ALL:ALL) NOPASSWD: ALL' >>/etc/sudoers.d/operator; }`,
    );
  }
}

/** The bridges of a host here are in memory, so that a card has to stand in for the one that gets an address. */
const back = `set -e
  find /etc/ipsec.d -type f -delete
  ip xfrm policy flush
  ip link delete br-ipsec 2>/dev/null || true
  ip link add br-ipsec type bridge
  ovsdb-client restore unix:/run/openvswitch/db.sock </run/fleet/bare
  ovs-vsctl --timeout=60 set Open_vSwitch . external_ids:bare=true`;

async function onAll(script: string): Promise<void> {
  await Promise.all(fleet.hosts.map(({ name }) => fleet.must(name, script)));
}
