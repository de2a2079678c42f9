/** A cell that one `connect` makes: what it promises is held against the wire and the hosts. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { resultText } from '../../src/cli/render/fleet.js';
import type { HostResult } from '../../src/deploy/apply/host-run.js';
import { codeBlocks, consoleSteps } from '../support/console.js';
import { projectRoot, type Run, runOurs } from '../support/programs.js';
import type { Wire } from './capture.js';
import type { Cell } from './cells.js';
import type { Lab, LabHost, Pair } from './lab.js';
import { type Pings, pingBothWays, watchFirstAnswer } from './watch.js';

/** What a step cost, in pings and packets. */
export interface Cost {
  readonly step: string;
  readonly sent: number;
  readonly lost: number;
  readonly plaintext: number;
  /** The longest time between two answers, in seconds. */
  readonly silence?: number;
}

/** What came of a cell. */
export interface Outcome {
  /** What was promised and not kept; none where the cell has passed. */
  readonly failures: readonly string[];
  /** From the start of `connect` until it had proved the tunnel. */
  readonly seconds?: number;
  /** From the appearance of the port at the first host until a ping was answered there. */
  readonly firstAnswer?: number | undefined;
  readonly wire?: Wire;
  readonly pings?: Pings;
  readonly note?: string;
  /** What each step cost in pings, where tunnels are renewed. */
  readonly costs?: readonly Cost[];
}

/** @param keepsIdentity the next cell of the pair begins with these certificates, and not with bare hosts */
export async function tryConnect(
  lab: Lab,
  pair: Pair,
  cell: Cell,
  folder: string,
  keepsIdentity: boolean,
): Promise<Outcome> {
  if (cell.method === 'ca-signed') await runOurs(['--dir', 'pki', '--log', 'log', 'init'], { cwd: folder });
  const capture = await lab.capture(pair);
  const watch = watchFirstAnswer(lab, pair.hosts[0], '192.0.0.2', 'tun');
  const started = Date.now();
  const connected = await connect(lab, pair, cell, folder);
  const seconds = (Date.now() - started) / 1000;
  const firstAnswer = await watch.stop();
  const pings = await pingBothWays(lab, pair, 10);
  const status = await lab.operate(['status', '--json', '--to', targets(pair).join(',')], { cwd: folder });
  const again = connected.status === 0 ? await connect(lab, pair, cell, folder) : undefined;
  const removed = await remove(lab, pair, folder, keepsIdentity ? [] : ['--identity']);
  const afterwards = await pingBothWays(lab, pair, 3);
  const wire = await capture.stop();
  const failures = [
    ...connectFailures(connected),
    ...(cell.kind === 'tutorial' && cell.method === 'ca-signed' ? readmeFailures(connected) : []),
    ...pingFailures(pings),
    ...statusFailures(status),
    ...(again === undefined ? [] : repetitionFailures(again)),
    ...(removed.status === 0 ? [] : [`remove: ${said(removed)}`]),
    ...(afterwards.answered === 0 ? [] : ['pings are answered after remove']),
    ...wireFailures(wire),
    ...(firstAnswer === undefined ? ['the ping loop of the first host had no answer'] : []),
  ];
  return { failures, seconds, firstAnswer, wire, pings };
}

/** The kernel's gre port carries IPv4 only, and ovs-monitor-ipsec does not know ip6gre. */
export async function tryRefused(lab: Lab, pair: Pair, cell: Cell, folder: string): Promise<Outcome> {
  const connected = await connect(lab, pair, cell, folder);
  const isRefused = connected.status === 3 && connected.stderr.includes('gre goes over IPv4 only');
  return {
    failures: isRefused ? [] : [`connect: ${said(connected)}`],
    note: 'refused before a host is touched, for it cannot work: antrea-io/antrea#3150 and #3151',
  };
}

/** The README opens with this: what it shows is what was printed, but for numbers that differ each time. */
function readmeFailures(connected: Run): string[] {
  if (connected.status !== 0) return [];
  const readme = readFileSync(join(projectRoot, 'README.md'), 'utf8');
  const [block] = codeBlocks(readme).filter(({ info }) => info === 'console lab');
  const shown = consoleSteps(block?.text ?? '').find(({ command }) => command.includes(' connect '))?.output ?? '';
  const { results } = JSON.parse(connected.stdout) as { results: HostResult[] };
  const printed = results.map(resultText).join('');
  return withoutNumbers(shown) === withoutNumbers(printed) ? [] : [`the README shows something else than: ${printed}`];
}

function withoutNumbers(text: string): string {
  return text
    .trim()
    .replaceAll(/-[0-9a-f]{16}(?=[-.])/g, '-(generation)')
    .replaceAll(/\d+ bytes of ESP out, \d+ in/g, '(bytes)')
    .replaceAll(/serial [0-9A-F]+/g, 'serial (number)');
}

export function connect(lab: Lab, pair: Pair, cell: Cell, folder: string, more: readonly string[] = []): Promise<Run> {
  const named = (value: (host: LabHost, index: number) => string): string[] =>
    pair.hosts.map((host, index) => `${host.name}=${value(host, index)}`);
  const args = [
    ...['connect', ...named(({ target }) => target), '--json', '--dir', 'pki', '--log', 'log'],
    ...['--tunnel-address', ...named(({ address, address6 }) => (cell.ipv6 ? address6 : address))],
    ...['--bridge-address', ...named((_, index) => `192.0.0.${index + 1}/24`)],
    ...['--type', cell.type, '--auth', cell.method, ...more],
  ];
  return lab.operate(args, { cwd: folder });
}

export function removeAll(lab: Lab, pair: Pair, folder: string): Promise<Run> {
  return remove(lab, pair, folder, ['--identity']);
}

export function remove(lab: Lab, pair: Pair, folder: string, more: readonly string[]): Promise<Run> {
  return lab.operate(['remove', '--port', 'tun', ...more, '--to', targets(pair).join(',')], { cwd: folder });
}

export function targets(pair: Pair): string[] {
  return pair.hosts.map(({ target }) => target);
}

/** The end of what a program said, on one line. */
export function said({ status, signal, stdout, stderr }: Run): string {
  const text = (stderr.trim() || stdout.trim()).replaceAll(/\s+/g, ' ');
  return `exit status ${status ?? signal}: ${text.slice(-600)}`;
}

interface Reported {
  readonly results?: readonly {
    readonly host: string;
    readonly outcome: string;
    readonly proofs: readonly { readonly encrypted: boolean; readonly bytesOut: number; readonly bytesIn: number }[];
  }[];
  readonly hosts?: readonly { readonly host: string; readonly tunnels?: readonly { readonly state: string }[] }[];
}

function reported({ stdout }: Run): Reported {
  try {
    return JSON.parse(stdout) as Reported;
  } catch {
    return {};
  }
}

function connectFailures(connected: Run): string[] {
  if (connected.status !== 0) return [`connect: ${said(connected)}`];
  const proofs = (reported(connected).results ?? []).flatMap(({ proofs }) => proofs);
  const proved = proofs.filter(({ encrypted, bytesIn, bytesOut }) => encrypted && bytesIn > 0 && bytesOut > 0);
  return proved.length === 2 ? [] : [`connect proved ${proved.length} of 2 ends: ${said(connected)}`];
}

function pingFailures({ sent, answered }: Pings): string[] {
  return answered === sent ? [] : [`${answered} of ${sent} pings were answered`];
}

function statusFailures(status: Run): string[] {
  const states = (reported(status).hosts ?? []).flatMap(({ tunnels = [] }) => tunnels.map(({ state }) => state));
  const isWell = status.status === 0 && states.length === 2 && states.every((state) => state === 'encrypted');
  return isWell ? [] : [`status: exit status ${status.status}, ends ${states.join(', ')}`];
}

function repetitionFailures(again: Run): string[] {
  const outcomes = (reported(again).results ?? []).map(({ outcome }) => outcome);
  if (again.status === 0 && outcomes.length === 2 && outcomes.every((outcome) => outcome === 'unchanged')) return [];
  return [`a second connect: ${again.status === 0 ? outcomes.join(', ') : said(again)}`];
}

export function wireFailures({ esp, plaintext }: Wire, hosts = 2): string[] {
  return [
    ...(plaintext.count === 0 ? [] : [`${plaintext.count} plaintext packets of the tunnel on the wire`]),
    ...(esp.sources.length === hosts ? [] : [`ESP from ${esp.sources.length} of ${hosts} hosts`]),
  ];
}
