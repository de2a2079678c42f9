/** Certificates and the key of the CA are replaced while pings go through the tunnel, and none may be lost. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runOurs } from '../support/programs.js';
import type { Cell } from './cells.js';
import { type Cost, type Outcome, removeAll, said, targets } from './connect-cell.js';
import type { Lab, LabHost, Pair } from './lab.js';

export interface Step {
  readonly name: string;
  /** Of the program, one after the other. */
  readonly commands?: readonly (readonly string[])[];
  /** With which exit status the last of them ends; 0 where it is not told. */
  readonly status?: number;
  /** On each host, one after the other. */
  readonly byHand?: string;
  /** The IKE SAs are others after it: what is new was authenticated with. */
  readonly authenticates?: boolean;
  /** It comes last and is here for comparison: what it leaves is not looked at. */
  readonly mayLose?: boolean;
}

/** What ovs-monitor-ipsec does with another path: every tunnel of the host is rebuilt. */
const otherPath = `for key in certificate private_key; do
    ovs-vsctl set Open_vSwitch . other_config:$key="$(readlink -f "$(ovs-vsctl get Open_vSwitch . other_config:$key | tr -d '"')")"
  done`;

function stepsFor(pair: Pair): readonly Step[] {
  const names = pair.hosts.map(({ name }) => name);
  const fleet = 'fleet.yaml';
  return [
    { name: 'nothing at all' },
    {
      name: 'new key and certificate for both ends',
      commands: [
        ['req+sign', '-u', '-f', ...names],
        ['apply', fleet],
      ],
      authenticates: true,
    },
    { name: 'rollover prepare', commands: [['rollover', 'prepare']] },
    { name: 'rollover distribute', commands: [['rollover', 'distribute', fleet]] },
    { name: 'rollover switch', commands: [['rollover', 'switch', fleet]], authenticates: true },
    { name: 'rollover retire', commands: [['rollover', 'retire', fleet]] },
    { name: 'for comparison: other paths in other_config', byHand: otherPath, mayLose: true },
  ];
}

export async function tryRenewal(lab: Lab, pair: Pair, cell: Cell, folder: string): Promise<Outcome> {
  await runOurs(['--dir', 'pki', '--log', 'log', 'init'], { cwd: folder });
  writeFileSync(join(folder, 'fleet.yaml'), inventoryOf(pair, cell));
  const deployed = await lab.operate(ours(['apply', 'fleet.yaml']), { cwd: folder });
  if (deployed.status !== 0) return { failures: [`apply: ${said(deployed)}`] };
  const failures: string[] = [];
  const costs: Cost[] = [];
  const [first, second] = pair.hosts;
  const pings = [
    { host: first, address: '192.0.0.2' },
    { host: second, address: '192.0.0.1' },
  ];
  const scene: Scene = { lab, pair, folder, pings, renewed: pair.hosts };
  for (const step of stepsFor(pair)) {
    if (step.mayLose) failures.push(...(await rolledOver(lab, pair, folder)));
    const { cost, problems } = await measured(scene, step);
    costs.push(cost);
    failures.push(...problems);
  }
  await removeAll(lab, pair, folder);
  return { failures, costs };
}

/** What is measured while a step is made. */
export interface Scene {
  readonly lab: Lab;
  readonly pair: Pair;
  /** Where the PKI and the inventory are. */
  readonly folder: string;
  /** At most one a host. */
  readonly pings: readonly { readonly host: LabHost; readonly address: string }[];
  /** The hosts that have other IKE SAs after a step that authenticates. */
  readonly renewed: readonly LabHost[];
  /** Seconds between two pings of a host; 0.01 where it is not said. */
  readonly interval?: number;
}

/** Pings while a step is made; lost ones are a problem, unless the step may lose some. */
export async function measured(
  { lab, pair, folder, pings, renewed, interval = 0.01 }: Scene,
  step: Step,
): Promise<{ readonly cost: Cost; readonly problems: readonly string[] }> {
  const capture = await (pair.hosts.length > 2 ? lab.captureUnderlay(pair) : lab.capture(pair));
  await Promise.all(pings.map(({ host, address }) => startPings(lab, host, address, interval)));
  await lab.run(pair.hosts[0], 'sleep 2');
  const problems: string[] = [];
  const before = await ikeAssociations(lab, renewed);
  const { commands = [], status: wanted = 0 } = step;
  for (const [index, command] of commands.entries()) {
    const run = await lab.operate(ours(command), { cwd: folder, seconds: 600 });
    const isLast = index === commands.length - 1;
    if (run.status !== (isLast ? wanted : 0)) problems.push(`${command.join(' ')}: ${said(run)}`);
  }
  for (const host of step.byHand === undefined ? [] : pair.hosts) await lab.must(host, `${step.byHand}\nsleep 10`);
  await lab.run(pair.hosts[0], 'sleep 4');
  const left = (await ikeAssociations(lab, renewed)).filter((item) => before.includes(item));
  if (step.authenticates && left.length > 0) problems.push(`still there: the IKE SAs ${left.join(', ')}`);
  const counts = await Promise.all(pings.map(({ host }) => stopPings(lab, host, interval)));
  const wire = await capture.stop();
  const sum = (key: 'sent' | 'lost'): number => counts.reduce((total, count) => total + count[key], 0);
  const silence = Math.max(0, ...counts.map((count) => count.silence));
  const cost = { step: step.name, sent: sum('sent'), lost: sum('lost'), plaintext: wire.plaintext.count, silence };
  if (step.mayLose !== true && cost.lost > 0) problems.push(`${cost.lost} of ${cost.sent} pings lost`);
  if (cost.plaintext > 0) problems.push(`${cost.plaintext} plaintext packets`);
  return { cost, problems: problems.map((problem) => `${step.name}: ${problem}`) };
}

/** The IKE SAs that are up, by the names and numbers that the daemons give them: `host_1 tun-1[3]`, `host_2 #4`. */
async function ikeAssociations(lab: Lab, hosts: readonly LabHost[]): Promise<string[]> {
  const all = await Promise.all(
    hosts.map(async (host) => {
      const { stdout } = await lab.run(host, 'ipsec status');
      const found = stdout.matchAll(/(\S+\[\d+\]): ESTABLISHED|^000 (#\d+): .*STATE_V2_ESTABLISHED_IKE_SA/gm);
      return [...found].map(([, charon, pluto]) => `${host.name} ${charon ?? pluto}`);
    }),
  );
  return all.flat();
}

/** The last ones may be on their way when they are stopped: what counts is up to the last answer. */
function startPings(lab: Lab, host: LabHost, address: string, interval: number): Promise<unknown> {
  return lab.must(
    host,
    `setsid sh -c 'echo $$ >/run/lab/ping.pid; exec ping -n -D -i ${interval} ${address}' >/run/lab/ping.out 2>&1 </dev/null &
     sleep 1`,
  );
}

/** @returns `silence`: the longest time between two answers, in seconds */
async function stopPings(
  lab: Lab,
  host: LabHost,
  interval: number,
): Promise<{ readonly sent: number; readonly lost: number; readonly silence: number }> {
  const text = await lab.must(
    host,
    `kill -INT $(cat /run/lab/ping.pid); sleep 1; sed -n 's/^\\[\\([0-9.]*\\)\\] .*icmp_seq=\\([0-9]*\\) .*/\\2 \\1/p' /run/lab/ping.out; sed -n 's/^\\([0-9]*\\) packets transmitted.*/sent \\1/p' /run/lab/ping.out`,
  );
  const answers = [...text.matchAll(/^(\d+) ([\d.]+)$/gm)].map(
    ([, number, at]) => [Number(number), Number(at)] as const,
  );
  const answered = new Set(answers.map(([number]) => number));
  const times = answers.map(([, at]) => at);
  const silence = Math.max(0, ...times.map((at, index) => at - (times[index - 1] ?? at)));
  const last = Math.max(0, ...answered);
  const transmitted = Number(/^sent (\d+)$/m.exec(text)?.[1] ?? 0);
  // A tunnel that never came back has lost all to the end.
  const sent = (transmitted - last) * interval > 1 ? transmitted : last;
  return { sent, lost: sent - answered.size, silence };
}

/** The rollover has really been one: nobody presents or trusts what was before, and the tunnel is well. */
async function rolledOver(lab: Lab, pair: Pair, folder: string): Promise<string[]> {
  const status = await lab.operate(['status', '--json', '--to', targets(pair).join(',')], { cwd: folder });
  const { hosts } = JSON.parse(status.stdout) as {
    hosts: { tunnels: { state: string }[]; identity?: { certificate?: { serialNumber: string } } }[];
  };
  const states = hosts.flatMap(({ tunnels }) => tunnels.map(({ state }) => state));
  const index = readFileSync(join(folder, 'pki/switchca/index.txt'), 'latin1').trim().split('\n');
  const newest = pair.hosts.map(
    ({ name }) =>
      index
        .filter((row) => row.endsWith(`/CN=${name}`))
        .at(-1)
        ?.split('\t')[3],
  );
  const presented = hosts.map(({ identity }) => identity?.certificate?.serialNumber);
  return [
    ...(states.length === 2 && states.every((state) => state === 'encrypted') ? [] : [`status: ${states.join(', ')}`]),
    ...(newest.every((serial, at) => serial === presented[at])
      ? []
      : ['hosts do not present their newest certificates']),
  ];
}

/** A CA, and the certificates of all hosts: their keys are made here, for on an emulated host each takes a minute. */
export async function makeIdentities({ hosts }: Pair, folder: string): Promise<void> {
  const names = hosts.map(({ name }) => name).filter((name) => !existsSync(join(folder, `${name}-cert.pem`)));
  await runOurs(ours(['init']), { cwd: folder });
  if (names.length > 0) await runOurs(ours(['req+sign', '-u', ...names]), { cwd: folder });
}

export function ours(args: readonly string[]): string[] {
  return ['--dir', 'pki', '--log', 'log', ...args];
}

/** The two hosts with one tunnel between them, or a hub and its spokes, as the operator writes it down. */
export function inventoryOf({ hosts }: Pair, { type, method }: Cell): string {
  const lines = hosts.map(
    ({ name, target, address }, index) =>
      `  ${name}: { ssh: ${target}, address: ${address}, bridge_address: 192.0.0.${index + 1}/24 }`,
  );
  const [first, second, ...more] = hosts.map(({ name }) => name);
  const tunnels =
    more.length === 0
      ? `between: [${first}, ${second}]\n    port: tun`
      : `hub: ${first}\n    spokes: [${[second, ...more].join(', ')}]`;
  return `version: 1\ndefaults: { type: ${type}, auth: ${method} }\nhosts:\n${lines.join('\n')}\ntunnels:\n  - ${tunnels}\n`;
}
