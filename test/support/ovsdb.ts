/** A real ovsdb-server on a scratch database, and ovs-vsctl as its client, over TLS on the loopback address. */

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { type Run, run, runWell } from './programs.js';

const schema = '/usr/share/openvswitch/vswitch.ovsschema';

/**
 * Starts a server with the key and the certificate of `name`, for clients of a CA; it ends with the test.
 *
 * @returns its port, which the kernel has chosen
 */
export async function startDatabase(
  t: ExecutionContext,
  folder: string,
  name: string,
  clientAuthority: string,
): Promise<number> {
  await runWell('ovsdb-tool', ['create', 'conf.db', schema], { cwd: folder });
  const tls = [...identity(name), `--ca-cert=${clientAuthority}`];
  const log = `${folder}/ovsdb-server.log`;
  const server = spawn(
    'ovsdb-server',
    ['conf.db', '--remote=pssl:0:127.0.0.1', ...tls, `--log-file=${log}`, `--unixctl=${folder}/ovsdb.ctl`],
    { cwd: folder, env: environment(folder), stdio: 'ignore' },
  );
  const ended = new Promise<void>((resolve) => {
    server.once('close', () => resolve());
    server.once('error', () => resolve());
  });
  t.teardown(async () => {
    server.kill('SIGKILL');
    await ended;
  });
  for (;;) {
    const text = existsSync(log) ? readFileSync(log, 'latin1') : '';
    const port = /listening on port (\d+)/.exec(text)?.[1];
    if (port !== undefined) return Number(port);
    if (server.exitCode !== null) throw new Error(`ovsdb-server has ended: exit status ${server.exitCode}\n${text}`);
    await sleep(20);
  }
}

/**
 * Gives a function that runs ovs-vsctl with the key and the certificate of `name`, for a server of a CA. It gives a
 * handshake one second: one that is to be taken `retries`, for on a busy machine that can be too little.
 */
export function databaseClient(
  folder: string,
  port: number,
  name: string,
  serverAuthority: string,
  patience: 'retries' | 'tries once',
): (...command: string[]) => Promise<Run> {
  const options = [
    '--no-wait',
    '--timeout=60',
    ...(patience === 'retries' ? ['--retry'] : []),
    `--db=ssl:127.0.0.1:${port}`,
    ...identity(name),
    `--ca-cert=${serverAuthority}`,
  ];
  return (...command) => run('ovs-vsctl', [...options, ...command], { cwd: folder, env: environment(folder) });
}

function identity(name: string): string[] {
  return [`--private-key=${name}-privkey.pem`, `--certificate=${name}-cert.pem`];
}

/** Sockets and logs are to be in the scratch folder, not where the Open vSwitch of this machine has them. */
function environment(folder: string): Record<string, string> {
  return { ...(process.env as Record<string, string>), OVS_RUNDIR: folder, OVS_LOGDIR: folder, OVS_DBDIR: folder };
}
