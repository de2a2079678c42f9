import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { OvsPkiError } from '../../src/errors.js';
import { decodeCertificate } from '../../src/pki/certificate.js';
import { leafFindings } from '../../src/pki/lint/leaf-rules.js';
import { pathFindings } from '../../src/pki/path/path.js';
import { type Chain, chains } from '../cases/verify-chains.js';
import { ladders } from '../cases/verify-ladders.js';
import { projectRoot, run } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';
import { certificatePem } from '../support/x509.js';

/** What TLS libraries ask at both ends of a connection, and what is asked where nobody says what for. */
const questions = [[], ['-purpose', 'sslserver'], ['-purpose', 'sslclient']] as const;
/** Where nothing is about purposes. */
const fewer = questions.slice(0, 2);

interface Told {
  readonly title: string;
  readonly reasons: readonly string[];
  readonly refusals: readonly string[];
}

async function askAll(
  folder: string,
  asked: readonly Chain[],
  purposes: readonly (readonly string[])[],
): Promise<Told[]> {
  const told: Told[] = [];
  const queue = asked.entries();
  const worker = async (): Promise<void> => {
    for (const [index, one] of queue) {
      const reasons = await reasonsOf(one);
      told.push({ title: one.title, reasons, refusals: await refusalsOf(join(folder, String(index)), one, purposes) });
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  return told;
}

const looserOf = (told: readonly Told[]): string[] =>
  told.filter(({ reasons, refusals }) => reasons.length === 0 && refusals.length > 0).map((one) => JSON.stringify(one));

test('verify accepts no chain that "openssl verify" refuses, plain or for TLS servers or clients', async (t) => {
  t.true(chains.length >= 40, `${chains.length} chains`);
  const told = await askAll(scratchFolder(t), chains, questions);
  t.deepEqual(looserOf(told), []);
  const accepted = told.filter(({ reasons }) => reasons.length === 0).length;
  const refusedByOpenssl = told.filter(({ refusals }) => refusals.length > 0).length;
  t.log({ accepted, refusedByOpenssl, of: told.length });
  t.true(accepted >= 5 && refusedByOpenssl >= 20);
});

test('nor one that is built to be taken; and each reason why it alone refuses one is in docs/verify.md', async (t) => {
  t.is(new Set(ladders.map(({ title }) => title)).size, ladders.length);
  const told = await askAll(scratchFolder(t), ladders, fewer);
  t.deepEqual(looserOf(told), []);
  const alone = told.filter(({ refusals }) => refusals.length === 0).flatMap(({ reasons }) => reasons);
  const page = readFileSync(`${projectRoot}docs/verify.md`, 'utf8');
  // What cannot be read is no answer of verify, and has its exit status there.
  t.deepEqual(
    [...new Set(alone)].filter((rule) => rule !== 'DER_INVALID' && !page.includes(`| \`${rule}\` |`)),
    [],
  );
  const accepted = told.filter(({ reasons }) => reasons.length === 0).map(({ title }) => title);
  const refusedByOpenssl = told.filter(({ refusals }) => refusals.length > 0).length;
  t.log({ accepted: accepted.length, refusedByOpenssl, of: told.length });
  t.true(accepted.includes('a root, a CA and a leaf') && accepted.length >= 50 && refusedByOpenssl >= 40);
  const weak = told.filter(({ title }) => /sha1|md5|1024/.test(title));
  t.deepEqual(
    weak.filter(({ reasons }) => reasons.length === 0),
    [],
    'no signature that can be forged, of a CA of the name of the root neither',
  );
});

async function reasonsOf({ root, between, leaf }: Chain): Promise<string[]> {
  try {
    const authorities = [root, ...between].map(decodeCertificate);
    const certificate = decodeCertificate(leaf);
    const findings = await pathFindings({ certificate, authorities, crls: [], at: new Date() });
    return [...findings, ...leafFindings(certificate)].map(({ rule }) => rule);
  } catch (error) {
    if (error instanceof OvsPkiError) return [error.code];
    throw error;
  }
}

async function refusalsOf(
  folder: string,
  { root, between, leaf }: Chain,
  purposes: readonly (readonly string[])[],
): Promise<string[]> {
  mkdirSync(folder);
  for (const [file, content] of [
    ['root', [root]],
    ['between', between],
    ['leaf', [leaf]],
  ] as const) {
    writeFileSync(join(folder, file), content.map(certificatePem).join(''));
  }
  const untrusted = between.length > 0 ? ['-untrusted', 'between'] : [];
  const told = await Promise.all(
    purposes.map(async (purpose) => {
      const args = ['verify', '-no-CApath', '-no-CAstore', '-CAfile', 'root', ...untrusted, ...purpose, 'leaf'];
      const { status, stderr } = await run('openssl', args, { cwd: folder });
      return status === 0 ? [] : [`${purpose.join(' ')} ${/error \d+.*/.exec(stderr)?.[0] ?? stderr}`.trim()];
    }),
  );
  return told.flat();
}
