/**
 * The operator of two hosts, host_1 and host_2: a folder with a PKI, an inventory with one tunnel, and certificates of
 * two generations; and the states that the two hosts can be put back to.
 */

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rsaKeyFile } from '../keys.js';
import { beginPki, makeRequest, oursWell } from '../pki.js';
import type { Run, RunOptions } from '../programs.js';
import type { Fleet } from './fleet.js';

/**
 * `bare`: nothing of ours is there. `old`: the identity of the first generation and the tunnel are. `new`: the same with
 * what lies in the operator's folder, or with what the host was enrolled with.
 */
export type HostState = 'bare' | 'old' | 'new';

export const hostNames = ['host_1', 'host_2'] as const;
export type HostName = (typeof hostNames)[number];

export interface Operator {
  readonly fleet: Fleet;
  /** A folder of one's own: the PKI, both certificates of the new generation and their keys, the inventory. */
  folderFor(work: string, options?: FolderOptions): string;
  /** Puts both hosts back. */
  reset(state: 'bare' | 'old'): Promise<void>;
  /** The serial number of a certificate. */
  serial(generation: 'old' | 'new', host: HostName): string;
}

export interface FolderOptions {
  /** Who logs in on host_1. */
  readonly user?: string;
  /** Without certificates the hosts are enrolled. */
  readonly certificates?: boolean;
}

const firstKey = { old: 1, new: 3 } as const;

/** Makes the folders, and brings both hosts into both states once, to remember them. */
export async function makeOperator(fleet: Fleet): Promise<Operator> {
  const pki = join(fleet.folder, 'operator');
  const folders = { old: join(fleet.folder, 'old'), new: join(fleet.folder, 'new') };
  mkdirSync(pki);
  await beginPki(pki, 'ours with EC keys');
  for (const generation of ['old', 'new'] as const) {
    cpSync(pki, folders[generation], { recursive: true });
    for (const [index, name] of hostNames.entries()) {
      await makeRequest(folders[generation], name, rsaKeyFile(firstKey[generation] + index));
      await oursWell(folders[generation], ['sign', '-b', '--days', generation === 'old' ? '30' : '60', name]);
    }
    writeInventory(fleet, folders[generation], {});
    if (generation === 'old') rmSync(pki, { recursive: true });
    if (generation === 'old') cpSync(join(folders.old, 'pki'), join(pki, 'pki'), { recursive: true });
  }
  await remember(fleet, 'bare');
  const applied = await applyIn(fleet, folders.old);
  if (applied.status !== 0) throw new Error(`the old generation could not be brought to the hosts:\n${applied.stderr}`);
  await remember(fleet, 'old');
  return {
    fleet,
    folderFor: (work, options = {}) => {
      cpSync(folders.new, work, { recursive: true });
      if (options.certificates === false) {
        for (const name of hostNames) {
          for (const kind of ['privkey', 'req', 'cert']) rmSync(join(work, `${name}-${kind}.pem`));
        }
      }
      writeInventory(fleet, work, options);
      return work;
    },
    reset: async (state) => {
      await Promise.all(hostNames.map((name) => fleet.must(name, recall(state))));
    },
    serial: (generation, host) => serialIn(join(folders[generation], `${host}-cert.pem`)),
  };
}

/** What makes the hosts what the inventory says; no IKE daemon runs here, so that there is nothing to prove. */
export const applyArgs = ['apply', '--skip-proof'] as const;

export function applyIn(fleet: Fleet, folder: string, options: RunOptions = {}): Promise<Run> {
  return runIn(fleet, folder, applyArgs, options);
}

export function runIn(fleet: Fleet, folder: string, args: readonly string[], options: RunOptions = {}): Promise<Run> {
  return fleet.runOurs([...args, '--dir', 'pki', '--log', 'log'], { cwd: folder, ...options });
}

function serialIn(file: string): string {
  return (
    /^ +Serial Number:\s+([0-9a-f:]+)$/m.exec(readFileSync(file, 'latin1'))?.[1]?.replaceAll(':', '').toUpperCase() ??
    ''
  );
}

function writeInventory(fleet: Fleet, folder: string, { user = 'root' }: FolderOptions): void {
  const hosts = hostNames.map((name) => {
    const login = name === 'host_1' ? user : 'root';
    return `  ${name}: {ssh: ${login}@${name}, address: ${fleet.host(name).address}}`;
  });
  const lines = ['version: 1', 'hosts:', ...hosts, 'tunnels:', '  - between: [host_1, host_2]', ''];
  writeFileSync(join(folder, 'fleet.yaml'), lines.join('\n'));
}

async function remember(fleet: Fleet, state: HostState): Promise<void> {
  const script = `set -e; mkdir -p /run/fleet/${state}; cd /run/fleet/${state}
    tar -C /etc/ipsec.d -cf files.tar .
    ovsdb-client backup unix:/run/openvswitch/db.sock Open_vSwitch >database
    ip xfrm policy | sed -n 's/^src/dir out src/p' >policies`;
  await Promise.all(hostNames.map((name) => fleet.must(name, script)));
}

function recall(state: HostState): string {
  return `set -e; cd /run/fleet/${state}
    for folder in certs private cacerts crls; do while umount /etc/ipsec.d/$folder 2>/dev/null; do :; done; done
    find /etc/ipsec.d \\( -type f -o -type l \\) -delete
    tar -C /etc/ipsec.d -xf files.tar
    ovsdb-client restore unix:/run/openvswitch/db.sock <database
    ip xfrm policy flush
    while read -r policy; do ip xfrm policy add $policy priority 3000000000 action block; done <policies
    rm -f /run/ovs-pki-ts.lock`;
}
