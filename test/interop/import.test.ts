/** CAs that come from elsewhere: what is made with them is judged by openssl, and ovs-pki goes on with them. */

import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { tag } from '../../src/pki/der.js';
import { importArguments, type Level, nameConstraints, writeAuthority } from '../support/authorities.js';
import { rsaKeyFile } from '../support/keys.js';
import { killer, measureMs } from '../support/killed-run.js';
import { caCertificateIn, caFolderIn, makeRequest, opensslCa, ours, oursWell, ovsPkiWell } from '../support/pki.js';
import { run, runOurs, runWell } from '../support/programs.js';
import { chance } from '../support/random.js';
import { scratchFolder } from '../support/scratch.js';

interface ImportCase {
  readonly title: string;
  /** From the root down to the one that is imported. */
  readonly levels: readonly Level[];
  /** Names that it may certify, and names that it may not. */
  readonly inside: readonly string[];
  readonly outside?: readonly string[];
  /** What `openssl ca` demands of the organization in a request. */
  readonly policy: 'match' | 'optional';
}

const company = (commonName: string, key: number, more: Partial<Level> = {}): Level => ({
  subject: [
    ['C', 'DE'],
    ['O', 'Company $HOME'],
    ['CN', commonName],
  ],
  key,
  ...more,
});
const constrained = [nameConstraints(['ovs.example', 'host_1'], ['dark.ovs.example'])];
const constrainedNames = {
  inside: ['host_1', 'a.ovs.example', 'ovs.example'],
  outside: ['host_2', 'ahost_1', 'aovs.example', 'a.dark.ovs.example', 'dark.ovs.example'],
};

const cases: readonly ImportCase[] = [
  { title: 'a root', levels: [company('root', 5)], inside: ['host_1'], policy: 'optional' },
  {
    title: 'an intermediate with pathLen 0',
    levels: [company('root', 5, { pathLength: 1 }), company('OVS "sub" [ca]', 6, { pathLength: 0 })],
    inside: ['host_1'],
    policy: 'optional',
  },
  {
    title: 'the lower of two intermediates with pathLen 1 and 0',
    levels: [company('root', 5), company('middle', 6, { pathLength: 1 }), company('low', 7, { pathLength: 0 })],
    inside: ['host_1'],
    policy: 'optional',
  },
  {
    title: 'an intermediate with name constraints',
    levels: [company('root', 5), company('sub', 6, { more: constrained })],
    ...constrainedNames,
    policy: 'optional',
  },
  {
    title: 'an intermediate below one with name constraints',
    levels: [company('root', 5), company('middle', 6, { more: constrained }), company('low', 7)],
    ...constrainedNames,
    policy: 'optional',
  },
  {
    title: 'a CA of the organization that ovs-pki writes',
    levels: [
      {
        subject: [
          ['O', 'Open vSwitch'],
          ['CN', 'root'],
        ],
        key: 5,
      },
    ],
    inside: ['host_1'],
    policy: 'match',
  },
  {
    title: 'a CA of that organization in another type of string',
    levels: [
      {
        subject: [
          ['O', 'Open vSwitch', tag.printableString],
          ['CN', 'root'],
        ],
        key: 5,
      },
    ],
    inside: ['host_1'],
    policy: 'optional',
  },
  {
    title: 'a CA of no organization',
    levels: [{ subject: [['CN', 'root']], key: 5 }],
    inside: ['host_1'],
    policy: 'optional',
  },
];

for (const { title, levels, inside, outside = [], policy } of cases) {
  test(`${title} signs what it may, and openssl agrees`, async (t) => {
    const folder = await imported(t, levels);
    const chain = readFileSync(caCertificateIn(folder, 'switch'), 'latin1');
    t.is(
      subjects(chain).join(),
      [...levels]
        .reverse()
        .map(({ subject }) => subject.at(-1)?.[1])
        .join(),
    );
    t.regex(readFileSync(join(caFolderIn(folder, 'switch'), 'ca.cnf'), 'utf8'), policyPattern(policy));
    for (const [index, name] of [...inside, ...outside].entries()) {
      await makeRequest(folder, name, rsaKeyFile((index % 4) + 1));
      const { status, stderr } = await ours(folder, ['sign', '--batch', name]);
      if (inside.includes(name)) t.is(status, 0, stderr);
      else t.regex(stderr, /does not allow the name .* \[REQUEST_REFUSED\]\n.*hint: choose a name/);
      t.is(existsSync(join(folder, `${name}-cert.pem`)), inside.includes(name));
      // openssl ca looks at no constraint: both verifiers are to find what it has signed.
      const byOpenssl = `${name}-openssl-cert.pem`;
      await opensslCa(folder, 'switch', ['-in', `../../${name}-req.pem`, '-out', `../../${byOpenssl}`]);
      for (const file of [`${name}-cert.pem`, byOpenssl].filter((place) => existsSync(join(folder, place)))) {
        const verdict = await verdicts(folder, file);
        t.deepEqual(verdict, { ours: inside.includes(name), openssl: inside.includes(name) }, file);
      }
    }
    const issued = readdirSync(join(caFolderIn(folder, 'switch'), 'newcerts'));
    t.is(issued.length, 2 * inside.length + outside.length, 'nothing that was refused was signed');
  });

  test(`ovs-pki and openssl ca go on with ${title}`, async (t) => {
    const folder = await imported(t, levels);
    await ovsPkiWell(folder, ['-u', 'req', 'host_1']);
    await ovsPkiWell(folder, ['-b', 'sign', 'host_1']);
    t.is(await ovsPkiWell(folder, ['verify', 'host_1']), 'host_1-cert.pem: OK\n');
    t.is(await oursWell(folder, ['verify', 'host_1']), 'host_1-cert.pem: OK\n');
    const [serial = ''] = readdirSync(join(caFolderIn(folder, 'switch'), 'newcerts'));
    await opensslCa(folder, 'switch', ['-revoke', `newcerts/${serial}`]);
    await opensslCa(folder, 'switch', ['-gencrl', '-out', 'crl.pem']);
    const crl = ['crl', '-in', 'pki/switchca/crl.pem', '-noout'];
    const number = await runWell('openssl', [...crl, '-crlnumber'], { cwd: folder });
    t.true(Number(number.trim().replace('crlNumber=', '')) > 2 ** 30, 'lists of before have lower numbers');
    await runWell('openssl', [...crl, '-verify', '-CAfile', 'pki/switchca/cacert.pem'], { cwd: folder });
    const { status, stderr } = await ours(folder, ['verify', 'host_1']);
    t.is(status, 4);
    t.regex(stderr, /was revoked on/);
  });
}

test('an import keeps the other CA, and with --force the one that was there', async (t) => {
  const folder = await imported(t, [company('first', 5)]);
  writeAuthority(folder, [company('second', 6)]);
  const args = ['--ca-cert', 'ca.pem', '--ca-key', 'ca.key'];
  const refused = await ours(folder, ['import', 'switch', ...args]);
  t.regex(refused.stderr, /switchca already exists \[PKI_EXISTS\]/);
  t.regex(await oursWell(folder, ['list']), /^NAME .*\n$/, 'it needs no other CA beside it');
  t.is(await oursWell(folder, ['check']), 'nothing is due or wrong: 0 names, 1 CA\n');
  await oursWell(folder, ['import', 'controller', ...args]);
  t.deepEqual(subjects(readFileSync(caCertificateIn(folder, 'switch'), 'latin1')), ['first']);
  const forced = await ours(folder, ['import', 'switch', ...args, '--force', '--json']);
  t.is(forced.status, 0, forced.stderr);
  const { kept } = JSON.parse(forced.stdout) as { kept: string[] };
  t.deepEqual(subjects(readFileSync(join(kept[0] ?? '', 'cacert.pem'), 'latin1')), ['first']);
  t.deepEqual(subjects(readFileSync(caCertificateIn(folder, 'switch'), 'latin1')), ['second']);
  t.deepEqual(readdirSync(join(folder, 'pki')).length, 3);
});

test('a CA whose key is encrypted keeps its passphrase, and its key is nobody else’s to read', async (t) => {
  const folder = scratchFolder(t);
  writeAuthority(folder, [company('root', 5)]);
  writeFileSync(join(folder, 'secret'), 'short\n', { mode: 0o600 });
  const encrypt = ['pkcs8', '-topk8', '-in', 'ca.key', '-out', 'encrypted.key', '-passout', 'file:secret'];
  await runWell('openssl', encrypt, { cwd: folder });
  const args = ['import', 'switch', '--ca-cert', 'ca.pem', '--ca-key', 'encrypted.key'];
  t.regex((await ours(folder, args)).stderr, /encrypted\.key is encrypted.*\[KEY_ENCRYPTED\]/);
  await oursWell(folder, [...args, '--passphrase-file', 'secret']);
  const keyFile = join(caFolderIn(folder, 'switch'), 'private/cakey.pem');
  t.is(statSync(keyFile).mode & 0o777, 0o600);
  t.regex(readFileSync(keyFile, 'latin1'), /^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
  await oursWell(folder, ['req+sign', '-u', '--key=ec', 'host', '--passphrase-file', 'secret']);
  t.is(await oursWell(folder, ['verify', 'host']), 'host-cert.pem: OK\n');
});

test('the chain may stand behind the certificate, in any order and with others', async (t) => {
  const folder = scratchFolder(t);
  writeAuthority(folder, [company('foreign', 9)]);
  const foreign = readFileSync(join(folder, 'ca.pem'), 'latin1');
  writeAuthority(folder, [company('root', 5), company('middle', 6), company('low', 7)]);
  const [low, chain] = ['ca.pem', 'chain.pem'].map((file) => readFileSync(join(folder, file), 'latin1'));
  writeFileSync(join(folder, 'all.pem'), `${low}${foreign}${chain}`);
  await oursWell(folder, ['import', 'switch', '--ca-cert', 'all.pem', '--ca-key', 'ca.key']);
  t.deepEqual(subjects(readFileSync(caCertificateIn(folder, 'switch'), 'latin1')), ['low', 'middle', 'root']);
});

test('strongSwan trusts what an intermediate signs with both files that a host gets, and not with the first alone', async (t) => {
  const folder = await imported(t, [company('root', 5), company('sub', 6, { pathLength: 0 })]);
  await makeRequest(folder, 'host_1', rsaKeyFile(1));
  await oursWell(folder, ['sign', '--batch', 'host_1']);
  await oursWell(folder, ['export', 'host_1', '--format', 'chain']);
  const blocks = readFileSync(join(folder, 'host_1-chain.pem'), 'latin1').split(/(?<=-----END CERTIFICATE-----\n)/);
  for (const [index, block] of blocks.entries()) writeFileSync(join(folder, `${index}.pem`), block);
  const verify = (...authorities: string[]) =>
    run('pki', ['--verify', '--in', '0.pem', ...authorities.flatMap((file) => ['--cacert', file])], { cwd: folder });
  t.regex((await verify('1.pem', '2.pem')).stdout, /^certificate trusted, lifetimes valid$/m);
  const { status, stdout, stderr } = await verify('1.pem');
  t.not(status, 0);
  t.regex(stdout + stderr, /^certificate untrusted$/m);
});

test('an import that is killed leaves the whole CA or none', async (t) => {
  const folder = scratchFolder(t);
  writeAuthority(folder, [company('root', 5), company('sub', 6)]);
  const args = (pki: string): string[] => ['import', 'switch', ...importArguments, '--dir', pki, '--log', 'log'];
  const measured = await measureMs([() => runOurs(args('whole'), { cwd: folder })]);
  const whole = readdirSync(join(folder, 'whole'), { recursive: true }).sort();
  const kills = killer(chance(7), measured);
  for (let round = 0; round < 15; round++) await kills.run(args(`pki_${round}`), folder);
  t.true(kills.killed() > 0);
  for (const pki of readdirSync(folder).filter((name) => name.startsWith('pki_'))) {
    t.deepEqual(readdirSync(join(folder, pki), { recursive: true }).sort(), whole);
  }
});

/** A folder whose `pki` has the lowest of these CAs as switchca, and nothing else. */
async function imported(t: ExecutionContext, levels: readonly Level[]): Promise<string> {
  const folder = scratchFolder(t);
  writeAuthority(folder, levels);
  await oursWell(folder, ['import', 'switch', ...importArguments.slice(0, levels.length > 1 ? 6 : 4)]);
  return folder;
}

async function verdicts(folder: string, file: string): Promise<{ ours: boolean; openssl: boolean }> {
  const chain = ['verify', '-x509_strict', '-CAfile', 'pki/switchca/cacert.pem', file];
  const mine = await ours(folder, ['verify', file.replace(/-cert\.pem$/, '')]);
  const openssl = await run('openssl', chain, { cwd: folder });
  return { ours: mine.status === 0, openssl: openssl.status === 0 };
}

function subjects(pem: string): (string | undefined)[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => /^CN=(.*)$/m.exec(new X509Certificate(block).subject)?.[1]?.replaceAll('\\', ''));
}

function policyPattern(policy: string): RegExp {
  return new RegExp(`^organizationName +=\\s${policy}$`, 'm');
}
