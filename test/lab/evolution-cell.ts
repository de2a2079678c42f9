/** A fleet that changes in ten steps while pings go through the tunnels that a step does not concern: none may be lost. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cell } from './cells.js';
import { type Cost, type Outcome, said } from './connect-cell.js';
import { applyInTime, statusFaults } from './fleet-cell.js';
import type { Lab, LabHost, Pair } from './lab.js';
import { makeIdentities, measured, ours } from './renewal-cell.js';

interface Change {
  readonly name: string;
  readonly hosts: readonly number[];
  /** Of hosts counted from 1. */
  readonly tunnels: readonly string[];
  readonly removed?: readonly number[];
  /** The fourth host has another name, or another address, from here on. */
  readonly isRenamed?: true;
  readonly isReaddressed?: true;
  /** What is typed first, of hosts counted from 1. */
  readonly first?: string;
  /** Who pings whom. */
  readonly unconcerned: readonly (readonly [from: number, to: number])[];
}

const firstTunnel = '{ between: [1, 2] }';
const bothWays = [
  [1, 2],
  [2, 1],
] as const;

const start: Change = { name: 'the first tunnel', hosts: [1, 2], tunnels: [firstTunnel], unconcerned: [] };

const changes: readonly Change[] = [
  {
    name: 'add a host',
    hosts: [1, 2, 3],
    tunnels: [firstTunnel, '{ between: [2, 3] }'],
    unconcerned: bothWays,
  },
  {
    name: 'add another, and a chain',
    hosts: [1, 2, 3, 4],
    tunnels: [firstTunnel, '{ between: [2, 3] }', '{ between: [3, 4] }'],
    unconcerned: [...bothWays, [3, 2]],
  },
  {
    name: 'another type',
    hosts: [1, 2, 3, 4],
    tunnels: [firstTunnel, '{ between: [2, 3] }', '{ between: [3, 4], type: geneve }'],
    unconcerned: [...bothWays, [3, 2]],
  },
  {
    name: 'another address',
    hosts: [1, 2, 3, 4],
    tunnels: [firstTunnel, '{ between: [2, 3] }', '{ between: [3, 4], type: geneve }'],
    isReaddressed: true,
    unconcerned: [...bothWays, [3, 2]],
  },
  {
    name: 'another name',
    hosts: [1, 2, 3, 4],
    tunnels: [firstTunnel, '{ between: [2, 3] }', '{ between: [3, 4], type: geneve }'],
    isReaddressed: true,
    isRenamed: true,
    unconcerned: [...bothWays, [3, 2]],
  },
  {
    name: 'from a chain to a mesh',
    hosts: [1, 2, 3, 4],
    tunnels: [firstTunnel, '{ mesh: [2, 3, 4], type: gre }'],
    isReaddressed: true,
    isRenamed: true,
    unconcerned: [...bothWays, [3, 2]],
  },
  {
    name: 'from a mesh to a hub',
    hosts: [1, 2, 3, 4],
    tunnels: [firstTunnel, '{ hub: 3, spokes: [2, 4] }'],
    isReaddressed: true,
    isRenamed: true,
    unconcerned: [...bothWays, [4, 3]],
  },
  {
    name: 'remove the hub and its spoke',
    hosts: [1, 2],
    tunnels: [firstTunnel],
    removed: [3, 4],
    isRenamed: true,
    unconcerned: bothWays,
  },
  {
    name: 'both come back as a pair, with a PSK',
    hosts: [1, 2, 3, 4],
    tunnels: [firstTunnel, '{ between: [3, 4], auth: psk }'],
    isReaddressed: true,
    isRenamed: true,
    unconcerned: bothWays,
  },
  {
    name: 'from the PSK to self-signed',
    // As the hint says that `apply` has without it: the certificate of the third host in this folder is of the CA.
    first: 'self-sign --force 3',
    hosts: [1, 2, 3, 4],
    tunnels: [firstTunnel, '{ between: [3, 4], auth: self-signed }'],
    isReaddressed: true,
    isRenamed: true,
    unconcerned: bothWays,
  },
];

export async function tryEvolution(lab: Lab, pair: Pair, _: Cell, folder: string): Promise<Outcome> {
  await makeIdentities(pair, folder);
  const fourth = pair.hosts[3] as LabHost;
  await lab.must(fourth, `ip addr add ${otherAddress(pair)}/32 dev eth0`);
  writeFileSync(join(folder, 'fleet.yaml'), changedInventory(pair, start));
  const deployed = await applyInTime(lab, folder);
  if (deployed.status !== 0) return { failures: [`apply: ${said(deployed)}`] };
  const failures: string[] = [];
  const costs: Cost[] = [];
  for (const change of changes) {
    writeFileSync(join(folder, 'fleet.yaml'), changedInventory(pair, change));
    const pings = change.unconcerned.map(([from, to]) => ({
      host: pair.hosts[from - 1] as LabHost,
      address: bridgeAddress(to),
    }));
    const first = change.first
      ?.split(' ')
      .map((word) => (/^[1-4]$/.test(word) ? hostName(pair, change, Number(word)) : word));
    const apply = ['apply', '--prune', '--timeout', '120', 'fleet.yaml'];
    const commands = first === undefined ? [apply] : [first, apply];
    const { cost, problems } = await measured(
      { lab, pair, folder, pings, renewed: [], interval: 0.05 },
      { name: change.name, commands },
    );
    costs.push(cost);
    failures.push(...problems, ...(await statusFaults(lab, folder)).map((text) => `${change.name}: ${text}`));
  }
  const removed = await lab.operate(ours(['remove', 'fleet.yaml']), { cwd: folder });
  if (removed.status !== 0) failures.push(`remove: ${said(removed)}`);
  const sum = (key: 'sent' | 'lost'): number => costs.reduce((total, cost) => total + cost[key], 0);
  return { failures, costs, note: `${changes.length} steps; ${sum('lost')} of ${sum('sent')} pings lost` };
}

function bridgeAddress(number: number): string {
  return `192.0.0.${number}`;
}

function otherAddress({ number }: Pair): string {
  return `2.2.99.${number}`;
}

function hostName(pair: Pair, { isRenamed }: Change, number: number): string {
  return number === 4 && isRenamed === true ? 'renamed' : (pair.hosts[number - 1]?.name ?? '');
}

function changedInventory(pair: Pair, change: Change): string {
  const { hosts, tunnels, removed = [], isReaddressed } = change;
  const nameOf = (number: number): string => hostName(pair, change, number);
  const lines = hosts.map((number) => {
    const { target, address } = pair.hosts[number - 1] as LabHost;
    const own = number === 4 && isReaddressed === true ? otherAddress(pair) : address;
    return `  ${nameOf(number)}: { ssh: ${target}, address: ${own}, bridge_address: ${bridgeAddress(number)}/24 }`;
  });
  const named = tunnels.map((text) => text.replaceAll(/\b[1-4]\b/g, (number) => nameOf(Number(number))));
  return `version: 1
defaults: { type: gre, auth: ca-signed }
hosts:
${lines.join('\n')}
${removed.length === 0 ? '' : `removed: [${removed.map(nameOf).join(', ')}]\n`}tunnels:
${named.map((text) => `  - ${text}`).join('\n')}
`;
}
