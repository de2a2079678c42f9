/** What a hostile host says of itself, and what is told of it. All of them are asked in one run, beside two sound hosts. */

import type { ErrorCode } from '../../src/errors.js';
import { crowdedFacts } from '../support/crowd.js';
import { type Answer, databaseText, factsText, type Parts } from '../support/hostile.js';

export interface FactsAttack {
  readonly what: string;
  /** Facts that take the place of those of a sound host, or the whole answer. */
  readonly says: Parts | Answer;
  /** Why the host could not be looked at; undefined where it is looked at like any other, `either` where both are right. */
  readonly code?: ErrorCode | 'either';
}

const escapes = '\u001b[2J\u001b]0;owned\u0007\u009b31m\u202e\u200b\u2028\r';
const address = '198.51.100.66';
const port = (name: string, options: Readonly<Record<string, string>> = {}, type = 'gre') =>
  databaseText([{ name, type, options: { remote_ip: '203.0.113.1', remote_name: 'good_1', ...options } }]);
const certs = (text: string): Parts => ({ 'ike-certs': `  subject:  "CN=a"\n  serial:    ${text}\n` });

export const factsAttacks: readonly FactsAttack[] = [
  { what: 'it ends without a word', says: { when: '', exit: 0 }, code: 'HOST_UNREACHABLE' },
  {
    what: 'it refuses the login with escapes',
    says: { when: '', exit: 255, err: `${escapes}\nPermission denied (${escapes}).\n` },
    code: 'HOST_UNREACHABLE',
  },
  { what: 'it ends in its answer', says: { when: '', out: 'x' }, code: 'HOST_STEP_FAILED' },
  {
    what: 'it prints 40 MB in its answer',
    says: { when: '', flood: { to: 'stdout', bytes: 4e7 } },
    code: 'HOST_STEP_FAILED',
  },
  {
    what: 'it prints 40 MB of errors',
    says: { when: '', flood: { to: 'stderr', bytes: 4e7 } },
    code: 'HOST_STEP_FAILED',
  },
  {
    what: 'it prints 40 MB after its answer',
    says: { when: '', out: factsText(address), flood: { to: 'stdout', bytes: 4e7, later: true } },
    code: 'either',
  },
  { what: 'it says nothing at all', says: { when: '', silent: true }, code: 'HOST_TIMEOUT' },
  {
    what: 'it says all that it has to say, and then nothing',
    says: { when: '', out: factsText(address), silent: true },
    code: 'HOST_TIMEOUT',
  },
  {
    what: 'it says it byte by byte',
    says: { when: '', out: factsText(address, { name: 'x'.repeat(5e4) }), slowly: true },
    code: 'either',
  },
  {
    what: 'it refuses the login in a line of 900 kB',
    says: { when: '', exit: 255, err: `${'@'.repeat(9e5)}\n` },
    code: 'HOST_UNREACHABLE',
  },
  { what: 'it answers twice', says: { when: '', out: factsText(address), frame: 'twice' } },
  {
    what: 'it answers another script',
    says: { when: '', out: factsText(address), frame: 'of another script' },
    code: 'HOST_TIMEOUT',
  },
  {
    what: 'its status is no number',
    says: { when: '', out: factsText(address), frame: 'of no number' },
    code: 'HOST_TIMEOUT',
  },
  { what: 'another run is at work, it says', says: { lock: [1, ''] }, code: 'HOST_LOCKED' },
  { what: 'a database that is no JSON', says: { ovsdb: '{"psk": "swordfish"' } },
  { what: 'a database of numbers', says: { ovsdb: '{"headings": 1, "data": 2}\n{}\n{}\n{}' } },
  { what: 'a database 100,000 deep', says: { ovsdb: `{"headings": ${'['.repeat(1e5)}` } },
  {
    what: 'names of the language in its maps',
    says: {
      ovsdb: databaseText([], { otherConfig: { __proto__x: '1', constructor: 'x', toString: 'x', certificate: '/x' } }),
    },
  },
  { what: 'a port whose name is escapes', says: { ovsdb: port(escapes) } },
  { what: 'a port whose name is a command', says: { ovsdb: port('$(touch pwned)') } },
  { what: 'a peer whose name is escapes', says: { ovsdb: port('tun', { remote_name: escapes }) } },
  {
    what: 'a certificate at a place that is a command',
    says: {
      ovsdb: databaseText([], { otherConfig: { certificate: "/etc/';touch pwned;'", private_key: '/`touch pwned`' } }),
    },
  },
  { what: 'a name that is escapes', says: { name: escapes, kernel: escapes } },
  { what: 'a name that is a command', says: { name: '$(touch pwned)' } },
  { what: 'a time that is none', says: { time: '1e400' } },
  { what: 'a serial number of colons', says: certs(':::') },
  { what: 'a CRL whose number is a colon', says: { 'ike-crls': '  issuer:   "x"\n  serial:    :\n' } },
  { what: '400 kB of line ends', says: { name: `a${'\n'.repeat(4e5)}b` } },
  { what: '400 kB of line ends in the list of certificates', says: { 'ike-certs': '\n'.repeat(4e5) } },
  {
    what: '100 kB of dots in the state of charon',
    says: { 'ike-status': `Status of IKE charon daemon\n ${'.'.repeat(1e5)}` },
  },
  {
    what: '100 kB of dots as a connection that is up',
    says: { 'ike-status': `Status of IKE charon daemon\n a[1]: ESTABLISHED ${'.'.repeat(1e5)}[` },
  },
  { what: '200 kB of spaces in its policies', says: { policies: `src ${' '.repeat(2e5)}dst` } },
  {
    what: 'a log of 400 kB in one line',
    says: { 'monitor-log': `${'|'.repeat(2e5)}${' '.repeat(2e5)}`, 'ike-log': `${escapes}${'charon '.repeat(5e4)}` },
  },
  {
    what: 'a file whose name is escapes',
    says: { [`file:/etc/keys/${escapes.replaceAll('\r', '')}`]: 'other 600 root' },
  },
  { what: 'links in a circle', says: { 'link:/etc/keys/a': '/etc/keys/a', 'file:/etc/keys/a': [1, ''] } },
  {
    what: 'libreswan with a nickname of escapes',
    says: { 'ipsec-version': 'Linux Libreswan 4.10', [`nss:${escapes.replaceAll('\r', '')}`]: 'x' },
  },
  { what: 'AppArmor that says a megabyte', says: { apparmor: 'charon '.repeat(1.5e5) } },
  { what: 'a thousand tunnels to everywhere', says: { when: '', out: crowdedFacts(1000, '@mark@') } },
  { what: 'a thousand tunnels to one place', says: { when: '', out: crowdedFacts(1000, '@mark@', true) } },
  {
    what: '30,000 rows in a table',
    says: {
      ovsdb: databaseText().replace('"data":[["br-ipsec"', `"data":[${'["x",["set",[]]],'.repeat(3e4)}["br-ipsec"`),
    },
  },
  {
    what: 'two ports of one name',
    says: {
      ovsdb: databaseText(
        Array.from({ length: 2 }, () => ({ name: 'tun', type: 'gre', options: { psk: 'swordfish' } })),
      ),
    },
  },
  {
    what: '130,000 connections of one port',
    says: {
      ovsdb: port('tun'),
      'ike-status': `Status of IKE charon daemon\n${Array.from({ length: 1.3e5 }, (_, i) => ` tun-${i}:  10.0.0.1...10.0.0.2  IKEv2`).join('\n')}`,
    },
  },
  {
    what: 'a database of two million numbers',
    says: { ovsdb: `{"headings":["name"],"data":[${'[1],'.repeat(2e6)}[1]]}` },
  },
  {
    what: '50,000 network devices with as many addresses',
    says: {
      mtus: Array.from({ length: 5e4 }, (_, i) => `e${i} 1500`).join('\n'),
      addresses: Array.from({ length: 5e4 }, (_, i) => `2: e${i}    inet 10.0.0.1/8 scope`).join('\n'),
    },
  },
  {
    what: 'twenty thousand ports',
    says: {
      ovsdb: databaseText(
        Array.from({ length: 9 }, (_, i) => ({
          name: `t${i}`,
          type: 'gre',
          options: { remote_ip: 'x'.repeat(2e5), remote_name: 'y' },
        })),
      ),
    },
  },
];

export function factsAnswer({ says }: FactsAttack): Answer {
  return 'when' in says && typeof says.when === 'string' && !('lock' in says)
    ? (says as Answer)
    : { when: 'in_full=', out: factsText(address, says as Parts) };
}
