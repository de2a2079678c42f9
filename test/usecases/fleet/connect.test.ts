/** What `connect` says of its arguments is about its arguments, and its hints can be typed. */

import test from 'ava';
import { OvsPkiError } from '../../../src/errors.js';
import { type ConnectHost, type ConnectRequest, connectedFleet } from '../../../src/usecases/fleet/connect.js';

const host = (name: string, destination: string, more: Partial<ConnectHost> = {}): ConnectHost => ({
  name,
  destination,
  tunnelAddress: undefined,
  bridgeAddress: undefined,
  ...more,
});
const both = [host('host_1', 'root@198.51.100.7'), host('host_2', 'root@203.0.113.9')];
const nothing = { type: undefined, auth: undefined, bridge: undefined, port: undefined, plaintext: undefined };
const request = (hosts: readonly ConnectHost[], more: Partial<ConnectRequest> = {}): ConnectRequest => ({
  hosts,
  ...nothing,
  ikeDaemon: undefined,
  pskFile: undefined,
  days: 30,
  ...more,
});

const help = /^ovs-pki-ts connect --help$/;

const refused: readonly (readonly [string, ConnectRequest, RegExp, RegExp])[] = [
  [
    'two names without addresses',
    request([host('host_1', 'root@one'), host('host_2', 'CORP\\alice@two')]),
    /^host_1 and host_2: the tunnel needs the address of the host, and root@one and CORP\\alice@two are names$/,
    /^ovs-pki-ts connect host_1=root@one 'host_2=CORP\\alice@two' --tunnel-address host_1=ADDRESS host_2=ADDRESS$/,
  ],
  [
    'one name without an address',
    request([host('host_1', 'root@198.51.100.7'), host('host_2', 'two')]),
    /^host_2: the tunnel needs the address of the host, and two is a name$/,
    /^ovs-pki-ts connect host_1=root@198\.51\.100\.7 host_2=two --tunnel-address host_2=ADDRESS$/,
  ],
  [
    'one address twice',
    request([host('host_1', '198.51.100.7'), host('host_2', '198.51.100.7:23')]),
    /^host_1 and host_2 have the same address/,
    help,
  ],
  ['a type that does not exist', request(both, { type: 'ipip' }), /^--type must be one of gre/, help],
  ['a method that does not exist', request(both, { auth: 'none' }), /^--auth must be one of/, help],
  ['a port that is too long', request(both, { port: 'x'.repeat(16) }), /^--port must be 1 to 15/, help],
  [
    'an option of ssh',
    request([host('host_1', '-oProxyCommand=x'), both[1] as ConnectHost]),
    /^host_1= .*is not \[user@\]host/,
    help,
  ],
  [
    'a tunnel address that is a name',
    request([host('host_1', 'one', { tunnelAddress: 'one' }), both[1] as ConnectHost]),
    /^--tunnel-address host_1= "one" is not an IPv4/,
    help,
  ],
  [
    'a bridge address without a prefix',
    request([host('host_1', '198.51.100.7', { bridgeAddress: '192.0.0.1' }), both[1] as ConnectHost]),
    /^--bridge-address host_1= /,
    help,
  ],
  [
    'a way to become root that is none',
    request(both, { become: 'rm -rf' }),
    /^--become .*is not one of sudo, doas/,
    help,
  ],
];

for (const [title, bad, says, hints] of refused) {
  test(`connect is refused: ${title}`, (t) => {
    const error = t.throws(() => connectedFleet(bad), { instanceOf: OvsPkiError });
    t.is(error.code, 'INVENTORY_INVALID');
    t.regex(error.message, says);
    t.regex(error.hint ?? '', hints);
    t.notRegex(error.message, /inventory|hosts\.|tunnels\[/);
  });
}

test('the address of a destination with a port, or of a URI, is that of the tunnel', (t) => {
  const { hosts } = connectedFleet(
    request([host('host_1', 'ssh://root@198.51.100.7:22'), host('host_2', 'CORP\\alice@203.0.113.9:2222')], {
      become: 'doas',
    }),
  );
  t.deepEqual(
    hosts.map(({ ends, target }) => [ends[0]?.localIp, ends[0]?.remoteIp, target.become]),
    [
      ['198.51.100.7', '203.0.113.9', 'doas'],
      ['203.0.113.9', '198.51.100.7', 'doas'],
    ],
  );
});
