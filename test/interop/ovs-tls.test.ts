/**
 * Open vSwitch itself: a database server with a controller's certificate and a switch with its own, each of which
 * trusts the CA of the other, as ovs-pki intends.
 */

import test from 'ava';
import { ecKeyFile } from '../support/keys.js';
import { databaseClient, startDatabase } from '../support/ovsdb.js';
import { beginPki, caCertificateIn, certificateCases, certifyHost, selfSignHost, titleOf } from '../support/pki.js';
import { scratchFolder } from '../support/scratch.js';

for (const each of certificateCases) {
  test(`ovsdb-server and ovs-vsctl take one another with ${titleOf(each)}`, async (t) => {
    const folder = scratchFolder(t);
    await beginPki(folder, each.begun);
    await certifyHost(folder, 'server', 'controller', each, 1);
    await certifyHost(folder, 'host_1', 'switch', each, 2);
    const port = await startDatabase(t, folder, 'server', caCertificateIn(folder, 'switch'));
    const client = databaseClient(folder, port, 'host_1', caCertificateIn(folder, 'controller'), 'retries');
    const written = await client('set', 'Open_vSwitch', '.', 'external_ids:system-id=host_1');
    t.is(written.status, 0, written.stderr);
    const read = await client('get', 'Open_vSwitch', '.', 'external_ids:system-id');
    t.deepEqual([read.status, read.stdout.trim()], [0, 'host_1'], read.stderr);
  });
}

for (const begun of ['ours', 'ours with EC keys', 'ovs-pki'] as const) {
  test(`ovsdb-server and ovs-vsctl refuse certificates of the wrong CA of a directory begun by ${begun}`, async (t) => {
    const folder = scratchFolder(t);
    const rsa = { key: 'rsa', signer: 'ours' } as const;
    await beginPki(folder, begun);
    await certifyHost(folder, 'server', 'controller', rsa, 1);
    await certifyHost(folder, 'host_1', 'switch', rsa, 2);
    await certifyHost(folder, 'other_server', 'controller', { key: 'ec', signer: 'ours' }, 1);
    await selfSignHost(folder, 'stranger', ecKeyFile('p256', 2));
    const [switchCa, controllerCa] = [caCertificateIn(folder, 'switch'), caCertificateIn(folder, 'controller')];
    const port = await startDatabase(t, folder, 'server', switchCa);

    const refusals = [
      { why: 'a controller certificate where a switch is expected', name: 'other_server', authority: controllerCa },
      { why: 'a self-signed certificate', name: 'stranger', authority: controllerCa },
      { why: 'a switch that expects the server to be a switch', name: 'host_1', authority: switchCa },
    ];
    for (const { why, name, authority } of refusals) {
      const { status, stderr } = await databaseClient(folder, port, name, authority, 'tries once')('show');
      t.is(status, 1, why);
      t.regex(stderr, /database connection failed/, why);
    }
    const accepted = await databaseClient(folder, port, 'host_1', controllerCa, 'retries')('show');
    t.is(accepted.status, 0, accepted.stderr);
  });
}
