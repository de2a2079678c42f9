/**
 * What ovs-monitor-ipsec made of the database: its command line, `tunnels/show`, its log.
 *
 * @module
 */

import type { IkeDaemon } from '../ike/daemon.js';
import { daemonNamed } from '../ike/daemons.js';
import { type Fact, knownValue } from './fact.js';
import { lookup } from './lookup.js';

/**
 * What to do before ovs-monitor-ipsec runs on a host that has connections of its own in ipsec.conf: it writes that file anew
 * whenever anything wakes it.
 */
export const saveConnections =
  'cp -p /etc/ipsec.conf /etc/ipsec.secrets /root/, then move what is yours to /etc/swanctl/conf.d, or give ovs-monitor-ipsec other files with --ipsec-conf and --ipsec-secrets';

export interface MonitorFact {
  readonly ikeDaemon: IkeDaemon | undefined;
  /** Where it keeps the NSS database of libreswan; undefined where it looks which version that has. */
  readonly nssFolder: string | undefined;
  /** It was told to leave the IKE daemon alone when it starts. */
  readonly keepsIkeDaemon: boolean;
}

export interface MonitorTunnel {
  readonly port: string;
  readonly version: number;
  /** `CONFIGURED`, `INVALID`, … */
  readonly state: string;
  /** Why it is not configured. */
  readonly reason: string | undefined;
  readonly certificateFile: string | undefined;
  readonly localName: string | undefined;
  readonly remoteName: string | undefined;
  readonly usesPsk: boolean;
  readonly localIp: string;
}

/** What ovs-monitor-ipsec shows of a port. */
export function monitored(
  { monitorTunnels }: { readonly monitorTunnels: Fact<readonly MonitorTunnel[]> },
  { port }: { readonly port: string },
): MonitorTunnel | undefined {
  return shownOf(knownValue(monitorTunnels) ?? [], port)[0];
}

const shownOf = lookup<MonitorTunnel>(({ port }) => [port]);

/**
 * @param commandLine one argument a line, as in /proc/PID/cmdline
 * @param picksNss it takes the NSS database that the version of libreswan has, where no option names one
 */
export function parseMonitor(commandLine: string, picksNss = false): MonitorFact {
  const args = commandLine.split('\n');
  const valueOfOption = (name: string): string | undefined => {
    const joined = args.find((arg) => arg.startsWith(`${name}=`));
    return joined === undefined ? args[args.indexOf(name) + 1 || args.length] : joined.slice(name.length + 1);
  };
  return {
    ikeDaemon: daemonNamed(valueOfOption('--ike-daemon')),
    nssFolder: valueOfOption('--ipsec-d') ?? (picksNss ? undefined : '/etc/ipsec.d'),
    keepsIkeDaemon: args.includes('--no-restart-ike-daemon'),
  };
}

/** Reads `tunnels/show`. The PSK that stands there is not kept. */
export function parseMonitorTunnels(text: string): MonitorTunnel[] {
  return text.split(/^(?=Interface name: )/m).flatMap((block) => {
    const [, port, version, state, reason] = /^Interface name: (\S+) v(\d+) \((\w+)\)(.*)$/m.exec(block) ?? [];
    if (port === undefined || state === undefined) return [];
    const field = (name: string): string | undefined => {
      const value = new RegExp(`^[ \\t]*${name}:(.*)$`, 'm').exec(block)?.[1]?.trim();
      return value === undefined || value === 'None' || value === '' ? undefined : value;
    };
    const told = reason?.replace(/^[:\s]+/, '');
    return [
      {
        port,
        version: Number(version),
        state,
        reason: told === undefined || told === '' ? undefined : told,
        certificateFile: field('Local cert'),
        localName: field('Local name'),
        remoteName: field('Remote name'),
        usesPsk: field('PSK') !== undefined,
        localIp: field('Local IP') ?? '%defaultroute',
      },
    ];
  });
}

/**
 * Why ovs-monitor-ipsec refuses ports now: those that are INVALID vanish from `tunnels/show`, and only its log tells.
 * It warns while it reads a port, and says after that that the configuration has changed.
 */
export function complaintsIn(log: string): ReadonlyMap<string, string> {
  const complaints = new Map<string, string>();
  let warned: string | undefined;
  for (const line of log.split('\n')) {
    const message = /^(?:[^|]*\|){4} ?(.*)$/.exec(line)?.[1] ?? '';
    const [, refused, reason] = /^(\S+) contains invalid configuration: (.*)$/.exec(message) ?? [];
    if (refused !== undefined && reason !== undefined) complaints.set(refused, reason);
    const [, gone] = /^Tunnel (\S+) (?:dis)?appeared (?:in|from) OVSDB/.exec(message) ?? [];
    const [, changed] = /^Tunnel's '(\S+)' configuration changed/.exec(message) ?? [];
    if (gone !== undefined) complaints.delete(gone);
    if (changed !== undefined && changed !== warned) complaints.delete(changed);
    if (message === 'Restarting IKE daemon') complaints.clear();
    warned = refused;
  }
  return complaints;
}
