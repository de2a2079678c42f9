/** Which PSK each tunnel gets, and that nothing of a host's database reaches another host but what can only be a PSK. */

import test from 'ava';
import type { DesiredHost, TunnelEnd } from '../../../src/deploy/desired/desired.js';
import { known } from '../../../src/deploy/facts/fact.js';
import { type PskHost, pskTable } from '../../../src/deploy/plan/psks.js';

const addresses = { a: '198.51.100.1', b: '198.51.100.2' } as const;

function end(host: 'a' | 'b', pskFile?: string): TunnelEnd {
  const peer = host === 'a' ? 'b' : 'a';
  return {
    ...{ bridge: 'br-ipsec', port: `to-${peer}`, type: 'gre', method: 'psk', options: {}, initiates: host === 'a' },
    ...{ localIp: addresses[host], remoteIp: addresses[peer], peer, pskFile },
  };
}

function host(name: 'a' | 'b', psk: string | undefined, pskFile?: string): PskHost {
  const desired: DesiredHost = {
    ...{
      name,
      target: { kind: 'ssh', destination: name },
      ikeDaemon: 'auto',
      places: {},
      plaintext: 'keep',
      loopProtection: 'keep',
    },
    ...{ identity: undefined, ends: [end(name, pskFile)], bridgeAddresses: {} },
  };
  const secret = psk === undefined ? undefined : { reveal: () => psk };
  const interfaces = [{ name: name === 'a' ? 'to-b' : 'to-a', psk: secret }];
  return {
    desired,
    facts: { ovsdb: known({ interfaces }) },
  };
}

const made = 'made-here-made-here';
const injected = '"\n198.51.100.7 198.51.100.8 : PSK "known to the thief';

interface Case {
  readonly what: string;
  readonly a: string | undefined;
  readonly b: string | undefined;
  readonly given?: string;
  readonly file?: string;
  /** What both get. */
  readonly psk: string;
  readonly changed: readonly string[];
  readonly noticed?: readonly string[];
}

const cases: readonly Case[] = [
  { what: 'none has one', a: undefined, b: undefined, psk: made, changed: ['a/to-b', 'b/to-a'] },
  { what: 'both have the same', a: 'swordfish-1', b: 'swordfish-1', psk: 'swordfish-1', changed: [] },
  { what: 'one has one', a: undefined, b: 'swordfish-1', psk: 'swordfish-1', changed: ['a/to-b'] },
  { what: 'two differ: neither decides', a: 'swordfish-1', b: 'swordfish-2', psk: made, changed: ['a/to-b', 'b/to-a'] },
  {
    ...{ what: 'a line of ipsec.secrets, and nothing at the peer', a: injected, b: undefined, psk: made },
    ...{ changed: ['a/to-b', 'b/to-a'], noticed: ['a'] },
  },
  {
    ...{ what: 'a line of ipsec.secrets against a good one', a: injected, b: 'swordfish-1', psk: 'swordfish-1' },
    ...{ changed: ['a/to-b'], noticed: ['a'] },
  },
  {
    ...{ what: 'the same, from the host that comes last', a: 'swordfish-1', b: injected, psk: 'swordfish-1' },
    ...{ changed: ['b/to-a'], noticed: ['b'] },
  },
  { what: 'an empty one', a: '', b: 'swordfish-1', psk: 'swordfish-1', changed: ['a/to-b'], noticed: ['a'] },
  {
    ...{ what: 'a megabyte', a: 'x'.repeat(1e6), b: undefined, psk: made },
    ...{ changed: ['a/to-b', 'b/to-a'], noticed: ['a'] },
  },
  {
    ...{ what: 'a backslash at its end', a: 'swordfish\\', b: undefined, psk: made },
    ...{ changed: ['a/to-b', 'b/to-a'], noticed: ['a'] },
  },
  { what: 'a short one made by hand stays where both have it', a: 'secret', b: 'secret', psk: 'secret', changed: [] },
  {
    ...{ what: 'one is given', a: 'swordfish-1', b: 'swordfish-1', given: 'swordfish-9', psk: 'swordfish-9' },
    ...{ changed: ['a/to-b', 'b/to-a'] },
  },
  {
    ...{ what: 'a file before what is given', a: injected, b: undefined, given: 'x', file: 'f', psk: 'in-the-file-f' },
    ...{ changed: ['a/to-b', 'b/to-a'], noticed: ['a'] },
  },
];

for (const { what, a, b, given, file, psk, changed, noticed = [] } of cases) {
  test(what, (t) => {
    const table = pskTable([host('a', a, file), host('b', b)], {
      ...{ given, inFile: (name) => `in-the-file-${name}`, make: () => made },
    });
    t.deepEqual(
      [...table.values],
      [
        ['a/to-b', psk],
        ['b/to-a', psk],
      ],
    );
    t.deepEqual([...table.changed], changed);
    t.deepEqual([...table.notices.keys()], noticed);
    t.notRegex(JSON.stringify([...table.notices]), /swordfish|198\.51/, 'no PSK is shown');
  });
}

test('a host whose peer cannot be asked keeps what it has', (t) => {
  const table = pskTable([host('a', injected)], { given: undefined, inFile: () => '', make: () => made });
  t.is(table.values.get('a/to-b'), injected);
  t.is(table.changed.size, 0);
});
