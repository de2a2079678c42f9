/** What must be true of a PKI directory after any mixture of programs has worked on it. */

import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type CertificateType, certificateTypes } from '../../src/pki/profile.js';
import { type CertificateState, certificateOf, type Issued, type Playground, takeStep } from './mixed-steps.js';
import { caCertificateIn, caFolderIn, opensslCa, ours, ovsPki } from './pki.js';
import { run, runWell } from './programs.js';

interface Expectation {
  /** What `openssl verify -crl_check` says. */
  readonly openssl: RegExp;
  /** Whether `ovs-pki verify` takes it; it looks at no revocation. */
  readonly ovsPki: boolean;
  /** The rules that our verify names. */
  readonly ours: readonly string[];
  /** The state in index.txt after `openssl ca -updatedb`. */
  readonly row: 'V' | 'R' | 'E';
}

const expectations: Readonly<Record<CertificateState, Expectation>> = {
  valid: { openssl: /: OK$/m, ovsPki: true, ours: [], row: 'V' },
  revoked: {
    openssl: /error 23 at 0 depth lookup: certificate revoked/,
    ovsPki: true,
    ours: ['revoked', 'revoked-in-index'],
    row: 'R',
  },
  expired: { openssl: /error 10 at 0 depth lookup/, ovsPki: false, ours: ['validity'], row: 'E' },
  legacy: { openssl: /: OK$/m, ovsPki: true, ours: ['leaf-subject-alt-name'], row: 'V' },
  orphaned: { openssl: /error (7|20) at 0 depth lookup/, ovsPki: false, ours: ['key-identifier'], row: 'V' },
};

/** Each program signs one more; then every certificate, the index and both counters are held against each other. */
export async function checkThatAllGoOn(t: ExecutionContext, at: Playground): Promise<void> {
  const used = new Set([...at.issued.values()].map(({ type }) => type));
  for (const type of certificateTypes.filter((each) => used.has(each))) {
    await oneMoreOfEach(t, at, type);
    // Without a list of revoked certificates the index alone must do.
    const issued = [...at.issued.values()].filter((each) => each.type === type);
    await checkOurVerify(t, at, type, issued, (state) => expectations[state].ours.filter((rule) => rule !== 'revoked'));
    await makeCrl(t, at, type);
    await checkOurVerify(t, at, type, issued, (state) => expectations[state].ours);
    await Promise.all(issued.map((each) => checkOthersVerify(t, at, each)));
    await opensslCa(at.folder, type, ['-updatedb']);
    checkIndex(t, at, type, issued);
  }
}

async function oneMoreOfEach(t: ExecutionContext, at: Playground, type: CertificateType): Promise<void> {
  const serialFile = join(caFolderIn(at.folder, type), 'serial');
  const next = readNumber(serialFile);
  const [byUs, byOvsPki, byOpenssl] = ['ours', 'ovs-pki', 'openssl'].map((who) => `${type}-by-${who}`) as [
    string,
    string,
    string,
  ];
  await takeStep(at, `admin request ${byUs} ${byOvsPki} ${byOpenssl}`);
  await takeStep(at, `ovs-pki sign ${byOvsPki} ${type}`);
  await takeStep(at, `ours sign ${byUs} ${type}`);
  await takeStep(at, `openssl in ${byOpenssl} ${type}`);
  t.is(serialNumber(at, byOvsPki), next, 'ovs-pki takes the number that the serial file holds');
  t.is(serialNumber(at, byOpenssl), next + 1n, 'openssl takes the one after it, whatever we have issued in between');
  t.is(readNumber(serialFile), next + 2n);
}

async function checkOurVerify(
  t: ExecutionContext,
  at: Playground,
  type: CertificateType,
  issued: readonly Issued[],
  least: (state: CertificateState) => readonly string[],
): Promise<void> {
  const names = issued.map(({ name }) => name);
  const { stdout, stderr } = await ours(at.folder, ['verify', '--json', ...names, type]);
  t.is(stderr.includes('error:'), false, stderr);
  const { results } = JSON.parse(stdout) as { results: { name: string; reasons: { rule: string }[] }[] };
  t.is(results.length, issued.length);
  for (const [index, { name, state }] of issued.entries()) {
    const rules = results[index]?.reasons.map(({ rule }) => rule) ?? [];
    for (const rule of least(state)) t.true(rules.includes(rule), `${name} is ${state}: ${rules}`);
    for (const rule of rules) t.true(expectations[state].ours.includes(rule), `${name} is ${state}: ${rules}`);
  }
}

/** openssl numbers its lists only where ca.cnf names the counter: ours does, that of ovs-pki does not. */
async function makeCrl(t: ExecutionContext, { folder, begunByUs }: Playground, type: CertificateType): Promise<void> {
  const ca = caFolderIn(folder, type);
  const next = readNumber(join(ca, 'crlnumber'));
  await opensslCa(folder, type, ['-gencrl', '-out', 'crl.pem']);
  const text = await runWell('openssl', ['crl', '-in', 'crl.pem', '-noout', '-crlnumber'], { cwd: ca });
  t.is(text.trim(), `crlNumber=${begunByUs ? `0x${next.toString(16).toUpperCase().padStart(2, '0')}` : '<NONE>'}`);
  t.is(readNumber(join(ca, 'crlnumber')), begunByUs ? next + 1n : next);
}

async function checkOthersVerify(t: ExecutionContext, at: Playground, { name, type, state }: Issued): Promise<void> {
  const authorities = ['-CAfile', caCertificateIn(at.folder, type)];
  const crl = ['-crl_check', '-CRLfile', join(caFolderIn(at.folder, type), 'crl.pem')];
  const byOpenssl = await run('openssl', ['verify', ...authorities, ...crl, certificateOf(at, name)]);
  t.regex(byOpenssl.stdout + byOpenssl.stderr, expectations[state].openssl, `openssl verify ${name}, ${state}`);
  const byOvsPki = await ovsPki(at.folder, ['verify', name, type]);
  t.is(byOvsPki.status === 0, expectations[state].ovsPki, `ovs-pki verify ${name}, ${state}: ${byOvsPki.stderr}`);
}

/** Read here and not by our own parser: six columns, a row for each copy, and each says what its certificate says. */
function checkIndex(t: ExecutionContext, at: Playground, type: CertificateType, issued: readonly Issued[]): void {
  const ca = caFolderIn(at.folder, type);
  const text = readFileSync(join(ca, 'index.txt'), 'latin1');
  t.true(text.endsWith('\n'));
  const rows = text
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
  const serials = rows.map((row) => row[3] ?? '');
  t.deepEqual(serials.map((serial) => `${serial}.pem`).sort(), readdirSync(join(ca, 'newcerts')).sort());
  t.is(new Set(serials).size, serials.length, 'no serial number twice');
  for (const [state, expires = '', revoked = '', serial = '', file, subject, ...more] of rows) {
    const certificate = new X509Certificate(readFileSync(join(ca, 'newcerts', `${serial}.pem`)));
    t.is(certificate.serialNumber, serial);
    t.deepEqual([file, subject, more], ['unknown', `/${certificate.subject.replaceAll('\n', '/')}`, []]);
    const notAfter = Date.parse(certificate.validTo);
    t.is(timeOf(expires), notAfter, 'the index says when it expires');
    t.is(state, revoked !== '' ? 'R' : notAfter < Date.now() ? 'E' : 'V', 'and openssl has read that date');
  }
  const stateOf = new Map(rows.map((row) => [BigInt(`0x${row[3]}`), row[0]] as const));
  for (const { name, state } of issued) t.is(stateOf.get(serialNumber(at, name)), expectations[state].row, name);
}

/** YYMMDDhhmmssZ, of a year from 1950 to 2049, or with four digits of the year. */
function timeOf(text: string): number {
  const full = text.length > 13 ? text : text < '5' ? `20${text}` : `19${text}`;
  return Date.parse(full.replace(/^(....)(..)(..)(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

function serialNumber(at: Playground, name: string): bigint {
  return BigInt(`0x${new X509Certificate(readFileSync(certificateOf(at, name))).serialNumber}`);
}

function readNumber(file: string): bigint {
  return BigInt(`0x${readFileSync(file, 'latin1').trim()}`);
}
