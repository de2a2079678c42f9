/** This machine as a host, with a real ovsdb-server on a scratch database of its own and no ovs-vswitchd. */

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { type HostShell, openHostShell } from '../../src/platform/ssh.js';
import { runWell } from './programs.js';

export interface LocalHost {
  readonly shell: HostShell;
  /** Runs ovs-vsctl and gives what it printed. */
  vsctl(...command: string[]): Promise<string>;
}

/** Both end with the test. */
export async function startLocalHost(t: ExecutionContext, folder: string): Promise<LocalHost> {
  const socket = `${folder}/db.sock`;
  await runWell('ovsdb-tool', ['create', 'conf.db', '/usr/share/openvswitch/vswitch.ovsschema'], { cwd: folder });
  const options = [`--remote=punix:${socket}`, `--unixctl=${folder}/ovsdb.ctl`];
  const server = spawn('ovsdb-server', ['conf.db', ...options], { cwd: folder, stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => {
    server.once('close', () => resolve());
    server.once('error', () => resolve());
  });
  const shell = openHostShell({ kind: 'local', destination: 'local' });
  t.teardown(async () => {
    shell.close();
    server.kill('SIGKILL');
    await ended;
  });
  while (!existsSync(socket) && server.exitCode === null) await sleep(20);
  const vsctl = async (...command: string[]): Promise<string> =>
    (await runWell('ovs-vsctl', ['--retry', '--timeout=30', '--no-wait', `--db=unix:${socket}`, ...command])).trim();
  await vsctl('init');
  // The scripts speak to the Open vSwitch of their machine.
  const here = (script: string): string =>
    script
      .replaceAll(/^ovs_run=.*OVS_RUNDIR.*$/gm, `ovs_run=${folder}`)
      .replaceAll('ovs-vsctl --timeout', `ovs-vsctl --db=unix:${socket} --timeout`);
  return { shell: { ...shell, run: (script, timeoutMs) => shell.run(here(script), timeoutMs) }, vsctl };
}
