/** `remove` over a fleet: tunnels, identities and files go, and nothing is left in plaintext. */

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Fleet, startFleet } from '../support/fleet/fleet.js';
import { applyIn, hostNames, makeOperator, type Operator, runIn } from '../support/fleet/operator.js';
import { differences, wholeHost } from '../support/whole-host.js';

let fleet: Fleet;
let operator: Operator;

test.before(async () => {
  fleet = await startFleet({ count: 2 });
  operator = await makeOperator(fleet);
});

test.after.always(() => fleet?.close());

/** All that we could have left on a host. */
const traces = `ls /etc/ipsec.d/certs /etc/ipsec.d/private /etc/ipsec.d/cacerts
  for bridge in $(ovs-vsctl --no-wait list-br); do ovs-vsctl --no-wait list-ports $bridge; done
  ovs-vsctl get Open_vSwitch . other_config
  ip xfrm policy`;
const nothingLeft = '/etc/ipsec.d/cacerts:\n\n/etc/ipsec.d/certs:\n\n/etc/ipsec.d/private:\n{}\n';

const tracesOn = (host: string): Promise<string> => fleet.must(host, traces);

test.serial(
  'of an inventory all is taken away that apply has made, and a second time there is nothing to do',
  async (t) => {
    await operator.reset('old');
    const folder = operator.folderFor(join(fleet.folder, 'whole'));
    t.is((await applyIn(fleet, folder)).status, 0);
    t.not(await tracesOn('host_1'), nothingLeft);
    const { status, stdout, stderr } = await runIn(fleet, folder, ['remove']);
    t.is(status, 0, stderr);
    for (const host of ['host_1', 'host_2']) {
      t.is(await tracesOn(host), nothingLeft);
      t.regex(stdout, new RegExp(`^${host}:\n  - port tun of br-ipsec\n(  - .*\n)+`, 'm'));
    }
    const again = await runIn(fleet, folder, ['remove']);
    t.is(again.status, 0, again.stderr);
    t.is(again.stdout, 'host_1: nothing to do\nhost_2: nothing to do\n');
    t.is((await applyIn(fleet, folder)).status, 0, 'what was taken away can be made again');
  },
);

test.serial("an operator's own files, ports and settings stay", async (t) => {
  await operator.reset('old');
  await fleet.must(
    'host_1',
    `for place in certs/my-cert.pem private/my-privkey.pem cacerts/my-ca.pem; do echo mine >/etc/ipsec.d/$place; done
     ovs-vsctl --no-wait add-port br-ipsec plain -- set Interface plain type=vxlan options:remote_ip=203.0.113.9 \
       -- set Open_vSwitch . other_config:hw-offload=true`,
  );
  const folder = operator.folderFor(join(fleet.folder, 'own'));
  const { status, stderr } = await runIn(fleet, folder, ['remove']);
  t.is(status, 0, stderr);
  t.is(
    await tracesOn('host_1'),
    '/etc/ipsec.d/cacerts:\nmy-ca.pem\n\n/etc/ipsec.d/certs:\nmy-cert.pem\n\n/etc/ipsec.d/private:\nmy-privkey.pem\nplain\n{hw-offload="true"}\n',
  );
});

const refusals: readonly { readonly title: string; readonly args: readonly string[]; readonly says: RegExp }[] = [
  {
    title: 'the identity alone',
    args: ['--identity'],
    says: /host_1: the tunnels (tun, tun_2|tun_2, tun) need its certificate.*\[HOST_UNFIT\]\n.*hint: .*--port (tun tun_2|tun_2 tun)\n/,
  },
  {
    title: 'the identity and one of two tunnels',
    args: ['--identity', '--port', 'tun'],
    says: /host_1: the tunnels tun_2 need its certificate.*\[HOST_UNFIT\]\n.*hint: .*--port tun_2/,
  },
];

for (const { title, args, says } of refusals) {
  test.serial(`a tunnel that would go on in plaintext is not left alone: ${title}`, async (t) => {
    await operator.reset('old');
    await addTunnel();
    const before = await tracesOn('host_1');
    const { status, stderr } = await runIn(fleet, fleet.folder, ['remove', '--to', 'host_1', ...args]);
    t.is(status, 6, stderr);
    t.regex(stderr, says);
    t.is(await tracesOn('host_1'), before);
  });
}

test.serial('one of two tunnels goes with its drop policy, and the identity stays for the other', async (t) => {
  await operator.reset('old');
  await addTunnel();
  const { status, stderr } = await runIn(fleet, fleet.folder, ['remove', '--to', 'host_1', '--port', 'tun']);
  t.is(status, 0, stderr);
  const left = await tracesOn('host_1');
  t.regex(left, /^tun_2$/m);
  t.notRegex(left, /^tun$/m);
  t.regex(left, /certificate=.*private_key=/);
  t.regex(left, /host_1-[0-9a-f]{16}-privkey\.pem/);
  t.notRegex(left, /proto gre/);
  const both = await runIn(fleet, fleet.folder, ['remove', '--to', 'host_1', '--identity', '--port', 'tun_2']);
  t.is(both.status, 0, both.stderr);
  t.notRegex(await tracesOn('host_1'), /tun_2|pem|certificate=/);
});

test.serial('a host that cannot be reached is told, and the other is done', async (t) => {
  await operator.reset('old');
  const folder = operator.folderFor(join(fleet.folder, 'unreached'));
  fleet.ssh.route('host_1', { address: '127.0.0.1', port: 1 });
  const { status, stdout, stderr } = await runIn(fleet, folder, ['remove']);
  fleet.ssh.route('host_1', undefined);
  t.is(status, 6);
  t.regex(stderr, /host_1.*\[HOST_UNREACHABLE\]/);
  t.regex(stdout, /^host_1: FAILED\nhost_2:\n/);
  t.is(await tracesOn('host_2'), nothingLeft);
  t.regex(await tracesOn('host_1'), /^tun$/m);
});

test.serial('what is to be taken away must be said', async (t) => {
  const folder = join(fleet.folder, 'empty');
  mkdirSync(folder);
  writeFileSync(join(folder, 'fleet.yaml'), 'version: 1\nhosts: {host_1: {}}\n');
  for (const args of [
    ['--to', 'host_1'],
    ['fleet.yaml', '--to', 'host_1', '--identity'],
  ]) {
    const { status, stderr } = await runIn(fleet, folder, ['remove', ...args]);
    t.is(status, 2);
    t.regex(stderr, /it is not said what is to be taken away \[USAGE\]\n.*hint: ovs-pki-ts remove --to host_1 /);
  }
});

test.serial('status names the certificate of a host that is gone, and what revokes it', async (t) => {
  await operator.reset('old');
  const folder = operator.folderFor(join(fleet.folder, 'gone'));
  const all = await runIn(fleet, folder, ['status', 'fleet.yaml']);
  t.notRegex(all.stdout, /certificates that are valid/);
  writeFileSync(join(folder, 'fleet.yaml'), 'version: 1\nhosts: {host_1: {}}\n');
  const { stdout, stderr } = await runIn(fleet, folder, ['status', 'fleet.yaml']);
  const [told = '', command = ''] =
    /^ {2}host_2: serial [0-9A-F]+, until [\d-]+; where it is gone: ovs-pki-ts (.*)$/m.exec(stdout) ?? [];
  t.is(command, 'revoke --dir pki host_2 --reason cessationOfOperation', stdout + stderr);
  const { withoutHost } = JSON.parse((await runIn(fleet, folder, ['status', '--json', 'fleet.yaml'])).stdout) as {
    withoutHost: readonly { name: string; serialNumber: string }[];
  };
  t.like(withoutHost, { 0: { name: 'host_2' }, length: 1 });
  t.true(told.includes(withoutHost[0]?.serialNumber ?? '?'));
  // Without --dir: it is in the command as it is told.
  const revoked = await fleet.runOurs([...command.split(' '), '--log', 'log'], { cwd: folder });
  t.is(revoked.status, 0, revoked.stderr);
  t.notRegex((await runIn(fleet, folder, ['status', 'fleet.yaml'])).stdout, /certificates that are valid/);
  t.notRegex((await runIn(fleet, folder, ['status', '--to', 'host_1'])).stdout, /certificates that are valid/);
});

const everything = wholeHost('ovs-vsctl --no-wait', 'find /run/fleet/ike -type f 2>/dev/null');

const methods = [
  ['ca-signed', ['--identity']],
  ['self-signed', ['--identity']],
  ['psk', []],
] as const;

for (const [method, identity] of methods) {
  test.serial(`what connect has made with ${method} is taken away, and the hosts are what they were`, async (t) => {
    await operator.reset('bare');
    await Promise.all(hostNames.map((name) => fleet.must(name, 'rm -rf /run/fleet/ike/*')));
    await madeAndTakenAway(t, method, identity);
  });
}

/** @param settled a script that waits until the host has come to rest @returns what the hosts had between */
async function madeAndTakenAway(
  t: ExecutionContext,
  method: string,
  identity: readonly string[],
  settled = ':',
): Promise<string> {
  const look = (name: string): Promise<string> => fleet.must(name, `${settled}\n${everything}`);
  const before = await Promise.all(hostNames.map(look));
  const folder = operator.folderFor(mkdtempSync(join(fleet.folder, 'whole-')), { certificates: false });
  const addresses = hostNames.map((name) => `${name}=${fleet.host(name).address}`);
  const hosts = hostNames.map((name) => `${name}=root@${name}`);
  const made = ['connect', ...hosts, '--auth', method, '--tunnel-address', ...addresses, '--skip-proof'];
  const connected = await runIn(fleet, folder, made);
  t.is(connected.status, 0, connected.stderr);
  const between = await Promise.all(hostNames.map(look));
  t.notDeepEqual(between, before);
  const removed = await runIn(fleet, folder, ['remove', '--to', ...hostNames, '--port', 'tun', ...identity]);
  t.is(removed.status, 0, removed.stderr);
  t.is(removed.stderr, '');
  for (const [index, name] of hostNames.entries()) {
    t.deepEqual(differences(before[index] ?? '', await look(name)), []);
  }
  return between.join('');
}

test.serial('--port with an inventory takes that port away, and leaves all else', async (t) => {
  await operator.reset('old');
  await addTunnel();
  const folder = operator.folderFor(join(fleet.folder, 'port'));
  const { status, stdout, stderr } = await runIn(fleet, folder, ['remove', '--port', 'tun_2']);
  t.is(status, 0, stderr);
  t.regex(stdout, /^host_1:\n {2}- port tun_2 of br-ipsec\nhost_2: nothing to do\n$/);
  t.regex(await tracesOn('host_1'), /^tun$/m);
});

/** A stand-in for libreswan's ipsec(8) that has loaded what it is to load; ovs-monitor-ipsec and the tools of NSS are real. */
const libreswan = `#!/bin/sh
case $1 in
  --version) echo 'Linux Libreswan 4.10 (netkey) on 6.1.0' ;;
  status)
    echo '000 nssdir=/var/lib/ipsec/nss, dumpdir=/run/pluto, statsbin=unset'
    sed -n 's/^conn \\(tun.*\\)$/000 "\\1": unrouted/p' /etc/ipsec.conf ;;
esac
`;

const startLibreswan = `set -e; . /run/fleet/daemons.sh
  cat >/run/fleet/libreswan <<'END'
${libreswan}END
  put_ipsec /run/fleet/libreswan
  mkdir -p /var/lib/ipsec/nss && certutil -N -d sql:/var/lib/ipsec/nss --empty-password
  /usr/share/openvswitch/scripts/ovs-monitor-ipsec --pidfile=/run/openvswitch/ovs-monitor-ipsec.pid --ike-daemon=libreswan \
    --ipsec-d /var/lib/ipsec/nss --no-restart-ike-daemon --log-file --detach unix:/run/openvswitch/db.sock`;

const endLibreswan =
  '. /run/fleet/daemons.sh; stop_daemon ovs-monitor-ipsec; put_ipsec /run/fleet/ipsec.sh; rm -rf /var/lib/ipsec/nss';

for (const [method, identity] of methods) {
  test.serial(`so are hosts with libreswan and its database: ${method}`, async (t) => {
    await operator.reset('bare');
    await Promise.all(hostNames.map((name) => fleet.must(name, startLibreswan)));
    const between = await madeAndTakenAway(t, method, identity, '. /run/fleet/daemons.sh; await_daemons');
    if (method !== 'psk') t.regex(between, /ovs_certkey_host_1/, 'ovs-monitor-ipsec has put it into NSS');
    await Promise.all(hostNames.map((name) => fleet.must(name, endLibreswan)));
  });
}

/** A second tunnel with a certificate, to a third host. */
async function addTunnel(): Promise<void> {
  const tunnel = 'type=gre options:remote_ip=203.0.113.7 options:local_ip=203.0.113.1 options:remote_name=host_9';
  await fleet.must('host_1', `ovs-vsctl --no-wait add-port br-ipsec tun_2 -- set Interface tun_2 ${tunnel}`);
}
