/** A company's CA whose key is made here: requested, imported, renewed and rolled over. `openssl ca` signs, openssl verifies. */

import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type CompanyWays, companySigns, foundCompany } from '../support/company.js';
import { rsaKeyFile } from '../support/keys.js';
import { caCertificateIn, caFolderIn, makeRequest, opensslCa, ours, oursWell } from '../support/pki.js';
import { run, runWell } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

const named = (name: string): string[] => ['--subject', name];
const ec = ['--key', 'ec'];
const receive = ['--ca-cert', 'sub.pem', '--chain', 'root.pem'];
const passphrase = ['--passphrase-file', 'secret'];

interface Requested {
  readonly title: string;
  readonly subject: string;
  readonly more?: readonly string[];
  readonly ways?: CompanyWays;
  readonly later?: readonly string[];
}

const requested: readonly Requested[] = [
  { title: 'a plain key', subject: '/C=DE/O=Acme/CN=Acme OVS CA' },
  {
    title: 'an encrypted key',
    subject: 'O=Acme, CN=Acme OVS CA',
    more: ['--encrypt-key', ...passphrase],
    later: passphrase,
  },
  { title: 'extensions of the request', subject: '/CN=Acme \\/ OVS, "CA"', ways: { copyExtensions: true } },
  { title: 'a name in UTF-8', subject: '/C=DE/O=Gröner Fluß/CN=Übertragung' },
];

for (const { title, subject, more = [], ways = {}, later = [] } of requested) {
  test(`a CA with ${title} is requested, imported and used`, async (t) => {
    const folder = await company(t, ways);
    await oursWell(folder, ['import', 'switch', '--request', 'sub.csr', ...named(subject), ...ec, ...more]);
    const seen = await run('openssl', ['req', '-in', 'sub.csr', '-noout', '-verify', '-text'], { cwd: folder });
    t.is(seen.status, 0, seen.stderr);
    t.regex(
      seen.stdout,
      /Basic Constraints: critical\s+CA:TRUE, pathlen:0\s+.*Key Usage: critical\s+Certificate Sign, CRL Sign/,
    );
    t.is(readFileSync(join(folder, 'pki/switchca.request/careq.pem'), 'utf8'), read(folder, 'sub.csr'));
    await namedByCheck(t, folder, /switchca\.request \(switch\): a key waits for its certificate/);
    await companySigns(folder, 'sub.csr', 'sub.pem', ways);
    const imported = await ours(folder, ['import', 'switch', ...receive, ...later]);
    t.is(imported.status, 0, imported.stderr);
    t.is(imported.stderr, '', 'a key that was made here has no past');
    t.false(existsSync(join(folder, 'pki/switchca.request')));
    const key = join(caFolderIn(folder, 'switch'), 'private/cakey.pem');
    t.is(statSync(key).mode & 0o777, 0o600);
    t.is(readFileSync(key, 'utf8').includes('ENCRYPTED'), later.length > 0);
    t.is((await ours(folder, ['check'])).status, 0);
    await certify(folder, 'host_1', later);
    await accepted(t, folder, 'host_1');
    if (later.length === 0) await opensslCa(folder, 'switch', ['-gencrl', '-out', 'crl.pem']);
  });
}

test('a second request is refused until it is forced, and then told', async (t) => {
  const folder = await company(t);
  const request = (file: string, ...more: readonly string[]) =>
    ours(folder, ['import', 'switch', '--request', file, ...named('/O=Acme/CN=Acme OVS CA'), ...ec, ...more]);
  t.is((await request('first.csr')).status, 0);
  const second = await request('second.csr');
  t.is(second.status, 3);
  t.regex(second.stderr, /a key waits for its certificate already: pki\/switchca\.request\/careq\.pem \[FILE_EXISTS\]/);
  t.false(existsSync(join(folder, 'second.csr')));
  t.regex((await request('second.csr', '--force')).stderr, /the key that has waited until now is gone/);
  t.deepEqual(readdirSync(join(folder, 'pki')), ['switchca.request']);

  // The certificate for the first one came all the same.
  await companySigns(folder, 'first.csr', 'sub.pem');
  const late = await ours(folder, ['import', 'switch', ...receive]);
  t.is(late.status, 3);
  t.regex(late.stderr, /sub\.pem is not for the key that waits: .*careq\.pem \[KEY_MISMATCH\]/);
  t.false(existsSync(caFolderIn(folder, 'switch')));
  const unsigned = await ours(folder, ['sign', '--batch', 'host_1']);
  t.regex(
    (await ours(folder, ['list', 'switch'])).stderr,
    /hint: its key waits .*: ovs-pki-ts import --dir pki switch --ca-cert/,
  );
  t.is(unsigned.status, 3);
  rmSync(join(folder, 'pki'), { recursive: true });
  t.regex(
    (await ours(folder, ['import', 'switch', ...receive])).stderr,
    /no key here is that of sub\.pem \[KEY_MISMATCH\]/,
  );
});

test('where the request could not be written the key waits, and check names it', async (t) => {
  const folder = await company(t);
  const args = [...named('/O=Acme/CN=Acme OVS CA'), ...ec];
  t.is((await ours(folder, ['import', 'switch', '--request', 'absent/sub.csr', ...args])).status, 3);
  await namedByCheck(t, folder, /a key waits for its certificate, for the name O=Acme, CN=Acme OVS CA/);
  await companySigns(folder, 'pki/switchca.request/careq.pem', 'sub.pem');
  await oursWell(folder, ['import', 'switch', ...receive]);
  t.is((await ours(folder, ['check'])).status, 0);
  // Killed between the two: the folder of the request is there still, and the same import takes it away.
  await runWell('cp', ['-a', 'pki/switchca', 'copy'], { cwd: folder });
  await runWell('mkdir', ['-p', 'pki/switchca.request/private'], { cwd: folder });
  await oursWell(folder, ['import', 'switch', '--request', 'again.csr', '--same-key']);
  await runWell('cp', ['again.csr', 'pki/switchca.request/careq.pem'], { cwd: folder });
  await namedByCheck(t, folder, /its key is that of the CA already: rm -r pki\/switchca\.request/);
  await oursWell(folder, ['import', 'switch', ...receive]);
  t.false(existsSync(join(folder, 'pki/switchca.request')));
});

const refusedSubjects: readonly (readonly [string, RegExp])[] = [
  ['', /a part of it is empty/],
  ['/CN=', /CN has no value/],
  ['/C=Germany/CN=x', /C is a country of two letters/],
  ['/CN=x/', /a part of it is empty/],
  ['/CN=a+OU=b', /a plus sign in a value is written as/],
  ['/X=a', /"X=a" is not TYPE=VALUE/],
  ['Acme', /"Acme" is not TYPE=VALUE/],
  [`/CN=${'x'.repeat(65)}`, /CN has more than 64 characters/],
  ['/CN=a\u0007', /cannot be printed/],
  ['/DC=ü', /not of ASCII/],
];

test('names that cannot be one are refused, and nothing is made', async (t) => {
  const folder = scratchFolder(t);
  for (const [subject, says] of refusedSubjects) {
    const { status, stderr } = await ours(folder, ['import', 'switch', '--request', 'a.csr', ...named(subject)]);
    t.is(status, 2, subject);
    t.regex(stderr, says);
  }
  t.is((await ours(folder, ['import', 'switch', '--request', 'a.csr'])).status, 2);
  t.is((await ours(folder, ['import', 'switch', '--request', 'a.csr', '--ca-key', 'k', ...named('/CN=x')])).status, 2);
  t.is((await ours(folder, ['import', 'switch', '--ca-cert', 'a.pem', ...named('/CN=x')])).status, 2);
  t.false(existsSync(join(folder, 'pki')));
});

test('a request on standard output is nothing but the request', async (t) => {
  const folder = await company(t);
  const args = ['import', 'switch', '--request', '-', ...named('/CN=Acme OVS CA'), ...ec];
  t.is(await oursWell(folder, args), read(folder, 'pki/switchca.request/careq.pem'));
});

test('the certificate is renewed with the same key: index, numbers, CRLs and what was signed stay', async (t) => {
  const folder = await companyWithCa(t, '/C=DE/O=Gröner Fluß/CN=Übertragung');
  await certify(folder, 'host_1');
  await certify(folder, 'host_2');
  await oursWell(folder, ['revoke', 'host_2']);
  await oursWell(folder, ['crl']);
  const number = crlNumber(folder);
  const old = read(folder, 'sub.pem');
  await oursWell(folder, ['import', 'switch', '--request', 'again.csr', '--same-key']);
  t.false(existsSync(join(folder, 'pki/switchca.request')), 'there is nothing to wait for');
  t.regex((await ours(folder, ['import', 'switch', '--request', 'again.csr', '--same-key'])).stderr, /FILE_EXISTS/);
  await companySigns(folder, 'again.csr', 'sub.pem');
  t.not(read(folder, 'sub.pem'), old);
  await oursWell(folder, ['import', 'switch', ...receive]);
  await accepted(t, folder, 'host_1');
  t.is((await ours(folder, ['verify', 'host_2'])).status, 4);
  await oursWell(folder, ['crl']);
  t.true(crlNumber(folder) > number);
  t.is((await ours(folder, ['check'])).status, 0);
});

const rollovers = [
  { title: 'a plain key', later: [] },
  { title: 'an encrypted key', later: passphrase },
] as const;

for (const { title, later } of rollovers) {
  test(`a company CA with ${title} is rolled over: request out, certificate in, index and numbers kept`, async (t) => {
    const folder = await companyWithCa(t, '/C=DE/O=Acme/CN=Acme OVS CA', later);
    const rollover = (...args: readonly string[]) => oursWell(folder, ['rollover', '--pki-only', ...args, ...later]);
    await certify(folder, 'host_1', later);
    await certify(folder, 'host_2', later);
    await oursWell(folder, ['revoke', 'host_2']);
    await oursWell(folder, ['crl', ...later]);
    const number = crlNumber(folder);
    // Without the root's key there is no next CA but by a request.
    t.regex(
      (await ours(folder, ['rollover', 'prepare', ...later])).stderr,
      /hint: have it sign the next key: .*--request/,
    );

    t.regex(await rollover('prepare', '--request', 'next.csr'), /rollover --dir pki prepare switch --ca-cert FILE/);
    t.regex(
      await rollover('status'),
      /the next key waits for its certificate.*\n.*\n {2}request: pki\/switchca\.request/,
    );
    await namedByCheck(t, folder, /a key waits for its certificate/);
    await companySigns(folder, 'next.csr', 'next.pem');
    const wrong = await ours(folder, ['import', 'switch', '--ca-cert', 'next.pem', '--chain', 'root.pem', ...later]);
    t.regex(
      wrong.stderr,
      /is a CA of that name, with another key \[PKI_EXISTS\]\n.*rollover --dir pki prepare switch --ca-cert next\.pem/,
    );
    await rollover('prepare', '--ca-cert', 'next.pem', '--chain', 'root.pem');
    t.false(existsSync(join(folder, 'pki/switchca.request')));
    const next = join(caFolderIn(folder, 'switch'), 'rollover/new/private/cakey.pem');
    t.is(readFileSync(next, 'utf8').includes('ENCRYPTED'), later.length > 0);
    await accepted(t, folder, 'host_1');

    await rollover('switch');
    await certify(folder, 'host_3', later);
    await accepted(t, folder, 'host_3');
    await accepted(t, folder, 'host_1');
    await oursWell(folder, ['renew', 'host_1', ...later]);
    await rollover('retire');
    await accepted(t, folder, 'host_1');
    t.is((await ours(folder, ['verify', 'host_2'])).status, 4);
    t.true(crlNumber(folder) > number);
    t.is(await oursWell(folder, ['check', 'switch']), 'nothing is due or wrong: 2 names, 1 CA\n');
    t.is((read(folder, 'pki/switchca/index.txt').match(/\n/g) ?? []).length, 4);
  });
}

const unfit: readonly {
  readonly title: string;
  readonly make: (folder: string) => Promise<unknown>;
  readonly says: RegExp;
}[] = [
  {
    title: 'a name in another order',
    make: (folder) => companySigns(folder, 'next.csr', 'next.pem', { preserveDn: false }),
    says: /has another name than .*, and a rollover keeps the name \[CA_UNFIT\]/,
  },
  {
    title: 'a name in other types of string',
    make: (folder) => signedAs(folder, ['-subj', '/OU=Nets/O=Acme/CN=Acme OVS CA']),
    says: /another type of string than .* \[CA_UNFIT\]/,
  },
  {
    title: 'the key that signs',
    make: async (folder) => {
      await oursWell(folder, ['import', 'switch', '--request', 'same.csr', '--same-key']);
      await companySigns(folder, 'same.csr', 'next.pem');
    },
    says: /is for the key that pki\/switchca has already \[KEY_MISMATCH\]/,
  },
  {
    title: 'no key that waits',
    make: async (folder) => {
      await companySigns(folder, 'next.csr', 'next.pem');
      await oursWell(folder, ['rollover', 'back', '--pki-only']);
    },
    says: /no key waits for a certificate.* \[ROLLOVER_STATE\]/,
  },
  {
    title: 'a certificate that is none of a CA',
    make: (folder) => signedAs(folder, [], 'CA:FALSE'),
    says: /is no CA certificate.* \[CA_UNFIT\]/,
  },
];

test('a rollover takes no certificate that does not fit, and nothing changes', async (t) => {
  const folder = await companyWithCa(t, '/OU=Nets/O=Acme/CN=Acme OVS CA');
  const before = readdirSync(caFolderIn(folder, 'switch'));
  for (const { title, make, says } of unfit) {
    await oursWell(folder, ['rollover', 'prepare', '--request', 'next.csr', '--force']);
    await make(folder);
    const { status, stderr } = await ours(folder, [
      'rollover',
      'prepare',
      '--ca-cert',
      'next.pem',
      '--chain',
      'root.pem',
    ]);
    t.is(status, 3, title);
    t.regex(stderr, says, title);
    t.deepEqual(readdirSync(caFolderIn(folder, 'switch')), before);
  }
});

async function company(t: ExecutionContext, ways: CompanyWays = {}): Promise<string> {
  const folder = scratchFolder(t);
  await foundCompany(folder, ways);
  writeFileSync(join(folder, 'secret'), 'a good passphrase\n', { mode: 0o600 });
  return folder;
}

/** With a CA for switches that the company has signed. */
async function companyWithCa(t: ExecutionContext, subject: string, later: readonly string[] = []): Promise<string> {
  const folder = await company(t);
  const encrypted = later.length === 0 ? [] : ['--encrypt-key', ...later];
  await oursWell(folder, ['import', 'switch', '--request', 'sub.csr', ...named(subject), ...ec, ...encrypted]);
  await companySigns(folder, 'sub.csr', 'sub.pem');
  await oursWell(folder, ['import', 'switch', ...receive, ...later]);
  return folder;
}

/** The company signs without looking, and under another name. */
async function signedAs(folder: string, args: readonly string[], constraints = 'CA:TRUE'): Promise<void> {
  writeFileSync(join(folder, 'plain.ext'), `basicConstraints=critical,${constraints}\nsubjectKeyIdentifier=hash\n`);
  const mask = join(folder, 'mask.cnf');
  writeFileSync(mask, '[req]\ndistinguished_name=d\nstring_mask=pkix\n[d]\n');
  const by = ['-CA', 'root.pem', '-CAkey', 'root.key', '-days', '2000', '-extfile', 'plain.ext', '-out', 'next.pem'];
  const key = 'pki/switchca.request/private/cakey.pem';
  if (args.length > 0) {
    await runWell('openssl', ['req', '-new', '-config', mask, '-key', key, ...args, '-out', 'next.csr'], {
      cwd: folder,
    });
  }
  await runWell('openssl', ['x509', '-req', '-in', 'next.csr', ...by], { cwd: folder });
}

async function certify(folder: string, name: string, later: readonly string[] = []): Promise<void> {
  await makeRequest(folder, name, rsaKeyFile(Number(name.at(-1))));
  await oursWell(folder, ['--batch', 'sign', name, ...later]);
}

/** By our verify, and by openssl from the root alone. */
async function accepted(t: ExecutionContext, folder: string, name: string): Promise<void> {
  t.is(await oursWell(folder, ['verify', name]), `${name}-cert.pem: OK\n`);
  const above = ['-CAfile', 'root.pem', '-untrusted', caCertificateIn(folder, 'switch')];
  const file = `${name}-cert.pem`;
  const next = join(caFolderIn(folder, 'switch'), 'rollover/old/cacert.pem');
  const other = existsSync(next) ? ['-untrusted', next] : [];
  const { stdout, stderr } = await run('openssl', ['verify', '-x509_strict', ...above, ...other, file], {
    cwd: folder,
  });
  t.is(stdout, `${file}: OK\n`, stderr);
}

async function namedByCheck(t: ExecutionContext, folder: string, says: RegExp): Promise<void> {
  const { status, stdout, stderr } = await ours(folder, ['check']);
  t.is(status, 4, stderr);
  t.regex(stdout + stderr, says);
}

function crlNumber(folder: string): number {
  return Number.parseInt(read(folder, 'pki/switchca/crlnumber'), 16);
}

function read(folder: string, file: string): string {
  return readFileSync(join(folder, file), 'utf8');
}
