import test from 'ava';
import { OvsPkiError } from '../../../src/errors.js';
import { fleetToExamine } from '../../../src/usecases/fleet/examine.js';
import { fleetAt, localized } from '../../../src/usecases/fleet/inventory.js';

test('who is this machine is decided anew where a plan is applied', (t) => {
  const [host] = fleetAt(['root@198.51.100.7']).hosts;
  if (host === undefined) throw new Error('no host');
  const planned = { hosts: [{ ...host, target: { ...host.target, kind: 'local' } as const }] };
  t.is(localized(planned).hosts[0]?.target.kind, 'ssh');
  t.is(localized(fleetAt(['local'])).hosts[0]?.target.kind, 'local');
});

for (const destination of ['-oProxyCommand=true', 'host;true', 'a b']) {
  test(`status and doctor do not take ${destination} for a host`, (t) => {
    const error = t.throws(
      () => fleetToExamine({ file: undefined, destinations: [destination], pkiDirectory: 'pki' }),
      {
        instanceOf: OvsPkiError,
      },
    );
    t.is(error.code, 'USAGE');
  });
}

test('hosts are named with their destinations, or called by them', (t) => {
  const { hosts } = fleetAt(['host_1=root@192.0.2.7:22', 'root@192.0.2.8', 'host_1=root@192.0.2.7:22'], 'doas');
  t.deepEqual(
    hosts.map(({ name, target }) => [name, target]),
    [
      ['host_1', { kind: 'ssh', destination: 'root@192.0.2.7:22', become: 'doas' }],
      ['root@192.0.2.8', { kind: 'ssh', destination: 'root@192.0.2.8', become: 'doas' }],
    ],
  );
});

for (const [hosts, says] of [
  [['host_1=one', 'host_1=two'], /host_1 is one and two, and a name belongs to one host/],
  [['198.51.100.7=one'], /"198\.51\.100\.7" is no name of a host/],
  [['=one'], /"" is no name of a host/],
  [['host_1='], /"" is not \[user@\]host/],
  [['host_1=-oProxyCommand=x'], /is not \[user@\]host/],
] as const) {
  test(`hosts are not taken: ${hosts.join(' ')}`, (t) => {
    const error = t.throws(() => fleetAt(hosts), { instanceOf: OvsPkiError, message: says });
    t.is(error.code, 'USAGE');
    t.regex(error.hint ?? '', /--to host_1=root@203/);
  });
}
