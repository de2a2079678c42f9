/** A hub gets another certificate while one of its spokes has gone: nothing is lost, and the hub keeps what is new. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runOurs } from '../support/programs.js';
import type { Cell } from './cells.js';
import { type Outcome, said } from './connect-cell.js';
import type { Daemon, Lab, LabHost, Pair } from './lab.js';
import { inventoryOf, measured, ours, type Scene, type Step } from './renewal-cell.js';

/** The spoke with the other daemon, and the one that will go. */
export function moreSpokes(hub: Daemon): readonly [Daemon, Daemon] {
  return [hub === 'strongswan' ? 'libreswan' : 'strongswan', hub];
}

export async function tryHubRenewal(lab: Lab, pair: Pair, cell: Cell, folder: string): Promise<Outcome> {
  const [hub, first, other, gone] = pair.hosts;
  if (other === undefined || gone === undefined) throw new Error('a hub has three spokes here');
  await runOurs(['--dir', 'pki', '--log', 'log', 'init'], { cwd: folder });
  writeFileSync(join(folder, 'fleet.yaml'), inventoryOf(pair, cell));
  const operate = (...args: string[]) => lab.operate(ours(args), { cwd: folder });
  const deployed = await operate('apply', '--timeout', '120', 'fleet.yaml');
  if (deployed.status !== 0) return { failures: [`apply: ${said(deployed)}`] };

  await setLinks(lab, gone, 'down');
  const scene: Omit<Scene, 'renewed'> = {
    ...{ lab, pair, folder },
    pings: [
      { host: hub, address: '192.0.0.2' },
      { host: first, address: '192.0.0.1' },
      { host: other, address: '192.0.0.1' },
    ],
  };
  // strongSwan asks libreswan, and not the reverse.
  const [asksHub, isAskedByHub] = hub.daemon === 'strongswan' ? [[first], [first, other]] : [[first, other], [first]];
  const results = [
    await measured({ ...scene, renewed: isAskedByHub }, renewal('the hub', [hub])),
    await measured({ ...scene, renewed: asksHub }, renewal('its spokes', [first, other])),
  ];
  const failures = results.flatMap(({ problems }) => problems);

  // Once more, and nobody sends. What was renewed stays so: the next run has nothing more to do there.
  await operate('req+sign', '-u', '-f', hub.name);
  await operate('apply', 'fleet.yaml');
  const again = await operate('apply', 'fleet.yaml');
  if (!again.stdout.includes(`${hub.name}: nothing to do`)) failures.push(`the hub has not kept it: ${said(again)}`);
  await setLinks(lab, gone, 'up');
  const back = await operate('apply', '--timeout', '120', 'fleet.yaml');
  if (back.status !== 0) failures.push(`apply with the spoke that is back: ${said(back)}`);
  return { failures, costs: results.map(({ cost }) => cost) };
}

/** One of the hosts is not there: exit status 6. */
function renewal(whose: string, hosts: readonly LabHost[]): Step {
  const names = hosts.map(({ name }) => name);
  const commands = [
    ['req+sign', '-u', '-f', ...names],
    ['apply', 'fleet.yaml'],
  ];
  return { name: `new key and certificate for ${whose}`, commands, status: 6, authenticates: true };
}

/** At the other ends of its wires, so that the host has its routes when it is back. */
async function setLinks(lab: Lab, { management }: LabHost, state: 'up' | 'down'): Promise<void> {
  const number = management.replace('10.77.', '').replace('.', '-');
  const { status, stderr } = await lab.runInGuest(`ip link set u${number} ${state} && ip link set m${number} ${state}`);
  if (status !== 0) throw new Error(stderr);
}
