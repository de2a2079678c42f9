/**
 * The laboratory: whole hosts (Open vSwitch, an IKE daemon, ovs-monitor-ipsec, sshd) as namespaces of one virtual
 * machine with the distribution's kernel. The program under test runs outside and reaches them by ssh.
 */

import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programPath, projectRoot, type Run, run } from '../support/programs.js';
import { type Capture, startCapture } from './capture.js';
import { type Control, openControl } from './control.js';
import { bootMachine, type Machine } from './machine.js';
import { installMissing, libreswanFolder } from './packages.js';
import { makeKey, ReachBook } from './reach.js';
import { makeTrees, type Release, treesFolder } from './releases.js';

export type Daemon = 'strongswan' | 'libreswan';

export interface LabHost {
  /** Its host name, and the name by which ssh reaches it. */
  readonly name: string;
  /** Where the program under test logs in. */
  readonly target: string;
  readonly daemon: Daemon;
  readonly release: Release;
  readonly management: string;
  readonly address: string;
  readonly address6: string;
  /** Its name inside the guest. */
  readonly id: string;
}

export interface HostWish {
  readonly daemon: Daemon;
  /** 12, if not given. */
  readonly release?: Release;
  readonly name?: string;
  readonly address?: string;
  readonly defaultRoute?: boolean;
  /** The NSS folder that ovs-monitor-ipsec is told to use with libreswan. */
  readonly nssFolder?: string;
}

/** Hosts on one underlay network of their own. */
export interface Group {
  readonly hosts: readonly LabHost[];
  readonly number: number;
}

export interface PairWish {
  readonly daemons: readonly [Daemon, Daemon, ...Daemon[]];
  readonly releases?: readonly [Release, Release];
  readonly names?: readonly [string, string];
  readonly addresses?: readonly [string, string];
  readonly defaultRoute?: boolean;
  readonly nssFolder?: string;
}

/** Two hosts, and more where a cell wants them. */
export interface Pair extends Group {
  readonly hosts: readonly [LabHost, LabHost, ...LabHost[]];
}

export interface OperateOptions {
  readonly cwd?: string;
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly seconds?: number;
}

export interface Lab {
  readonly bootSeconds: number;
  /** The files that make ssh reach the hosts, for `ssh -F`; inside the namespace ssh knows them already. */
  readonly sshConfig: string;
  readonly namespace: string;
  addPair(wish: PairWish): Promise<Pair>;
  addGroup(wishes: readonly HostWish[]): Promise<Group>;
  /** Runs a shell script on a host as root, not by way of its sshd. */
  run(host: LabHost, script: string, input?: string, seconds?: number): Promise<Run>;
  /** As `run`, for what must succeed; gives standard output. */
  must(host: LabHost, script: string, input?: string): Promise<string>;
  /** Runs a shell script on a host over ssh, as its operator would by hand. */
  ssh(host: LabHost, script: string, input?: string): Promise<Run>;
  /** Runs a shell script in the guest, outside every host. */
  runInGuest(script: string): Promise<Run>;
  /** What goes over the wire of the first host of a group. */
  capture(group: Group): Promise<Capture>;
  /** What goes between any of its hosts. */
  captureUnderlay(group: Group): Promise<Capture>;
  /** Runs the program under test outside the machine, where ssh reaches the hosts. */
  operate(args: readonly string[], options?: OperateOptions): Promise<Run>;
  /** The words before a command that runs it where `operate` runs. */
  prefix(): readonly string[];
  close(): Promise<void>;
}

/** @param releases those of its hosts */
export async function startLab(releases: readonly Release[]): Promise<Lab> {
  const withTrees = releases.some((release) => release !== '12');
  await installMissing(withTrees);
  await makeTrees(releases);
  const folder = mkdtempSync(join(tmpdir(), 'ovs-pki-ts-lab-'));
  await fillShare(join(folder, 'share'));
  const machine = await bootMachine(join(folder, 'share'), withTrees ? treesFolder() : undefined);
  try {
    const book = new ReachBook(machine.namespace, folder);
    await book.addGuest();
    const control = await openControl(machine.namespace, folder);
    return new RunningLab(machine, control, book, folder);
  } catch (error) {
    await machine.stop();
    throw error;
  }
}

/** What the guest sees as /lab. */
async function fillShare(share: string): Promise<void> {
  for (const name of ['keys', 'control']) mkdirSync(join(share, name), { recursive: true });
  cpSync(join(projectRoot, 'test/lab/guest'), join(share, 'guest'), { recursive: true });
  cpSync(await libreswanFolder(), join(share, 'libreswan'), { recursive: true, verbatimSymlinks: true });
  await makeKey(join(share, 'keys/id_ed25519'));
  await makeKey(join(share, 'control/host-key'));
  cpSync(join(share, 'keys/id_ed25519.pub'), join(share, 'control/authorized_keys'));
  writeFileSync(join(share, 'control/sshd_config'), controlSshd);
}

const controlSshd = `ListenAddress 10.77.0.1
HostKey /run/control/host-key
AuthorizedKeysFile /run/control/authorized_keys
PidFile /run/control/sshd.pid
StrictModes no
UsePAM no
UseDNS no
PasswordAuthentication no
PermitRootLogin yes
MaxSessions 1000
`;

class RunningLab implements Lab {
  readonly bootSeconds: number;
  readonly sshConfig: string;
  readonly namespace: string;
  readonly #machine: Machine;
  readonly #control: Control;
  readonly #book: ReachBook;
  readonly #folder: string;
  #groups = 0;
  #captures = 0;

  constructor(machine: Machine, control: Control, book: ReachBook, folder: string) {
    this.bootSeconds = machine.bootSeconds;
    this.namespace = machine.namespace;
    this.sshConfig = book.sshConfig;
    this.#machine = machine;
    this.#control = control;
    this.#book = book;
    this.#folder = folder;
  }

  async addPair(wish: PairWish): Promise<Pair> {
    const wishes = wish.daemons.map((daemon, index) => ({ ...wish, ...pickOf(wish, index), daemon }));
    const { hosts, number } = await this.addGroup(wishes);
    const [first, second, ...more] = hosts;
    if (!first || !second) throw new Error('a pair has two hosts');
    return { hosts: [first, second, ...more], number };
  }

  async addGroup(wishes: readonly HostWish[]): Promise<Group> {
    this.#groups += 1;
    const number = this.#groups;
    const hosts = wishes.map((wish, index) => describe(wish, number, index));
    for (const host of hosts) await this.#book.addHost(host);
    const bridge = await this.#control.run(
      `ip link add br${number} type bridge forward_delay 0 stp_state 0 mcast_snooping 0 && ip link set br${number} up`,
    );
    if (bridge.status !== 0) throw new Error(`underlay: ${bridge.stderr}`);
    // Two at a time: more of them only keep each other from starting.
    for (let index = 0; index < hosts.length; index += 2) {
      const next = hosts.slice(index, index + 2);
      await Promise.all(next.map((host, offset) => this.#start(host, wishes[index + offset], number)));
    }
    return { hosts, number };
  }

  async #start(host: LabHost, wish: HostWish | undefined, number: number): Promise<void> {
    const route = wish?.defaultRoute === false ? 'no' : 'yes';
    const words = [host.id, host.name, host.daemon, host.management, `br${number}`, host.address, host.address6, route];
    const result = await this.#control.run(
      `sh /lab/guest/host-up.sh ${words.join(' ')} ${wish?.nssFolder ?? '/var/lib/ipsec/nss'} ${host.release} 2>&1`,
    );
    if (result.status !== 0) throw new Error(`host ${host.name} did not start:\n${result.stdout}${result.stderr}`);
  }

  run(host: LabHost, script: string, input?: string, seconds?: number): Promise<Run> {
    const word = `'${script.replaceAll("'", `'\\''`)}'`;
    const enter = `exec nsenter -t $(cat /hosts/${host.id}/pid) -m -u -i -n -p env HOME=/root LC_ALL=C sh -c ${word}`;
    return this.#control.run(enter, input, seconds);
  }

  async must(host: LabHost, script: string, input?: string): Promise<string> {
    const result = await this.run(host, script, input);
    if (result.status !== 0) {
      throw new Error(`on ${host.name}: ${script}\nexit status ${result.status}\n${result.stdout}${result.stderr}`);
    }
    return result.stdout;
  }

  ssh(host: LabHost, script: string, input?: string): Promise<Run> {
    const [program = '', ...rest] = [...this.prefix(), 'ssh', host.target, script];
    return run(program, rest, { input: input ?? '', seconds: 120 });
  }

  runInGuest(script: string): Promise<Run> {
    return this.#control.run(script);
  }

  capture(group: Group): Promise<Capture> {
    this.#captures += 1;
    return startCapture(this.#control, `u${group.number}-1`, `capture-${this.#captures}`);
  }

  captureUnderlay(group: Group): Promise<Capture> {
    this.#captures += 1;
    return startCapture(this.#control, `br${group.number}`, `capture-${this.#captures}`);
  }

  operate(args: readonly string[], options: OperateOptions = {}): Promise<Run> {
    const [program = '', ...rest] = [...this.prefix(), process.execPath, programPath, ...args];
    return run(program, rest, {
      seconds: options.seconds ?? 300,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.env === undefined ? {} : { env: options.env }),
      ...(options.stdin === undefined ? {} : { input: options.stdin }),
    });
  }

  prefix(): readonly string[] {
    return ['ip', 'netns', 'exec', this.namespace];
  }

  async close(): Promise<void> {
    await this.#control.close();
    await this.#machine.stop();
    this.#book.remove();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function pickOf(wish: PairWish, index: number): Pick<HostWish, 'name' | 'address' | 'release'> {
  const name = wish.names?.[index];
  const address = wish.addresses?.[index];
  // Those of a pair that has more hosts take turns.
  const release = wish.releases?.[index % 2];
  return {
    ...(name === undefined ? {} : { name }),
    ...(address === undefined ? {} : { address }),
    ...(release === undefined ? {} : { release }),
  };
}

/** The first pair has the tutorial's addresses, 1.1.1.1 and 2.2.2.2; each group has a network of its own anyway. */
function describe(wish: HostWish, number: number, index: number): LabHost {
  const name = wish.name ?? `lab${number}-${index + 1}`;
  return {
    name,
    target: `root@${name}`,
    daemon: wish.daemon,
    release: wish.release ?? '12',
    management: `10.77.${number}.${index + 1}`,
    address: wish.address ?? (index === 0 ? `1.1.1.${number}` : `2.2.${index + 1}.${number + 1}`),
    address6: `fd00:${number}::${index + 1}`,
    id: `h${number}-${index + 1}`,
  };
}
