/** A light host: the process that holds its namespaces (host.sh). */

import { spawn } from 'node:child_process';
import { join } from 'node:path';

export interface HostOptions {
  /** What sudo does for the user "operator", whose password is "password". */
  readonly sudo: 'free' | 'asks' | 'refused';
  /**
   * `stand-in`: ipsec(8) is a stand-in. `monitor`: that, and the real ovs-monitor-ipsec runs over it. `real`: the real
   * ipsec(8), which says that it does not run.
   */
  readonly ipsec: 'stand-in' | 'monitor' | 'real';
  /** `dummy`: the real ovs-vswitchd, with bridges in memory. Without it ovs-vsctl needs --no-wait. */
  readonly vswitchd: 'none' | 'dummy';
}

export interface Host {
  readonly name: string;
  readonly address: string;
  /** As in a .pub file. */
  readonly hostKey: string;
  /** Process 1 of the host, as numbered out here. */
  readonly process: number;
  /** The root of its file system as seen from out here. */
  readonly root: string;
}

export interface RunningHost {
  /** The number of its first process, as soon as its namespaces are there. */
  readonly process: Promise<number>;
  /** To be called when the host has its network card: waits for its daemons. */
  ready(): Promise<Host>;
  /** Ends everything that runs in it. */
  end(): Promise<void>;
}

/** How long a host may take to end by itself. */
const graceMs = 10_000;

export function startHost(
  folder: string,
  name: string,
  address: string,
  bits: number,
  { sudo, ipsec, vswitchd }: HostOptions,
): RunningHost {
  const namespaces = ['--mount', '--net', '--uts', '--pid', '--fork', '--kill-child', '--propagation', 'private'];
  const program = ['bash', join(folder, 'host.sh'), name, `${address}/${bits}`, folder, sudo, ipsec, vswitchd];
  const child = spawn('unshare', [...namespaces, ...program], { stdio: ['pipe', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.stdin.on('error', () => undefined);
  child.on('error', (error) => {
    output.stderr += error.message;
  });
  child.stderr.on('data', (data) => {
    output.stderr += data;
  });
  const line = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(output.stdout)?.[1];
        if (found !== undefined) resolve(found);
      };
      child.stdout.on('data', look);
      void ended.then(() => reject(new Error(`${name} did not start:\n${output.stderr}`)));
      look();
    });
  child.stdout.on('data', (data) => {
    output.stdout += data;
  });
  const outerProcess = line(/^process (\d+)\n/).then(Number);
  return {
    process: outerProcess,
    ready: async () => {
      child.stdin.write('go\n');
      const hostKey = await line(/^ready (.+)\n/m);
      const id = await outerProcess;
      return { name, address, hostKey, process: id, root: `/proc/${id}/root` };
    },
    end: async () => {
      child.stdin.end();
      const last = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await ended;
      clearTimeout(last);
    },
  };
}
