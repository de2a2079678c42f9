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
