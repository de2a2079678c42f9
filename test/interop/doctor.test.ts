/**
 * doctor and status over ssh, on hosts with real daemons of Open vSwitch where something has really gone wrong. The IKE
 * daemon is a stand-in that tells what it would have loaded, so no tunnel comes up and nothing listens on UDP port 500.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { clockWrong, monitorStopped, programMissing } from '../support/fleet/faults.js';
import { type Fleet, startFleet } from '../support/fleet/fleet.js';
import { runOurs } from '../support/programs.js';

const script =
  (text: string): Misfortune =>
  (fleet, host) =>
    fleet.must(host, text);

/** Waits until ovs-vswitchd has made the ports, and the IKE daemon has what ovs-monitor-ipsec makes of the database. */
const awaitDaemons = '. /run/fleet/daemons.sh; await_daemons';

type Misfortune = (fleet: Fleet, host: string) => Promise<unknown>;

/** What is done to a host, and what doctor is to find there. */
const misfortunes: Readonly<Record<string, { readonly happens: Misfortune; readonly ids: readonly string[] }>> = {
  host_1: { happens: monitorStopped, ids: ['ovs-monitor-ipsec-not-running'] },
  host_2: { happens: programMissing('openssl'), ids: ['openssl-missing'] },
  host_3: {
    happens: script('openssl genrsa -out "$(ls /etc/ipsec.d/private/host_3-*)" 2048'),
    ids: ['key-mismatch'],
  },
  host_4: {
    happens: script(`ovs-vsctl set Interface tun options:psk=swordfish; ${awaitDaemons}`),
    ids: ['auth-differs', 'psk-beside-certificate'],
  },
  host_5: { happens: clockWrong('+1h'), ids: ['clock-skew'] },
  // The same name and key, in the same file: ovs-monitor-ipsec compares paths.
  host_6: {
    happens: script(`set -e
      file=$(ls /etc/ipsec.d/certs/host_6-*) key=$(ls /etc/ipsec.d/private/host_6-*)
      openssl req -new -key "$key" -subj '/O=Open vSwitch/CN=host_6' -out /tmp/request.pem
      openssl x509 -req -in /tmp/request.pem -signkey "$key" -set_serial 119 -days 9 \\
        -extfile <(echo subjectAltName=DNS:host_6) -out "$file"`),
    ids: ['certificate-expires-soon', 'certificate-in-use-differs', 'certificate-of-other-ca'],
  },
  // As if charon had not read it since it started.
  host_7: { happens: script('rm /run/fleet/ike/cacerts/*'), ids: ['ca-not-loaded'] },
  host_8: {
    happens: script(`ovs-vsctl set Interface tun 'options:remote_name="*"'; ${awaitDaemons}`),
    ids: ['remote-name-dangerous', 'remote-name-mismatch'],
  },
  host_9: { happens: script('rm /etc/ipsec.d/private/host_9-*'), ids: ['file-missing'] },
  host_10: { happens: script('ip xfrm policy flush'), ids: ['drop-policy-ineffective'] },
};

/** Found on every host, for the stand-in listens to nobody; and on the peer where two do not fit. */
const everywhere = ['ike-port-closed'];
const onPeers: Readonly<Record<string, readonly string[]>> = { host_3: ['auth-differs'], host_5: ['ca-differs'] };

const heading = `Status of IKE charon daemon (strongSwan 5.9.8, Linux 6.1.0-56-amd64, x86_64):
  loaded plugins: charon aes sha2 random nonce x509 pem openssl gcm kernel-netlink stroke
`;

test('doctor names what has gone wrong on each of ten hosts, and status counts it', async (t) => {
  const names = Object.keys(misfortunes);
  const fleet = await startFleet({ count: names.length, vswitchd: 'dummy', ipsec: 'monitor' });
  t.teardown(fleet.close);
  const work = { cwd: fleet.folder };
  writeFileSync(join(fleet.folder, 'fleet.yaml'), inventory(fleet.hosts));
  t.like(await runOurs(['--dir', 'pki', 'init'], work), { status: 0 });
  await Promise.all(names.map((name) => fleet.must(name, `printf '%s' '${heading}' >/run/fleet/ike/heading`)));
  t.like(await fleet.runOurs(['--dir', 'pki', 'apply', '--skip-proof'], work), { status: 0 });
  await Promise.all(names.map((name) => fleet.must(name, awaitDaemons)));
  t.deepEqual([...new Set((await findings(fleet)).map(({ id }) => id))], everywhere);

  await Promise.all(Object.entries(misfortunes).map(([name, { happens }]) => happens(fleet, name)));
  const found = await findings(fleet);
  const status = await fleet.runOurs(['--json', 'status'], work);

  for (const [name, { ids }] of Object.entries(misfortunes)) {
    const own = found.filter(({ host }) => host === name);
    t.deepEqual(
      [...new Set(own.map(({ id }) => id))].sort(),
      [...everywhere, ...ids, ...(onPeers[name] ?? [])].sort(),
      name,
    );
  }
  t.is(status.status, 4);
  const { hosts } = JSON.parse(status.stdout) as StatusDocument;
  t.is(
    hosts.reduce((sum, host) => sum + host.findings.errors + host.findings.warnings, 0),
    found.length,
  );
  const host = (name: string) => hosts.find((item) => item.host === name);
  for (const name of names) {
    t.is(host(name)?.tunnels[0]?.state, name === 'host_10' ? 'not-encrypted' : 'down', name);
  }
  t.like(host('host_6')?.identity, { inUse: false, certificate: { serialNumber: '77' } });
  t.regex(host('host_4')?.tunnels[0]?.reasons[0] ?? '', /must be unset with PSK/);
});

test('a host that cannot be asked is told apart from one with something wrong', async (t) => {
  const fleet = await startFleet({ count: 1 });
  t.teardown(fleet.close);
  const run = await fleet.runOurs(['--json', 'doctor', '--to', 'host_1', 'host_2'], { cwd: fleet.folder });
  t.is(run.status, 6);
  const { hosts, unasked } = JSON.parse(run.stdout) as { hosts: string[]; unasked: { host: string }[] };
  t.deepEqual([hosts, unasked.map(({ host }) => host)], [['host_1'], ['host_2']]);
});

interface StatusDocument {
  readonly hosts: readonly {
    readonly host: string;
    readonly findings: { readonly errors: number; readonly warnings: number };
    readonly tunnels: readonly { readonly state: string; readonly reasons: readonly string[] }[];
    readonly identity: { readonly inUse: boolean; readonly certificate: { readonly serialNumber: string } };
  }[];
}

async function findings(fleet: Fleet): Promise<{ host: string; id: string }[]> {
  const { stdout } = await fleet.runOurs(['--json', 'doctor'], { cwd: fleet.folder });
  if (stdout.includes('swordfish')) throw new Error('doctor tells a PSK');
  return (JSON.parse(stdout) as { findings: { host: string; id: string }[] }).findings;
}

function inventory(hosts: readonly { readonly name: string; readonly address: string }[]): string {
  const lines = hosts.map(({ name, address }) => `  ${name}: { address: ${address} }`);
  const pairs = hosts.flatMap(({ name }, index) => {
    const peer = hosts[index + 1]?.name;
    return index % 2 === 0 ? [`  - { between: [${name}, ${peer}], type: ${index === 8 ? 'geneve' : 'gre'} }`] : [];
  });
  return `version: 1\nhosts:\n${lines.join('\n')}\ntunnels:\n${pairs.join('\n')}\n`;
}
