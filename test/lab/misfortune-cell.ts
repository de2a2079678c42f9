/** Things go wrong on a host with a working tunnel: doctor must name each, and its cure must help. */

import type { Finding } from '../../src/deploy/doctor/rule.js';
import { runOurs } from '../support/programs.js';
import type { Cell } from './cells.js';
import { connect, type Outcome, removeAll, said, targets } from './connect-cell.js';
import type { Lab, Pair } from './lab.js';
import { type Misfortune, misfortunes } from './misfortunes.js';
import { pingBothWays } from './watch.js';

export async function tryMisfortunes(lab: Lab, pair: Pair, cell: Cell, folder: string): Promise<Outcome> {
  await runOurs(['--dir', 'pki', '--log', 'log', 'init'], { cwd: folder });
  const capture = await lab.capture(pair);
  const connected = await connect(lab, pair, cell, folder);
  if (connected.status !== 0) return { failures: [`connect: ${said(connected)}`] };
  const chosen = misfortunes.filter(({ daemons }) => daemons.includes(pair.hosts[0].daemon));
  const unnamed: string[] = [];
  const uncured: string[] = [];
  const cured: string[] = [];
  for (const misfortune of chosen) {
    const { said, isWell } = await tryOne(lab, pair, cell, folder, misfortune);
    if (!said.includes(misfortune.id)) unnamed.push(`${misfortune.id}: doctor said ${said.join(', ') || 'nothing'}`);
    else (isWell ? cured : uncured).push(misfortune.id);
  }
  const removed = await removeAll(lab, pair, folder);
  const wire = await capture.stop();
  return {
    failures: [...unnamed, ...(removed.status === 0 ? [] : [`remove: ${said(removed)}`])],
    wire,
    note: [
      `named, and cured: ${cured.join(', ')}`,
      ...(uncured.length === 0 ? [] : [`named, and not well again in time after the cure: ${uncured.join(', ')}`]),
      ...(wire.plaintext.count === 0 ? [] : ['stopping libreswan takes all policies out of the kernel']),
    ].join('; '),
  };
}

/** What doctor said, and whether the tunnel worked again after the cure, with nothing left to complain of. */
async function tryOne(
  lab: Lab,
  pair: Pair,
  cell: Cell,
  folder: string,
  misfortune: Misfortune,
): Promise<{ readonly said: readonly string[]; readonly isWell: boolean }> {
  const [host] = pair.hosts;
  await lab.run(host, misfortune.happens);
  const findings = await diagnose(lab, pair, folder, (all) => all.some(({ id }) => id === misfortune.id), 60);
  const finding = findings.find(({ id }) => id === misfortune.id);
  const answer = misfortune.mended ?? (finding?.at === 'host' ? finding.cure : undefined);
  if (answer !== undefined) await lab.run(pair.hosts.find(({ name }) => finding?.host.endsWith(name)) ?? host, answer);
  const isWell = (await works(lab, pair)) && (await diagnose(lab, pair, folder, isClean, 60)).every(isNoError);
  if (misfortune.restored !== undefined) await lab.run(host, misfortune.restored);
  if (!isWell || misfortune.restored !== undefined) await startAgain(lab, pair, cell, folder);
  return { said: findings.map(({ id }) => id), isWell };
}

const isNoError = ({ severity }: Finding): boolean => severity !== 'error';
const isClean = (findings: readonly Finding[]): boolean => findings.every(isNoError);

/** Daemons take a moment to notice: doctor is asked until it says what it is waited for, or the time is over. */
async function diagnose(
  lab: Lab,
  pair: Pair,
  folder: string,
  isAwaited: (findings: readonly Finding[]) => boolean,
  seconds: number,
): Promise<Finding[]> {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const doctor = await lab.operate(['doctor', '--json', '--to', targets(pair).join(',')], { cwd: folder });
    const { findings } = JSON.parse(doctor.stdout) as { findings: Finding[] };
    if (isAwaited(findings) || Date.now() > until) return findings;
  }
}

async function works(lab: Lab, pair: Pair): Promise<boolean> {
  for (let tries = 0; tries < 20; tries++) {
    const { answered, sent } = await pingBothWays(lab, pair, 3);
    if (answered === sent) return true;
  }
  return false;
}

/** The tunnel as it was, for the next misfortune: what an operator does who gives up. */
async function startAgain(lab: Lab, pair: Pair, cell: Cell, folder: string): Promise<void> {
  if (await works(lab, pair)) return;
  const script = 'systemctl restart ipsec; sleep 2; systemctl restart openvswitch-ipsec';
  await Promise.all(pair.hosts.map((host) => lab.run(host, script)));
  await lab.operate(['remove', '--port', 'tun', '--to', targets(pair).join(',')], { cwd: folder });
  await connect(lab, pair, cell, folder);
}
