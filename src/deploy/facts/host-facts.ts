/**
 * All that is found out about a host, in one round trip.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { shellWord } from '../../platform/quote.js';
import type { HostShell } from '../../platform/ssh.js';
import { fillTemplate } from '../../platform/templates.js';
import { parseSections, type Section } from '../answer/sections.js';
import type { IkeDaemon, IkeFact } from '../ike/daemon.js';
import { daemonSaying, ikeDaemons, questionsByVersion } from '../ike/daemons.js';
import { parseSystem, type SystemFact } from '../system/system.js';
import { absent, type Fact, known, saidBy, unknown } from './fact.js';
import { type FileFact, filesIn, linksIn } from './files.js';
import { requireLock } from './host-lock.js';
import { type KernelPolicy, parsePolicies, parseStates, type SecurityAssociation } from './kernel.js';
import { complaintsIn, type MonitorFact, type MonitorTunnel, parseMonitor, parseMonitorTunnels } from './monitor.js';
import { type OvsDatabase, parseOvsDatabase } from './ovsdb.js';

export interface NetworkDevice {
  readonly name: string;
  readonly mtu: number;
  /** Without prefix lengths. */
  readonly addresses: readonly string[];
}

export interface HostFacts {
  /** What the host calls itself. */
  readonly hostName: string;
  readonly kernel: string;
  /** Of the kernel since it started, known to nobody else; undefined where the host does not tell. */
  readonly bootId: string | undefined;
  readonly system: SystemFact;
  /** How far its clock is ahead of ours, in seconds; negative where it is behind. */
  readonly clockAheadSeconds: number;
  readonly programs: ReadonlySet<string>;
  /** Without prefix lengths. */
  readonly addresses: Fact<readonly string[]>;
  /** Network devices that have addresses, with their MTU in bytes. */
  readonly devices: readonly NetworkDevice[];
  readonly hasDefaultRoute: boolean;
  readonly ovsdb: Fact<OvsDatabase>;
  readonly vswitchdRuns: boolean;
  /** Absent where ovs-monitor-ipsec does not run. */
  readonly monitor: Fact<MonitorFact>;
  /** Where it does not run: the connections of ipsec.conf, which are not its own. */
  readonly ownConnections: readonly string[];
  readonly monitorTunnels: Fact<readonly MonitorTunnel[]>;
  /** By port: the bytes of ESP that were seen to go out and to come in, where tunnels were waited for. */
  readonly carried: ReadonlyMap<string, { readonly out: number; readonly in: number }>;
  /** By port: why ovs-monitor-ipsec refused it. */
  readonly complaints: ReadonlyMap<string, string>;
  readonly monitorLog: string;
  /** Absent where there is no `ipsec` program. */
  readonly ike: Fact<IkeFact>;
  readonly policies: Fact<readonly KernelPolicy[]>;
  readonly states: Fact<readonly SecurityAssociation[]>;
  /** Something listens on UDP port 500. */
  readonly listensForIke: boolean;
  /** What the IKE daemon has logged lately, the newest last. */
  readonly ikeLog: string;
  /** Profiles of AppArmor that confine an IKE daemon. */
  readonly appArmor: readonly string[];
  readonly files: ReadonlyMap<string, Fact<FileFact>>;
  /** Which of the files are symbolic links, and where those lead. */
  readonly links: ReadonlyMap<string, string>;
}

/** What plans are made from: less is asked of a host for it, and what was not asked for is not there to be read. */
export type PlanningFacts = Omit<
  HostFacts,
  | 'devices'
  | 'hasDefaultRoute'
  | 'monitorTunnels'
  | 'carried'
  | 'complaints'
  | 'monitorLog'
  | 'ike'
  | 'listensForIke'
  | 'ikeLog'
> & { readonly ike: Fact<Pick<IkeFact, 'daemon' | 'version' | 'running' | 'missing' | 'plugins' | 'listensAt'>> };

const factsTimeoutMs = 120_000;

/**
 * Finds out what is true on a host.
 *
 * @param host its name, for messages
 * @param folders more folders whose files are of interest
 * @param now the time here, asked after the answer has come
 * @throws HOST_LOCKED where another run holds the lock that this shell was to take; what the shell throws
 */
export async function gatherFacts(
  shell: HostShell,
  host: string,
  folders: readonly string[],
  now: () => Date,
): Promise<HostFacts> {
  const { script, mark } = factsScript(folders, 'all');
  const { stdout, stderr } = await shell.run(script, factsTimeoutMs);
  return readFacts(host, stdout, stderr, mark, now());
}

/** The same of what plans are made from. */
export async function gatherPlanningFacts(
  shell: HostShell,
  host: string,
  folders: readonly string[],
  now: () => Date,
): Promise<PlanningFacts> {
  const { script, mark } = factsScript(folders, 'planning');
  const { stdout, stderr } = await shell.run(script, factsTimeoutMs);
  return readFacts(host, stdout, stderr, mark, now());
}

/** The script, and the mark that its sections bear. */
export function factsScript(
  folders: readonly string[],
  extent: 'all' | 'planning',
): { readonly script: string; readonly mark: string } {
  const mark = globalThis.crypto.randomUUID().replaceAll('-', '');
  // Besides the files that the database names.
  const usual = ikeDaemons.flatMap(({ places }) => Object.values(places));
  const files = [...new Set([...usual, ...folders].map((folder) => `${shellWord(folder)}/*`))].join(' ');
  const in_full = extent === 'all' ? 'yes' : '';
  const programs = [
    ...new Set(ikeDaemons.flatMap((daemon) => daemon.programs.map(({ program }) => shellWord(program)))),
  ].join(' ');
  const places = fillTemplate('remote/places.sh', {});
  const values = { mark, files, in_full, programs, places, daemons: questionsByVersion() };
  return { script: fillTemplate('remote/facts.sh', values), mark };
}

export function readFacts(host: string, stdout: string, stderr: string, mark: string, now: Date): HostFacts {
  const sections = parseSections(stdout, mark);
  if (!sections.has('end')) {
    throw new OvsPkiError('HOST_STEP_FAILED', `${host} did not answer in full: ${stderr.trim().slice(-200)}`, {
      hint: 'run the command again; if it stays so, look at the host with ssh',
      details: { host },
    });
  }
  requireLock(host, sections.get('lock'));
  const text = (name: string): string => sections.get(name)?.text ?? '';
  const monitor = monitorFact(sections);
  return {
    hostName: text('name').trim().slice(0, longestName),
    kernel: text('kernel').trim().slice(0, longestName),
    bootId: /^[0-9a-f-]{36}$/.exec(text('boot').trim())?.[0],
    system: parseSystem(text('system')),
    clockAheadSeconds: Number(text('time')) - Math.round(now.getTime() / 1000),
    programs: new Set(text('programs').trim().split(/\s+/)),
    addresses: saidBy(sections.get('addresses'), parseAddresses),
    devices: devicesIn(text('mtus'), text('addresses')),
    hasDefaultRoute: text('default-route').trim() !== '',
    ovsdb: saidBy(sections.get('ovsdb'), parseOvsDatabase),
    vswitchdRuns: sections.get('vswitchd')?.status === 0,
    monitor,
    ownConnections: text('own-connections')
      .split('\n')
      .filter((name) => name !== '' && !name.startsWith('%')),
    monitorTunnels:
      monitor.state === 'known' ? saidBy(sections.get('tunnels'), parseMonitorTunnels) : absent('it does not run'),
    carried: carriedIn(sections),
    complaints: complaintsIn(text('monitor-log')),
    monitorLog: text('monitor-log'),
    ike: ikeFact(sections),
    policies: saidBy(sections.get('policies'), parsePolicies),
    states: saidBy(sections.get('states'), parseStates),
    listensForIke: text('listening').includes('01F4'),
    ikeLog: text('ike-log'),
    // A line of the kernel is short, and those who look for words in it need not expect more.
    appArmor: text('apparmor')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.slice(0, 500)),
    files: filesIn(sections),
    links: linksIn(sections),
  };
}

/** Longer than any name that a kernel takes. */
const longestName = 255;

/** The IKE daemon that ovs-monitor-ipsec feeds, or else the one that is installed. */
export function ikeDaemonOf({ monitor, ike }: PlanningFacts): IkeDaemon | undefined {
  if (monitor.state === 'known' && monitor.value.ikeDaemon !== undefined) return monitor.value.ikeDaemon;
  return ike.state === 'known' ? ike.value.daemon : undefined;
}

/** The version of a daemon; nothing where another one answers. */
export function versionOf({ ike }: PlanningFacts, daemon: IkeDaemon): string {
  return ike.state === 'known' && ike.value.daemon === daemon ? ike.value.version : '';
}

function monitorFact(sections: ReadonlyMap<string, Section>): Fact<MonitorFact> {
  const section = sections.get('monitor');
  if (section === undefined) return unknown('the host did not say');
  return section.status === 0
    ? known(parseMonitor(section.text, sections.has('monitor-nss')))
    : absent('ovs-monitor-ipsec does not run');
}

function ikeFact(sections: ReadonlyMap<string, Section>): Fact<IkeFact> {
  const section = sections.get('ipsec-version');
  const found = daemonSaying(section?.text ?? '');
  if (found !== undefined) {
    const { daemon, version } = found;
    return saidBy({ status: 0, text: '' }, () => ({ daemon, ...daemon.read(sections, version) }));
  }
  if (section?.status === 127) return absent('there is no program ipsec');
  return unknown(`ipsec --version says: ${section?.text.slice(0, 100) ?? ''}`);
}

/** `2: eth0    inet 10.0.0.1/24 brd …` */
function parseAddresses(text: string): string[] {
  return [...text.matchAll(/^\d+:[ \t]+\S+[ \t]+inet6?[ \t]+([^\s/]+)/gm)].map(([, address = '']) => address);
}

function devicesIn(mtus: string, addresses: string): NetworkDevice[] {
  const found = new Map<string, string[]>();
  for (const [, name = '', address = ''] of addresses.matchAll(/^\d+:[ \t]+(\S+)[ \t]+inet6?[ \t]+([^\s/]+)/gm)) {
    const own = found.get(name);
    if (own === undefined) found.set(name, [address]);
    else own.push(address);
  }
  return [...mtus.matchAll(/^(\S{1,15}) (\d{1,9})$/gm)].flatMap(([, name = '', mtu]) => {
    const own = found.get(name);
    found.delete(name);
    return own === undefined ? [] : [{ name, mtu: Number(mtu), addresses: own }];
  });
}

function carriedIn(sections: ReadonlyMap<string, Section>): HostFacts['carried'] {
  return new Map(
    [...sections].flatMap(([name, { text }]) => {
      const [, port] = /^carried:(.+)$/.exec(name) ?? [];
      const [, out, incoming] = /^(\d+) (\d+)/.exec(text) ?? [];
      return port === undefined || out === undefined
        ? []
        : [[port, { out: Number(out), in: Number(incoming) }] as const];
    }),
  );
}
