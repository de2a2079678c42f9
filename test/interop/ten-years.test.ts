/** A thousand certificates over ten years, with two changes of the CA key, held against openssl after every step. */

import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  crl,
  prepareRollover,
  type ReasonCode,
  type RevokeRequest,
  renew,
  reqSign,
  retireRollover,
  revoke,
  sign,
  switchRollover,
  undoRollover,
} from '../../src/index.js';
import { caFaults, keyFaults } from '../support/ca-state.js';
import { rsaKeyFile } from '../support/keys.js';
import { makeRequest } from '../support/pki.js';
import { runWell } from '../support/programs.js';
import {
  beginSimulation,
  dayMs,
  forget,
  heldOf,
  type Known,
  noteIssued,
  openOf,
  opensslTime,
  pick,
  type Simulation,
} from '../support/ten-years.js';
import { compareCounts, compareVerdicts } from '../support/verdicts.js';

const steps = 11;
const stepDays = 3650 / steps;
const caDays = 8 * 365;
const leafDays = 730;
const rsaNames = 12;
const keySpec = { type: 'ec', curve: 'P-256' } as const;
const rsaSpec = { type: 'rsa', bits: 2048 } as const;

type RolloverStep = 'prepare' | 'switch' | 'back' | 'retire' | 'retire --force';

/** What is done about the key of the CA at which step; the first `switch` is taken back. */
const rollovers: Readonly<Record<number, RolloverStep>> = {
  2: 'prepare',
  3: 'switch',
  4: 'back',
  5: 'switch',
  6: 'retire',
  8: 'prepare',
  9: 'switch',
  10: 'retire --force',
};
// By name, "superseded" leaves the certificate that supersedes: those are revoked by their serial numbers.
const reasons: readonly (ReasonCode | undefined)[] = [
  'keyCompromise',
  'cessationOfOperation',
  'affiliationChanged',
  'certificateHold',
  'unspecified',
  undefined,
];

test.serial(
  'over ten years and two rollovers, openssl and we agree on each of a thousand hosts, and openssl ca goes on',
  async (t) => {
    const sim = await beginSimulation(t, rsaSpec, caDays);
    const before = process.cwd();
    process.chdir(sim.hosts);
    t.teardown(() => process.chdir(before));
    await firstCertificates(t, sim);
    await opensslWorks(t, sim, 0);
    await makeLists(t, sim, 0);
    await compareAll(t, sim, 'in the beginning');
    for (let step = 1; step <= steps; step++) {
      sim.now += stepDays * dayMs;
      await rollOver(t, sim, step);
      await renewDue(t, sim, step);
      await revokeSome(t, sim, step);
      await opensslWorks(t, sim, step);
      await makeLists(t, sim, step);
      await compareAll(t, sim, `step ${step}`);
    }
    t.deepEqual(caFaults(sim.ca, sim.hosts, { recovered: true }), []);
    t.deepEqual(keyFaults(sim.hosts), []);
    t.is(readdirSync(join(sim.ca, 'retired')).length, 2);
    report(t, sim);
  },
);

async function compareAll(t: ExecutionContext, sim: Simulation, what: string): Promise<void> {
  await compareVerdicts(t, sim, what);
  await compareCounts(t, sim, what);
}

/** A thousand names, some with RSA keys; their ends are spread over a year. */
async function firstCertificates(t: ExecutionContext, sim: Simulation): Promise<void> {
  for (const quarter of [0, 1, 2, 3]) {
    const names = Array.from({ length: 250 }, (_, index) => `host_${quarter}_${index}`);
    const [byRsa, byEc] = quarter === 0 ? [names.slice(0, rsaNames), names.slice(rsaNames)] : [[], names];
    const order = { pkiDirectory: sim.pki, type: 'switch', days: leafDays - quarter * 91, force: false } as const;
    for (const [index, name] of byRsa.entries()) await makeRequest(sim.hosts, name, rsaKeyFile(index + 1));
    const made = [
      ...(byRsa.length === 0 ? [] : await sign(sim.platform, { ...order, names: byRsa })),
      ...(await reqSign(sim.platform, { ...order, names: byEc, keySpec, unique: true })),
    ];
    for (const { name, outcome } of made) t.is(outcome, 'signed', name);
    for (const name of names) sim.names.add(name);
  }
  t.is(noteIssued(sim).length, 1000);
}

async function rollOver(t: ExecutionContext, sim: Simulation, step: number): Promise<void> {
  const what = rollovers[step];
  if (what === undefined) return;
  const request = { pkiDirectory: sim.pki, type: 'switch' } as const;
  if (what === 'prepare') {
    const next = step < 8 ? keySpec : rsaSpec;
    t.is((await prepareRollover(sim.platform, { ...request, days: caDays, keySpec: next })).phase, 'prepared');
    sim.trusted.add(sim.signing + 1);
  } else if (what === 'switch') {
    t.is((await switchRollover(sim.platform, request)).phase, 'switched');
    sim.signing++;
  } else if (what === 'back') {
    t.is((await undoRollover(sim.platform, request)).phase, 'prepared');
    sim.signing--;
  } else await retire(t, sim, what === 'retire --force');
  // Lists have to be there as soon as the step has been made, and nothing has been renewed yet.
  await crl(sim.platform, { ...request, days: 350, out: undefined });
  await compareVerdicts(t, sim, `step ${step}, right after ${what}`, 300);
}

async function retire(t: ExecutionContext, sim: Simulation, force: boolean): Promise<void> {
  const request = { pkiDirectory: sim.pki, type: 'switch' } as const;
  if (force) {
    const error = await t.throwsAsync(retireRollover(sim.platform, { ...request, force: false }));
    t.like(error, { code: 'ROLLOVER_LAGS', details: { lagging: ['away'] } });
  }
  t.is((await retireRollover(sim.platform, { ...request, force })).phase, 'none');
  sim.trusted = new Set([sim.signing]);
  if (!force) return;
  // The host is given up.
  const order = {
    names: ['away'],
    serialNumbers: [],
    reason: 'cessationOfOperation',
    invalidityDate: undefined,
  } as const;
  await revokeKnown(t, sim, order, openOf(sim, 'away'));
}

/** At the step of the first switch only some get that far; the others, and those again, later. */
async function renewDue(t: ExecutionContext, sim: Simulation, step: number): Promise<void> {
  const isFirstTry = step === 3;
  const names = isFirstTry ? pick(sim, sim.names, 150) : [];
  const results = await renew(sim.platform, {
    ...{ pkiDirectory: sim.pki, type: 'switch', days: leafDays, names },
    dueWithinMs: isFirstTry ? undefined : (stepDays + 30) * dayMs,
    ...{ rekey: step % 3 === 0, keySpec },
  });
  const wrong = results.filter(
    ({ outcome, name }) => outcome !== 'renewed' && !(outcome === 'skipped' && name === 'away'),
  );
  t.deepEqual(wrong.slice(0, 5), []);
  t.is(noteIssued(sim).length, results.filter(({ outcome }) => outcome === 'renewed').length);
}

/** Half of those that were revoked by name get a new key, in the place of the others come new names. */
async function revokeSome(t: ExecutionContext, sim: Simulation, step: number): Promise<void> {
  const names = pick(
    sim,
    [...sim.names].filter((name) => name.startsWith('host')),
    12,
  );
  const replaced = new Set(sim.names);
  for (const [index, name] of names.entries()) {
    const reason = reasons[(step + index) % reasons.length];
    const invalidityDate = reason === 'keyCompromise' ? new Date(sim.now - 3 * dayMs) : undefined;
    const isFinal = reason !== undefined && reason !== 'certificateHold';
    const expected = [...openOf(sim, name), ...(isFinal ? heldOf(sim, name) : [])];
    await revokeKnown(t, sim, { names: [name], serialNumbers: [], reason, invalidityDate }, expected);
    for (const one of expected) one.held = reason === 'certificateHold';
    if (index % 2 === 1) forget(sim, name);
  }
  // Certificates that were superseded, while their names go on with others.
  const current = new Set([...replaced].map((name) => openOf(sim, name).at(-1)?.serial));
  const superseded = [...sim.known.values()].filter(
    ({ serial, revoked, notAfter, name }) =>
      !revoked && notAfter > sim.now && !current.has(serial) && replaced.has(name),
  );
  for (const one of pick(sim, superseded, 3)) {
    const order = { names: [], serialNumbers: [one.serial], reason: 'superseded', invalidityDate: undefined } as const;
    await revokeKnown(t, sim, order, [one]);
  }
  const next = names.map((name, index) => (index % 2 === 0 ? name : `host_${step}_n${index}`));
  // A host of which only the CA will know when its key is changed for the second time.
  if (step === 8) next.push('away');
  const order = { pkiDirectory: sim.pki, type: 'switch', days: leafDays, force: true } as const;
  const made = await reqSign(sim.platform, { ...order, names: next, keySpec, unique: true });
  for (const { name, outcome } of made) t.is(outcome, 'signed', name);
  for (const name of next) sim.names.add(name);
  forget(sim, 'away');
  t.is(noteIssued(sim).length, next.length);
}

async function revokeKnown(
  t: ExecutionContext,
  sim: Simulation,
  order: Pick<RevokeRequest, 'names' | 'serialNumbers' | 'reason' | 'invalidityDate'>,
  expected: readonly Known[],
): Promise<void> {
  const [result] = await revoke(sim.platform, { pkiDirectory: sim.pki, type: 'switch', ...order });
  const revoked = result?.outcome === 'revoked' ? result.certificates.map(({ serialNumber }) => serialNumber) : result;
  t.deepEqual(
    revoked,
    expected.map(({ serial }) => serial),
  );
  for (const one of expected) one.revoked = true;
}

/**
 * `openssl ca` signs a request, whose certificate we renew from then on, revokes a certificate of ours, and we revoke
 * one of its own.
 */
async function opensslWorks(t: ExecutionContext, sim: Simulation, step: number): Promise<void> {
  const name = `openssl_${step}`;
  const keyFile = join(sim.folder, 'key.pem');
  await runWell('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', keyFile]);
  await makeRequest(sim.hosts, name, keyFile);
  const end = Math.min(sim.now + leafDays * dayMs, Date.parse(caCertificate(sim).validTo));
  const period = ['-startdate', opensslTime(sim.now - 3_600_000), '-enddate', opensslTime(end)];
  const places = ['-in', join(sim.hosts, `${name}-req.pem`), '-out', join(sim.hosts, `${name}-cert.pem`)];
  await openssl(sim, [...period, '-notext', ...places]);
  sim.names.add(name);
  t.deepEqual(
    noteIssued(sim).map((one) => one.name),
    [name],
  );
  sim.counts.byOpenssl++;

  const [gone = ''] = pick(
    sim,
    [...sim.names].filter((each) => each.startsWith('host')),
    1,
  );
  for (const one of openOf(sim, gone)) {
    await openssl(sim, ['-revoke', `newcerts/${one.serial}.pem`, '-crl_reason', 'cessationOfOperation']);
    one.revoked = true;
  }
  forget(sim, gone);
  const old = `openssl_${step - 3}`;
  if (!sim.names.has(old)) return;
  const order = { names: [old], serialNumbers: [], reason: 'cessationOfOperation', invalidityDate: undefined } as const;
  await revokeKnown(t, sim, order, openOf(sim, old));
  forget(sim, old);
}

/** Both programs make a list that names the same certificates; without a rollover that of openssl is the one in use. */
async function makeLists(t: ExecutionContext, sim: Simulation, step: number): Promise<void> {
  const numbers = [crlNumberOf(sim)];
  const inUse = sim.trusted.size === 1 && step % 2 === 1;
  const made = () => crl(sim.platform, { pkiDirectory: sim.pki, type: 'switch', days: 350, out: undefined });
  const expected = [...sim.known.values()].filter(({ revoked }) => revoked).map(({ serial }) => serial);
  if (inUse) {
    t.is((await made()).revoked, expected.length);
    numbers.push(crlNumberOf(sim));
  }
  const out = inUse ? 'crl.pem' : '../../openssl-crl.pem';
  const period = ['-crl_lastupdate', opensslTime(sim.now), '-crl_nextupdate', opensslTime(sim.now + 350 * dayMs)];
  await openssl(sim, ['-gencrl', ...period, '-out', out]);
  await runWell('openssl', ['crl', '-noout', '-CAfile', 'cacert.pem', '-in', out], { cwd: sim.ca });
  const text = await runWell('openssl', ['crl', '-noout', '-text', '-in', out], { cwd: sim.ca });
  const listed = [...text.matchAll(/Serial Number: (\w+)/g)].map(([, serial]) => serial ?? '');
  t.deepEqual(listed.sort(), expected.sort());
  if (!inUse) t.is((await made()).revoked, expected.length);
  numbers.push(crlNumberOf(sim));
  for (const [index, number] of numbers.slice(1).entries()) t.true(number > (numbers[index] ?? 0n), 'CRL numbers grow');
}

function crlNumberOf({ ca }: Simulation): bigint {
  return BigInt(`0x${readFileSync(join(ca, 'crlnumber'), 'latin1').trim()}`);
}

function openssl({ ca }: Simulation, args: readonly string[]): Promise<string> {
  return runWell('openssl', ['ca', '-batch', '-config', 'ca.cnf', ...args], { cwd: ca });
}

function caCertificate({ ca }: Simulation): X509Certificate {
  return new X509Certificate(readFileSync(join(ca, 'cacert.pem')));
}

function report(t: ExecutionContext, { known, counts, names }: Simulation): void {
  const all = [...known.values()];
  const revoked = all.filter((one) => one.revoked).length;
  t.log(`${counts.verdicts} verdicts are those of openssl verify; ${counts.rows} rows listed and checked`);
  t.log(
    `${all.length} certificates, ${counts.byOpenssl} of them by openssl ca; ${revoked} revoked; ${names.size} names at the end`,
  );
}
