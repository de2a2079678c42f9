/** Chains as companies have them: a CA below each lives its whole life here, and three other programs accept each step. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  crl,
  importCa,
  nodePlatform,
  prepareRequested,
  renew,
  requestRollover,
  retireRollover,
  revoke,
  sign,
  switchRollover,
  verify,
} from '../../src/index.js';
import { type CompanyChain, companyChains } from '../cases/company-chains.js';
import { companySignsCa, makeChain } from '../support/company-chain.js';
import { rsaKeyFile } from '../support/keys.js';
import { caCertificateIn, caFolderIn, makeRequest, ours } from '../support/pki.js';
import { runWell } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';
import { allAccept, type Opinions, opinionsOn } from '../support/third-opinions.js';

const renewal = { dueWithinMs: undefined, rekey: false, keySpec: undefined, days: 300 } as const;
const revocation = { serialNumbers: [], reason: 'keyCompromise', invalidityDate: undefined } as const;
const platform = nodePlatform();
const list = 'pki/switchca/crl.pem';

// By the library: what is new here is the judgement of others, after each of many steps.
for (const chain of companyChains) {
  test(`a CA below ${chain.title} is imported, used, renewed and rolled over`, async (t) => {
    const folder = scratchFolder(t);
    await makeChain(folder, chain);
    const pki = { pkiDirectory: join(folder, 'pki'), type: 'switch' } as const;
    const at = (file: string): string => join(folder, file);
    const judge = (names: readonly string[], crlFile?: string) => judged(t, chain, { folder, names, crlFile });
    const signed = async (...numbers: readonly number[]): Promise<void> => {
      for (const number of numbers) await makeRequest(folder, `host_${number}`, rsaKeyFile(number));
      const names = numbers.map((number) => at(`host_${number}`));
      await all(sign(platform, { ...pki, names, days: 400, force: false }));
    };
    const renewed = () => all(renew(platform, { ...pki, ...renewal, names: [at('host_1')] }));
    const listed = () => crl(platform, { ...pki, days: 30, out: undefined });
    const received = (certificate: string, key?: string) => ({
      ...{ ...pki, certificateFile: at(certificate), chainFile: at('chain.pem'), force: false },
      ...(key === undefined ? {} : { privateKeyFile: at(key) }),
    });

    t.false((await importCa(platform, received('int.pem', 'int.key'))).renewed);
    await signed(1, 2);
    await judge(['host_1', 'host_2']);
    await all(revoke(platform, { ...pki, ...revocation, names: [at('host_2')] }));
    await listed();
    await judge(['host_1'], list);
    await renewed();
    await judge(['host_1'], list);

    await companySignsCa(folder, 'int.csr', 'again.pem', 81);
    t.true((await importCa(platform, received('again.pem'))).renewed);
    t.is(blocksOf(caCertificateIn(folder, 'switch'))[0], blocksOf(at('again.pem'))[0]);
    await listed();
    await judge(['host_1'], list);

    await requestRollover(platform, { ...pki, out: at('next.csr'), force: false });
    await companySignsCa(folder, 'next.csr', 'next.pem', 82);
    await prepareRequested(platform, received('next.pem'));
    await judge(['host_1']);
    await switchRollover(platform, pki);
    await signed(3);
    await judge(['host_1', 'host_3']);
    await renewed();
    await retireRollover(platform, { ...pki, force: false });
    await listed();
    await judge(['host_1', 'host_3'], list);
  });
}

const refused: readonly (CompanyChain & { readonly says: RegExp })[] = [
  { title: 'a CA signed with SHA-1', sign: ['-sha1'], says: /signed with SHA-1 .*, which TLS refuses/ },
  {
    title: 'a CA that demands policies',
    extensions: ['certificatePolicies=1.2.3', 'policyConstraints=critical,requireExplicitPolicy:0'],
    says: /demands a certificate policy/,
  },
  {
    title: 'a CA signed with an algorithm that nobody knows',
    rootKey: rsaKeyFile(5),
    more: unknownAlgorithm,
    says: /cannot be checked: the algorithm 1\.2\.840\.113549\.1\.1\.99 is not known/,
  },
  { title: 'a CA whose signature is another', more: damagedSignature, says: /is not that of its issuer/ },
];

for (const { says, ...chain } of refused) {
  test(`import refuses ${chain.title}, and says why`, async (t) => {
    const folder = scratchFolder(t);
    await makeChain(folder, chain);
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

interface Judged {
  readonly folder: string;
  readonly names: readonly string[];
  readonly crlFile: string | undefined;
}

/** We and all others say yes to these; with the CRL, all say no to host_2. Who does not know an algorithm says so. */
async function judged(t: ExecutionContext, chain: CompanyChain, { folder, names, crlFile }: Judged): Promise<void> {
  const pki = { pkiDirectory: join(folder, 'pki'), type: 'switch' } as const;
  const asked = crlFile === undefined ? names : [...names, 'host_2'];
  const ours = await all(verify(platform, { ...pki, names: asked.map((name) => join(folder, name)) }));
  const theirs = await opinions(folder, asked, crlFile);
  for (const [index, name] of asked.entries()) {
    const told = theirs[index] ?? allAccept;
    if (!names.includes(name)) {
      t.is(ours[index]?.outcome, 'invalid', name);
      t.false(Object.values(told).includes('accepted'), JSON.stringify(told));
      continue;
    }
    t.is(ours[index]?.outcome, 'valid', name);
    const known = { ...told };
    for (const [program, says] of Object.entries(chain.unknownTo ?? {}) as [keyof Opinions, RegExp][]) {
      t.regex(told[program], says);
      known[program] = 'accepted';
    }
    t.deepEqual(known, allAccept, name);
  }
}

/** What was refused is a fault of the test. */
async function all<T extends object>(results: Promise<readonly T[]>): Promise<readonly T[]> {
  for (const result of await results) {
    if ('error' in result) throw result.error;
  }
  return results;
}

/** With what hosts trust: during a rollover the CA that does not sign, too. */
function opinions(folder: string, names: readonly string[], crl: string | undefined): Promise<readonly Opinions[]> {
  const other = ['new', 'old'].map((which) => join(caFolderIn(folder, 'switch'), 'rollover', which, 'cacert.pem'));
  const signing = blocksOf(caCertificateIn(folder, 'switch'));
  const blocks = [...signing, ...other.filter((file) => existsSync(file)).flatMap(blocksOf)];
  const root = signing.at(-1) ?? '';
  const between = [...new Set(blocks)].filter((block) => block !== root);
  return opinionsOn({ folder, between, root, files: names.map((name) => `${name}-cert.pem`), crl });
}

function blocksOf(file: string): readonly string[] {
  return readFileSync(file, 'latin1').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g) ?? [];
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
