/** The network of a fleet: a switch in a network namespace of its own, and one cable from there to this machine. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { run, runWell } from '../programs.js';

export interface Network {
  /** The address of a host by its number, which counts from 1. */
  addressOf(number: number): string;
  /** Gives every network namespace, named by a process that lives in it, a card eth0 that is plugged into the switch. */
  plugIn(processes: readonly number[]): Promise<void>;
  close(): Promise<void>;
}

export const networkBits = 24;
/** Of the addresses that RFC 2544 sets aside for benchmarks, /24 by /24. */
const networks = 512;
export const maximumHosts = 250;

/**
 * Makes the network. A process that waits for the end of its standard input holds the namespace: whatever becomes of this
 * process, the kernel takes the network away after it.
 */
export async function makeNetwork(): Promise<Network> {
  const holder = spawn('unshare', ['--net', 'sh', '-c', 'echo made; exec cat >/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(holder, 'close');
  const isMade = await Promise.race([once(holder.stdout, 'data').then(() => true), ended.then(() => false)]);
  if (!isMade || holder.pid === undefined) throw new Error('no network namespace could be made');
  const inside = ['--target', String(holder.pid), '--net', 'ip', '-batch', '-'];
  const prefix = await layCable(holder.pid);
  const lines = [
    'link set lo up',
    'link add switch type bridge',
    'link set cable master switch up',
    'link set switch up',
  ];
  await runWell('nsenter', inside, { input: lines.join('\n') });
  return {
    addressOf: (number) => `${prefix}.${number}`,
    plugIn: async (processes) => {
      const cards = processes.map(
        (id, index) => `link add host${index + 1} master switch up type veth peer name eth0 netns ${id}`,
      );
      await runWell('nsenter', inside, { input: cards.join('\n') });
    },
    close: async () => {
      holder.stdin.end();
      await ended;
    },
  };
}

/** The kernel refuses a card whose name is taken: so the card stands for its network, also among several processes. */
async function layCable(holder: number): Promise<string> {
  for (let network = 0; network < networks; network++) {
    const card = `ovsfleet${network}`;
    const made = await run('ip', [
      ...['link', 'add', card, 'type', 'veth', 'peer', 'name', 'cable', 'netns', String(holder)],
    ]);
    if (made.status !== 0 && made.stderr.includes('File exists')) continue;
    if (made.status !== 0) throw new Error(`ip link add ${card}: ${made.stderr}`);
    const prefix = `198.${18 + (network >> 8)}.${network & 255}`;
    await runWell('ip', ['address', 'add', `${prefix}.254/${networkBits}`, 'dev', card]);
    await runWell('ip', ['link', 'set', card, 'up']);
    return prefix;
  }
  throw new Error('every network for a fleet is taken');
}
