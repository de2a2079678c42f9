/** stt: no kernel of the distributions has it, so what the database and the IKE daemon's configuration hold is looked at. */

import { runOurs } from '../support/programs.js';
import type { Cell } from './cells.js';
import { connect, type Outcome, removeAll, said } from './connect-cell.js';
import type { Lab, LabHost, Pair } from './lab.js';

export async function tryConfiguration(lab: Lab, pair: Pair, cell: Cell, folder: string): Promise<Outcome> {
  await runOurs(['--dir', 'pki', '--log', 'log', 'init'], { cwd: folder });
  const connected = await connect(lab, pair, cell, folder, ['--skip-proof']);
  if (connected.status !== 0) return { failures: [`connect: ${said(connected)}`] };
  const wiring = await Promise.all(
    pair.hosts.map((host, index) => wiringFailures(lab, host, pair.hosts[1 - index], cell)),
  );
  const removed = await removeAll(lab, pair, folder);
  return {
    failures: [...wiring.flat(), ...(removed.status === 0 ? [] : [`remove: ${said(removed)}`])],
    note: 'configuration only: the kernel has no stt',
  };
}

async function wiringFailures(lab: Lab, host: LabHost, peer: LabHost | undefined, cell: Cell): Promise<string[]> {
  const expected: readonly (readonly [command: string, pattern: RegExp])[] = [
    ['ovs-vsctl get Interface tun type', new RegExp(`^${cell.type}$`, 'm')],
    ['ovs-vsctl get Interface tun options:remote_ip', new RegExp(`^"?${peer?.address}"?$`, 'm')],
    ['ovs-vsctl get Interface tun options:remote_name', new RegExp(`^"?${peer?.name}"?$`, 'm')],
    ['ovs-appctl -t ovs-monitor-ipsec tunnels/show', /^Interface name: tun v\d+ \(CONFIGURED\)/m],
    ['cat /etc/ipsec.conf', /^conn tun-in-\d+$/m],
    ['cat /etc/ipsec.conf', /^conn tun-out-\d+$/m],
    ['cat /etc/ipsec.conf', /^\s+leftprotoport=tcp\/7471$/m],
    ['cat /etc/ipsec.conf', /^\s+rightprotoport=tcp\/7471$/m],
    ['cat /etc/ipsec.conf', new RegExp(`^\\s+right=${peer?.address.replaceAll('.', '\\.')}$`, 'm')],
  ];
  const failures: string[] = [];
  for (const [command, pattern] of expected) {
    const text = await waitFor(lab, host, command, pattern);
    if (text !== undefined) failures.push(`${host.name}: ${command} has no ${pattern.source}: ${text.slice(-200)}`);
  }
  return failures;
}

/** Undefined when it appears within half a minute; else what was there at last. */
async function waitFor(lab: Lab, host: LabHost, command: string, pattern: RegExp): Promise<string | undefined> {
  const until = Date.now() + 30_000;
  for (;;) {
    const { stdout } = await lab.run(host, command);
    if (pattern.test(stdout)) return undefined;
    if (Date.now() > until) return stdout;
  }
}
