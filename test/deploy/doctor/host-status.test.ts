import test from 'ava';
import { type EndState, hostStatus } from '../../../src/deploy/doctor/host-status.js';
import { capturedFacts, type Edit, examinedHost, guardedFacts } from '../../support/host-answers.js';

const noPolicies: Edit = [/^answer policies 0\n.*?(?=\nanswer )/ms, 'answer policies 0\n'];
const noStates: Edit = [/^answer states 0\n.*?(?=\nanswer )/ms, 'answer states 0\n'];

/** Captured hosts, what is changed, and what is then true of their tunnel. */
const ends: readonly {
  readonly title: string;
  readonly name: string;
  readonly edits?: readonly Edit[];
  readonly isGuarded?: true;
  readonly state: EndState;
  readonly reason?: RegExp;
}[] = [
  { title: 'strongSwan, gre', name: 'strongswan-gre-ca-signed', state: 'encrypted' },
  { title: 'strongSwan, geneve', name: 'strongswan-geneve-psk', state: 'encrypted' },
  { title: 'libreswan, gre', name: 'libreswan-gre-ca-signed', state: 'encrypted' },
  {
    title: 'nothing has come back yet',
    name: 'libreswan-geneve-psk',
    state: 'encrypted',
    reason: /no ESP packet has arrived/,
  },
  {
    title: 'a policy without associations',
    name: 'strongswan-gre-ca-signed',
    edits: [noStates],
    state: 'down',
    reason: /no security association leads/,
  },
  {
    title: 'no policy',
    name: 'strongswan-gre-ca-signed',
    edits: [noPolicies],
    state: 'not-encrypted',
    reason: /no IPsec policy/,
  },
  { title: 'INVALID', name: 'libreswan-geneve-invalid', state: 'not-encrypted', reason: /must set 'certificate'/ },
  {
    title: 'INVALID behind a drop policy',
    name: 'libreswan-geneve-invalid',
    isGuarded: true,
    state: 'down',
    reason: /must set 'certificate'/,
  },
  {
    title: 'a port that was not made',
    name: 'strongswan-gre-ca-signed',
    edits: [noPolicies, ['],1,["set",[]]]', '],-1,"no"]']],
    state: 'down',
    reason: /Open vSwitch says: no/,
  },
];

for (const { title, name, edits = [], isGuarded, state, reason } of ends) {
  test(`a tunnel is ${state}: ${title}`, (t) => {
    const facts = (isGuarded ? guardedFacts : capturedFacts)(name, edits);
    const [end, ...more] = hostStatus(examinedHost(name, facts)).tunnels;
    t.deepEqual(more, []);
    t.like(end, { state, dropPolicy: isGuarded === true });
    t.is(end?.reasons.length === 0, reason === undefined);
    if (reason !== undefined) t.regex(end?.reasons.join('; ') ?? '', reason);
  });
}

test('the certificate of a host is compared with the one in use', (t) => {
  const identity = (edits: readonly Edit[]) =>
    hostStatus(examinedHost('host', capturedFacts('strongswan-gre-ca-signed', edits))).identity;
  t.like(identity([]), { inUse: true, certificate: { serialNumber: '02', notAfter: '2036-11-19T06:11:51.000Z' } });
  t.is(identity([['  serial:    02', '  serial:    77']])?.inUse, false);
});

test('a status is JSON without a PSK', (t) => {
  const text = JSON.stringify(hostStatus(examinedHost('host', capturedFacts('strongswan-geneve-psk'))));
  t.false(text.includes('swordfish'));
  t.like(JSON.parse(text), {
    ovsVersion: '3.1.0',
    ikeDaemon: { name: 'strongswan', version: '5.9.8', running: true },
    services: { ovsdbServer: true, vswitchd: true, monitorIpsec: true },
    tunnels: [{ port: 'tun', type: 'geneve', method: 'psk', bytesIn: 800, bytesOut: 914 }],
  });
});
