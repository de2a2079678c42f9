/** `list` and `check` in a directory of many certificates. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { programPath } from '../support/programs.js';
import { fillCopies, fillIndex } from './filled.js';
import { compare, type Row, seconds } from './measure.js';

const log = ['--log', 'log'];

/** A million rows, against awk, which does nothing but print the columns. */
export async function list(folder: string): Promise<Row[]> {
  await ours(folder, 'init', '-k', 'ec', '--dir', 'pki');
  const ca = join(folder, 'pki', 'switchca');
  fillIndex(ca, 1_000_000);
  const columns = '{ split($6, name, "CN="); print name[2], $1, $2, $4 }';
  const awk = () => seconds('awk', ['-F\t', columns, 'index.txt'], ca);
  const rows: Row[] = [];
  for (const form of [[], ['--json']]) {
    const args = ['list', 'switch', '--dir', 'pki', ...form];
    rows.push({
      what: `${args.slice(0, 2).join(' ')}${form.length > 0 ? ' --json' : ''}, a million rows, against awk`,
      comparison: await compare(3, () => ours(folder, ...args), awk),
      reads: 'times the time of the peer',
      note: `${peakMegabytes(folder, args)} MB of memory at most`,
    });
  }
  return rows;
}

/** 100,000 certificates, all in force and with a file each, against openssl's look at its index alone. */
export async function check(folder: string): Promise<Row[]> {
  const count = 100_000;
  await ours(folder, 'init', '-B', '2048', '--dir', 'pki');
  await ours(folder, 'req+sign', '-u', '-B', '2048', '--dir', 'pki', 'host');
  const ca = join(folder, 'pki', 'switchca');
  fillIndex(ca, count);
  fillCopies(ca, count);
  const args = ['check', 'switch', '--dir', 'pki'];
  const openssl = () => seconds('openssl', ['ca', '-config', 'ca.cnf', '-updatedb'], ca);
  const comparison = await compare(5, () => ours(folder, ...args), openssl);
  const memory = peakMegabytes(folder, args);
  const isMet = comparison.first < 2 && memory < 300;
  return [
    {
      what: `check, ${count} certificates, each file read, against openssl ca -updatedb, which reads none`,
      comparison,
      reads: 'times the time of the peer',
      note: `${memory} MB of memory at most (bar: 2 s and 300 MB: ${isMet ? 'met' : 'NOT met'})`,
    },
  ];
}

function ours(folder: string, ...args: readonly string[]): Promise<number> {
  return seconds(process.execPath, [programPath, ...args, ...log], folder);
}

/** The most memory that a run of ours held, as it says itself when it ends. */
function peakMegabytes(cwd: string, args: readonly string[]): number {
  const tell = "process.on('exit',()=>process.stderr.write('peak:'+process.resourceUsage().maxRSS))";
  const { stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(tell)}`, programPath, ...args, ...log],
    { cwd, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' },
  );
  return Math.round(Number(/peak:(\d+)/.exec(stderr)?.[1]) / 1024);
}
