/** A real ovsdb-server on a scratch database behind a socket, as a host has it, and what goes through that. */

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type OvsDatabase, parseOvsDatabase } from '../../src/deploy/facts/ovsdb.js';
import { runWell } from './programs.js';

export interface SocketDatabase {
  readonly socket: string;
  /** The results of a transaction's operations; one that is refused is an error. */
  transact(transaction: readonly unknown[]): Promise<readonly unknown[]>;
  /** What the script of the facts would read. */
  read(): Promise<OvsDatabase>;
  close(): Promise<void>;
}

export async function startSocketDatabase(folder: string): Promise<SocketDatabase> {
  const socket = join(folder, 'db.sock');
  const schema = '/usr/share/openvswitch/vswitch.ovsschema';
  await runWell('ovsdb-tool', ['create', join(folder, 'conf.db'), schema]);
  const logs = [`--log-file=${folder}/ovsdb.log`, `--unixctl=${folder}/ovsdb.ctl`];
  const server = spawn('ovsdb-server', [join(folder, 'conf.db'), `--remote=punix:${socket}`, ...logs], {
    stdio: 'ignore',
  });
  const ended = new Promise<void>((resolve) => server.once('close', () => resolve()));
  while (!existsSync(socket)) {
    if (server.exitCode !== null) throw new Error(`ovsdb-server has ended: exit status ${server.exitCode}`);
    await sleep(10);
  }
  const client = [`--db=unix:${socket}`, '--no-wait', '--retry', '--timeout=30'];
  await runWell('ovs-vsctl', [...client, 'init']);
  return {
    socket,
    transact: (transaction) => transactOver(socket, transaction),
    read: async () => parseOvsDatabase(await runWell('ovs-vsctl', [...client, ...tables])),
    close: async () => {
      server.kill('SIGKILL');
      await ended;
    },
  };
}

const tables = [
  ...['--format=json', '--', '--columns=other_config,external_ids,ovs_version', 'list', 'Open_vSwitch'],
  ...['--', 'list', 'Bridge', '--', 'list', 'Port'],
  ...['--', '--columns=_uuid,name,type,options,ofport,error,external_ids,mtu_request', 'list', 'Interface'],
];

interface Reply {
  readonly result: readonly ({ readonly error?: string } | null)[];
  readonly error: unknown;
}

function transactOver(socket: string, params: readonly unknown[]): Promise<readonly unknown[]> {
  return new Promise((resolve, reject) => {
    const connection = connect(socket);
    let text = '';
    connection.on('error', reject);
    connection.setEncoding('utf8').on('data', (piece) => {
      text += piece;
      const reply = parsed(text);
      if (reply === undefined) return;
      connection.destroy();
      const refused = reply.result.find((item) => item?.error !== undefined);
      if (reply.error !== null || refused !== undefined) reject(new Error(`refused: ${text}`));
      else resolve(reply.result);
    });
    connection.write(JSON.stringify({ method: 'transact', params, id: 0 }));
  });
}

/** Undefined as long as not all has come. */
function parsed(text: string): Reply | undefined {
  try {
    return JSON.parse(text) as Reply;
  } catch {
    return undefined;
  }
}
