/** A rollover of CAs that ovs-pki has made, beside the programs that go on working in the directory. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { rsaKeyFile } from '../support/keys.js';
import { beginPki, caFolderIn, makeRequest, opensslCa, ours, oursWell, ovsPkiWell } from '../support/pki.js';
import { run, runWell } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

const steps = [['prepare'], ['switch'], ['back'], ['switch'], ['retire', '--force']] as const;

test('ovs-pki and openssl ca go on in every phase of the rollover of a CA that ovs-pki has made', async (t) => {
  const folder = scratchFolder(t);
  await beginPki(folder, 'ovs-pki');
  await sign(folder, 'first', 1);
  for (const [index, step] of steps.entries()) {
    const text = await oursWell(folder, ['rollover', '--pki-only', ...step]);
    t.regex(text, /^switchca: /);
    const [byOvsPki, byOpenssl] = [`ovs-pki-${index}`, `openssl-${index}`];
    await sign(folder, byOvsPki, 2 + index);
    await makeRequest(folder, byOpenssl, rsaKeyFile(8));
    const places = ['-in', `../../${byOpenssl}-req.pem`, '-out', `../../${byOpenssl}-cert.pem`];
    await opensslCa(folder, 'switch', ['-extensions', 'usr_cert', '-notext', ...places]);
    await opensslCa(folder, 'switch', ['-gencrl', '-out', 'openssl-crl.pem']);
    for (const name of [byOvsPki, byOpenssl]) {
      t.is(await ovsPkiWell(folder, ['verify', name]), `${name}-cert.pem: OK\n`, step.join(' '));
    }
    t.is(
      await oursWell(folder, ['verify', byOvsPki, byOpenssl]),
      `${byOvsPki}-cert.pem: OK\n${byOpenssl}-cert.pem: OK\n`,
    );
    const first = await ours(folder, ['verify', 'first']);
    t.is(first.status, step[0] === 'retire' ? 4 : 0, `${step.join(' ')}: ${first.stderr}`);
  }
});

test('certificates that do not tell the key of their issuer stay valid until the old CA is retired', async (t) => {
  const folder = scratchFolder(t);
  await beginPki(folder, 'ovs-pki');
  const config = join(caFolderIn(folder, 'switch'), 'ca.cnf');
  const none = '[ usr_cert ]\nauthorityKeyIdentifier = none\nsubjectKeyIdentifier = none\n';
  writeFileSync(config, readFileSync(config, 'latin1').replace('[ usr_cert ]\n', none));
  await sign(folder, 'plain', 1);
  const text = await runWell('openssl', ['x509', '-noout', '-text', '-in', 'plain-cert.pem'], { cwd: folder });
  t.notRegex(text, /Key Identifier/);
  for (const step of [['prepare'], ['switch'], ['back'], ['switch']]) {
    await oursWell(folder, ['rollover', '--pki-only', ...step]);
    t.is(await oursWell(folder, ['verify', 'plain']), 'plain-cert.pem: OK\n', step.join());
  }
  await oursWell(folder, ['renew', 'plain']);
  await oursWell(folder, ['rollover', '--pki-only', 'retire']);
  t.is(await oursWell(folder, ['verify', 'plain']), 'plain-cert.pem: OK\n');
  t.is(
    (await run('openssl', ['verify', '-CAfile', 'pki/switchca/cacert.pem', 'plain-cert.pem'], { cwd: folder })).status,
    0,
  );
});

test('who revokes a certificate of the new key before the old one is retired is told when hosts learn of it', async (t) => {
  const folder = scratchFolder(t);
  await beginPki(folder, 'ours with EC keys');
  for (const name of ['old_1', 'old_2']) await oursWell(folder, ['req+sign', '-b', '--key=ec', name]);
  for (const step of ['prepare', 'switch']) await oursWell(folder, ['rollover', '--pki-only', step]);
  for (const name of ['new_1', 'new_2']) await oursWell(folder, ['req+sign', '-b', '--key=ec', name]);
  const told = /hosts keep the list of the old key/;
  t.notRegex((await ours(folder, ['revoke', 'old_1'])).stderr, told);
  t.regex((await ours(folder, ['revoke', 'new_1'])).stderr, told);
  await oursWell(folder, ['rollover', '--pki-only', 'retire', '--force']);
  t.notRegex((await ours(folder, ['revoke', 'new_2'])).stderr, told);
});

async function sign(folder: string, name: string, key: number): Promise<void> {
  await makeRequest(folder, name, rsaKeyFile(key));
  await ovsPkiWell(folder, ['sign', '-b', name]);
}
