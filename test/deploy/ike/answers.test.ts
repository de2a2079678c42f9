import test from 'ava';
import type { IkeConnection } from '../../../src/deploy/ike/answers.js';
import { capturedFacts, type Edit } from '../../support/host-answers.js';

const up = (name: string, remoteId: string | undefined): IkeConnection => ({
  name,
  ikeEstablished: true,
  connecting: false,
  childInstalled: true,
  remoteId,
});

/** What each captured daemon had up: connections, its own certificate and the CA. */
const daemons: readonly {
  readonly name: string;
  readonly version: string;
  readonly connections: readonly IkeConnection[];
  readonly serials: readonly string[];
  readonly authorities: readonly string[];
}[] = [
  {
    name: 'strongswan-gre-ca-signed',
    version: '5.9.8',
    connections: [up('tun-1', 'lab1-2')],
    serials: ['02', '03'],
    authorities: ['01'],
  },
  {
    // Two connections are children of one IKE SA, which bears the name of the first.
    name: 'strongswan-geneve-ca-signed',
    version: '5.9.8',
    connections: [up('tun-in-1', 'lab1-2'), { ...up('tun-out-1', undefined), ikeEstablished: false }],
    serials: ['02', '03'],
    authorities: ['01'],
  },
  {
    name: 'libreswan-gre-ca-signed',
    version: '4.10',
    connections: [up('tun-1', 'lab2-2')],
    serials: ['04'],
    authorities: ['01'],
  },
  {
    name: 'libreswan-geneve-psk',
    version: '4.10',
    connections: [up('tun-in-1', '2.2.2.3'), up('tun-out-1', '2.2.2.3')],
    serials: [],
    authorities: [],
  },
  {
    // A connection of a tunnel that is gone: loaded, and nothing more.
    name: 'libreswan-geneve-invalid',
    version: '4.10',
    connections: [{ ...up('tun-out-1', undefined), ikeEstablished: false, childInstalled: false }],
    serials: [],
    authorities: [],
  },
  { name: 'strongswan-marked', version: '5.9.8', connections: [], serials: ['02', '03'], authorities: ['01'] },
];

for (const { name, version, connections, serials, authorities } of daemons) {
  test(`${name}: connections and certificates are read`, (t) => {
    const { ike } = capturedFacts(name);
    if (ike.state !== 'known') return t.fail('nothing is known of the daemon');
    t.like(ike.value, { version, running: true });
    t.deepEqual(ike.value.connections, connections);
    t.deepEqual(ike.value.certificates.map(({ serialNumber }) => serialNumber).sort(), serials);
    t.deepEqual(
      ike.value.authorities.map(({ serialNumber }) => serialNumber),
      authorities,
    );
  });
}

test('strongSwan tells which certificate it has the key of, and its plugins', (t) => {
  const { ike } = capturedFacts('strongswan-gre-ca-signed');
  if (ike.state !== 'known') return t.fail('nothing is known of the daemon');
  t.deepEqual(
    ike.value.certificates.map(({ subject, hasPrivateKey }) => [subject.replace(/.*CN=/, ''), hasPrivateKey]),
    [
      ['lab1-2', false],
      ['lab1-1', true],
    ],
  );
  t.true(ike.value.plugins?.includes('gcm'));
});

test('libreswan tells which NSS database it reads', (t) => {
  const { ike } = capturedFacts('libreswan-gre-ca-signed');
  t.like(ike, { state: 'known', value: { nssFolder: '/var/lib/ipsec/nss' } });
});

const tries: readonly { readonly name: string; readonly edits: readonly Edit[] }[] = [
  {
    name: 'strongswan-gre-ca-signed',
    edits: [[/^ +tun-1\[2\]: ESTABLISHED .*$/m, '       tun-1[2]: CONNECTING, 1.1.1.1[%any]...2.2.2.2[%any]']],
  },
  {
    name: 'libreswan-gre-ca-signed',
    edits: [[/STATE_V2_ESTABLISHED_\w+ \([^)]*\)/, 'STATE_V2_PARENT_I1 (sent IKE_SA_INIT request)']],
  },
];
for (const { name, edits } of tries) {
  test(`${name}: an IKE SA that is being tried is not taken for one that is up`, (t) => {
    const { ike } = capturedFacts(name, edits);
    t.like(ike, { state: 'known' });
    if (ike.state === 'known') t.like(ike.value.connections[0] ?? {}, { connecting: true, ikeEstablished: false });
  });
}

test('what comes in without a name is no connection of ours', (t) => {
  const { ike } = capturedFacts('strongswan-gre-ca-signed', [
    [
      /^ +tun-1\[2\]: ESTABLISHED/m,
      '   (unnamed)[1]: CONNECTING, 2.2.2.2[%any]...1.1.1.1[%any]\n       tun-1[2]: ESTABLISHED',
    ],
  ]);
  if (ike.state === 'known')
    t.deepEqual(
      ike.value.connections.map(({ name }) => name),
      ['tun-1'],
    );
});
