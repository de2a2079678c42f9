/** Where the CRL and the certificate of the CA are found, as every program says it that works on the directory, and as openssl follows it. */

import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { caCertificateIn, caFolderIn, monitorName, opensslCa, ours, oursWell, ovsPkiWell } from '../support/pki.js';
import { run, runWell } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

const openssl = (folder: string, args: readonly string[]) => runWell('openssl', [...args], { cwd: folder });
const extensionsOf = (folder: string, name: string) =>
  openssl(folder, [
    ...['x509', '-noout', '-in', `${name}-cert.pem`, '-ext', 'crlDistributionPoints,authorityInfoAccess'],
  ]);

test('certificates of each program say the same places, to the letter that openssl prints', async (t) => {
  const folder = scratchFolder(t);
  await oursWell(folder, ['init', '--key=ec', '--crl-url=http://a.example/{ca}.crl', '--ca-url=http://a.example/{ca}']);
  const profile = join(folder, 'pki/profile.conf');
  const awkward = "http://b.example/~x,y;z=$HOME&'q'/{ca}?a=%20b";
  const ldap = 'ldap://h.example/CN=victim,O=y?certificateRevocationList;binary?base&{ca}';
  writeFileSync(
    profile,
    `${readFileSync(profile, 'utf8')}crl-url = ${awkward}\ncrl-url = ${ldap}\nca-url = ${awkward}\n`,
  );
  t.regex((await ours(folder, ['check'])).stdout, /ca\.cnf \(switch\): .*\[config-behind\]/);
  await oursWell(folder, ['check', '--repair']);
  // 1. Ours; openssl from a request of ours; ovs-pki.
  await oursWell(folder, ['req+sign', '-u', '--key=ec', 'ours']);
  await oursWell(folder, ['req', '-u', '--key=ec', 'openssl']);
  await opensslCa(folder, 'switch', [
    '-notext',
    '-in',
    join(folder, 'openssl-req.pem'),
    '-out',
    join(folder, 'openssl-cert.pem'),
  ]);
  await ovsPkiWell(folder, ['-B', '2048', '-u', 'req+sign', 'ovs']);
  const said = await extensionsOf(folder, 'ours');
  for (const url of ['http://a.example/switchca.crl', awkward, ldap]) {
    t.true(said.includes(`URI:${url.replace('{ca}', 'switchca')}\n`), url);
  }
  t.is(await extensionsOf(folder, 'openssl'), said);
  t.is(await extensionsOf(folder, 'ovs'), said);
  const text = await openssl(folder, [
    'x509',
    '-text',
    '-in',
    'ours-cert.pem',
    '-nameopt',
    'oneline,-space_eq,-esc_msb',
  ]);
  t.is(readFileSync(join(folder, 'ours-cert.pem'), 'utf8'), text);
  t.is(await monitorName(join(folder, 'ours-cert.pem')), 'ours\n', 'CN= in a URL is not taken for the name');
  // 2. Renewed certificates have them, the other CA its own, the CAs and what is self-signed none.
  await oursWell(folder, ['renew', 'ovs']);
  t.is(await extensionsOf(folder, 'ovs'), said);
  await oursWell(folder, ['req+sign', '-u', '--key=ec', 'c', 'controller']);
  t.is(await extensionsOf(folder, 'c'), said.replaceAll('switchca', 'controllerca'));
  t.notRegex(await openssl(folder, ['x509', '-text', '-in', caCertificateIn(folder, 'switch')]), /URI:/);
  await oursWell(folder, ['verify', 'ours', 'openssl', 'ovs']);
  t.is((await ours(folder, ['check'])).status, 0);
  t.regex(await oursWell(folder, ['show', 'ours-cert.pem']), /http:\/\/a\.example\/switchca\.crl/);
});

test('openssl fetches the CRL from where the certificate says it is', async (t) => {
  const folder = scratchFolder(t);
  const server = createServer((request, response) => {
    response.end(request.url === '/switchca.crl' ? readFileSync(join(folder, 'switchca.crl')) : '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  await oursWell(folder, ['init', '--key=ec', `--crl-url=http://127.0.0.1:${port}/{ca}.crl`]);
  await oursWell(folder, ['req+sign', '-u', '--key=ec', 'good', 'bad']);
  await oursWell(folder, ['revoke', '-b', 'bad', '--reason=keyCompromise']);
  await oursWell(folder, ['crl', 'switch', '--out=switchca.crl', '--outform=DER']);
  copyFileSync(join(caFolderIn(folder, 'switch'), 'cacert.pem'), join(folder, 'ca.pem'));
  const verify = (name: string) =>
    run('openssl', ['verify', '-CAfile', 'ca.pem', '-crl_check', '-crl_download', `${name}-cert.pem`], { cwd: folder });
  t.like(await verify('good'), { status: 0 });
  const { status, stderr } = await verify('bad');
  t.not(status, 0);
  t.regex(stderr, /certificate revoked/);
});

test('URLs that help nobody are refused, and a profile that says more is not replaced in silence', async (t) => {
  const folder = scratchFolder(t);
  for (const [option, said] of [
    ['--crl-url=https://a/{ca}', /--crl-url: "https:\/\/a\/\{ca\}" would need a certificate/],
    ['--ca-url=http://a/x', /--ca-url: "http:\/\/a\/x" is the same for both CAs: put \{ca\} in it/],
  ] as const) {
    const { status, stderr } = await ours(folder, ['init', '--key=ec', option]);
    t.is(status, 2, option);
    t.regex(stderr, said);
  }
  await oursWell(folder, ['init', '--key=ec', '--subject=/O=Example', '--crl-url=http://a/{ca}']);
  const profile = join(folder, 'pki/profile.conf');
  const before = readFileSync(profile, 'utf8');
  const { status, stderr } = await ours(folder, ['init', '--force', '--key=ec', '--ca-url=http://a/{ca}']);
  t.is(status, 2);
  t.regex(stderr, /profile\.conf says more than --ca-url[\s\S]*hint: give --subject and --crl-url, too/);
  t.is(readFileSync(profile, 'utf8'), before);
  await oursWell(folder, ['init', '--force', '--key=ec', '--subject=/O=Two', '--crl-url=http://b/{ca}']);
  t.regex(readFileSync(profile, 'utf8'), /^subject = \/O=Two$[\s\S]*^crl-url = http:\/\/b\/\{ca\}$/m);
});
