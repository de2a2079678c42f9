/** A bad line between this machine and a host: it delays what it carries, and fails after so many bytes. */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Fleet } from './fleet.js';

export interface BadLine {
  /** Added to every piece of data in each direction, without reordering. */
  readonly delayMs?: number;
  /** How many bytes towards the host each connection carries before it fails. */
  readonly bytesToHost?: number;
  /** How it fails: `close` ends the connection at both ends, `hang` carries nothing more and keeps it open. */
  readonly failure?: 'close' | 'hang';
}

export interface BadLineState {
  /** How many connections have failed as asked. */
  failed(): number;
  /** Bytes carried towards the host, over all connections. */
  carried(): number;
  /** Ends the line: the host is reached directly again. */
  repair(): Promise<void>;
}

/** Leads the connections to a host through a bad line, until it is repaired. */
export async function badLine(fleet: Fleet, name: string, line: BadLine): Promise<BadLineState> {
  const state = { failed: 0, carried: 0 };
  const sockets = new Set<Socket>();
  const { address } = fleet.host(name);
  const server = createServer((client) => {
    const host = connect(22, address);
    for (const socket of [client, host]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => sockets.delete(socket));
    }
    carryBothWays(client, host, line, state);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  fleet.ssh.route(name, { address: '127.0.0.1', port });
  return {
    failed: () => state.failed,
    carried: () => state.carried,
    repair: async () => {
      fleet.ssh.route(name, undefined);
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function carryBothWays(
  client: Socket,
  host: Socket,
  { delayMs = 0, bytesToHost = Number.POSITIVE_INFINITY, failure = 'close' }: BadLine,
  state: { failed: number; carried: number },
): void {
  let left = bytesToHost;
  let hasFailed = false;
  const later = (action: () => void) => (delayMs === 0 ? action() : void setTimeout(action, delayMs));
  const fail = () => {
    hasFailed = true;
    state.failed++;
    if (failure === 'hang') return;
    client.destroy();
    // In order: what was carried arrives, and then the end, so that the host takes it for all there is.
    host.end();
  };
  client.on('data', (data: Buffer) => {
    later(() => {
      if (hasFailed) return;
      const part = data.subarray(0, left);
      left -= part.length;
      state.carried += part.length;
      host.write(part, () => {
        if (left <= 0 && !hasFailed) fail();
      });
    });
  });
  host.on('data', (data: Buffer) => {
    later(() => {
      if (!hasFailed) client.write(data);
    });
  });
  client.once('end', () => later(() => host.end()));
  host.once('end', () => later(() => client.end()));
}
