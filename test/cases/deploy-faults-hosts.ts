/** Hosts that are not reached, refuse us, or lack what the work needs. */

import * as faults from '../support/fleet/faults.js';
import { badLine } from '../support/fleet/proxy.js';
import { type DeployFault, edited, onHost1, scriptOnHost1 } from './deploy-fault.js';

const operator = { user: 'operator' };

export const faultsOfHosts: readonly DeployFault[] = [
  {
    title: 'a host is down',
    make: onHost1(faults.hostDown),
    codes: ['HOST_UNREACHABLE'],
    says: /host_1: it cannot be reached \(.*(No route to host|timed out)/,
    hints: /ssh root@host_1 true/,
  },
  {
    title: 'a host that has nothing yet is down',
    begin: 'bare',
    make: onHost1(faults.hostDown),
    codes: ['HOST_UNREACHABLE'],
    says: /host_1: it cannot be reached/,
    hints: /ssh root@host_1 true/,
    tunnelWaits: true,
  },
  {
    title: 'a host has an unknown name',
    make: ({ folder }) => edited(folder, 'fleet.yaml', (text) => text.replace('root@host_1', 'root@nowhere.invalid')),
    codes: ['HOST_UNREACHABLE'],
    says: /nowhere\.invalid: it cannot be reached \(.*(not known|resolve)/,
    hints: /ssh root@nowhere\.invalid true/,
  },
  {
    title: 'sshd has stopped',
    make: onHost1(faults.sshStopped),
    codes: ['HOST_UNREACHABLE'],
    says: /Connection refused/,
    hints: /ssh root@host_1 true/,
  },
  {
    title: 'the key is refused',
    make: onHost1(faults.keyRefused),
    codes: ['HOST_LOGIN_REFUSED'],
    says: /host_1: it refused the login \(.*Permission denied \(publickey\)/,
    hints: /ssh-copy-id root@host_1/,
  },
  {
    title: 'the host key has changed',
    make: onHost1(faults.hostKeyChanged),
    codes: ['HOST_KEY_UNKNOWN'],
    says: /host key is not known, or is not the one that was known/,
    hints: /compare the key/,
  },
  {
    title: 'the host key is unknown',
    make: async ({ fleet }) => {
      const { hosts } = fleet;
      fleet.ssh.know(
        hosts.map((host) => (host.name === 'host_1' ? { ...host, hostKey: '' } : host)),
        'root',
      );
      return async () => fleet.ssh.know(hosts, 'root');
    },
    codes: ['HOST_KEY_UNKNOWN'],
    says: /host key is not known/,
    hints: /accept it once: ssh root@host_1 true/,
  },
  {
    title: 'sudo asks for a password',
    ...operator,
    make: onHost1(faults.sudoAsks),
    codes: ['HOST_SUDO_REFUSED'],
    says: /sudo would not make us root without a password/,
    hints: /NOPASSWD.*operator@host_1/,
  },
  {
    title: 'sudo refuses',
    ...operator,
    make: onHost1(faults.sudoRefused),
    codes: ['HOST_SUDO_REFUSED'],
    says: /sudo would not make us root without a password/,
    hints: /NOPASSWD.*operator@host_1/,
  },
  {
    title: 'there is no sudo',
    ...operator,
    make: onHost1(faults.programMissing('sudo')),
    codes: ['HOST_SUDO_REFUSED'],
    says: /sudo.*not found/,
    hints: /or log in as root@/,
  },
  {
    title: 'a host is slow',
    make: async ({ fleet }) => (await badLine(fleet, 'host_1', { delayMs: 150 })).repair,
    exitStatus: 0,
    codes: [],
    says: /^$/,
    hints: /^$/,
    leaves: { host_1: 'new' },
  },
  {
    title: 'another run is at work on the host',
    make: scriptOnHost1(
      `exec 9>>/run/ovs-pki-ts.lock; flock 9
       (exec sleep 1000) </dev/null >/dev/null 2>&1 & echo $! >/run/fleet/holder`,
      'kill "$(cat /run/fleet/holder)"',
    ),
    codes: ['HOST_LOCKED'],
    says: /host_1: another run is at work there: process \d+ \(sleep\)/,
    hints: /wait until it has ended, then run the command again/,
  },
  {
    title: 'ovsdb-server has stopped',
    make: onHost1(faults.databaseStopped),
    codes: ['HOST_FACT_UNKNOWN'],
    says: /host_1: the database of Open vSwitch could not be read: .*database connection failed/,
    // The hosts have no systemd.
    hints: /(service openvswitch-switch start|systemctl start openvswitch-switch); tail /,
  },
  {
    title: 'ovsdb-server hangs',
    make: onHost1(faults.databaseHangs),
    codes: ['HOST_FACT_UNKNOWN'],
    says: /host_1: the database of Open vSwitch could not be read/,
    hints: /ovsdb-server/,
  },
  ...(
    [
      ['python3', /apt-get install python3/],
      ['openssl', /apt-get install openssl/],
      ['ip', /apt-get install iproute2/],
      ['ovs-vsctl', /apt-get install openvswitch-switch/],
    ] as const
  ).map(
    ([program, hints]): DeployFault => ({
      title: `${program} is not installed`,
      make: onHost1(faults.programMissing(program)),
      codes: ['HOST_UNFIT'],
      says: new RegExp(`host_1: (there is no program ${program}|Open vSwitch is not installed): `),
      hints,
    }),
  ),
];
