/**
 * Rules about what must be installed and running on a host.
 *
 * @module
 */

import { type Fact, knownValue } from '../facts/fact.js';
import { ikeDaemons } from '../ike/daemons.js';
import { configOf, daemonOf, type HostView, type Rule, tolerableSkewSeconds, usesCertificates } from './rule.js';

/** What ovs-monitor-ipsec and the IKE daemons call. */
const programs: readonly {
  readonly program: string;
  readonly pack: string;
  readonly why: string;
  readonly isNeeded: (host: HostView) => boolean;
}[] = [
  {
    program: 'openssl',
    pack: 'openssl',
    why: 'ovs-monitor-ipsec reads no certificate without it',
    isNeeded: () => true,
  },
  { program: 'python3', pack: 'python3', why: 'ovs-monitor-ipsec is written in it', isNeeded: () => true },
  {
    program: 'ip',
    pack: 'iproute2',
    why: 'ovs-monitor-ipsec asks the kernel with it, and so does this program',
    isNeeded: () => true,
  },
  ...ikeDaemons.flatMap((daemon) =>
    daemon.programs
      .filter(({ onlyFor }) => onlyFor === undefined)
      .map(({ program, pack, why }) => ({
        program,
        pack,
        why,
        isNeeded: (host: HostView) => daemonOf(host) === daemon,
      })),
  ),
];

const scripts = '/usr/share/openvswitch/scripts';
const ovsCtl = `${scripts}/ovs-ctl`;

const programRules = programs.map(
  ({ program, pack, why, isNeeded }): Rule => ({
    id: `${program === 'ip' ? 'iproute2' : program}-missing`,
    severity: 'error',
    meaning: `There is no program ${program}: ${why}.`,
    find: (host) =>
      host.facts.programs.has(program) || !isNeeded(host)
        ? []
        : [{ message: `there is no program ${program}: ${why}`, cure: `apt-get install ${pack}`, at: 'host' }],
  }),
);

export const programsRules: readonly Rule[] = [
  ...programRules,
  {
    id: 'open-vswitch-missing',
    severity: 'error',
    meaning: 'Open vSwitch is not installed.',
    find: ({ facts }) =>
      facts.ovsdb.state === 'absent'
        ? [
            {
              message: `Open vSwitch is not installed: ${facts.ovsdb.reason}`,
              cure: 'apt-get install openvswitch-switch openvswitch-ipsec',
              at: 'host',
            },
          ]
        : [],
  },
  {
    id: 'ovsdb-server-not-running',
    severity: 'error',
    meaning: 'The database of Open vSwitch does not answer.',
    find: ({ facts }) => unanswered(facts.ovsdb),
  },
  {
    id: 'ovs-vswitchd-not-running',
    severity: 'error',
    meaning: 'ovs-vswitchd does not run: no port is made, no packet is forwarded.',
    find: ({ facts }) =>
      facts.vswitchdRuns || facts.ovsdb.state === 'absent'
        ? []
        : [{ message: 'ovs-vswitchd does not run', cure: 'systemctl start openvswitch-switch', at: 'host' }],
  },
  {
    id: 'ovs-monitor-ipsec-not-running',
    severity: 'error',
    meaning: 'ovs-monitor-ipsec does not run: what the database says of IPsec is not carried out.',
    find: ({ facts }) =>
      facts.monitor.state === 'absent'
        ? [
            {
              message: 'ovs-monitor-ipsec does not run, so new and changed tunnels stay unencrypted',
              cure: 'apt-get install openvswitch-ipsec; systemctl start openvswitch-ipsec',
              at: 'host',
            },
          ]
        : [],
  },
  {
    id: 'ike-daemon-missing',
    severity: 'error',
    meaning: 'There is neither strongSwan nor libreswan.',
    find: ({ facts }) =>
      facts.ike.state === 'absent'
        ? [
            {
              message: `there is no IKE daemon: ${facts.ike.reason}`,
              cure: `apt-get install ${ikeDaemons[0].packages}`,
              at: 'host',
            },
          ]
        : [],
  },
  {
    id: 'ike-daemon-not-running',
    severity: 'error',
    meaning: 'strongSwan or libreswan is installed and does not run or does not answer.',
    find: ({ facts }) => {
      const ike = knownValue(facts.ike);
      return ike === undefined || ike.running
        ? []
        : [{ message: `${ike.daemon.label} does not run or does not answer`, cure: 'ipsec start', at: 'host' }];
    },
  },
  {
    id: 'ike-daemon-differs',
    severity: 'error',
    meaning: 'ovs-monitor-ipsec writes the configuration of another IKE daemon than the one that is installed.',
    find: ({ facts }) => {
      const [wanted, found] = [knownValue(facts.monitor)?.ikeDaemon, knownValue(facts.ike)?.daemon];
      if (wanted === undefined || found === undefined || wanted === found) return [];
      return [
        {
          message: `ovs-monitor-ipsec was started for ${wanted.label}, and the program ipsec is that of ${found.label}`,
          cure: `${ovsCtl} stop-ovs-ipsec; ${ovsCtl} --ike-daemon=${found.name} start-ovs-ipsec`,
          at: 'host',
        },
      ];
    },
  },
  {
    id: 'ike-port-closed',
    severity: 'error',
    meaning: 'The IKE daemon runs, and nothing listens on UDP port 500.',
    find: ({ facts }) =>
      knownValue(facts.ike)?.running === true && !facts.listensForIke
        ? [{ message: 'nothing listens on UDP port 500, so no peer can reach it', cure: 'ipsec restart', at: 'host' }]
        : [],
  },
  {
    id: 'gcm-plugin-missing',
    severity: 'error',
    meaning:
      'strongSwan has no plugin for AES-GCM, which the proposals of ovs-monitor-ipsec need (gcm, openssl or aesni).',
    find: (host) => {
      const ike = knownValue(host.facts.ike);
      const lack = ike?.daemon.lacks(ike);
      return lack === undefined ? [] : [{ ...lack, at: 'host' }];
    },
  },
  {
    id: 'clock-skew',
    severity: 'warning',
    meaning: `The clock of the host differs from the one here by more than ${tolerableSkewSeconds} seconds; it judges certificates.`,
    find: ({ facts: { clockAheadSeconds: ahead } }) =>
      Math.abs(ahead) <= tolerableSkewSeconds
        ? []
        : [
            {
              message: `its clock is ${Math.abs(ahead)} s ${ahead > 0 ? 'ahead of' : 'behind'} the one here`,
              cure: 'timedatectl set-ntp true',
              at: 'host',
            },
          ],
  },
  {
    id: 'nss-folder-mismatch',
    severity: 'error',
    meaning: 'ovs-monitor-ipsec puts certificates into another NSS database than the one that libreswan reads.',
    find: (host) => {
      const [written, read] = [knownValue(host.facts.monitor)?.nssFolder, knownValue(host.facts.ike)?.nssFolder];
      const daemon = daemonOf(host);
      if (daemon?.store !== 'nss' || written === undefined || read === undefined || written === read) return [];
      if (!usesCertificates(host) && configOf(host)['certificate'] === undefined) return [];
      return [
        {
          message: `ovs-monitor-ipsec puts certificates into ${written}, and ${daemon.label} reads ${read}`,
          cure: nssFolderCommand(daemon.name, read),
          at: 'host',
        },
      ];
    },
  },
];

function unanswered(fact: Fact<unknown>): ReturnType<Rule['find']> {
  if (fact.state !== 'unknown') return [];
  return [
    {
      message: `the database of Open vSwitch does not answer: ${fact.reason}`,
      cure: 'systemctl start openvswitch-switch',
      at: 'host',
    },
  ];
}

/** ovs-ctl has no option for the folder, so the unit is given another command line. */
function nssFolderCommand(daemon: string, folder: string): string {
  const unit = '/etc/systemd/system/openvswitch-ipsec.service.d';
  const command = `${scripts}/ovs-monitor-ipsec --pidfile=/run/openvswitch/ovs-monitor-ipsec.pid --ike-daemon=${daemon} --ipsec-d=${folder} --log-file --detach unix:/run/openvswitch/db.sock`;
  return `mkdir -p ${unit} && printf '[Service]\\nExecStart=\\nExecStart=%s\\n' '${command}' >${unit}/nss.conf && systemctl daemon-reload && systemctl restart openvswitch-ipsec`;
}
