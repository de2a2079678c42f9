/** Hosts that are enrolled by an imported intermediate whose key has a passphrase. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { importArguments, writeAuthority } from '../support/authorities.js';
import { type Fleet, startFleet } from '../support/fleet/fleet.js';
import { oursWell } from '../support/pki.js';
import { scratchFolder } from '../support/scratch.js';

let fleet: Fleet;

test.before(async () => {
  fleet = await startFleet({ count: 2 });
});

test.after.always(() => fleet?.close());

test('the passphrase is given once for all hosts, and each gets the intermediate and the root', async (t) => {
  const cwd = scratchFolder(t);
  writeFileSync(join(cwd, 'secret'), 'a good passphrase\n', { mode: 0o600 });
  writeAuthority(cwd, [
    {
      subject: [
        ['O', 'Company'],
        ['CN', 'root'],
      ],
      key: 5,
      pathLength: 1,
    },
    {
      subject: [
        ['O', 'Company'],
        ['CN', 'sub'],
      ],
      key: 6,
      pathLength: 0,
    },
  ]);
  mkdirSync(join(cwd, 'pki'));
  await oursWell(cwd, ['import', 'switch', ...importArguments]);
  await oursWell(cwd, ['passphrase', '--new-passphrase-file', 'secret']);
  const hosts = fleet.hosts.map(({ name, address }) => `${name}=${address}`);
  const connect = ['connect', ...hosts, '--skip-proof', '--dir', 'pki', '--log', 'log'];

  const refused = await fleet.runOurs(connect, { cwd });
  t.is(refused.status, 6);
  t.regex(refused.stderr, /no terminal to ask its passphrase \[KEY_ENCRYPTED\]\n.*hint: .*--passphrase-file FILE/);

  const given = [...connect, '--passphrase-file', 'secret'];
  const { status, stderr } = await fleet.runOurs(given, { cwd });
  t.is(status, 0, stderr);
  for (const { name } of fleet.hosts) {
    const subjects = `for file in /etc/ipsec.d/cacerts/ovs-ca-*.pem; do openssl x509 -noout -subject -in $file; done`;
    t.deepEqual((await fleet.must(name, subjects)).trim().split('\n').sort(), [
      'subject=O = Company, CN = root',
      'subject=O = Company, CN = sub',
    ]);
    const pointed = 'ovs-vsctl get Open_vSwitch . other_config:ca_cert | xargs openssl x509 -noout -subject -in';
    t.is((await fleet.must(name, pointed)).trim(), 'subject=O = Company, CN = sub');
  }
  t.regex((await fleet.runOurs(given, { cwd })).stdout, /nothing to do/);
});
