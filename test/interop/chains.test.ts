import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { decodeCertificate } from '../../src/pki/certificate.js';
import { leafFindings } from '../../src/pki/lint/leaf-rules.js';
import { pathFindings } from '../../src/pki/path.js';
import { type Chain, chains } from '../cases/verify-chains.js';
import { run } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';
import { certificatePem } from '../support/x509.js';

/** What TLS libraries ask at both ends of a connection, and what is asked where nobody says what for. */
const questions = [[], ['-purpose', 'sslserver'], ['-purpose', 'sslclient']] as const;

test('verify accepts no chain that "openssl verify" refuses, plain or for TLS servers or clients', async (t) => {
  t.true(chains.length >= 40, `${chains.length} chains`);
  const folder = scratchFolder(t);
  const looser: string[] = [];
  const counts = { accepted: 0, refused: 0, refusedByOpenssl: 0 };
  const queue = chains.entries();
  const worker = async (): Promise<void> => {
    for (const [index, one] of queue) {
      const reasons = await reasonsOf(one);
      counts[reasons.length === 0 ? 'accepted' : 'refused'] += 1;
      const refusals = await refusalsOf(join(folder, String(index)), one);
      counts.refusedByOpenssl += refusals.length > 0 ? 1 : 0;
      if (reasons.length === 0 && refusals.length > 0) looser.push(`${one.title}: ${refusals.join('; ')}`);
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  t.deepEqual(looser, []);
  t.log(counts);
  t.true(counts.accepted >= 5 && counts.refusedByOpenssl >= 20, JSON.stringify(counts));
});

async function reasonsOf({ root, between, leaf }: Chain): Promise<string[]> {
  const authorities = [root, ...between].map(decodeCertificate);
  const certificate = decodeCertificate(leaf);
  const findings = await pathFindings({ certificate, authorities, crls: [], at: new Date() });
  return [...findings, ...leafFindings(certificate)].map(({ rule }) => rule);
}

async function refusalsOf(folder: string, { root, between, leaf }: Chain): Promise<string[]> {
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
    questions.map(async (purpose) => {
      const args = ['verify', '-no-CApath', '-no-CAstore', '-CAfile', 'root', ...untrusted, ...purpose, 'leaf'];
      const { status, stderr } = await run('openssl', args, { cwd: folder });
      return status === 0 ? [] : [`${purpose.join(' ')} ${/error \d+.*/.exec(stderr)?.[0] ?? stderr}`.trim()];
    }),
  );
  return told.flat();
}
