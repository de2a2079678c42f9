/** An IKE daemon that the project has not heard of is added by one value and one script, and everything works with it. */

// Before all that looks at the daemons.
import '../support/fleet/fakeswan.js';

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { HostResult } from '../../src/deploy/apply/apply.js';
import { nodePlatform } from '../../src/platform/index.js';
import { apply } from '../../src/usecases/fleet/apply.js';
import { doctor } from '../../src/usecases/fleet/doctor.js';
import { readFleet } from '../../src/usecases/fleet/inventory.js';
import { plan } from '../../src/usecases/fleet/plan.js';
import { remove } from '../../src/usecases/fleet/remove.js';
import { fakeswanText } from '../support/fleet/fakeswan.js';
import { type Fleet, startFleet } from '../support/fleet/fleet.js';
import { rsaKeyFile } from '../support/keys.js';
import { beginPki, makeRequest, oursWell } from '../support/pki.js';

let fleet: Fleet;
const platform = nodePlatform();

test.before(async () => {
  fleet = await startFleet({ count: 2 });
  await beginPki(fleet.folder, 'ours with EC keys');
  const hosts = fleet.hosts.map(({ name, address }) => `  ${name}: {ssh: root@${name}, address: ${address}}\n`);
  const lines = ['version: 1\nhosts:\n', ...hosts, 'tunnels:\n  - between: [host_1, host_2]\n'];
  writeFileSync(join(fleet.folder, 'fleet.yaml'), lines.join(''));
  // Before PATH leads to the hosts: what is run here is run by this process.
  process.env['PATH'] = fleet.environment['PATH'];
  const program = `. /run/fleet/daemons.sh; cat >/run/fleet/ipsec <<'END'\n${fakeswanText('program')}END\n`;
  const tool = 'printf "#!/bin/sh\\n" >/usr/sbin/fakeswanctl; chmod 755 /usr/sbin/fakeswanctl';
  await Promise.all(fleet.hosts.map(({ name }) => fleet.must(name, `${program}put_ipsec /run/fleet/ipsec; ${tool}`)));
});

test.after.always(() => fleet?.close());

const request = () => ({
  fleet: readFleet(join(fleet.folder, 'fleet.yaml')),
  pkiDirectory: join(fleet.folder, 'pki'),
  prove: false,
  proofSeconds: 10,
});

const told = async (host = 'host_1'): Promise<string[]> =>
  (await fleet.must(host, 'sed -n "s/^tell //p" /run/fleet/fakeswan.log; : >/run/fleet/fakeswan.log'))
    .trim()
    .split('\n');

const outcomes = (results: readonly HostResult[]) => results.map(({ outcome, error }) => [outcome, error?.message]);

test.serial('it is wired, and a plan after that is empty', async (t) => {
  t.deepEqual(outcomes(await apply(platform, request())), [
    ['changed', undefined],
    ['changed', undefined],
  ]);
  t.deepEqual(await told(), ['read-authorities']);
  const named = await fleet.must(
    'host_1',
    'ovs-vsctl get Open_vSwitch . other_config:certificate other_config:ca_cert',
  );
  t.is(named, '"/etc/fakeswan/ovs-host_1-cert.pem"\n"/etc/fakeswan/trusted/ovs-ca.pem"\n');
  for (const planned of await plan(platform, request())) t.like(planned, { actions: [], obstacles: [] });
});

test.serial('a certificate in use is renewed: the daemon is told in its own way, and the old files go', async (t) => {
  const before = await fleet.must('host_1', 'readlink -f /etc/fakeswan/ovs-host_1-cert.pem');
  // A newer one that lies here takes its place.
  await makeRequest(fleet.folder, 'host_1', rsaKeyFile(3));
  await oursWell(fleet.folder, ['sign', '-b', 'host_1']);
  process.chdir(fleet.folder);
  t.deepEqual(outcomes(await apply(platform, request())), [
    ['changed', undefined],
    ['unchanged', undefined],
  ]);
  const links = '/etc/fakeswan/ovs-host_1-cert.pem /etc/fakeswan/secret/ovs-host_1-privkey.pem';
  const calls = await told();
  t.true(
    calls.some((call) => call === `read-identity host_1 ${links}`),
    calls.join('\n'),
  );
  t.true(calls.includes('drop-old-keys'));
  t.not(await fleet.must('host_1', 'readlink -f /etc/fakeswan/ovs-host_1-cert.pem'), before);
  t.is(await fleet.must('host_1', `ls ${before.trim()} 2>/dev/null || echo gone`), 'gone\n');
});

test.serial('doctor and plan judge it by what it says of itself', async (t) => {
  await fleet.must('host_1', ': >/run/fleet/fakeswan.weak; rm /usr/sbin/fakeswanctl');
  await fleet.must('host_2', ': >/run/fleet/fakeswan.stopped');
  const { pkiDirectory } = request();
  const { findings } = await doctor(platform, {
    file: join(fleet.folder, 'fleet.yaml'),
    destinations: [],
    pkiDirectory,
  });
  const of = (host: string) =>
    findings.filter((finding) => finding.host === host).map(({ id, message }) => [id, message]);
  const says = (host: string, id: string, message: string) =>
    t.true(
      of(host).some((found) => found[0] === id && found[1] === message),
      JSON.stringify(of(host), null, 1),
    );
  says('host_1', 'gcm-plugin-missing', 'Fakeswan was built without ciphers');
  says('host_1', 'fakeswanctl-missing', 'there is no program fakeswanctl: Fakeswan is told of everything with it');
  says('host_2', 'ike-daemon-not-running', 'Fakeswan does not run or does not answer');
  const planned = await plan(platform, { ...request(), prove: true });
  t.regex(JSON.stringify(planned), /Fakeswan was built without ciphers/);
  t.regex(JSON.stringify(planned), /Fakeswan does not run or does not answer/);
});

test.serial('its tunnels are taken away', async (t) => {
  await told();
  const removalOf = () => ({ ports: 'all', identity: true, plaintext: true }) as const;
  const removed = await remove(platform, { fleet: request().fleet, removalOf });
  t.deepEqual(
    outcomes(removed).map(([outcome]) => outcome),
    ['changed', 'changed'],
  );
  t.true((await told()).some((call) => call.startsWith('forget ')));
  t.is(await fleet.must('host_1', 'find /etc/fakeswan -type f -o -type l'), '');
});
