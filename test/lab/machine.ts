/** The virtual machine: its first file system, its network on the outer side, qemu itself. */

import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { projectRoot, run, runWell } from '../support/programs.js';
import { kernelVersion } from './packages.js';

/** Modules that the first file system needs; the others come from the machine's own root. */
const bootModules = ['virtio_pci', 'virtio_net', '9p', '9pnet_virtio', 'overlay'] as const;

export interface Machine {
  readonly namespace: string;
  /** Seconds from the start of qemu until the guest said that it is ready. */
  readonly bootSeconds: number;
  stop(): Promise<void>;
}

/**
 * Boots a machine.
 *
 * @param folder what it sees as /lab: keys, guest scripts, libreswan
 * @param trees what it sees as /trees: roots of other releases
 */
export async function bootMachine(folder: string, trees: string | undefined): Promise<Machine> {
  const namespace = `ovslab-${process.pid}`;
  const initramfs = await makeInitramfs(folder);
  await makeNetwork(namespace);
  const started = Date.now();
  const log = join(folder, '..', 'console.log');
  const qemu = startQemu(namespace, { root: '/', lab: folder, ...(trees && { trees }) }, initramfs, log);
  const stop = async (): Promise<void> => {
    await endProcess(qemu);
    await run('ip', ['netns', 'del', namespace]);
  };
  try {
    await waitForGuest(qemu, log);
  } catch (error) {
    await stop();
    throw error;
  }
  return { namespace, bootSeconds: (Date.now() - started) / 1000, stop };
}

async function makeInitramfs(folder: string): Promise<string> {
  const root = join(folder, '..', 'initramfs');
  for (const name of ['bin', 'modules']) mkdirSync(join(root, name), { recursive: true });
  copyFileSync('/usr/bin/busybox', join(root, 'bin/busybox'));
  copyFileSync(join(projectRoot, 'test/lab/guest/initramfs-init'), join(root, 'init'));
  for (const library of await librariesOf('/usr/bin/busybox')) {
    mkdirSync(dirname(join(root, library)), { recursive: true });
    copyFileSync(library, join(root, library));
  }
  await runWell('chmod', ['755', join(root, 'init'), join(root, 'bin/busybox')]);
  for (const [index, path] of (await modulePaths()).entries()) {
    cpSync(path, join(root, 'modules', `${String(index).padStart(2, '0')}-${basename(path)}`));
  }
  const image = join(folder, '..', 'initramfs.cpio');
  await runWell('sh', ['-c', `find . | cpio --quiet -o -H newc -R 0:0 > '${image}'`], { cwd: root });
  return image;
}

/** Debian's busybox is linked dynamically. */
async function librariesOf(program: string): Promise<string[]> {
  return (await runWell('ldd', [program])).split('\n').flatMap((line) => /(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

async function modulePaths(): Promise<string[]> {
  const version = kernelVersion() ?? '';
  const text = await runWell('modprobe', ['-S', version, '-a', '--show-depends', ...bootModules]);
  const paths = text.split('\n').flatMap((line) => /^insmod (\S+)/.exec(line)?.[1] ?? []);
  return [...new Set(paths)];
}

/** A network of the laboratory's own on the outer machine, with a tap device that leads to the guest. */
async function makeNetwork(namespace: string): Promise<void> {
  await removeLeftovers();
  await runWell('ip', ['netns', 'add', namespace]);
  const inside = ['netns', 'exec', namespace, 'ip'];
  const tap = await run('ip', [...inside, 'tuntap', 'add', 'lab0', 'mode', 'tap']);
  if (tap.status !== 0) {
    await run('ip', ['netns', 'del', namespace]);
    throw new Error(`the laboratory needs /dev/net/tun, which cannot be used on this machine: ${tap.stderr.trim()}`);
  }
  await runWell('ip', [...inside, 'addr', 'add', '10.77.0.254/16', 'dev', 'lab0']);
  await runWell('ip', [...inside, 'link', 'set', 'lab0', 'up']);
  await runWell('ip', [...inside, 'link', 'set', 'lo', 'up']);
}

/** Networks of laboratories whose process is gone. */
async function removeLeftovers(): Promise<void> {
  const names = (await runWell('ip', ['netns', 'list'])).matchAll(/^ovslab-(\d+)/gm);
  for (const [name, pid] of names) {
    // One that ends just now takes its own away.
    const { status, stdout } = await run('ip', ['netns', 'pids', name]);
    if (existsSync(`/proc/${pid}`) || status !== 0 || stdout.trim() !== '') continue;
    await run('ip', ['netns', 'del', name]);
    rmSync(`/etc/netns/${name}`, { recursive: true, force: true });
  }
}

function startQemu(
  namespace: string,
  shares: Readonly<Record<string, string>>,
  initramfs: string,
  log: string,
): ChildProcess {
  const share = ([tag, path]: readonly [string, string]): string[] => [
    '-virtfs',
    `local,path=${path},mount_tag=${tag},security_model=none,readonly=on,multidevs=remap`,
  ];
  const qemu = [
    // Should this process be killed, the machine ends with it.
    ...['setpriv', '--pdeathsig', 'TERM', 'qemu-system-x86_64'],
    ...['-machine', 'q35', '-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', '6144'],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', '-serial', `file:${log}`],
    ...['-kernel', `/boot/vmlinuz-${kernelVersion()}`, '-initrd', initramfs],
    ...['-append', 'console=ttyS0 quiet panic=-1 mitigations=off random.trust_cpu=on tsc=reliable no_timer_check'],
    ...['-netdev', 'tap,id=lab,ifname=lab0,script=no,downscript=no', '-device', 'virtio-net-pci,netdev=lab,romfile='],
    ...Object.entries(shares).flatMap(share),
  ];
  return spawn('ip', ['netns', 'exec', namespace, ...qemu], { stdio: ['ignore', 'ignore', 'inherit'] });
}

async function waitForGuest(qemu: ChildProcess, log: string): Promise<void> {
  for (let waited = 0; waited < 3000; waited++) {
    const text = readConsole(log);
    if (text.includes('LAB READY')) return;
    const end = qemu.exitCode ?? qemu.signalCode;
    if (end !== null) throw new Error(`qemu ended with ${end}:\n${text.slice(-3000)}`);
    await sleep(100);
  }
  throw new Error(`the laboratory's machine did not come up:\n${readConsole(log).slice(-3000)}`);
}

function readConsole(log: string): string {
  try {
    return readFileSync(log, 'utf8');
  } catch {
    return '';
  }
}

export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  await ended;
}
