/**
 * Whether a host is fit for what it is to do: the rules that `doctor` reports by and `plan` refuses by. They look at what plans are
 * made from and at nothing that is wished for.
 *
 * @module
 */

import { knownValue } from '../facts/fact.js';
import type { PlanningFacts } from '../facts/host-facts.js';
import { saveConnections } from '../facts/monitor.js';
import type { IkeDaemon } from '../ike/daemon.js';
import { usualDaemon } from '../ike/daemons.js';
import { isNewerThan } from '../ike/version.js';
import { cureOn, installCommand, serviceCommand } from '../system/system.js';
import { type Fault, onHost } from './fault.js';
import { programRules, withoutStarter } from './programs.js';
import type { FitnessRule } from './rule.js';

/** A clock that differs by more is worth a word; certificates are judged by it. */
export const tolerableSkewSeconds = 60;

export const fitnessRules: readonly FitnessRule[] = [
  ...programRules,
  {
    id: 'open-vswitch-missing',
    severity: 'error',
    meaning: 'Open vSwitch is not installed.',
    blocks: ['change'],
    find: ({ facts }) =>
      facts.ovsdb.state === 'absent'
        ? onHost(
            `Open vSwitch is not installed: ${facts.ovsdb.reason}`,
            installCommand(facts.system, openVswitch),
            unattended(facts, openVswitch),
          )
        : [],
  },
  {
    id: 'ovsdb-server-not-running',
    severity: 'error',
    meaning: 'The database of Open vSwitch does not answer.',
    blocks: ['change'],
    code: 'HOST_FACT_UNKNOWN',
    find: ({ facts }) => unanswered(facts),
  },
  {
    id: 'ovs-vswitchd-not-running',
    severity: 'error',
    meaning: 'ovs-vswitchd does not run: no port is made, no packet is forwarded.',
    blocks: ['tunnel'],
    find: ({ facts }) =>
      facts.vswitchdRuns || facts.ovsdb.state === 'absent'
        ? []
        : onHost('ovs-vswitchd does not run', serviceCommand(facts.system, 'start', 'openvswitch-switch')),
  },
  {
    id: 'ovs-monitor-ipsec-not-running',
    severity: 'error',
    meaning: 'ovs-monitor-ipsec does not run: what the database says of IPsec is not carried out.',
    blocks: ['tunnel'],
    // Where the IKE daemon is lacking, it ends as soon as it starts.
    find: ({ facts }) =>
      facts.monitor.state === 'absent' && facts.ike.state !== 'absent'
        ? onHost(
            `ovs-monitor-ipsec does not run, so new and changed tunnels stay unencrypted${overwritten(facts)}`,
            [
              saved(facts),
              `${installCommand(facts.system, ['openvswitch-ipsec'])}; ${serviceCommand(facts.system, 'start', 'openvswitch-ipsec')}`,
            ].join(''),
            unattended(facts, ['openvswitch-ipsec']),
          )
        : [],
  },
  {
    id: 'ike-starter-missing',
    severity: 'error',
    meaning:
      'strongSwan is installed as charon-systemd with swanctl, as Debian 13 does it, and ovs-monitor-ipsec needs the starter and its program ipsec.',
    blocks: ['tunnel'],
    find: ({ facts }) => {
      const starter = withoutStarter(facts);
      if (starter === undefined) return [];
      return onHost(
        `${starter.label} is here with charon-systemd and swanctl only: ovs-monitor-ipsec needs the program ipsec of its starter, and ends without it${overwritten(facts)}`,
        ...withMonitor(facts, starter.packages(facts.system)),
      );
    },
  },
  {
    id: 'charon-missing',
    severity: 'error',
    meaning: 'The starter of strongSwan is installed, with its program ipsec, and charon is not.',
    blocks: ['tunnel'],
    find: ({ facts }) => {
      const ike = knownValue(facts.ike);
      if (ike?.missing === undefined) return [];
      const { label, packages } = ike.daemon;
      return onHost(
        `${label} is here with its program ipsec and without ${ike.missing}, so nothing answers IKE`,
        ...withMonitor(facts, packages(facts.system)),
      );
    },
  },
  {
    id: 'ike-daemon-missing',
    severity: 'error',
    meaning: 'There is neither strongSwan nor libreswan.',
    blocks: ['tunnel'],
    find: ({ facts, daemon }) =>
      facts.ike.state === 'absent' && withoutStarter(facts) === undefined
        ? onHost(
            `there is no IKE daemon, and ovs-monitor-ipsec ends without one: ${facts.ike.reason}${overwritten(facts)}`,
            ...withMonitor(facts, (daemon ?? usualDaemon(facts.system)).packages(facts.system)),
          )
        : [],
  },
  {
    id: 'ike-daemon-not-running',
    severity: 'error',
    meaning: 'strongSwan or libreswan is installed and does not run or does not answer.',
    blocks: ['tunnel'],
    find: ({ facts }) => {
      const ike = knownValue(facts.ike);
      return ike === undefined || ike.running || ike.missing !== undefined
        ? []
        : onHost(`${ike.daemon.label} does not run or does not answer`, 'ipsec start');
    },
  },
  {
    id: 'gcm-plugin-missing',
    severity: 'error',
    meaning:
      'strongSwan has no plugin for AES-GCM, which the proposals of ovs-monitor-ipsec need (gcm, openssl or aesni).',
    blocks: ['tunnel'],
    find: ({ facts }) => {
      const ike = knownValue(facts.ike);
      const lack = ike?.daemon.lacks(ike);
      return lack === undefined ? [] : onHost(lack.message, cureOn(facts.system, lack.cure));
    },
  },
  {
    id: 'ike-daemon-newer',
    severity: 'warning',
    meaning:
      'The IKE daemon is newer than all versions that this program was tried with; its answers are read as those of the newest of them.',
    blocks: [],
    find: ({ facts }) => {
      const ike = knownValue(facts.ike);
      if (ike === undefined || !isNewerThan(ike.version, ike.daemon.triedUpTo)) return [];
      const { label, triedUpTo } = ike.daemon;
      return [
        {
          message: `${label} ${ike.version} is newer than ${triedUpTo}, the newest version that this program was tried with`,
          cure: 'npm install --global ovs-pki-ts@latest',
          at: 'here',
        },
      ];
    },
  },
  {
    id: 'clock-skew',
    severity: 'warning',
    meaning: `The clock of the host differs from the one here by more than ${tolerableSkewSeconds} seconds; it judges certificates.`,
    blocks: [],
    find: ({ facts: { clockAheadSeconds: ahead } }) =>
      Math.abs(ahead) <= tolerableSkewSeconds
        ? []
        : onHost(
            `its clock is ${Math.abs(ahead)} s ${ahead > 0 ? 'ahead of' : 'behind'} the one here, and certificates are judged by it`,
            'timedatectl set-ntp true',
          ),
  },
];

/** When it starts, what others have written into ipsec.conf is gone. */
function overwritten({ ownConnections }: PlanningFacts): string {
  if (ownConnections.length === 0) return '';
  return `; once it runs it overwrites /etc/ipsec.conf, which has connections that are not its own: ${ownConnections.join(', ')}`;
}

/** What has to be done before ovs-monitor-ipsec starts. */
function saved({ ownConnections }: PlanningFacts): string {
  return ownConnections.length > 0 ? `${saveConnections}; then ` : '';
}

const openVswitch = ['openvswitch-switch', 'openvswitch-ipsec'];

/** Nobody overwrites connections of others without having been told to. */
function unattended({ ownConnections }: PlanningFacts, packages: readonly string[]): readonly string[] {
  return ownConnections.length > 0 ? [] : packages;
}

/** Installs what lacks, and starts ovs-monitor-ipsec, which has ended without it: the cure, and the packages. */
function withMonitor(facts: PlanningFacts, packages: readonly string[]): [string, readonly string[]] {
  const { system, monitor } = facts;
  const all = monitor.state === 'absent' ? [...packages, 'openvswitch-ipsec'] : packages;
  return [
    `${saved(facts)}${installCommand(system, all)} && ${serviceCommand(system, 'restart', 'openvswitch-ipsec')}`,
    unattended(facts, all),
  ];
}

/** What keeps a daemon from reading files, if anything does. */
export function confinementFault(
  daemon: IkeDaemon | undefined,
  { appArmor }: Pick<PlanningFacts, 'appArmor'>,
  paths: readonly string[],
): string | undefined {
  const { confinement, label } = daemon ?? {};
  if (confinement === undefined || !appArmor.some((line) => confinement.profile.test(line))) return undefined;
  const inside = (path: string): boolean => `${path}/`.startsWith(`${confinement.folder}/`);
  const outside = [...new Set(paths.filter((path) => !inside(path)))];
  return outside.length === 0
    ? undefined
    : `AppArmor lets ${label} read below ${confinement.folder} only, not ${outside.join(', ')}`;
}

function unanswered({ ovsdb, system }: PlanningFacts): Fault[] {
  return ovsdb.state === 'unknown'
    ? onHost(
        `the database of Open vSwitch could not be read: ${ovsdb.reason}`,
        `${serviceCommand(system, 'start', 'openvswitch-switch')}; tail -n 20 /var/log/openvswitch/ovsdb-server.log`,
      )
    : [];
}
