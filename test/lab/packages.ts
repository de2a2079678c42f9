/** What the laboratory needs on a Debian machine: installed where it is missing, libreswan unpacked beside strongSwan. */

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot, run, runWell } from '../support/programs.js';

/** Program that must be there, and the Debian package that brings it. */
const needed: readonly (readonly [program: string, packageName: string])[] = [
  ['/usr/bin/qemu-system-x86_64', 'qemu-system-x86'],
  ['/usr/bin/busybox', 'busybox'],
  ['/usr/bin/cpio', 'cpio'],
  ['/usr/sbin/modprobe', 'kmod'],
  ['/usr/sbin/sshd', 'openssh-server'],
  ['/usr/bin/ssh', 'openssh-client'],
  ['/usr/sbin/ip', 'iproute2'],
  ['/usr/bin/ping', 'iputils-ping'],
  ['/usr/bin/tcpdump', 'tcpdump'],
  ['/usr/bin/ps', 'procps'],
  ['/usr/bin/openssl', 'openssl'],
  ['/usr/sbin/ovs-vswitchd', 'openvswitch-switch'],
  ['/usr/share/openvswitch/scripts/ovs-monitor-ipsec', 'openvswitch-ipsec'],
  ['/usr/lib/ipsec/charon', 'strongswan'],
  ['/usr/lib/ipsec/plugins/libstrongswan-gcm.so', 'libstrongswan-standard-plugins'],
  ['/usr/bin/ovs-pki', 'openvswitch-pki'],
  ['/usr/bin/certutil', 'libnss3-tools'],
  ['/usr/sbin/iptables', 'iptables'],
  ['/usr/sbin/apparmor_parser', 'apparmor'],
];

/** For root trees of other releases. */
const neededForTrees: typeof needed = [
  ['/usr/bin/mmdebstrap', 'mmdebstrap'],
  ['/usr/share/keyrings/debian-archive-keyring.gpg', 'debian-archive-keyring'],
];

/** libreswan and those of its libraries that a machine with the packages above does not have. */
const libreswanPackages = [
  'libreswan',
  'libldns3',
  'libevent-core-2.1-7',
  'libevent-pthreads-2.1-7',
  'libevent-2.1-7',
  'libunbound8',
  'libcurl3-nss',
  'dns-root-data',
] as const;

/** Another apt may be at work, and a mirror may not answer at once. */
export const patience = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3'] as const;

/** Root must run the laboratory: it makes network namespaces and devices, and may have to install packages. */
export async function installMissing(withTrees: boolean): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('the laboratory must be started by root');
  const wanted = withTrees ? [...needed, ...neededForTrees] : needed;
  const missing = wanted.filter(([program]) => !existsSync(program)).map(([, name]) => name);
  if (!kernelVersion()) missing.push('linux-image-amd64');
  if (missing.length === 0) return;
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await runWell('apt-get', ['update', ...patience], { env });
  // Daemons of the machine itself are none of the laboratory's business: policy-rc.d would forbid their start,
  // and a machine without systemd does not start them anyway.
  await runWell('apt-get', ['install', '-y', '--no-install-recommends', ...patience, ...missing], { env });
}

/** The newest kernel of the distribution that has both an image and modules. */
export function kernelVersion(): string | undefined {
  if (!existsSync('/lib/modules') || !existsSync('/boot')) return undefined;
  const versions = readdirSync('/lib/modules').filter((name) => existsSync(`/boot/vmlinuz-${name}`));
  return versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
}

/** A folder with libreswan's files as they would lie under `/`; it conflicts with strongSwan as a package. */
export async function libreswanFolder(): Promise<string> {
  const cache = join(projectRoot, 'build/lab-cache');
  const folder = join(cache, 'libreswan');
  if (existsSync(folder)) return folder;
  const work = join(cache, `unpacking-${process.pid}`);
  mkdirSync(join(work, 'debs'), { recursive: true });
  await downloadLibreswan(join(work, 'debs'));
  for (const deb of readdirSync(join(work, 'debs'))) {
    await runWell('dpkg', ['-x', join(work, 'debs', deb), join(work, 'root')]);
  }
  await mergeUsr(join(work, 'root'));
  if (!existsSync(folder)) renameSync(join(work, 'root'), folder);
  rmSync(work, { recursive: true, force: true });
  return folder;
}

async function downloadLibreswan(folder: string): Promise<void> {
  const download = ['download', ...patience, ...libreswanPackages];
  const first = await run('apt-get', download, { cwd: folder });
  if (first.status === 0) return;
  await runWell('apt-get', ['update', ...patience]);
  await runWell('apt-get', download, { cwd: folder });
}

/** `/lib` and its like are links on the machine: a folder of that name in an overlay would hide the whole of it. */
export async function mergeUsr(root: string): Promise<void> {
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    if (!existsSync(join(root, name))) continue;
    mkdirSync(join(root, 'usr', name), { recursive: true });
    await runWell('cp', ['-a', `${join(root, name)}/.`, join(root, 'usr', name)]);
    rmSync(join(root, name), { recursive: true });
  }
}
