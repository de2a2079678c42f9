/** The peer of the speed benchmark does its job, and does it once: else being faster means nothing. */

import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { startFleet } from '../support/fleet/fleet.js';
import { fixturesFolder, runWell } from '../support/programs.js';
import { runAnsible, writeAnsibleInventory } from './ansible.js';

test('the playbook gives every host its identity and its tunnel, and a second run changes nothing', async (t) => {
  const fleet = await startFleet({ count: 2, vswitchd: 'dummy' });
  t.teardown(fleet.close);
  const key = join(fixturesFolder, 'keys/rsa-2048-01.pem');
  const certify = ['req', '-x509', '-key', key, '-subj', '/O=Fleet/CN=host', '-days', '2', '-out', 'cert.pem'];
  await runWell('openssl', certify, { cwd: fleet.folder });
  copyFileSync(join(fleet.folder, 'cert.pem'), join(fleet.folder, 'cacert.pem'));
  copyFileSync(key, join(fleet.folder, 'privkey.pem'));
  for (const { name } of fleet.hosts) await fleet.must(name, 'ipsec start');
  const inventory = writeAnsibleInventory(fleet, () => fleet.folder);
  t.is((await runAnsible(fleet, inventory)).changed, 6);
  t.is((await runAnsible(fleet, inventory)).changed, 0);
  const identity =
    'ovs-vsctl get Open_vSwitch . other_config:certificate other_config:private_key other_config:ca_cert';
  const tunnel = 'ovs-vsctl get Interface tun type options:remote_ip options:local_ip options:remote_name ofport';
  const read = `stat -c %a /etc/ipsec.d/private/*; ${identity} | tr -d '"' | xargs sha256sum | cut -c1-64`;
  const sent = await runWell('sha256sum', ['cert.pem', 'privkey.pem', 'cacert.pem'], { cwd: fleet.folder });
  const digests = sent.split('\n').map((line) => line.slice(0, 64));
  const [one, two] = fleet.hosts;
  t.is(await fleet.must('host_1', read), ['600', ...digests].join('\n'));
  t.is(await fleet.must('host_1', tunnel), `gre\n"${two?.address}"\n"${one?.address}"\nhost_2\n1\n`);
  t.is(await fleet.must('host_2', tunnel), `gre\n"${one?.address}"\n"${two?.address}"\nhost_1\n1\n`);
});
