/**
 * Tunnels that were made by hand, as the IPsec tutorial of Open vSwitch says, come under an inventory. The real
 * ovs-monitor-ipsec counts how often it has made the connections of a tunnel: it does so again just where `plan` has said that
 * the tunnel is rebuilt.
 */

import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { type Fleet, startFleet } from '../support/fleet/fleet.js';
import { hostNames, runIn } from '../support/fleet/operator.js';
import { rsaKeyFile } from '../support/keys.js';
import { beginPki, makeRequest, oursWell } from '../support/pki.js';

let fleet: Fleet;

test.before(async () => {
  fleet = await startFleet({ count: 2, ipsec: 'monitor' });
  await beginPki(fleet.folder, 'ours with EC keys');
  for (const [index, name] of hostNames.entries()) {
    await makeRequest(fleet.folder, name, rsaKeyFile(index + 1));
    await oursWell(fleet.folder, ['sign', '-b', name]);
  }
});

test.after.always(() => fleet?.close());

interface There {
  readonly hasLocalIp: boolean;
  readonly hasMark?: boolean;
}

type Method = 'psk' | 'self-signed' | 'ca-signed';

const places = {
  certificate: '/etc/ipsec.d/certs/mine-cert.pem',
  privateKey: '/etc/ipsec.d/private/mine-privkey.pem',
  authority: '/etc/ipsec.d/cacerts/cacert.pem',
  peer: '/etc/ipsec.d/certs/peer-cert.pem',
};

async function folderFor(method: Method, plaintext: string | undefined): Promise<string> {
  const folder = mkdtempSync(join(fleet.folder, `${method}-`));
  cpSync(join(fleet.folder, 'pki'), join(folder, 'pki'), { recursive: true });
  for (const name of method === 'psk' ? [] : hostNames) {
    for (const kind of ['privkey', 'req', 'cert'])
      cpSync(join(fleet.folder, `${name}-${kind}.pem`), join(folder, `${name}-${kind}.pem`));
    if (method === 'self-signed') await oursWell(folder, ['self-sign', name, '--force']);
  }
  const hosts = fleet.hosts.map(({ name, address }) => `  ${name}: {ssh: root@${name}, address: ${address}}\n`);
  const tunnels = `tunnels:\n  - {between: [host_1, host_2], auth: ${method}, port: tun}\n`;
  const defaults = plaintext === undefined ? '' : `defaults: {plaintext: ${plaintext}}\n`;
  writeFileSync(join(folder, 'fleet.yaml'), `version: 1\n${defaults}hosts:\n${hosts.join('')}${tunnels}`);
  return folder;
}

/** As it is typed there, and with the option that an inventory has. */
async function wire(
  folder: string,
  method: Method,
  name: string,
  peer: string,
  { hasLocalIp, hasMark = false }: There,
): Promise<void> {
  const put = (file: string, path: string): string =>
    method === 'psk' ? '' : `cat >${path} <<'END'\n${readFileSync(join(folder, file), 'utf8')}END\n`;
  const identity = `other_config:certificate=${places.certificate} other_config:private_key=${places.privateKey}`;
  const local = hasLocalIp ? `options:local_ip=${fleet.host(name).address}` : '';
  const ways = {
    psk: ['', '', 'options:psk=swordfish'],
    'self-signed': [put(`${peer}-cert.pem`, places.peer), identity, `options:remote_cert=${places.peer}`],
    'ca-signed': [
      put('pki/switchca/cacert.pem', places.authority),
      `${identity} other_config:ca_cert=${places.authority}`,
      `options:remote_name=${peer}`,
    ],
  } as const;
  const [more, settings, option] = ways[method];
  const own =
    method === 'psk' ? '' : put(`${name}-cert.pem`, places.certificate) + put(`${name}-privkey.pem`, places.privateKey);
  await fleet.must(
    name,
    `set -e; . /run/fleet/daemons.sh
     ovs-vsctl --no-wait --if-exists del-br br-ipsec -- clear Open_vSwitch . other_config
     ip xfrm policy flush; find /etc/ipsec.d \\( -type f -o -type l \\) -delete; await_daemons
     ${own}${more}
     ${hasMark ? 'ovs-vsctl --no-wait set Open_vSwitch . other_config:ipsec_skb_mark=0/1' : ''}
     ${settings === '' ? '' : `ovs-vsctl --no-wait set Open_vSwitch . ${settings}`}
     ovs-vsctl --no-wait add-br br-ipsec -- add-port br-ipsec tun -- set Interface tun type=gre \\
       options:remote_ip=${fleet.host(peer).address} ${option} ${local}
     await_daemons`,
  );
}

/** How often ovs-monitor-ipsec has made the connections of the tunnel. */
async function versions(): Promise<number[]> {
  const texts = await Promise.all(
    hostNames.map((name) =>
      fleet.must(name, '. /run/fleet/daemons.sh; await_daemons; ovs-appctl -t ovs-monitor-ipsec tunnels/show'),
    ),
  );
  return texts.map((text) => Number(/^Interface name: tun v(\d+) \(CONFIGURED\)$/m.exec(text)?.[1]));
}

interface Planned {
  readonly hosts: readonly {
    readonly actions: readonly { readonly kind: string; readonly interruption?: { readonly why: string } }[];
  }[];
}

const rows = [
  // The mark is set before the port is changed.
  { title: 'as it is typed there', hasLocalIp: false, plaintext: undefined, told: ['rebuilt', 'rebuilt'] },
  { title: 'with its local_ip', hasLocalIp: true, plaintext: undefined, told: ['rebuilt'] },
  { title: 'with its local_ip, and plaintext: keep', hasLocalIp: true, plaintext: 'keep', told: [] },
  { title: 'with all that an inventory has', hasLocalIp: true, hasMark: true, plaintext: undefined, told: [] },
] as const;

for (const method of ['psk', 'self-signed', 'ca-signed'] as const) {
  for (const { title, told, plaintext, ...there } of rows.filter(
    (row) => method === 'psk' || row.plaintext !== 'keep',
  )) {
    test.serial(
      `by hand, ${method}, ${title}: ${told.length === 0 ? 'nothing is interrupted' : 'it is said'}`,
      async (t) => {
        const folder = await folderFor(method, plaintext);
        await Promise.all([
          wire(folder, method, 'host_1', 'host_2', there),
          wire(folder, method, 'host_2', 'host_1', there),
        ]);
        const before = await versions();
        const planned = await runIn(fleet, folder, ['plan', '--json', '--skip-proof', 'fleet.yaml']);
        const { hosts } = JSON.parse(planned.stdout) as Planned;
        const says = hosts.map(({ actions }) => actions.flatMap(({ interruption }) => interruption?.why ?? []));
        t.deepEqual(says, [told, told], planned.stdout);
        for (const times of [1, 2]) {
          const applied = await runIn(fleet, folder, ['apply', '--skip-proof', 'fleet.yaml']);
          t.is(applied.status, 0, applied.stderr);
          t.deepEqual(
            await versions(),
            before.map((version) => version + told.length),
            `after apply number ${times}`,
          );
        }
      },
    );
  }
}
