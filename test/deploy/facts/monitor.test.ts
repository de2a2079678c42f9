import test from 'ava';
import { findingsOn } from '../../../src/deploy/doctor/doctor.js';
import { complaintsIn, parseMonitor, parseMonitorTunnels } from '../../../src/deploy/facts/monitor.js';
import { libreswan } from '../../../src/deploy/ike/libreswan.js';
import { capturedAt, capturedFacts, type Edit, examinedHost } from '../../support/host-answers.js';

test('the folder of NSS is read from both forms of the option', (t) => {
  for (const option of ['--ipsec-d=/x/nss', '--ipsec-d\n/x/nss']) {
    t.like(parseMonitor(`python3\novs-monitor-ipsec\n${option}\n--ike-daemon=libreswan`), {
      nssFolder: '/x/nss',
      ikeDaemon: libreswan,
    });
  }
});

test('an ovs-monitor-ipsec that takes the NSS folder of the version needs no option for it', (t) => {
  const told: Edit = ['--ipsec-d\n/var/lib/ipsec/nss\n', ''];
  const picks: Edit = [/^answer (own-connections|tunnels) /m, 'answer monitor-nss 0\nby version\n\nanswer $1 '];
  const mismatches = (edits: readonly Edit[]): number =>
    findingsOn([examinedHost('host_1', capturedFacts('libreswan-gre-ca-signed', edits))], capturedAt).filter(
      ({ id }) => id === 'nss-folder-mismatch',
    ).length;
  const elsewhere: Edit = [/nssdir=[^,]*/, 'nssdir=/etc/ipsec.d'];
  t.is(mismatches([told]), 1);
  t.is(mismatches([told, picks]), 0);
  t.is(mismatches([told, picks, elsewhere]), 1);
  t.is(libreswan.nssFolderOf('3.32'), '/etc/ipsec.d');
});

test('tunnels/show is read, and the PSK that stands there is not kept', (t) => {
  const { monitorTunnels } = capturedFacts('strongswan-geneve-psk');
  t.like(monitorTunnels, {
    state: 'known',
    value: [{ port: 'tun', state: 'CONFIGURED', reason: undefined, usesPsk: true, localIp: '1.1.1.1' }],
  });
  t.false(JSON.stringify(monitorTunnels).includes('swordfish'));
  t.deepEqual(parseMonitorTunnels('No tunnels configured with IPsec\n'), []);
});

test('the reason of a tunnel that is INVALID and has vanished stands in the log', (t) => {
  const { monitorTunnels, complaints } = capturedFacts('libreswan-geneve-invalid');
  t.deepEqual(monitorTunnels, { state: 'known', value: [] });
  t.deepEqual([...complaints.keys()], ['tun']);
  t.regex(complaints.get('tun') ?? '', /^must set 'certificate' as local certificate/);
});

const line = (message: string): string => `2026-11-22T06:37:15.291Z |  45 | ovs-monitor-ipsec | INFO | ${message}`;
const refused = line('tun contains invalid configuration: must choose a authentication method');
const changedNow = line("Tunnel's 'tun' configuration changed in OVSDB to 2");
const logs: readonly { readonly title: string; readonly lines: readonly string[]; readonly isRefused: boolean }[] = [
  { title: 'refused as it appeared', lines: [line('Tunnel tun appeared in OVSDB'), refused], isRefused: true },
  { title: 'refused as it changed', lines: [refused, changedNow], isRefused: true },
  { title: 'well after a change', lines: [refused, changedNow, changedNow], isRefused: false },
  { title: 'appeared again', lines: [refused, line('Tunnel tun appeared in OVSDB')], isRefused: false },
  { title: 'gone', lines: [refused, line('Tunnel tun disappeared from OVSDB')], isRefused: false },
  { title: 'started again', lines: [refused, line('Restarting IKE daemon')], isRefused: false },
  { title: 'another one changed', lines: [refused, line("Tunnel's 'x' configuration changed")], isRefused: true },
];
for (const { title, lines, isRefused } of logs) {
  test(`a tunnel of the log: ${title}`, (t) => {
    t.is(complaintsIn(lines.join('\n')).has('tun'), isRefused);
  });
}
