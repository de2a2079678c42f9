/** `npm run bench`: how fast the program is, as ratios against ovs-pki, openssl, Ansible and a bare Node, measured here and now. */

import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { programPath } from '../support/programs.js';
import { fillIndex } from './filled.js';
import { fleet } from './fleet.js';
import { check, list } from './looking.js';
import { compare, type Row, seconds, secondsOf } from './measure.js';

const scratch = mkdtempSync(join(tmpdir(), 'ovs-pki-ts-bench-'));
const ours = (...args: string[]): [string, string[]] => [process.execPath, [programPath, ...args]];
const run = (cwd: string, program: string, args: readonly string[]) =>
  execFileSync(program, args, { cwd, stdio: 'pipe' });
const runOurs = (cwd: string, ...args: string[]) => run(cwd, ...ours(...args));
const log = ['--log', 'log'];

async function main(): Promise<void> {
  const benches: Record<string, () => Promise<Row[]>> = {
    start: startUp,
    keys: requestAndSign,
    bulk: bulkSign,
    index,
    list: () => list(fresh('list')),
    check: () => check(fresh('check')),
    crl,
    fleet,
  };
  const wanted = process.argv.slice(2);
  print(`Node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores`);
  for (const [name, bench] of Object.entries(benches)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    print(`\n${name}`);
    for (const row of await bench()) printRow(row);
  }
}

/** Cold starts against a Node that does nothing. */
async function startUp(): Promise<Row[]> {
  const folder = fresh('start');
  runOurs(folder, 'init', '--dir', 'pki', ...log);
  runOurs(folder, 'req', '-u', 'host', ...log);
  const bare = () => seconds(process.execPath, ['-e', '0'], folder);
  const cases: { what: string; args: string[]; bar: number }[] = [
    { what: '--help, cold', args: ['--help'], bar: 1.35 },
    { what: 'fingerprint, cold', args: ['fingerprint', 'host-req.pem', ...log], bar: 1.35 },
    { what: 'sign, cold (RSA-3072 CA)', args: ['sign', '-b', '-f', 'host', '--dir', 'pki', ...log], bar: 1.45 },
  ];
  const rows: Row[] = [];
  for (const { what, args, bar } of cases) {
    const comparison = await compare(25, () => seconds(...ours(...args), folder), bare);
    rows.push({ what: `${what}, against node -e 0`, comparison, reads: 'times the time of the peer', bar });
  }
  return rows;
}

/** Keys, requests and certificates of 200 names, against a loop of ovs-pki and against bare keys. */
async function requestAndSign(): Promise<Row[]> {
  const [rounds, names, loop] = [3, 200, 40];
  const folder = fresh('keys');
  runOurs(folder, 'init', '-B', '2048', '--dir', 'pki', ...log);
  run(folder, 'ovs-pki', ['init', '-d', 'theirs', '-l', join(folder, 'log')]);
  const mine = (round: number) => {
    const range = `a${round + 1}_[1-${names}]`;
    return seconds(...ours('req+sign', '-u', '-B', '2048', '--dir', 'pki', ...log, range), folder);
  };
  const theirs = async (round: number) => {
    const time = await secondsOf(async () => {
      for (let name = 0; name < loop; name++) {
        await seconds('ovs-pki', ['req+sign', '-u', '-d', 'theirs', '-l', 'log', `b${round + 1}_${name}`], folder);
      }
    });
    return (time / loop) * names;
  };
  const keys = (round: number) => {
    const each = `openssl genrsa -out key${round}_{} 2048 2>/dev/null`;
    return seconds('sh', ['-c', `seq ${names} | xargs -P ${availableParallelism()} -I{} sh -c '${each}'`], folder);
  };
  return [
    {
      what: `req+sign of ${names} RSA-2048 names, against a loop of ovs-pki`,
      comparison: await compare(rounds, theirs, mine, false),
      reads: 'times faster than the peer',
      bar: 1.8,
    },
    {
      what: `the same, against openssl genrsa alone on all cores`,
      comparison: await compare(rounds, (round) => mine(round + rounds), keys, false),
      reads: 'times the time of the peer',
      bar: 1.1,
    },
  ];
}

/** 500 requests that are there already. */
async function bulkSign(): Promise<Row[]> {
  const [count, loop] = [500, 100];
  const folder = fresh('bulk');
  runOurs(folder, 'init', '--dir', 'pki', ...log);
  runOurs(folder, 'req', '-u', '-B', '2048', ...log, `h[1-${count}]`);
  const opensslCa = ['ca', '-config', 'ca.cnf', '-extensions', 'usr_cert', '-batch', '-notext'];
  const copy = (name: string) => {
    rmSync(join(folder, name), { recursive: true, force: true });
    cpSync(join(folder, 'pki'), join(folder, name), { recursive: true });
    // Else the first who waits for the disk waits for this copy, too.
    run(folder, 'sync', []);
    return join(folder, name, 'switchca');
  };
  const mine = () => {
    copy('mine');
    return seconds(...ours('sign', '-b', '-f', '--dir', 'mine', ...log, `h[1-${count}]`), folder);
  };
  const oneByOne = async () => {
    const ca = copy('theirs');
    const time = await secondsOf(async () => {
      for (let host = 1; host <= loop; host++) {
        await seconds('openssl', [...opensslCa, '-in', `../../h${host}-req.pem`, '-out', `../../h${host}.pem`], ca);
      }
    });
    return (time / loop) * count;
  };
  const inOneGo = () => {
    const ca = copy('theirs');
    const requests = Array.from({ length: count }, (_, index) => `../../h${index + 1}-req.pem`);
    return seconds('openssl', [...opensslCa, '-outdir', '../..', '-infiles', ...requests], ca);
  };
  return [
    {
      what: `sign ${count} requests in one run, against a loop of openssl ca`,
      comparison: await compare(3, oneByOne, mine),
      reads: 'times faster than the peer',
      bar: 3,
    },
    {
      what: `the same, against openssl ca -infiles`,
      comparison: await compare(3, inOneGo, mine),
      reads: 'times faster than the peer',
      bar: 1,
    },
  ];
}

/** With 100,000 certificates in the index. */
async function index(): Promise<Row[]> {
  const [rowCount, perRun] = [100_000, 20];
  const folder = fresh('index');
  runOurs(folder, 'init', '--dir', 'empty', ...log);
  runOurs(folder, 'req', '-u', '-B', '2048', ...log, `h[1-${perRun}]`);
  cpSync(join(folder, 'empty'), join(folder, 'full'), { recursive: true });
  fillIndex(join(folder, 'full', 'switchca'), rowCount);
  const names = `h[1-${perRun}]`;
  const sign = (directory: string, what: string) => () =>
    seconds(...ours('sign', '-b', '-f', '--dir', directory, ...log, what), folder);
  const openssl = () => {
    const args = ['ca', '-config', 'ca.cnf', '-extensions', 'usr_cert', '-batch', '-notext', '-out', '/dev/null'];
    return seconds('openssl', [...args, '-in', '../../h1-req.pem'], join(folder, 'full', 'switchca'));
  };
  const full = sign('full', names);
  // openssl rewrites the index, after which our first run brings the key register up to date: not while we measure.
  const afterOpenssl = async (action: () => Promise<number>) => {
    await sign('full', 'h1')();
    return action();
  };
  return [
    {
      what: `sign, ${perRun} requests a run, time of each, ${rowCount} rows, against openssl ca`,
      comparison: await compare(7, openssl, async () => (await afterOpenssl(full)) / perRun),
      reads: 'times faster than the peer',
      bar: 5,
    },
    {
      what: `sign, cold, one request a run, ${rowCount} rows, against openssl ca`,
      comparison: await compare(10, openssl, () => afterOpenssl(sign('full', 'h1'))),
      reads: 'times faster than the peer',
    },
    {
      what: `sign, cold, with ${rowCount} rows against none`,
      comparison: await compare(25, sign('full', 'h1'), sign('empty', 'h1')),
      reads: 'times the time of the peer',
    },
  ];
}

/** A list of 100,000 revoked certificates. */
async function crl(): Promise<Row[]> {
  const count = 100_000;
  const folder = fresh('crl');
  runOurs(folder, 'init', '--dir', 'pki', ...log);
  const ca = join(folder, 'pki', 'switchca');
  const reasons = ['', ',superseded', ',keyCompromise', ',keyTime,20260101000000Z'];
  const rows = Array.from({ length: count }, (_, number) => {
    const serial = `41${number.toString(16).toUpperCase().padStart(30, '0')}`;
    const revoked = `2601010000${String(number % 60).padStart(2, '0')}Z${reasons[number % reasons.length]}`;
    return `R\t361119033336Z\t${revoked}\t${serial}\tunknown\t/O=Open vSwitch/CN=old_${number}\n`;
  });
  appendFileSync(join(ca, 'index.txt'), rows.join(''));
  const mine = () => seconds(...ours('crl', '--dir', 'pki', ...log), folder);
  const openssl = () => seconds('openssl', ['ca', '-config', 'ca.cnf', '-gencrl', '-out', 'openssl.pem'], ca);
  return [
    {
      what: `crl, cold, ${count} entries, against openssl ca -gencrl`,
      comparison: await compare(10, mine, openssl),
      reads: 'times the time of the peer',
      bar: 2,
    },
  ];
}

function fresh(name: string): string {
  const folder = join(scratch, name);
  mkdirSync(folder);
  return folder;
}

function printRow({ what, comparison, reads, bar, note }: Row): void {
  const { first, second, ratio, least, greatest } = comparison;
  const atMost = reads === 'times the time of the peer';
  const verdict =
    bar === undefined ? '' : ` (bar: ${atMost ? 'at most' : 'at least'} ${bar}: ${isMet(ratio, bar, atMost)})`;
  print(`  ${what}`);
  print(`    ${ratio.toFixed(2)} ${reads}${verdict}`);
  print(
    `    medians ${first.toFixed(4)} s and ${second.toFixed(4)} s, ratios ${least.toFixed(2)} to ${greatest.toFixed(2)}`,
  );
  if (note !== undefined) print(`    ${note}`);
}

function isMet(ratio: number, bar: number, atMost: boolean): string {
  return (atMost ? ratio <= bar : ratio >= bar) ? 'met' : 'NOT met';
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  await main();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
