/** What we and `openssl verify` say of every certificate of a simulated CA, held against what is known of it. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { check, list, verify } from '../../src/index.js';
import { pathFindings } from '../../src/pki/path/path.js';
import { encodePem } from '../../src/pki/pem.js';
import { readCa, trustedBy } from '../../src/store/ca/ca.js';
import { readCrls } from '../../src/store/ca/crls.js';
import { run } from './programs.js';
import { dayMs, type Known, pick, type Simulation } from './ten-years.js';

type Reason = 'revoked' | 'expired' | 'untrusted';

/** All that have not expired, or at most so many, and some of the others, judged by us and by openssl. */
export async function compareVerdicts(
  t: ExecutionContext,
  sim: Simulation,
  what: string,
  most = Number.POSITIVE_INFINITY,
): Promise<void> {
  const all = [...sim.known.values()];
  const isOver = ({ notAfter }: Known): boolean => notAfter < sim.now;
  const judged = [
    ...pick(
      sim,
      all.filter((one) => !isOver(one)),
      most,
    ),
    ...pick(sim, all.filter(isOver), 40),
  ];
  const [byOpenssl, byUs] = await Promise.all([opensslVerdicts(sim, judged), ourVerdicts(sim, judged)]);
  const wrong = judged.flatMap((one) => {
    const expected = reasonsOf(sim, one);
    const ours = byUs.get(one.serial) ?? [];
    const theirs = byOpenssl.get(one.serial) ?? 'no answer';
    const isRight =
      ours.join() === expected.join() && (theirs === 'OK' ? expected.length === 0 : expected.includes(theirs));
    return isRight ? [] : [{ what, serial: one.serial, name: one.name, expected, ours, theirs }];
  });
  t.deepEqual(wrong.slice(0, 5), [], `${what}: ${wrong.length} of ${judged.length} verdicts differ`);
  sim.counts.verdicts += judged.length;
}

/** The numbers that `list` and `check` tell, and `verify` of some names. */
export async function compareCounts(t: ExecutionContext, sim: Simulation, what: string): Promise<void> {
  const expected = { valid: 0, expired: 0, revoked: 0 };
  for (const { revoked, notAfter } of sim.known.values()) {
    expected[revoked ? 'revoked' : notAfter < sim.now ? 'expired' : 'valid']++;
  }
  const listed = { valid: 0, expired: 0, revoked: 0 };
  for (const { type, state } of await list(sim.platform, { pkiDirectory: sim.pki, type: 'switch' })) {
    if (type === 'switch') listed[state]++;
  }
  t.deepEqual(listed, expected, `${what}: list`);
  const request = { pkiDirectory: sim.pki, type: 'switch', warnMs: 30 * dayMs, criticalMs: 7 * dayMs } as const;
  const { authorities, reasons } = await check(sim.platform, request);
  t.deepEqual(authorities[0]?.certificates, expected, `${what}: check`);
  t.deepEqual(
    reasons.filter(({ severity }) => severity === 'critical'),
    [],
    what,
  );
  const names = pick(sim, sim.names, 20).map((name) => join(sim.hosts, name));
  const verified = await verify(sim.platform, { pkiDirectory: sim.pki, names, type: 'switch' });
  t.deepEqual(
    verified.filter(({ outcome }) => outcome !== 'valid'),
    [],
    `${what}: verify`,
  );
  sim.counts.rows += sim.known.size;
}

function reasonsOf(sim: Simulation, { generation, revoked, notAfter }: Known): string[] {
  const isTrusted = sim.trusted.has(generation);
  return [
    ...(notAfter < sim.now ? (['expired'] as const) : []),
    ...(isTrusted && revoked ? (['revoked'] as const) : []),
    ...(isTrusted ? [] : (['untrusted'] as const)),
  ];
}

const reasonOfRule: Readonly<Record<string, Reason>> = {
  validity: 'expired',
  revoked: 'revoked',
  'key-identifier': 'untrusted',
};

async function ourVerdicts(sim: Simulation, judged: readonly Known[]): Promise<Map<string, string[]>> {
  const ca = readCa(sim.pki, 'switch');
  const [authorities, crls, at] = [trustedBy(ca), readCrls(ca.layout), new Date(sim.now)];
  const verdicts = new Map<string, string[]>();
  for (const { serial, certificate } of judged) {
    const findings = await pathFindings({ certificate, authorities, crls, at });
    verdicts.set(serial, findings.map(({ rule }) => reasonOfRule[rule] ?? rule).sort());
  }
  return verdicts;
}

/** One process for all of them. */
async function opensslVerdicts(sim: Simulation, judged: readonly Known[]): Promise<Map<string, string>> {
  const authorities = trustedBy(readCa(sim.pki, 'switch')).map(({ der }) => encodePem('CERTIFICATE', der));
  const [trusted, lists] = [join(sim.folder, 'trusted.pem'), join(sim.folder, 'lists.pem')];
  writeFileSync(trusted, authorities.join(''));
  const inFolder = readdirSync(join(sim.ca, 'crl')).map((name) => join('crl', name));
  writeFileSync(lists, ['crl.pem', ...inFolder].map((file) => readFileSync(join(sim.ca, file), 'latin1')).join(''));
  const at = ['-attime', String(Math.floor(sim.now / 1000))];
  const args = ['verify', '-crl_check', ...at, '-no-CApath', '-no-CAstore', '-CAfile', trusted, '-CRLfile', lists];
  const files = judged.map(({ serial }) => `${serial}.pem`);
  const { stdout, stderr } = await run('openssl', [...args, ...files], { cwd: join(sim.ca, 'newcerts') });
  const verdicts = new Map<string, string>();
  for (const [, serial = ''] of stdout.matchAll(/^(\w+)\.pem: OK$/gm)) verdicts.set(serial, 'OK');
  for (const [, error = '', serial = ''] of stderr.matchAll(/^error (\d+) at 0 depth.*\nerror (\w+)\.pem: /gm)) {
    verdicts.set(serial, reasonOfError[error] ?? `error ${error}`);
  }
  return verdicts;
}

/** Of x509_vfy.h: no certificate of the issuer, its end, its revocation. */
const reasonOfError: Readonly<Record<string, Reason>> = { 20: 'untrusted', 10: 'expired', 23: 'revoked' };
