/**
 * Many light hosts on this machine, for tests of what goes over SSH: each has a real sshd and a real ovsdb-server in
 * namespaces of its own, and a root that is this machine's under a layer of its own. Needs root, and of the kernel only
 * namespaces, veth, a bridge and overlayfs. No tunnel comes up here: see ipsec.sh.
 */

import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot, type Run, type RunOptions, run, runOurs, runWell } from '../programs.js';
import { type Host, type HostOptions, type RunningHost, startHost } from './host.js';
import { makeNetwork, maximumHosts, type Network, networkBits } from './network.js';
import { makeSshClient, type SshClient } from './ssh-client.js';

export interface FleetOptions extends Partial<HostOptions> {
  readonly count: number;
  /** Who logs in where a command names nobody. */
  readonly user?: 'root' | 'operator';
  /** What is different about single hosts, by name. */
  readonly hosts?: Readonly<Record<string, Partial<HostOptions>>>;
}

export interface Fleet {
  /** host_1, host_2 and so on. */
  readonly hosts: readonly Host[];
  /** A scratch folder that goes with the fleet. */
  readonly folder: string;
  readonly ssh: SshClient;
  /** For programs that are to reach the hosts by ssh: PATH. */
  readonly environment: Readonly<Record<string, string>>;
  host(name: string): Host;
  /** Runs a script of bash as root on a host, not by ssh. */
  on(name: string, script: string): Promise<Run>;
  /** The same, where it must succeed; gives what it printed. */
  must(name: string, script: string): Promise<string>;
  /** How many commands, each a round trip, a host has been asked for by ssh. */
  sshSessions(name: string): Promise<number>;
  /** Runs our program with the hosts in reach. */
  runOurs(args: readonly string[], options?: RunOptions): Promise<Run>;
  /** Ends all hosts and takes everything away. */
  close(): Promise<void>;
}

const ordinaryHost: HostOptions = { sudo: 'free', ipsec: 'stand-in', vswitchd: 'none' };
const schema = '/usr/share/openvswitch/vswitch.ovsschema';
const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export async function startFleet(options: FleetOptions): Promise<Fleet> {
  if (options.count > maximumHosts) throw new Error(`a fleet has at most ${maximumHosts} hosts`);
  const folder = mkdtempSync(join(tmpdir(), 'ovs-pki-ts-fleet-'));
  const running: RunningHost[] = [];
  let network: Network | undefined;
  const close = async () => {
    await Promise.all(running.map((host) => host.end()));
    await network?.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const ssh = await makeSshClient(folder);
    await prepareShared(folder, ssh);
    network = await makeNetwork();
    const hosts = await startHosts(options, folder, network, running);
    ssh.know(hosts, options.user ?? 'root');
    return fleetOf(hosts, folder, ssh, close);
  } catch (error) {
    await close();
    throw error;
  }
}

/** What every host takes a copy of. */
async function prepareShared(folder: string, ssh: SshClient): Promise<void> {
  const forHosts = join(folder, 'for-hosts');
  mkdirSync(forHosts);
  mkdirSync(join(folder, 'mount'));
  const sources = join(projectRoot, 'test/support/fleet');
  for (const file of ['daemons.sh', 'ipsec.sh']) cpSync(join(sources, file), join(forHosts, file));
  cpSync(join(sources, 'host.sh'), join(folder, 'host.sh'));
  writeFileSync(join(forHosts, 'authorized-keys'), ssh.publicKey);
  writeFileSync(join(forHosts, 'password-hash'), await runWell('openssl', ['passwd', '-6', 'password']));
  await runWell('ovsdb-tool', ['create', join(forHosts, 'conf.db'), schema]);
}

/** All hosts at once, but for the network cards: those come in one go when every namespace is there. */
async function startHosts(
  { count, hosts = {}, ...common }: FleetOptions,
  folder: string,
  network: Network,
  running: RunningHost[],
): Promise<Host[]> {
  for (let number = 1; number <= count; number++) {
    const name = `host_${number}`;
    const own = { ...ordinaryHost, ...common, ...hosts[name] };
    running.push(startHost(folder, name, network.addressOf(number), networkBits, own));
  }
  await network.plugIn(await Promise.all(running.map((host) => host.process)));
  return Promise.all(running.map((host) => host.ready()));
}

function fleetOf(hosts: readonly Host[], folder: string, ssh: SshClient, close: () => Promise<void>): Fleet {
  const host = (name: string): Host => {
    const found = hosts.find((one) => one.name === name);
    if (found === undefined) throw new Error(`the fleet has no ${name}`);
    return found;
  };
  const environment = { PATH: `${ssh.programs}:${process.env['PATH'] ?? searchPath}` };
  const inside = (name: string, script: string): [string, string[], RunOptions] => {
    const namespaces = ['--target', String(host(name).process), '--mount', '--uts', '--net', '--pid'];
    return ['nsenter', [...namespaces, 'bash', '-c', script], { env: { PATH: searchPath } }];
  };
  const must = (name: string, script: string) => runWell(...inside(name, script));
  return {
    hosts,
    folder,
    ssh,
    environment,
    host,
    on: (name, script) => run(...inside(name, script)),
    must,
    sshSessions: async (name) => Number(await must(name, 'grep -c "Starting session: " /var/log/sshd.log || true')),
    runOurs: (args, options = {}) => runOurs(args, { ...options, env: { ...environment, ...options.env } }),
    close,
  };
}
