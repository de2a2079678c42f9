/** Runs cells: those that share hosts one after the other, and no failure stops the others. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { tryByHand } from './by-hand.js';
import { type Cell, type CellKind, pairings } from './cells.js';
import { tryConfiguration } from './configuration-cell.js';
import { type Outcome, removeAll, tryConnect, tryRefused } from './connect-cell.js';
import { tryEvolution } from './evolution-cell.js';
import { tryFleet } from './fleet-cell.js';
import { moreSpokes, tryHubRenewal } from './hub-cell.js';
import type { Lab, Pair } from './lab.js';
import { tryMisfortunes } from './misfortune-cell.js';
import { tryNat } from './nat-cell.js';
import { tryOnHost } from './on-host.js';
import { tryRemove } from './remove-cell.js';
import { tryRenewal } from './renewal-cell.js';
import { lineOf, notBegun, type Result, type Versions } from './report.js';
import { tryRevocation } from './revocation-cell.js';
import { tryTakeover } from './takeover-cell.js';

export interface MatrixOptions {
  /** Where the PKIs are made. */
  readonly folder: string;
  /** Pairs that are at work at the same time. */
  readonly atOnce: number;
  readonly onLine: (line: string) => void;
  /** After each cell, with all that have ended. */
  readonly onResults: (results: readonly Result[]) => void;
  /** When no further cell is begun, in milliseconds since the epoch. */
  readonly deadline: number;
}

export async function runCells(lab: Lab, cells: readonly Cell[], options: MatrixOptions): Promise<Result[]> {
  const results = new Map<Cell, Result>();
  const waiting = [...new Set(cells.map(({ hosts }) => hosts))];
  const work = async (): Promise<void> => {
    for (let hosts = waiting.shift(); hosts !== undefined; hosts = waiting.shift()) {
      const bench = new Bench(lab, join(options.folder, hosts.replaceAll(' ', '-')));
      const row = cells.filter((item) => item.hosts === hosts);
      for (const [index, cell] of row.entries()) {
        const next = row[index + 1];
        const keepsIdentity = next?.kind === 'connect' && next.method === cell.method;
        const isLate = Date.now() > options.deadline;
        const result = isLate ? notBegun(cell) : await tryTwice(bench, cell, keepsIdentity, options.onLine);
        options.onLine(lineOf(result));
        results.set(cell, result);
        options.onResults(cells.flatMap((item) => results.get(item) ?? []));
      }
    }
  };
  await Promise.all(Array.from({ length: options.atOnce }, work));
  return cells.flatMap((cell) => results.get(cell) ?? []);
}

export async function versionsOf(lab: Lab): Promise<Versions> {
  const strongswan = await lab.addPair({ daemons: pairings['ss-ls'] });
  const [first, second] = strongswan.hosts;
  const line = async (host: typeof first, command: string): Promise<string> =>
    (await lab.run(host, command)).stdout.trim().split('\n')[0] ?? '';
  return {
    'Open vSwitch': await line(first, `ovs-vsctl --version | sed 's/.* //'`),
    strongSwan: await line(first, `ipsec --version | sed -n 's/.*strongSwan U\\([^/]*\\).*/\\1/p'`),
    libreswan: await line(second, `ipsec --version | sed 's/.*Libreswan \\([^ ]*\\).*/\\1/'`),
    kernel: await line(first, 'uname -r'),
    OpenSSL: await line(first, `openssl version | cut -d' ' -f2`),
    Node: process.version,
  };
}

/** One pair of hosts, replaced where a cell has failed on it: what it left must not fail the next one. */
class Bench {
  readonly #lab: Lab;
  readonly #folder: string;
  #pair: Pair | undefined;
  #pairs = 0;

  constructor(lab: Lab, folder: string) {
    this.#lab = lab;
    this.#folder = folder;
  }

  async attempt(cell: Cell, keepsIdentity: boolean): Promise<Outcome> {
    if (this.#pair === undefined) this.#pairs += 1;
    const folder = join(this.#folder, String(this.#pairs), cell.kind === 'by-hand' ? cell.method : 'connect');
    mkdirSync(folder, { recursive: true });
    try {
      this.#pair ??= await this.#makePair(cell);
      const outcome = await waysToTry[cell.kind](this.#lab, this.#pair, cell, folder, keepsIdentity);
      if (outcome.failures.length > 0) this.#pair = undefined;
      return outcome;
    } catch (error) {
      if (this.#pair !== undefined) await removeAll(this.#lab, this.#pair, folder);
      this.#pair = undefined;
      return {
        failures: [error instanceof Error ? error.message.replaceAll(/\s+/g, ' ').slice(0, 800) : String(error)],
      };
    }
  }

  #makePair({ hosts, pairing, kind, releases }: Cell): Promise<Pair> {
    const daemons = pairings[pairing];
    if (kind === 'renewal-hub')
      return this.#lab.addPair({ daemons: [...daemons, ...moreSpokes(daemons[0])], releases });
    if (kind === 'fleet' || kind === 'evolution')
      return this.#lab.addPair({ daemons: [...daemons, ...daemons], releases });
    if (hosts !== 'tutorial') return this.#lab.addPair({ daemons, releases });
    return this.#lab.addPair({ daemons, names: ['host_1', 'host_2'], addresses: ['1.1.1.1', '2.2.2.2'] });
  }
}

const waysToTry: Readonly<
  Record<CellKind, (lab: Lab, pair: Pair, cell: Cell, folder: string, keepsIdentity: boolean) => Promise<Outcome>>
> = {
  connect: tryConnect,
  tutorial: tryConnect,
  'by-hand': tryByHand,
  configuration: tryConfiguration,
  misfortunes: tryMisfortunes,
  refused: tryRefused,
  'on-host': tryOnHost,
  renewal: tryRenewal,
  'renewal-hub': tryHubRenewal,
  revocation: tryRevocation,
  fleet: tryFleet,
  evolution: tryEvolution,
  nat: tryNat,
  takeover: tryTakeover,
  remove: tryRemove,
};

export const passedLater = 'passed at 2nd attempt';

/** A cell that needs two attempts has failed; the second one tells whether it always does. */
async function tryTwice(
  bench: Bench,
  cell: Cell,
  keepsIdentity: boolean,
  onLine: (line: string) => void,
): Promise<Result> {
  const first = await bench.attempt(cell, keepsIdentity);
  if (first.failures.length === 0) return { cell, passed: true, ...first };
  onLine(lineOf({ cell, passed: false, ...first }));
  const second = await bench.attempt(cell, keepsIdentity);
  const isWell = second.failures.length === 0;
  return {
    cell,
    passed: false,
    ...(isWell ? second : first),
    failures: [...first.failures, isWell ? passedLater : `2nd attempt: ${second.failures.join('; ')}`],
  };
}
