import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { nodePlatform, OvsPkiError, verify } from '../../src/index.js';
import { unfitAuthorities } from '../cases/verify-authorities.js';
import { verifyFaults } from '../cases/verify-faults.js';
import type { VerifyFault } from '../cases/verify-paths.js';
import { revocationFaults } from '../cases/verify-revocation.js';
import { unfitCertificates } from '../cases/verify-unfit.js';
import { projectRoot, run, runOurs } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';
import { certificatePem, crlPem } from '../support/x509.js';

const rows = [...verifyFaults, ...unfitAuthorities, ...revocationFaults, ...unfitCertificates];

test('verify and "openssl verify" agree on every path, save where we are stricter and say so', async (t) => {
  const folder = scratchFolder(t);
  const disagreements: Record<string, unknown> = {};
  const queue = rows.entries();
  const worker = async (): Promise<void> => {
    for (const [index, row] of queue) {
      const place = join(folder, String(index));
      writeCase(place, row);
      const isGood = row.rules.length === 0;
      const wanted = { openssl: isGood || row.stricter !== undefined, ours: row.rules };
      const told = { openssl: await opensslAccepts(place), ours: await ourRules(place) };
      if (JSON.stringify(wanted) !== JSON.stringify(told)) disagreements[row.title] = { wanted, told };
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  t.deepEqual(disagreements, {});
});

test('Each rule by which verify is stricter than openssl has its row in docs/verify.md, and each row its case', (t) => {
  const stricter = [...new Set(rows.flatMap(({ stricter }) => stricter ?? []))].sort();
  const [, section = ''] = readFileSync(`${projectRoot}docs/verify.md`, 'utf8').split(
    '## verify is stricter than openssl verify\n',
  );
  const documented = [...section.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, rule]) => rule);
  t.deepEqual(documented.sort(), stricter);
});

test('A certificate that is not valid gives exit status 4 and all reasons, and nothing on standard output', async (t) => {
  const folder = scratchFolder(t);
  const row = rows.find(({ title }) => title === 'an expired leaf of an expired CA') as VerifyFault;
  writeCase(folder, row);
  const { status, stdout, stderr } = await runOurs(['verify', '--dir', '.', '--log', 'log', 'host'], { cwd: folder });
  t.is(status, 4);
  t.is(stdout, '');
  t.regex(
    stderr,
    /^host-cert\.pem: not valid\n {2}the certificate has expired on .*\n {2}the CA certificate has expired on .*\n$/,
  );
});

test('A certificate that cannot be read is refused with exit status 3', async (t) => {
  const folder = scratchFolder(t);
  for (const [index, row] of rows.filter(({ unreadable }) => unreadable === true).entries()) {
    const place = join(folder, String(index));
    writeCase(place, row);
    const { status, stdout, stderr } = await runOurs(['verify', '--dir', '.', '--log', 'log', 'host'], { cwd: place });
    t.deepEqual([status, stdout], [3, ''], row.title);
    t.regex(stderr, /\[DER_INVALID\]/, row.title);
  }
});

function writeCase(folder: string, row: VerifyFault): void {
  const { leaf, authorities, crls = [] } = row.make();
  mkdirSync(join(folder, 'switchca/crl'), { recursive: true });
  writeFileSync(join(folder, 'host-cert.pem'), certificatePem(leaf));
  writeFileSync(join(folder, 'switchca/cacert.pem'), authorities.map(certificatePem).join(''));
  if (crls.length > 0) writeFileSync(join(folder, 'switchca/crl/all.pem'), crls.map(crlPem).join(''));
}

async function opensslAccepts(folder: string): Promise<boolean> {
  const hasCrl = /BEGIN X509 CRL/.test(readOr(join(folder, 'switchca/crl/all.pem')));
  const lists = hasCrl ? ['-crl_check', '-CRLfile', 'switchca/crl/all.pem'] : [];
  const args = ['verify', '-no-CApath', '-no-CAstore', '-CAfile', 'switchca/cacert.pem', ...lists, 'host-cert.pem'];
  const { status } = await run('openssl', args, { cwd: folder });
  return status === 0;
}

async function ourRules(folder: string): Promise<string[]> {
  const request = { pkiDirectory: folder, names: [join(folder, 'host')], type: 'switch' } as const;
  const [result] = await verify(nodePlatform(), request);
  if (result === undefined) return ['no result'];
  if (result.outcome === 'refused') return [result.error instanceof OvsPkiError ? result.error.code : 'another error'];
  return result.reasons.map(({ rule }) => rule);
}

function readOr(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
