/** A proved tunnel is taken away again, and both hosts are compared with what they were before it. */

import { runOurs } from '../support/programs.js';
import { differences, wholeHost } from '../support/whole-host.js';
import type { Cell } from './cells.js';
import { connect, type Outcome, remove, said } from './connect-cell.js';
import type { Lab, LabHost, Pair } from './lab.js';

export async function tryRemove(lab: Lab, pair: Pair, cell: Cell, folder: string): Promise<Outcome> {
  if (cell.method === 'ca-signed') await runOurs(['--dir', 'pki', '--log', 'log', 'init'], { cwd: folder });
  const before = await Promise.all(pair.hosts.map((host) => allOf(lab, host)));
  const connected = await connect(lab, pair, cell, folder);
  if (connected.status !== 0) return { failures: [`connect: ${said(connected)}`] };
  const changed = await Promise.all(pair.hosts.map(async (host, at) => changes(before[at], await allOf(lab, host))));
  const removed = await remove(lab, pair, folder, cell.method === 'psk' ? [] : ['--identity']);
  const left = await Promise.all(pair.hosts.map((host, at) => waitForNothing(lab, host, before[at])));
  const failures = [
    ...(removed.status === 0 && removed.stderr === '' ? [] : [`remove: ${said(removed)}`]),
    ...changed.flatMap((lines, at) => (lines.length > 0 ? [] : [`${pair.hosts[at]?.name}: connect changed nothing`])),
    ...left.flatMap((lines, at) => (lines.length === 0 ? [] : [`${pair.hosts[at]?.name}: ${lines.join(' ')}`])),
  ];
  const note = `${changed.map((lines) => lines.length).join(' and ')} lines of files, database, kernel, NSS and IKE daemon changed, 0 are left`;
  return { failures, ...(failures.length === 0 ? { note } : {}) };
}

/** What the IKE daemon has loaded; pluto has it in NSS. */
const loaded = `case $(ipsec --version) in
    *strongSwan*) ipsec listcerts; ipsec listcacerts; ipsec listcrls ;;
  esac
  ipsec status | sed -n 's/^000 "\\(.*\\)": .*/\\1/p; s/^ *\\([a-z].*\\): .*%any.*/\\1/p'`;

function allOf(lab: Lab, host: LabHost): Promise<string> {
  return lab.must(host, wholeHost('ovs-vsctl', loaded));
}

function changes(before: string | undefined, after: string): string[] {
  return differences(before ?? '', after);
}

/** ovs-monitor-ipsec writes its files when it hears of the database, and after that the IKE daemon reads them. */
async function waitForNothing(lab: Lab, host: LabHost, before: string | undefined): Promise<string[]> {
  const until = Date.now() + 60_000;
  for (;;) {
    const left = changes(before, await allOf(lab, host));
    if (left.length === 0 || Date.now() > until) return left;
  }
}
