/** Three hosts, and a CA whose key is rolled over: what is there after each step, to begin again from. */

import { X509Certificate } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beginPki } from '../pki.js';
import type { Run } from '../programs.js';
import { type Fleet, startFleet } from './fleet.js';
import type { HostOptions } from './host.js';

export const allHosts = ['host_1', 'host_2', 'host_3'] as const;
/** Those of the inventory at the beginning; the third is bare. */
export const firstHosts = ['host_1', 'host_2'] as const;

/** How far a rollover has got, here and on the hosts. */
export const phases = ['deployed', 'prepared', 'distributed', 'switched', 'retired'] as const;
export type Phase = (typeof phases)[number];

const steps: Readonly<Record<Phase, readonly string[]>> = {
  deployed: ['apply', '--skip-proof'],
  prepared: ['rollover', 'prepare'],
  distributed: ['rollover', 'distribute', 'fleet.yaml'],
  switched: ['rollover', 'switch', 'fleet.yaml', '--skip-proof'],
  retired: ['rollover', 'retire', 'fleet.yaml', '--skip-proof'],
};

export interface RolloverFleet {
  readonly fleet: Fleet;
  /** A folder of an operator who has got so far, with hosts that have, too. */
  beginning(phase: Phase): Promise<string>;
  ours(folder: string, ...args: string[]): Promise<Run>;
  /** The same, where it must succeed. */
  well(folder: string, ...args: string[]): Promise<void>;
  /** All that a rollover could change on a host. */
  stateOn(host: string): Promise<HostState>;
  /** PEM, of the certificate that the database names. */
  certificateOn(host: string): Promise<string>;
  /** The CAs in files of a host, PEM, sorted. */
  authoritiesOn(host: string): Promise<string[]>;
  /** The key identifiers of the CAs that its IKE daemon has. */
  loadedOn(host: string): Promise<string[]>;
  /** What was asked of its IKE daemon since the beginning. */
  callsOn(host: string): Promise<string[]>;
}

export interface HostState {
  readonly database: string;
  /** What ovs-monitor-ipsec has written. */
  readonly configuration: string;
  readonly files: readonly { readonly path: string; readonly mode: string; readonly hash: string }[];
  readonly links: readonly { readonly path: string; readonly to: string }[];
}

/** Goes through a rollover until a phase, and remembers everything after each step. */
export async function startRollover(until: Phase, vswitchd: HostOptions['vswitchd'] = 'none'): Promise<RolloverFleet> {
  const fleet = await startFleet({ count: 3, ipsec: 'monitor', vswitchd });
  const work = join(fleet.folder, 'work');
  const ours = (folder: string, ...args: string[]) =>
    fleet.runOurs([...args, '--dir', 'pki', '--log', 'log'], { cwd: folder });
  const well = async (folder: string, ...args: string[]) => {
    const { status, stdout, stderr } = await ours(folder, ...args);
    if (status !== 0) throw new Error(`${args.join(' ')}: ${stdout}${stderr}`);
  };
  const onAll = (script: string) => Promise.all(allHosts.map((host) => fleet.must(host, script)));
  try {
    mkdirSync(work);
    await beginPki(work, 'ours with EC keys');
    writeInventory(fleet, work, firstHosts);
    for (const phase of phases.slice(0, phases.indexOf(until) + 1)) {
      await well(work, ...steps[phase]);
      await onAll(remember(phase));
      cpSync(work, join(fleet.folder, phase), { recursive: true, verbatimSymlinks: true });
    }
  } catch (error) {
    await fleet.close();
    throw error;
  }
  let count = 0;
  const beginning = async (phase: Phase) => {
    await onAll(recall(phase));
    const folder = join(fleet.folder, `${phase}-${count++}`);
    cpSync(join(fleet.folder, phase), folder, { recursive: true, verbatimSymlinks: true });
    return folder;
  };
  return { fleet, beginning, ours, well, ...looksAt(fleet) };
}

function looksAt({ must }: Fleet) {
  const lines = async (host: string, script: string) =>
    (await must(host, script)).split('\n').filter((line) => line !== '');
  return {
    stateOn: async (host: string): Promise<HostState> => ({
      database: await must(
        host,
        'ovs-vsctl get Open_vSwitch . other_config; ovs-vsctl --columns=name,options list Interface',
      ),
      configuration: await must(host, '. /run/fleet/daemons.sh; await_daemons; cat /etc/ipsec.conf /etc/ipsec.secrets'),
      files: (await lines(host, fileList)).map((line) => {
        const [path = '', hash = '', ...mode] = line.split(' ');
        return { path, hash, mode: mode.join(' ') };
      }),
      links: (await lines(host, linkList)).map((line) => {
        const [path = '', to = ''] = line.split(' ');
        return { path, to };
      }),
    }),
    certificateOn: (host: string) =>
      must(host, 'cat "$(ovs-vsctl get Open_vSwitch . other_config:certificate | tr -d \\")"'),
    authoritiesOn: async (host: string) =>
      certificatesIn(await must(host, 'cat /etc/ipsec.d/cacerts/ovs-ca-*.pem')).sort(),
    loadedOn: async (host: string) => [
      ...new Set((await lines(host, 'ipsec listcacerts')).flatMap((line) => /subjkeyId: +(\S+)/.exec(line)?.[1] ?? [])),
    ],
    callsOn: (host: string) => lines(host, 'cat /run/fleet/ipsec.log'),
  };
}

const fileList = `find /etc/ipsec.d -type f | sort | while read -r file; do
  echo "$file $(sha256sum <"$file" | cut -c1-16) $(stat -c '%a %U' "$file")"; done`;
const linkList = `find /etc/ipsec.d -type l | sort | while read -r link; do echo "$link $(readlink -f "$link")"; done`;

export function writeInventory(fleet: Fleet, folder: string, names: readonly string[]): void {
  const hosts = names.map((name) => `  ${name}: {ssh: root@${name}, address: ${fleet.host(name).address}}`);
  const tunnels = names.slice(1).map((name) => `  - between: [host_1, ${name}]`);
  writeFileSync(join(folder, 'fleet.yaml'), ['version: 1', 'hosts:', ...hosts, 'tunnels:', ...tunnels, ''].join('\n'));
}

/** The CA that signs, PEM. */
export function signingCa(folder: string): string {
  return certificatesIn(readFileSync(join(folder, 'pki/switchca/cacert.pem'), 'latin1'))[0] ?? '';
}

/** Both CAs of a rollover, or the one that there is, PEM, sorted. */
export function trustedCas(folder: string): string[] {
  const files = ['new', 'old'].map((name) => join(folder, `pki/switchca/rollover/${name}/cacert.pem`));
  const others = files.flatMap((file) => (existsSync(file) ? certificatesIn(readFileSync(file, 'latin1')) : []));
  return [...new Set([signingCa(folder), ...others])].sort();
}

/** That of the two which does not sign. */
export function otherCa(folder: string): string {
  return trustedCas(folder).find((pem) => pem !== signingCa(folder)) ?? '';
}

export function isSignedBy(certificate: string, authority: string): boolean {
  return new X509Certificate(certificate).verify(new X509Certificate(authority).publicKey);
}

/** Where hosts have a CA. */
export function authorityFile(authority: string): string {
  const hash = new X509Certificate(authority).fingerprint256.replaceAll(':', '').toLowerCase();
  return `/etc/ipsec.d/cacerts/ovs-ca-${hash.slice(0, 16)}.pem`;
}

/** What is in the folder of the CA, but for its log. */
export function caFiles(folder: string): string[] {
  return readdirSync(join(folder, 'pki/switchca'), { recursive: true, encoding: 'utf8' }).sort();
}

function certificatesIn(text: string): string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n/g) ?? [];
}

function remember(phase: Phase): string {
  return `set -e; mkdir -p /run/fleet/${phase}; cd /run/fleet/${phase}
    tar -C /etc/ipsec.d -cf files.tar .
    ovsdb-client backup unix:/run/openvswitch/db.sock Open_vSwitch >database
    ip xfrm policy | sed -n 's/^src/dir out src/p' >policies`;
}

function recall(phase: Phase): string {
  return `set -e; cd /run/fleet/${phase}
    ip xfrm policy flush
    while read -r policy; do ip xfrm policy add $policy priority 3000000000 action block; done <policies
    for folder in certs private cacerts crls; do while umount /etc/ipsec.d/$folder 2>/dev/null; do :; done; done
    find /etc/ipsec.d \\( -type f -o -type l \\) -delete
    tar -C /etc/ipsec.d -xf files.tar
    . /run/fleet/daemons.sh; put_ipsec /run/fleet/ipsec.sh
    ovsdb-client restore unix:/run/openvswitch/db.sock <database; await_daemons
    flock /run/fleet/ipsec.lock rm -rf /run/fleet/ike; rm -rf /run/ovs-pki-ts.lock; ipsec start
    echo 'Status of IKE charon daemon (strongSwan 5.9.8):' >/run/fleet/ike/heading; : >/run/fleet/ipsec.log`;
}
