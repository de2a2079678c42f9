/**
 * Hosts that were wired by hand as the tutorial says come under an inventory, while pings go through their tunnel: what the
 * plan says of an interruption is held against the pings that were lost.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { wireByHand } from './by-hand.js';
import type { Cell } from './cells.js';
import { type Cost, type Outcome, said } from './connect-cell.js';
import { statusFaults } from './fleet-cell.js';
import type { Lab, Pair } from './lab.js';
import { inventoryOf, measured, ours, type Scene } from './renewal-cell.js';

export async function tryTakeover(lab: Lab, pair: Pair, cell: Cell, folder: string): Promise<Outcome> {
  const [first, second] = pair.hosts;
  const failures = await wireByHand(lab, pair, cell.method, folder, cell.name.includes('local_ip'));
  writeFileSync(join(folder, 'fleet.yaml'), inventoryOf(pair, cell));
  const pings = [
    { host: first, address: '192.0.0.2' },
    { host: second, address: '192.0.0.1' },
  ];
  const scene: Scene = { lab, pair, folder, pings, renewed: [], interval: 0.2 };
  const costs: Cost[] = [];
  const step = async (name: string, mayLose: boolean): Promise<void> => {
    const commands = [['apply', '--timeout', '120', 'fleet.yaml']];
    const { cost, problems } = await measured(scene, { name, commands, mayLose });
    costs.push(cost);
    failures.push(...problems);
  };
  const told = await interruptions(lab, folder);
  await step('taken over', told.seconds > 0);
  await step('applied again', false);
  failures.push(...(await statusFaults(lab, folder)));
  const removed = await lab.operate(ours(['remove', 'fleet.yaml']), { cwd: folder });
  if (removed.status !== 0) failures.push(`remove: ${said(removed)}`);
  return { failures, costs, note: `plan: ${told.text}; ${costs.map(costText).join('; ')}` };
}

function costText({ step, sent, lost, silence = 0 }: Cost): string {
  return `${step}: ${lost} of ${sent} pings lost, at most ${silence.toFixed(1)} s without an answer`;
}

/** What the plan says that the change costs: the longest of its interruptions, in seconds. */
async function interruptions(lab: Lab, folder: string): Promise<{ readonly seconds: number; readonly text: string }> {
  const plan = await lab.operate(ours(['plan', '--json', 'fleet.yaml']), { cwd: folder });
  interface Told {
    readonly hosts?: readonly { readonly actions: readonly { interruption?: { why: string; seconds: number } }[] }[];
  }
  const { hosts = [] } = JSON.parse(plan.stdout || '{}') as Told;
  const all = hosts.flatMap(({ actions }) => actions.flatMap(({ interruption }) => interruption ?? []));
  if (plan.stdout === '') return { seconds: 0, text: said(plan) };
  const text = [...new Set(all.map(({ why, seconds }) => `${why}, about ${seconds} s`))].join('; ');
  return { seconds: Math.max(0, ...all.map(({ seconds }) => seconds)), text: text === '' ? 'no interruption' : text };
}
