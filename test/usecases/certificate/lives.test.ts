import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { check, crl, fixedClock, init, list, nodePlatform, renew, req, reqSign, selfSign } from '../../../src/index.js';
import { ours, oursWell } from '../../support/pki.js';
import { runWell } from '../../support/programs.js';
import { scratchFolder } from '../../support/scratch.js';

const keySpec = { type: 'ec', curve: 'P-256' } as const;
const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000];

/** What each command makes with an option, and when that ends. */
const lives: readonly (readonly [option: string, ends: number | string])[] = [
  ['--days=0.5', 12 * hourMs],
  ['--valid-for=90m', 90 * minuteMs],
  ['--not-after=2035-01-31', 'Jan 31 23:59:59 2035 GMT'],
  ['--not-after=20350131120000Z', 'Jan 31 12:00:00 2035 GMT'],
  ['--not-after=24h', 24 * hourMs],
];

/** The other commands read their options by the same function. */
const everywhere = ['--valid-for=90m', '--not-after=2035-01-31'];

test('openssl sees the end that was asked for, of every command that makes certificates', async (t) => {
  const folder = scratchFolder(t);
  await oursWell(folder, ['init', '-k', 'ec']);
  const faults: string[] = [];
  const queue = lives.entries();
  const worker = async (): Promise<void> => {
    for (const [index, [option, ends]] of queue) {
      const name = `host_${index}`;
      const begun = Date.now();
      await oursWell(folder, ['req+sign', '-u', '-k', 'ec', name]);
      const judge = async (what: string, file: string): Promise<void> => {
        const said = await runWell('openssl', ['x509', '-noout', '-enddate', '-in', file], { cwd: folder });
        const end = said.trim().slice('notAfter='.length);
        const [early, late] = [begun, Date.now()].map((time) => time + Number(ends));
        const isRight =
          typeof ends === 'string'
            ? end === ends
            : Date.parse(end) >= (early ?? 0) - 1000 && Date.parse(end) <= (late ?? 0);
        if (!isRight) faults.push(`${what} ${option}: ${end}`);
      };
      await oursWell(folder, ['sign', '-b', '-f', option, name]);
      await judge('sign', `${name}-cert.pem`);
      if (!everywhere.includes(option)) continue;
      await oursWell(folder, ['renew', option, name]);
      await judge('renew', `${name}-cert.pem`);
      await oursWell(folder, ['self-sign', '-f', option, name]);
      await judge('self-sign', `${name}-cert.pem`);
      await oursWell(folder, ['req+sign', '-u', '-f', '-k', 'ec', option, `both_${name}`]);
      await judge('req+sign', `both_${name}-cert.pem`);
      const own = join(folder, String(index));
      mkdirSync(own);
      await oursWell(own, ['init', '-k', 'ec', option]);
      await judge('init', `${index}/pki/switchca/cacert.pem`);
      // What a CA of hours signs ends with it, and openssl agrees.
      await oursWell(own, ['sign', '-b', '-f', `../${name}`]);
      const of = ['-CAfile', `${index}/pki/switchca/cacert.pem`, `${name}-cert.pem`];
      await runWell('openssl', ['verify', '-x509_strict', ...of], { cwd: folder });
    }
  };
  await Promise.all([worker(), worker()]);
  t.deepEqual(faults, []);
});

test('a day on which the CA ends too is its last day; a later end is refused, and says the latest', async (t) => {
  const folder = scratchFolder(t);
  await oursWell(folder, ['init', '-k', 'ec', '--not-after', '2035-06-15T12:00:00Z']);
  await oursWell(folder, ['req+sign', '-u', '-k', 'ec', '--not-after', '2035-06-15', 'host']);
  const made = new X509Certificate(readFileSync(join(folder, 'host-cert.pem')));
  t.is(made.validTo, 'Jun 15 12:00:00 2035 GMT');
  const later = await ours(folder, ['sign', '-b', '-f', '--not-after', '2035-06-16', 'host']);
  t.is(later.status, 3);
  t.regex(
    later.stderr,
    /2035-06-16 23:59:59 is after the end of the CA itself, 2035-06-15 12:00:00 \[VALIDITY_REFUSED\]/,
  );
  const hint = /--not-after (\S+)/.exec(later.stderr)?.[1] ?? '';
  t.is((await ours(folder, ['sign', '-b', '-f', '--not-after', hint, 'host'])).status, 0);
  // Without a given end, it ends with its CA, as ever.
  await oursWell(folder, ['sign', '-b', '-f', '--days', '9000', 'host']);
  t.is(new X509Certificate(readFileSync(join(folder, 'host-cert.pem'))).validTo, 'Jun 15 12:00:00 2035 GMT');
});

test('ca.cnf of a CA of hours is one that openssl ca works with', async (t) => {
  const folder = scratchFolder(t);
  await oursWell(folder, ['init', '-k', 'ec', '--valid-for', '36h']);
  const ca = join(folder, 'pki/switchca');
  t.regex(readFileSync(join(ca, 'ca.cnf'), 'utf8'), /^default_days\s+= 2$/m);
  await oursWell(folder, ['req', '-u', '-k', 'ec', 'host']);
  await runWell('openssl', ['ca', '-config', 'ca.cnf', '-batch', '-in', join(folder, 'host-req.pem'), '-notext'], {
    cwd: ca,
  });
});

interface HalfDay {
  readonly pki: string;
  readonly hosts: string;
  readonly names: readonly string[];
  readonly begun: Date;
  /** The platform so many hours later. */
  readonly after: (hours: number) => ReturnType<typeof nodePlatform>;
}

/** A certificate of the CA and one that signs itself, each for half a day. */
async function halfDay(t: ExecutionContext): Promise<HalfDay> {
  const folder = scratchFolder(t);
  const [pki, hosts] = [join(folder, 'pki'), join(folder, 'hosts')];
  mkdirSync(hosts);
  const begun = new Date();
  const after = (hours: number) => nodePlatform({ clock: fixedClock(new Date(begun.getTime() + hours * hourMs)) });
  await init(after(0), { pkiDirectory: pki, keySpec, days: 3650, force: false });
  const order = { pkiDirectory: pki, type: 'switch', keySpec, unique: true, force: false } as const;
  const names = [join(hosts, 'half_day'), join(hosts, 'alone')];
  await reqSign(after(0), { ...order, names: names.slice(0, 1), days: 0.5 });
  await req(after(0), { ...order, names: names.slice(1) });
  await selfSign(after(0), { names: names.slice(1), days: 0.5, force: true });
  return { pki, hosts, names, begun, after };
}

function renewDue(t: ExecutionContext, { pki, after }: HalfDay, folder: string, hours: number, days?: number) {
  return inFolder(t, folder, () =>
    renew(after(hours), {
      ...{ pkiDirectory: pki, type: 'switch', names: [], rekey: false, keySpec: undefined },
      dueWithinMs: 30 * dayMs,
      ...(days === undefined ? {} : { days }),
    }),
  );
}

test('what is made for hours is due in the last third of its life, and not from its first moment', async (t) => {
  const { pki, hosts, after } = await halfDay(t);
  const due = async (hours: number): Promise<string[]> =>
    [...(await list(after(hours), { pkiDirectory: pki, states: ['due'] }))].map(({ commonName }) => commonName);
  const reasons = async (hours: number): Promise<string[]> =>
    (await check(after(hours), { pkiDirectory: pki, folder: hosts, warnMs: 30 * dayMs, criticalMs: 7 * dayMs })).reasons
      .map(({ severity, about }) => `${severity} ${about.split('/').at(-1)}`)
      .sort();
  t.deepEqual([await due(0), await reasons(0)], [[], []]);
  t.deepEqual([await due(7), await reasons(7)], [[], []]);
  t.deepEqual(await due(9), ['half_day']);
  t.deepEqual(await reasons(9), ['warning alone-cert.pem', 'warning half_day']);
  t.deepEqual(await reasons(11), ['critical alone-cert.pem', 'critical half_day']);
});

test('what is made for hours is followed by one for as long, once it is due', async (t) => {
  const scene = await halfDay(t);
  const { hosts, names, begun } = scene;
  t.deepEqual(await renewDue(t, scene, hosts, 1), []);
  const renewed = await renewDue(t, scene, hosts, 9);
  t.deepEqual(renewed.map(({ name, outcome }) => `${name} ${outcome}`).sort(), ['alone renewed', 'half_day renewed']);
  for (const name of names) {
    const { validTo } = new X509Certificate(readFileSync(`${name}-cert.pem`));
    t.is(Date.parse(validTo), Math.floor((begun.getTime() + 21 * hourMs) / 1000) * 1000, name);
  }
  t.deepEqual(await renewDue(t, scene, hosts, 9), []);
  t.is((await renewDue(t, scene, hosts, 18, 3)).length, 2);
  // A host whose certificate is elsewhere is told of when it is due, and not before.
  const elsewhere = scratchFolder(t);
  t.deepEqual(await renewDue(t, scene, elsewhere, 20), []);
  const late = await renewDue(t, scene, elsewhere, 18 + 60);
  t.deepEqual(
    late.map(({ outcome }) => outcome),
    ['skipped'],
  );
});

test('a CRL for hours says when the next is due, to the minute, and is not due at once', async (t) => {
  const folder = scratchFolder(t);
  await oursWell(folder, ['init', '-k', 'ec']);
  for (const [option, lengthMs] of [
    ['--days=0.5', 12 * hourMs],
    ['--valid-for=6h', 6 * hourMs],
    ['--valid-for=90m', 90 * minuteMs],
  ] as const) {
    const stdout = await oursWell(folder, ['crl', option]);
    t.regex(stdout, /next update \d{4}-\d\d-\d\d \d\d:\d\d UTC\n$/);
    const said = await runWell(
      'openssl',
      ['crl', '-noout', '-lastupdate', '-nextupdate', '-in', 'pki/switchca/crl.pem'],
      {
        cwd: folder,
      },
    );
    const [last = 0, next = 0] = said
      .trim()
      .split('\n')
      .map((line) => Date.parse(line.split('=')[1] ?? ''));
    t.is(next - last, lengthMs, option);
    t.is((await ours(folder, ['check'])).status, 0, option);
  }
  const late = nodePlatform({ clock: fixedClock(new Date(Date.now() + hourMs)) });
  const request = { pkiDirectory: join(folder, 'pki'), folder, warnMs: 30 * dayMs, criticalMs: 7 * dayMs };
  t.deepEqual(
    (await check(late, request)).reasons.map(({ rule }) => rule),
    ['crl-expiry'],
  );
  await t.throwsAsync(
    crl(late, { pkiDirectory: join(folder, 'pki'), type: 'switch', days: Number.NaN, out: undefined }),
    {
      message: /NaN is no number of days/,
    },
  );
});

test('an inventory takes hours where the CA signs', async (t) => {
  const { parseInventory, expandInventory, checkInventory } = await import(
    '../../../src/deploy/inventory/inventory.js'
  );
  const daysOf = (text: string) =>
    expandInventory(checkInventory(parseInventory(text, 'f')), { folder: '.' }).hosts.map(
      ({ identity }) => identity?.days,
    );
  const tunnel = 'version: 1\ntunnels: [{between: [a, b]}]\n';
  const addresses = 'a: {address: 192.0.2.1';
  t.deepEqual(
    daysOf(`${tunnel}defaults: {valid_for: 12h}\nhosts: {${addresses}, days: 30}, b: {address: 192.0.2.2}}\n`),
    [30, 0.5],
  );
  t.deepEqual(
    daysOf(`${tunnel}defaults: {days: 9}\nhosts: {${addresses}, valid_for: 90m}, b: {address: 192.0.2.2}}\n`),
    [0.0625, 9],
  );
});

/** The folder of the process is one; these tests take turns with it. */
let turn = Promise.resolve();
function inFolder<T>(t: ExecutionContext, folder: string, action: () => Promise<T>): Promise<T> {
  const before = process.cwd();
  const result = turn.then(async () => {
    process.chdir(folder);
    try {
      return await action();
    } finally {
      process.chdir(before);
      t.pass();
    }
  });
  turn = result.then(
    () => undefined,
    () => undefined,
  );
  return result;
}
