/** libreswan of several versions: what it says is read, and it is told things in its own way. */

import test from 'ava';
import fc from 'fast-check';
import { ikeDaemons } from '../../../src/deploy/ike/daemons.js';
import { libreswan } from '../../../src/deploy/ike/libreswan.js';
import { isNewerThan, isOlder } from '../../../src/deploy/ike/version.js';
import { type PlutoAnswer, plutoAnswers } from '../../cases/pluto-answers.js';

const sectionsOf = ({ status, traffic }: Pick<PlutoAnswer, 'status' | 'traffic'>) =>
  new Map([
    ['ike-status', { status: 0, text: status }],
    ['ike-traffic', { status: 0, text: traffic }],
  ]);

for (const answer of plutoAnswers) {
  const { title, version, source, connections, remoteIds = {} } = answer;
  test(`libreswan ${version} (${source}): ${title}`, (t) => {
    const read = libreswan.read(sectionsOf(answer), version);
    t.true(read.running);
    t.is(read.nssFolder, '/var/lib/ipsec/nss');
    const found = read.connections.map(({ name, childInstalled, ikeEstablished, connecting }) => [
      name,
      childInstalled ? 'child' : ikeEstablished ? 'ike' : connecting ? 'trying' : 'loaded',
    ]);
    t.deepEqual(Object.fromEntries(found), connections);
    const ids = read.connections.flatMap(({ name, remoteId }) => (remoteId === undefined ? [] : [[name, remoteId]]));
    t.deepEqual(Object.fromEntries(ids), remoteIds);
  });
}

test('a pluto that does not run is not taken for one that does', (t) => {
  const text =
    'ERROR: ipsec whack: Pluto is not running (no "/run/pluto/pluto.ctl"): No such file or directory (errno 2)';
  for (const status of [0, 1, 33]) {
    t.false(libreswan.read(new Map([['ike-status', { status, text }]]), '5.2').running);
  }
});

const interfaces = [
  {
    version: '5.2',
    status: ['[fd00:2::1]:UDP/4500 (NAT)', '[fd00:2::1]:UDP/500', '1.1.1.2:UDP/4500 (NAT)', '1.1.1.2:UDP/500']
      .map((end) => `interface eth0 ${end}\n`)
      .join(''),
  },
  {
    version: '4.10',
    status: ['[fd00:2::1]:4500', '[fd00:2::1]:500', '1.1.1.2:4500', '1.1.1.2:500']
      .map((end) => `000 interface eth0 UDP ${end}\n`)
      .join(''),
  },
  {
    version: '3.29',
    status:
      '000 interface eth0/eth0 fd00:2::1@500\n000 interface eth0/eth0 1.1.1.2@4500\n000 interface eth0/eth0 1.1.1.2@500\n',
  },
] as const;
for (const { version, status } of interfaces) {
  test(`libreswan ${version} tells where it listens`, (t) => {
    t.deepEqual(libreswan.read(sectionsOf({ status, traffic: '' }), version).listensAt, ['fd00:2::1', '1.1.1.2']);
  });
}

const commands = [
  { version: '4.10', start: 'ipsec auto --start tun-1', forget: 'ipsec auto --delete tun-1', again: 'with its like' },
  { version: '5.0', start: 'ipsec start tun-1', forget: 'ipsec delete tun-1', again: 'never' },
  { version: '5.2-2.2', start: 'ipsec start tun-1', forget: 'ipsec delete tun-1', again: 'never' },
  { version: '6.1', start: 'ipsec start tun-1', forget: 'ipsec delete tun-1', again: 'never' },
] as const;
for (const { version, start, forget, again } of commands) {
  test(`libreswan ${version} is told by the commands that it has`, (t) => {
    t.is(libreswan.commands.start('tun-1', version), start);
    t.is(libreswan.commands.forget('tun-1', version), forget);
    t.is(libreswan.authenticatesAgain(version), again);
    t.true(libreswan.script(version).includes(`generation=${version.startsWith('4') ? '4' : '5'}\n`));
  });
}

test('versions are compared number by number', (t) => {
  t.true(isOlder('4.10', '5') && isOlder('5.2', '5.10') && isOlder('5.9.8', '6.0.1'));
  t.false(isOlder('5.4', '5.4') || isOlder('5.2-2.2', '5.2') || isOlder('5', '5.0'));
  t.true(isNewerThan('5.5', '5.4') && isNewerThan('7.0.1', '6.1'));
  t.false(isNewerThan('6.1.2', '6.1') || isNewerThan('unknown', '6.1') || isNewerThan('4.10', '5.4'));
});

test('no reader takes long, or throws anything but a sentence, on any text', (t) => {
  const words = [
    '000 ',
    '#1: ',
    '"tun-1"',
    ':500 ',
    'STATE_',
    'established ',
    'Child SA',
    '(',
    ')',
    "id='",
    '...',
    '\n',
  ];
  const text = fc
    .array(fc.oneof(fc.constantFrom(...words), fc.string()), { maxLength: 60 })
    .map((parts) => parts.join(''));
  const version = fc.oneof(fc.constantFrom('4.10', '5.0', '5.2', '5.4', '6.0', '', 'unknown'), fc.string());
  fc.assert(
    fc.property(text, text, version, (status, traffic, of) => {
      for (const daemon of ikeDaemons) {
        t.is(typeof daemon.read(sectionsOf({ status, traffic }), of).running, 'boolean');
        t.is(typeof daemon.script(of), 'string');
      }
    }),
    { numRuns: 300 },
  );
});
