/** Chains as companies have them: a CA below each is imported, used and renewed, and three other programs accept it. */

import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ecKeyFile, rsaKeyFile } from '../support/keys.js';
import { caCertificateIn, makeRequest, ours, oursWell } from '../support/pki.js';
import { run, runWell } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

interface Chain {
  readonly title: string;
  /** The key of the root: options of `openssl genpkey`, or the file of a key. */
  readonly rootKey?: readonly string[] | string;
  /** For the signatures of the root. */
  readonly sign?: readonly string[];
  /** For the signature of the root over itself alone. */
  readonly signRoot?: readonly string[];
  readonly subject?: string;
  /** More of `openssl req`, such as the type of strings. */
  readonly request?: readonly string[];
  /** More lines of the extensions of the CA. */
  readonly extensions?: readonly string[];
  /** What comes after the chain was made and before it is imported. */
  readonly more?: (folder: string) => Promise<unknown>;
  /** Who does not know the algorithm, in the versions that Debian has. */
  readonly unknownTo?: readonly ('NSS' | 'strongSwan')[];
}

const ec = (curve: string): readonly string[] => ['-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${curve}`];

const chains: readonly Chain[] = [
  { title: 'RSASSA-PSS', sign: ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest'] },
  { title: 'P-384', rootKey: ecKeyFile('p384', 1) },
  { title: 'P-521', rootKey: ec('P-521'), sign: ['-sha512'] },
  { title: 'Ed25519', rootKey: ['-algorithm', 'ED25519'], unknownTo: ['NSS'] },
  { title: 'a root signed with SHA-1', signRoot: ['-sha1'] },
  {
    title: 'policies',
    extensions: [
      'certificatePolicies=1.3.6.1.4.1.9999.1,1.3.6.1.4.1.9999.2',
      'policyConstraints=inhibitPolicyMapping:0',
      'inhibitAnyPolicy=1',
    ],
  },
  {
    title: 'name constraints',
    extensions: [
      'nameConstraints=critical,permitted;DNS:host_1,permitted;DNS:ovs.example,excluded;DNS:dark.ovs.example',
    ],
  },
  { title: 'UTF-8 names', subject: '/C=DE/O=Gröner Fluß AG/CN=Übertragungs-CA', request: ['-utf8'] },
  {
    title: 'T61 and BMP names',
    subject: '/C=DE/O=Gröner Fluß AG/CN=Ελλάδα CA',
    request: ['-utf8', '-config', 'mixed.cnf'],
  },
  { title: 'multi-valued names', subject: '/C=DE/O=Acme+OU=Networks/CN=Acme Net CA', request: ['-multivalue-rdn'] },
  { title: 'a cross-signed root', more: crossSign },
  { title: 'two intermediates', more: (folder) => between(folder) },
];

for (const chain of chains) {
  test(`a CA below ${chain.title} is imported, used, renewed and revoked from`, async (t) => {
    const folder = await made(t, chain);
    await oursWell(folder, ['import', 'switch', '--ca-cert', 'int.pem', '--ca-key', 'int.key', '--chain', 'chain.pem']);
    await makeRequest(folder, 'host_1', rsaKeyFile(1));
    await oursWell(folder, ['-b', 'sign', 'host_1']);
    await accepted(t, folder, chain);
    await oursWell(folder, ['renew', 'host_1', '--days', '300']);
    await accepted(t, folder, chain);
    await oursWell(folder, ['revoke', 'host_1', '--reason', 'cessationOfOperation']);
    await oursWell(folder, ['crl']);
    t.is((await ours(folder, ['verify', 'host_1'])).status, 4);
    const strict = [
      'verify',
      '-crl_check',
      '-CRLfile',
      'pki/switchca/crl.pem',
      '-CAfile',
      'pki/switchca/cacert.pem',
      'host_1-cert.pem',
    ];
    t.regex((await run('openssl', strict, { cwd: folder })).stderr, /certificate revoked/);
  });
}

test('an intermediate that was renewed with the same key verifies what it signed before', async (t) => {
  const folder = await made(t, { title: '' });
  await oursWell(folder, ['import', 'switch', '--ca-cert', 'int.pem', '--ca-key', 'int.key', '--chain', 'root.pem']);
  await makeRequest(folder, 'host_1', rsaKeyFile(1));
  await oursWell(folder, ['-b', 'sign', 'host_1']);
  await signInt(folder, '78', []);
  writeFileSync(
    caCertificateIn(folder, 'switch'),
    readFileSync(join(folder, 'int.pem'), 'utf8') + readFileSync(join(folder, 'root.pem'), 'utf8'),
  );
  t.is(await oursWell(folder, ['verify', 'host_1']), 'host_1-cert.pem: OK\n');
  await accepted(t, folder, {});
});

const refused: readonly (Chain & { readonly says: RegExp })[] = [
  { title: 'a CA signed with SHA-1', sign: ['-sha1'], says: /signed with SHA-1 .*, which TLS refuses/ },
  {
    title: 'a CA that demands policies',
    extensions: ['certificatePolicies=1.2.3', 'policyConstraints=critical,requireExplicitPolicy:0'],
    says: /demands a certificate policy/,
  },
  {
    title: 'a CA signed with an algorithm that nobody knows',
    more: unknownAlgorithm,
    says: /cannot be checked: the algorithm 1\.2\.840\.113549\.1\.1\.99 is not known/,
  },
  { title: 'a CA whose signature is another', more: damagedSignature, says: /is not that of its issuer/ },
];

for (const { says, ...chain } of refused) {
  test(`import refuses ${chain.title}, and says why`, async (t) => {
    const folder = await made(t, chain);
    const { status, stderr } = await ours(folder, [
      'import',
      'switch',
      '--ca-cert',
      'int.pem',
      '--ca-key',
      'int.key',
      '--chain',
      'chain.pem',
    ]);
    t.is(status, 3);
    t.regex(stderr, says);
  });
}

/** Says yes by our verify, openssl, strongSwan and NSS. */
async function accepted(t: ExecutionContext, folder: string, { unknownTo = [] }: Partial<Chain>): Promise<void> {
  t.is(await oursWell(folder, ['verify', 'host_1']), 'host_1-cert.pem: OK\n');
  const host = 'host_1-cert.pem';
  const tls = ['verify', '-auth_level', '2', '-purpose', 'sslserver', '-CAfile', 'pki/switchca/cacert.pem', host];
  t.is((await runWell('openssl', tls, { cwd: folder })).trim(), `${host}: OK`);
  const authorities = await split(folder);
  if (!unknownTo.includes('strongSwan')) {
    const cacerts = authorities.flatMap((file) => ['--cacert', file]);
    const { stdout, stderr } = await run('pki', ['--verify', '--in', host, ...cacerts], { cwd: folder });
    t.regex(stdout, /^certificate trusted, lifetimes valid$/m, stderr);
  }
  if (unknownTo.includes('NSS')) return;
  // On a database that is there, certutil would ask for its password, for ever.
  rmSync(join(folder, 'nss'), { recursive: true, force: true });
  mkdirSync(join(folder, 'nss'));
  const nss = ['-d', 'sql:nss'];
  await runWell('certutil', ['-N', ...nss, '--empty-password'], { cwd: folder });
  for (const [index, file] of authorities.entries()) {
    const trust = index === authorities.length - 1 ? 'CT,C,C' : ',,';
    await runWell('certutil', ['-A', ...nss, '-n', `ca${index}`, '-t', trust, '-a', '-i', file], { cwd: folder });
  }
  await runWell('certutil', ['-A', ...nss, '-n', 'host', '-t', ',,', '-a', '-i', host], { cwd: folder });
  for (const usage of ['V', 'C', 'I']) {
    const { stdout, stderr } = await run('certutil', ['-V', ...nss, '-n', 'host', '-u', usage], { cwd: folder });
    t.regex(stdout, /certificate is valid/, `${usage}: ${stdout}${stderr}`);
  }
}

/** The certificates of cacert.pem in files of their own: the CA first, the root last. */
async function split(folder: string): Promise<string[]> {
  const blocks =
    readFileSync(caCertificateIn(folder, 'switch'), 'latin1').match(
      /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g,
    ) ?? [];
  return blocks.map((block, index) => {
    writeFileSync(join(folder, `ca-${index}.pem`), block);
    return `ca-${index}.pem`;
  });
}

/** root.pem, int.pem with int.key, and chain.pem. */
async function made(t: ExecutionContext, chain: Chain): Promise<string> {
  const folder = scratchFolder(t);
  const { sign = [], subject = '/C=DE/O=Acme/CN=Acme Net CA', request = [], extensions = [], more } = chain;
  const openssl = (...args: string[]): Promise<string> => runWell('openssl', args, { cwd: folder });
  writeFileSync(join(folder, 'mixed.cnf'), '[req]\ndistinguished_name=d\nstring_mask=pkix\n[d]\n');
  await makeRoot(folder, chain, subject.replace(/CN=.*/, 'CN=Acme Root'));
  copyFileSync(rsaKeyFile(6), join(folder, 'int.key'));
  await openssl('req', '-new', '-key', 'int.key', '-subj', subject, ...request, '-out', 'int.csr');
  const identifiers = ['subjectKeyIdentifier=hash', 'authorityKeyIdentifier=keyid'];
  const lines = ['basicConstraints=critical,CA:TRUE,pathlen:0', caUsage, ...identifiers, ...extensions];
  writeFileSync(join(folder, 'ext'), `${lines.join('\n')}\n`);
  await signInt(folder, '77', sign);
  copyFileSync(join(folder, 'root.pem'), join(folder, 'chain.pem'));
  await more?.(folder);
  return folder;
}

const caUsage = 'keyUsage=critical,keyCertSign,cRLSign';

async function makeRoot(
  folder: string,
  { rootKey = rsaKeyFile(5), sign = [], signRoot = [], request = [] }: Chain,
  subject: string,
): Promise<void> {
  const openssl = (...args: string[]): Promise<string> => runWell('openssl', args, { cwd: folder });
  if (typeof rootKey === 'string') copyFileSync(rootKey, join(folder, 'root.key'));
  else await openssl('genpkey', ...rootKey, '-out', 'root.key');
  const extensions = [caUsage, 'basicConstraints=critical,CA:TRUE'].flatMap((text) => ['-addext', text]);
  const named = ['-key', 'root.key', '-subj', subject, ...request, '-days', '7300'];
  await openssl('req', '-x509', '-new', ...named, ...extensions, ...sign, ...signRoot, '-out', 'root.pem');
}

function signInt(folder: string, serial: string, sign: readonly string[]): Promise<string> {
  const by = ['-CA', 'root.pem', '-CAkey', 'root.key', '-set_serial', serial, '-days', '2000', '-extfile', 'ext'];
  return runWell('openssl', ['x509', '-req', '-in', 'int.csr', ...by, ...sign, '-out', 'int.pem'], { cwd: folder });
}

/** The root has a second certificate, which an older root has signed. */
async function crossSign(folder: string): Promise<void> {
  const openssl = (...args: string[]): Promise<string> => runWell('openssl', args, { cwd: folder });
  await openssl(
    'req',
    '-x509',
    '-new',
    '-key',
    rsaKeyFile(7),
    '-subj',
    '/C=DE/O=Old/CN=Old Root',
    '-days',
    '7300',
    '-addext',
    'keyUsage=critical,keyCertSign,cRLSign',
    '-out',
    'old.pem',
  );
  await openssl('x509', '-x509toreq', '-in', 'root.pem', '-key', 'root.key', '-out', 'root.csr');
  writeFileSync(
    join(folder, 'cross.ext'),
    'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n',
  );
  await openssl(
    'x509',
    '-req',
    '-in',
    'root.csr',
    '-CA',
    'old.pem',
    '-CAkey',
    rsaKeyFile(7),
    '-set_serial',
    '9',
    '-days',
    '3000',
    '-extfile',
    'cross.ext',
    '-out',
    'cross.pem',
  );
  writeFileSync(
    join(folder, 'chain.pem'),
    ['root.pem', 'cross.pem', 'old.pem'].map((file) => readFileSync(join(folder, file), 'utf8')).join(''),
  );
}

/** The CA becomes the one in the middle, and signs another. */
async function between(folder: string): Promise<void> {
  const openssl = (...args: string[]): Promise<string> => runWell('openssl', args, { cwd: folder });
  const text = readFileSync(join(folder, 'ext'), 'utf8');
  writeFileSync(join(folder, 'ext'), text.replace('pathlen:0', 'pathlen:1'));
  await signInt(folder, '79', []);
  copyFileSync(join(folder, 'int.pem'), join(folder, 'middle.pem'));
  writeFileSync(join(folder, 'ext'), text);
  await openssl('req', '-new', '-key', rsaKeyFile(8), '-subj', '/C=DE/O=Acme/CN=Acme Low CA', '-out', 'low.csr');
  await openssl(
    'x509',
    '-req',
    '-in',
    'low.csr',
    '-CA',
    'middle.pem',
    '-CAkey',
    'int.key',
    '-set_serial',
    '80',
    '-days',
    '1500',
    '-extfile',
    'ext',
    '-out',
    'int.pem',
  );
  copyFileSync(rsaKeyFile(8), join(folder, 'int.key'));
  writeFileSync(
    join(folder, 'chain.pem'),
    readFileSync(join(folder, 'root.pem'), 'utf8') + readFileSync(join(folder, 'middle.pem'), 'utf8'),
  );
}

/** Another algorithm, of the same length, at both places. */
async function unknownAlgorithm(folder: string): Promise<void> {
  await patch(folder, (der) => {
    const known = Buffer.from('2a864886f70d01010b', 'hex');
    for (let at = der.indexOf(known); at >= 0; at = der.indexOf(known, at + 1)) der[at + known.length - 1] = 99;
  });
}

async function damagedSignature(folder: string): Promise<void> {
  await patch(folder, (der) => {
    der[der.length - 1] = (der.at(-1) as number) ^ 1;
  });
}

async function patch(folder: string, change: (der: Buffer) => void): Promise<void> {
  await runWell('openssl', ['x509', '-in', 'int.pem', '-outform', 'DER', '-out', 'int.der'], { cwd: folder });
  const der = readFileSync(join(folder, 'int.der'));
  change(der);
  writeFileSync(
    join(folder, 'int.pem'),
    `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`,
  );
}
