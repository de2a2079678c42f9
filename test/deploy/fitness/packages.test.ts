/** Which packages a host lacks, in the words of its system. */

import test from 'ava';
import type { HostFacts } from '../../../src/deploy/facts/host-facts.js';
import { missingPackages } from '../../../src/deploy/fitness/packages.js';
import { installScript } from '../../../src/deploy/remote/install.js';
import type { PackageManager, SystemFact } from '../../../src/deploy/system/system.js';
import { sickHosts } from '../../cases/sick-hosts.js';
import { capturedFacts, type Edit } from '../../support/host-answers.js';

const identity = { method: 'ca-signed', type: 'switch', days: 10, keySpec: { type: 'rsa', bits: 2048 } } as const;
const wish = { ends: ['tun'], identity, ikeDaemon: 'auto' } as const;

/** The host of a rule of doctor, on a system. */
function sick(id: string, packageManager: SystemFact['packageManager'], ...more: readonly Edit[]): HostFacts {
  const [name = '', ...edits] = sickHosts.find((host) => host.id === id)?.hosts[0] ?? [];
  const facts = capturedFacts(name, [...edits, ...more]);
  return { ...facts, system: { ...facts.system, packageManager } };
}

const starter = ['strongswan-starter', 'strongswan-charon', 'libstrongswan-standard-plugins'];
const rows: readonly (readonly [id: string, manager: PackageManager, packages: readonly string[]])[] = [
  ['openssl-missing', 'apt', ['openssl']],
  ['iproute2-missing', 'apt', ['iproute2']],
  ['iproute2-missing', 'dnf', ['iproute']],
  ['certutil-missing', 'apt', ['libnss3-tools']],
  ['certutil-missing', 'dnf', ['nss-tools']],
  ['certutil-missing', 'zypper', ['mozilla-nss-tools']],
  ['open-vswitch-missing', 'apt', ['openvswitch-switch', 'openvswitch-ipsec']],
  ['open-vswitch-missing', 'dnf', ['openvswitch', 'openvswitch-ipsec']],
  ['ovs-monitor-ipsec-not-running', 'apt', ['openvswitch-ipsec']],
  ['ike-starter-missing', 'apt', starter],
  ['charon-missing', 'apt', starter],
  ['ike-daemon-missing', 'apt', starter],
  ['ike-daemon-missing', 'zypper', ['strongswan-ipsec']],
];
for (const [id, manager, packages] of rows) {
  test(`${id}, ${manager}: ${packages.join(' ')}`, (t) => {
    const missing = missingPackages(wish, sick(id, manager));
    t.deepEqual(missing?.packages, packages);
    if (missing !== undefined) t.true(installScript(missing).includes(`\nwith_${manager} ${packages.join(' ')}\n`));
  });
}

test('the daemon of the inventory decides, then what is there, then what the system brings with Open vSwitch', (t) => {
  const facts = (manager: PackageManager): HostFacts => {
    const found = sick('ike-daemon-missing', manager);
    return { ...found, monitor: { state: 'absent', reason: 'it ends at once' } };
  };
  const packagesFor = (ikeDaemon: string, manager: PackageManager): readonly string[] | undefined =>
    missingPackages({ ...wish, ikeDaemon }, facts(manager))?.packages;
  t.deepEqual(packagesFor('auto', 'dnf'), ['nss-tools', 'libreswan', 'openvswitch-ipsec']);
  t.deepEqual(packagesFor('strongswan', 'dnf'), ['strongswan', 'openvswitch-ipsec']);
  t.deepEqual(packagesFor('libreswan', 'apt'), ['libnss3-tools', 'libreswan', 'openvswitch-ipsec']);
});

test('a host that lacks nothing, is to have nothing, or is of an unknown system gets nothing', (t) => {
  t.is(missingPackages(wish, capturedFacts('strongswan-gre-ca-signed')), undefined);
  t.is(missingPackages({ ...wish, ends: [], identity: undefined }, sick('openssl-missing', 'apt')), undefined);
  t.is(missingPackages(wish, sick('openssl-missing', 'other')), undefined);
});

test('where ovs-monitor-ipsec would overwrite connections of others, an operator decides', (t) => {
  const facts = { ...sick('ovs-monitor-ipsec-not-running', 'apt'), ownConnections: ['site-a'] };
  t.is(missingPackages(wish, facts), undefined);
});

test('no name goes into the script but quoted, and what may go for it is in a list', (t) => {
  const script = installScript({
    manager: 'apt',
    packages: ['a b', '$(c)'],
    displaced: ['charon-systemd'],
    starts: ["service x' start"],
  });
  t.true(script.includes(`\nwith_apt 'a b' '$(c)'\n`));
  t.true(script.includes(`\ndisplaced=' charon-systemd '\n`));
  t.true(script.endsWith(`\nstart 'service x'\\'' start'\n`), script.slice(-40));
});
