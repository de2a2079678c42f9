/** Which system a host has, and the words that cures have there. */

import test from 'ava';
import { parseSections } from '../../../src/deploy/answer/sections.js';
import { findingsOn } from '../../../src/deploy/doctor/doctor.js';
import { factsScript } from '../../../src/deploy/facts/host-facts.js';
import { admitCommand, installCommand, parseSystem, serviceCommand } from '../../../src/deploy/system/system.js';
import { capturedAt, capturedFacts, type Edit, examinedHost } from '../../support/host-answers.js';
import { run } from '../../support/programs.js';

const systems = [
  {
    title: 'Debian 13',
    answer: 'ID=debian\nVERSION_ID="13"\npackages=apt-get dnf\nservices=systemd\nfirewall=none',
    distribution: 'debian 13',
    install: 'apt-get install libnss3-tools iproute2',
    start: 'systemctl start openvswitch-switch',
    admit: "nft add rule inet filter input ip saddr 192.0.2.1 udp dport '{ 500, 4500 }' accept",
  },
  {
    title: 'Ubuntu with ufw',
    answer: 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\npackages=apt-get\nservices=systemd\nfirewall=ufw',
    distribution: 'ubuntu 24.04',
    install: 'apt-get install libnss3-tools iproute2',
    start: 'systemctl start openvswitch-switch',
    admit: 'ufw allow proto udp from 192.0.2.1 to any port 500,4500 && ufw allow proto esp from 192.0.2.1',
  },
  {
    title: 'Rocky Linux, where apt-get is installed too',
    answer:
      'ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\npackages=apt-get dnf\nservices=systemd\nfirewall=firewalld',
    distribution: 'rocky 9.4',
    install: 'dnf install nss-tools iproute',
    start: 'systemctl start openvswitch',
    admit: 'firewall-cmd --permanent --add-service=ipsec && firewall-cmd --reload',
  },
  {
    title: 'openSUSE',
    answer:
      'ID="opensuse-leap"\nID_LIKE="suse opensuse"\nVERSION_ID="15.6"\npackages=zypper\nservices=systemd\nfirewall=none',
    distribution: 'opensuse-leap 15.6',
    install: 'zypper install mozilla-nss-tools iproute2',
    start: 'systemctl start openvswitch',
    admit: "nft add rule inet filter input ip saddr 192.0.2.1 udp dport '{ 500, 4500 }' accept",
  },
  {
    title: 'Devuan, with service(8)',
    answer: 'ID=devuan\nID_LIKE=debian\npackages=apt-get\nservices=service\nfirewall=none',
    distribution: 'devuan',
    install: 'apt-get install libnss3-tools iproute2',
    start: 'service openvswitch-switch start',
    admit: "nft add rule inet filter input ip saddr 192.0.2.1 udp dport '{ 500, 4500 }' accept",
  },
  {
    title: 'Alpine, in a container',
    answer: 'ID=alpine\nVERSION_ID=3.20.1\npackages=\nservices=none\nfirewall=none',
    distribution: 'alpine 3.20.1',
    install: 'install what Debian has in libnss3-tools iproute2, by the means of alpine 3.20.1',
    start: '/usr/share/openvswitch/scripts/ovs-ctl start',
    admit: "nft add rule inet filter input ip saddr 192.0.2.1 udp dport '{ 500, 4500 }' accept",
  },
  {
    title: 'a host that does not tell',
    answer: 'ID=\u001b[31m\nservices=openrc',
    distribution: undefined,
    install: 'apt-get install libnss3-tools iproute2',
    start: 'systemctl start openvswitch-switch',
    admit: "nft add rule inet filter input ip saddr 192.0.2.1 udp dport '{ 500, 4500 }' accept",
  },
] as const;

for (const { title, answer, distribution, install, start, admit } of systems) {
  test(`cures are typed in the words of ${title}`, (t) => {
    const system = parseSystem(answer);
    t.is(system.distribution, distribution);
    t.is(installCommand(system, ['libnss3-tools', 'iproute2', 'iproute2']), install);
    t.is(serviceCommand(system, 'start', 'openvswitch-switch'), start);
    t.is(admitCommand(system, '192.0.2.1'), admit);
  });
}

const ipsecIsGone: Edit = [/^answer ipsec-version 0\n[\s\S]*?(?=\nanswer )/m, 'answer ipsec-version 127\nno ipsec\n'];
const cures = [
  {
    system: 'ID=debian\nVERSION_ID="13"\npackages=apt-get\nservices=systemd',
    edits: [ipsecIsGone, [/ ping flock/, ' ping flock swanctl']] satisfies Edit[],
    finding: 'ike-starter-missing',
    cure: 'apt-get install strongswan-starter strongswan-charon libstrongswan-standard-plugins && systemctl restart openvswitch-ipsec',
  },
  {
    system: 'ID=fedora\npackages=dnf\nservices=systemd',
    edits: [ipsecIsGone],
    finding: 'ike-daemon-missing',
    cure: 'dnf install libreswan nss-tools && systemctl restart openvswitch-ipsec',
  },
  {
    system: 'ID=debian\npackages=apt-get\nservices=service',
    edits: [ipsecIsGone],
    finding: 'ike-daemon-missing',
    cure: 'apt-get install strongswan-starter strongswan-charon libstrongswan-standard-plugins && service openvswitch-ipsec restart',
  },
];
for (const { system, edits, finding, cure } of cures) {
  test(`${finding} has a cure for ${system.split('\n').join(', ')}`, (t) => {
    // Nobody feeds a daemon that is not there.
    const notFed: Edit = [/^--ike-daemon=.*$/m, '--monitor'];
    const told: Edit = ['answer addresses', `answer system 0\n${system}\n\nanswer addresses`];
    const facts = capturedFacts('strongswan-gre-ca-signed', [told, notFed, ...edits]);
    const found = findingsOn([examinedHost('host_1', facts)], capturedAt).filter(({ id }) => id === finding);
    t.deepEqual(
      found.map((item) => item.cure),
      [cure],
    );
  });
}

test('a host that has ovs-monitor-ipsec dead for want of ipsec is told the one cure that helps', (t) => {
  const dead: Edit = [/^answer monitor 0\n[\s\S]*?(?=\nanswer )/m, 'answer monitor 1\n'];
  const facts = capturedFacts('strongswan-gre-ca-signed', [ipsecIsGone, dead, [/ ping flock/, ' ping flock swanctl']]);
  const found = findingsOn([examinedHost('host_1', facts)], capturedAt).filter(({ severity }) => severity === 'error');
  t.is(
    found[0]?.cure,
    'apt-get install strongswan-starter strongswan-charon libstrongswan-standard-plugins openvswitch-ipsec && systemctl restart openvswitch-ipsec',
  );
  t.false(found.some(({ id }) => id === 'ovs-monitor-ipsec-not-running'));
});

test('this machine tells which system it is, also where its shell is busybox', async (t) => {
  const { script, mark } = factsScript([], 'planning');
  const release = await run('sh', ['-c', '. /etc/os-release; printf "%s %s" "$ID" "$VERSION_ID"']);
  for (const shell of [['sh'], ['busybox', 'sh']]) {
    const [program = '', ...args] = shell;
    const { stdout } = await run(program, [...args, '-s'], { input: script });
    const system = parseSystem(parseSections(stdout, mark).get('system')?.text ?? '');
    t.is(system.distribution, release.stdout.trim());
    t.is(system.packageManager, 'apt');
  }
});
