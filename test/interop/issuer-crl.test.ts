/** CRLs of the CAs above ours: brought in, believed by verify, check, sign and the plan, and openssl says the same. */

import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { check, fixedClock, nodePlatform, verify } from '../../src/index.js';
import { authoritiesIn } from '../../src/usecases/fleet/authorities.js';
import { companyLists, companyRevokes, companySigns, foundCompany } from '../support/company.js';
import { ecKeyFile, rsaKeyFile } from '../support/keys.js';
import { caCertificateIn, caFolderIn, makeRequest, ours, oursWell } from '../support/pki.js';
import { run, runWell } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

const dayMs = 86_400_000;
const receive = ['--ca-cert', 'sub.pem', '--chain', 'root.pem'];
const bring = (file: string) => ['import', 'switch', '--crl', file];

test('a list that revokes others changes nothing, and only a newer one takes its place', async (t) => {
  const folder = await companyWithCa(t);
  await oursWell(folder, ['import', 'switch', '--request', 'other.csr', '--subject', '/CN=other', '--key', 'ec']);
  await companySigns(folder, 'other.csr', 'other.pem');
  await companyLists(folder, 'first.crl');
  await companyRevokes(folder, 'other.pem');
  await companyLists(folder, 'second.crl');
  await oursWell(folder, ['rollover', 'back', '--pki-only']);
  await runWell('openssl', ['crl', '-in', 'second.crl', '-outform', 'DER', '-out', 'second.der'], { cwd: folder });
  t.regex(await oursWell(folder, bring('first.crl')), /CRL of C=DE, O=Acme, CN=Acme Root, number 01, 0 revoked, next/);
  t.regex(await oursWell(folder, bring('second.der')), /number 02, 1 revoked/);
  t.regex(await oursWell(folder, bring('second.crl')), /number 02, 1 revoked/);
  await refused(t, folder, 'first.crl', /older than the one that is here/);
  t.is(readdirSync(join(caFolderIn(folder, 'switch'), 'crl')).length, 1);

  await oursWell(folder, ['revoke', 'host_1']);
  await oursWell(folder, ['crl']);
  await certify(folder, 'host_2');
  t.is(await oursWell(folder, ['verify', 'host_2']), 'host_2-cert.pem: OK\n');
  t.regex(await openssl(folder, 'host_2', 'second.crl'), /: OK$/m);
  t.is(await oursWell(folder, ['check', 'switch']), 'nothing is due or wrong: 1 name, 1 CA\n');
  await refused(t, folder, 'pki/switchca/crl.pem', /holds a CRL of this CA itself/);
  await refused(t, folder, 'root.pem', /holds no CRL that this CA or one above it has signed/);
  const listed = (await authorityOf(folder)).crls.map(({ crl }) => Number(crl?.crlNumber));
  t.is(listed.length, 2, 'hosts get both');
  t.is(listed[1], 2);

  await oursWell(folder, ['rollover', 'prepare', '--request', 'next.csr']);
  await companySigns(folder, 'next.csr', 'next.pem');
  await oursWell(folder, ['rollover', 'prepare', '--ca-cert', 'next.pem', '--chain', 'root.pem']);
  await oursWell(folder, ['rollover', 'switch', '--pki-only']);
  await oursWell(folder, ['rollover', 'retire', '--pki-only', '--force']);
  await certify(folder, 'host_3');
  t.is(await oursWell(folder, ['verify', 'host_3']), 'host_3-cert.pem: OK\n', 'it outlives a rollover');
  t.is((await authorityOf(folder)).crls.length, 2);
});

test('a CA that its root has revoked signs nothing, and nothing of it is valid', async (t) => {
  const folder = await companyWithCa(t);
  await companyRevokes(folder, 'sub.pem');
  await companyLists(folder, 'root.crl');
  const brought = await ours(folder, bring('root.crl'));
  t.is(brought.status, 0);
  t.regex(
    brought.stderr,
    /warning: switchca: its certificate was revoked by C=DE, O=Acme, CN=Acme Root on .*: nothing/,
  );
  await dead(t, folder, /the CA certificate was revoked on/);
  await oursWell(folder, ['crl']);
  t.regex(await openssl(folder, 'host_1', 'root.crl'), /certificate revoked/);

  // The key was good: another certificate for it.
  await oursWell(folder, ['import', 'switch', '--request', 'again.csr', '--same-key']);
  await companySigns(folder, 'again.csr', 'sub.pem');
  await oursWell(folder, ['import', 'switch', ...receive]);
  t.is(await oursWell(folder, ['verify', 'host_1']), 'host_1-cert.pem: OK\n');
  await certify(folder, 'host_2');
  t.regex(await openssl(folder, 'host_2', 'root.crl'), /: OK$/m);
  t.is((await ours(folder, ['check', 'switch'])).status, 0);

  // It was not: another key. The hosts get the list with it.
  await companyRevokes(folder, 'sub.pem');
  await companyLists(folder, 'root.crl');
  t.is((await ours(folder, bring('root.crl'))).status, 0);
  await t.throwsAsync(authorityOf(folder), { message: /its certificate was revoked/ });
  await oursWell(folder, ['rollover', 'prepare', '--request', 'next.csr']);
  await companySigns(folder, 'next.csr', 'next.pem');
  await oursWell(folder, ['rollover', 'prepare', '--ca-cert', 'next.pem', '--chain', 'root.pem']);
  const waiting = await authorityOf(folder);
  t.regex(waiting.warnings.join(), /the hosts get that CRL once the next key signs/);
  t.true(waiting.crls.every(({ issuer }) => issuer.subject.attributes.at(-1)?.value !== 'Acme Root'));
  await oursWell(folder, ['rollover', 'switch', '--pki-only']);
  t.true(
    (await authorityOf(folder)).crls.some(({ issuer }) => issuer.subject.attributes.at(-1)?.value === 'Acme Root'),
  );
  await oursWell(folder, ['renew', 'host_1']);
  t.is(await oursWell(folder, ['verify', 'host_1']), 'host_1-cert.pem: OK\n');
  t.is((await ours(folder, ['verify', 'host_2'])).status, 4);
});

test('import takes the list of the root along, and refuses what it revokes', async (t) => {
  const folder = await companyWithCa(t);
  await companyLists(folder, 'root.crl');
  const key = ['--ca-key', 'pki/switchca/private/cakey.pem'];
  const both = await ours(folder, ['import', 'controller', ...receive, ...key, '--crl', 'root.crl']);
  t.is(both.status, 0, both.stderr);
  t.regex(both.stderr, /is not known here/, 'a list of the root tells nothing of what the CA has done');
  t.is(readdirSync(join(caFolderIn(folder, 'controller'), 'crl')).length, 1);
  await companyRevokes(folder, 'sub.pem');
  await companyLists(folder, 'root.crl');
  const revoked = await ours(folder, ['import', 'controller', ...receive, ...key, '--crl', 'root.crl', '--force']);
  t.is(revoked.status, 3);
  t.regex(revoked.stderr, /cannot be a CA here: its certificate was revoked by .* \[CA_UNFIT\]/);
});

test('an intermediate above that the root has revoked, with lists of both in one file', async (t) => {
  const folder = scratchFolder(t);
  await foundCompany(folder);
  const ssl = (...args: string[]) => runWell('openssl', args, { cwd: folder });
  await makeMiddle(folder);
  await oursWell(folder, ['import', 'switch', '--request', 'sub.csr', '--subject', '/CN=Low', '--key', 'ec']);
  const by = ['-CA', 'middle.pem', '-CAkey', 'middle.key', '-days', '800', '-extfile', 'm.ext'];
  await ssl('x509', '-req', '-in', 'sub.csr', ...by, '-out', 'sub.pem');
  writeFileSync(join(folder, 'chain.pem'), read(folder, 'root.pem') + read(folder, 'middle.pem'));
  await oursWell(folder, ['import', 'switch', '--ca-cert', 'sub.pem', '--chain', 'chain.pem']);
  await certify(folder, 'host_1');
  await companyLists(folder, 'middle.crl', ['-cert', 'middle.pem', '-keyfile', 'middle.key']);
  await companyRevokes(folder, 'middle.pem');
  await companyLists(folder, 'root.crl');
  writeFileSync(join(folder, 'both.crl'), read(folder, 'middle.crl') + read(folder, 'root.crl'));
  const { stderr } = await ours(folder, bring('both.crl'));
  t.regex(stderr, /switchca: that of O=Acme, CN=Middle above it was revoked by C=DE, O=Acme, CN=Acme Root on/);
  await dead(t, folder, /the CA certificate at depth 2 was revoked on/);
  t.is(readdirSync(join(caFolderIn(folder, 'switch'), 'crl')).length, 2);
});

test('a list of the root that has expired, or soon does, is told', async (t) => {
  const folder = await companyWithCa(t);
  await companyLists(folder, 'root.crl');
  await oursWell(folder, bring('root.crl'));
  for (const [day, wanted] of [
    [30, []],
    [85, ['warning crl-expiry the next CRL of Acme Root above it is due in']],
    [91, ['critical crl-expiry the next CRL of Acme Root above it was due']],
  ] as const) {
    const platform = nodePlatform({ clock: fixedClock(new Date(Date.now() + day * dayMs)) });
    const there = { pkiDirectory: join(folder, 'pki'), type: 'switch' } as const;
    const { reasons } = await check(platform, { ...there, warnMs: dayMs, criticalMs: 7 * dayMs });
    t.deepEqual(
      reasons.map(({ severity, rule, message }) => `${severity} ${rule} ${message.replace(/ \d+ days?.*/, '')}`),
      [...wanted],
    );
    const [found] = await verify(platform, { ...there, names: [join(folder, 'host_1')] });
    t.deepEqual(found && 'reasons' in found && found.reasons.map(({ rule }) => rule), day > 90 ? ['crl-expired'] : []);
  }
  const past = ['-crl_lastupdate', '20200101000000Z', '-crl_nextupdate', '20200201000000Z'];
  await runWell('rm', [
    join(caFolderIn(folder, 'switch'), 'crl', readdirSync(join(caFolderIn(folder, 'switch'), 'crl'))[0] ?? ''),
  ]);
  await companyLists(folder, 'old.crl', past);
  t.regex(
    (await ours(folder, bring('old.crl'))).stderr,
    /warning: the CRL of .* has expired on 2020-02-01: verify refuses/,
  );
});

test('an intermediate of an offline root is revoked with that root, as the documents say', async (t) => {
  const folder = scratchFolder(t);
  mkdirSync(join(folder, 'usb'));
  await oursWell(folder, ['init', '--key', 'ec', '--offline-root', 'usb']);
  await certify(folder, 'host_1');
  const page = readFileSync(new URL('../../../docs/revocation.md', import.meta.url), 'utf8');
  const [, script = ''] = /```sh\n(cd \/media\/usb[^`]*)```/.exec(page) ?? [];
  const here = script.replace('cd /media/usb', 'cd usb').replaceAll('/var/lib/openvswitch/pki', '../pki');
  t.regex(here, /openssl ca .*-gencrl/);
  const made = await run('sh', ['-ec', here.replace(/^ovs-pki-ts .*$/gm, '')], { cwd: folder });
  t.is(made.status, 0, made.stderr);
  t.regex((await ours(folder, bring('usb/rootca-crl.pem'))).stderr, /switchca: its certificate was revoked by/);
  await dead(t, folder, /the CA certificate was revoked on/);
  t.is((await ours(folder, ['check', 'controller'])).status, 0);
});

async function companyWithCa(t: ExecutionContext): Promise<string> {
  const folder = scratchFolder(t);
  await foundCompany(folder);
  const subject = ['--subject', '/C=DE/O=Acme/CN=Acme OVS CA'];
  await oursWell(folder, ['import', 'switch', '--request', 'sub.csr', ...subject, '--key', 'ec']);
  await companySigns(folder, 'sub.csr', 'sub.pem');
  await oursWell(folder, ['import', 'switch', ...receive]);
  await certify(folder, 'host_1');
  return folder;
}

/** middle.pem with middle.key, below the root. */
async function makeMiddle(folder: string): Promise<void> {
  const ssl = (...args: string[]) => runWell('openssl', args, { cwd: folder });
  copyFileSync(ecKeyFile('p256', 2), join(folder, 'middle.key'));
  const name = ['-key', 'middle.key', '-subj', '/O=Acme/CN=Middle'];
  await ssl('req', '-new', '-config', 'company.cnf', ...name, '-out', 'm.csr');
  const extensions = ['basicConstraints=critical,CA:TRUE', 'subjectKeyIdentifier=hash', 'authorityKeyIdentifier=keyid'];
  writeFileSync(join(folder, 'm.ext'), `${extensions.join('\n')}\n`);
  const by = ['-CA', 'root.pem', '-CAkey', 'root.key', '-days', '900', '-extfile', 'm.ext'];
  await ssl('x509', '-req', '-in', 'm.csr', ...by, '-out', 'middle.pem');
}

async function certify(folder: string, name: string): Promise<void> {
  await makeRequest(folder, name, rsaKeyFile(Number(name.at(-1))));
  await oursWell(folder, ['--batch', 'sign', name]);
}

/** verify, check, sign and renew say so. */
async function dead(t: ExecutionContext, folder: string, says: RegExp): Promise<void> {
  const verified = await ours(folder, ['verify', 'host_1']);
  t.is(verified.status, 4);
  t.regex(verified.stdout + verified.stderr, says);
  const checked = await ours(folder, ['check', 'switch']);
  t.is(checked.status, 4);
  t.regex(checked.stdout, /critical: .*was revoked by .* \[ca-revoked\]/);
  await makeRequest(folder, 'host_4', rsaKeyFile(4));
  for (const command of [
    ['--batch', 'sign', 'host_4'],
    ['renew', 'host_1'],
  ]) {
    const { status, stderr } = await ours(folder, command);
    t.is(status, 3, command.join(' '));
    t.regex(stderr, /was revoked by .* \[CA_REVOKED\]/);
  }
}

async function refused(t: ExecutionContext, folder: string, file: string, says: RegExp): Promise<void> {
  const { status, stderr } = await ours(folder, bring(file));
  t.is(status, 3);
  t.regex(stderr, says);
}

/** What openssl says with the list of the root and ours. */
async function openssl(folder: string, name: string, rootList: string): Promise<string> {
  const lists = ['-CRLfile', rootList, '-CRLfile', 'pki/switchca/crl.pem'];
  const args = [
    'verify',
    '-crl_check_all',
    ...lists,
    '-CAfile',
    'root.pem',
    '-untrusted',
    caCertificateIn(folder, 'switch'),
  ];
  const { stdout, stderr } = await run('openssl', [...args, `${name}-cert.pem`], { cwd: folder });
  return stdout + stderr;
}

async function authorityOf(folder: string) {
  const authority = await authoritiesIn(nodePlatform(), join(folder, 'pki'), 'made').of({
    method: 'ca-signed',
    type: 'switch',
  } as Parameters<ReturnType<typeof authoritiesIn>['of']>[0]);
  if (authority === undefined) throw new Error('there is a CA');
  return authority;
}

function read(folder: string, file: string): string {
  return readFileSync(join(folder, file), 'utf8');
}
