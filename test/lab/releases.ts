/** The releases of Debian whose hosts the laboratory has: that of the machine itself, and root trees of others, made here. */

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot, runWell } from '../support/programs.js';
import { mergeUsr, patience } from './packages.js';

/** By their numbers; 12 is the machine's own. */
export const releases = ['12', '13'] as const;
export type Release = (typeof releases)[number];

interface Tree {
  readonly release: Release;
  readonly suite: string;
}

const trees: readonly Tree[] = [{ release: '13', suite: 'trixie' }];

/** What a host needs; strongSwan as ovs-monitor-ipsec can feed it, and not as that release installs it. */
const included = [
  ...['openvswitch-switch', 'openvswitch-ipsec', 'strongswan-starter', 'strongswan-charon'],
  ...['libstrongswan-standard-plugins', 'libnss3-tools', 'openssl', 'python3', 'openssh-server', 'iproute2'],
  ...['iputils-ping', 'procps', 'busybox', 'iptables', 'kmod', 'util-linux'],
];

/** Where root trees are kept: they cost some minutes each. */
export function treesFolder(): string {
  return process.env['OVS_PKI_LAB_TREES'] ?? join(projectRoot, 'build/lab-cache');
}

/** Makes the trees of these releases where they are not there yet: `debian-13/root`, and libreswan in `debian-13/libreswan`. */
export async function makeTrees(wanted: readonly Release[]): Promise<void> {
  for (const tree of trees) {
    if (wanted.includes(tree.release)) await makeTree(tree);
  }
}

async function makeTree({ release, suite }: Tree): Promise<void> {
  const folder = join(treesFolder(), `debian-${release}`);
  if (existsSync(folder)) return;
  const work = `${folder}.${process.pid}`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const options = [
    ...['--variant=minbase', '--quiet', `--include=${included.join(',')}`],
    ...[
      '--aptopt=APT::Install-Recommends "false"',
      '--aptopt=Acquire::Retries "3"',
      '--aptopt=Acquire::Languages "none"',
    ],
    ...['doc', 'man', 'locale', 'info'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
  ];
  await runWell('mmdebstrap', [...options, suite, join(work, 'root')], { seconds: 1800 });
  await unpackLibreswan(work);
  renameSync(work, folder);
}

/** As a package it would take the place of strongSwan. */
async function unpackLibreswan(work: string): Promise<void> {
  const state = join(work, 'apt');
  for (const name of ['lists/partial', 'archives/partial']) mkdirSync(join(state, name), { recursive: true });
  const options = [
    ...[
      `Dir::State::Lists=${state}/lists`,
      `Dir::Cache::archives=${state}/archives`,
      'Dir::Cache::pkgcache=',
      'Dir::Cache::srcpkgcache=',
    ],
    ...[
      `Dir::State::status=${work}/root/var/lib/dpkg/status`,
      `Dir::Etc::sourcelist=${work}/root/etc/apt/sources.list`,
      'Dir::Etc::sourceparts=-',
    ],
    ...[
      'Dir::Etc::Trusted=/usr/share/keyrings/debian-archive-keyring.gpg',
      'APT::Sandbox::User=root',
      'Acquire::Languages=none',
    ],
  ].flatMap((option) => ['-o', option]);
  await runWell('apt-get', [...options, ...patience, 'update'], { seconds: 600 });
  await runWell(
    'apt-get',
    [...options, ...patience, '--yes', '--no-install-recommends', '--download-only', 'install', 'libreswan'],
    { seconds: 600 },
  );
  const root = join(work, 'libreswan');
  mkdirSync(root);
  for (const file of readdirSync(join(state, 'archives')).filter((name) => name.endsWith('.deb'))) {
    await runWell('dpkg', ['-x', join(state, 'archives', file), root]);
  }
  await mergeUsr(root);
  rmSync(state, { recursive: true });
}
