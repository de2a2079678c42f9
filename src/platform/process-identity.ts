/**
 * Who this process is, in words that another process can check later: is that one still running?
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { hostname } from 'node:os';

export interface ProcessIdentity {
  readonly pid: number;
  /** Start of the process in clock ticks since the start of the machine: a process id is used again, this is not. */
  readonly started: string;
  /** The start of the machine. */
  readonly boot: string;
  /** The namespace that the process id belongs to: that of a container is not ours. */
  readonly pidNamespace: string;
  readonly machine: string;
  /** For people. */
  readonly host: string;
}

export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, started: startOf('self'), ...surroundings, host: hostname() };
}

/** 24 hexadecimal digits that nobody else has or will have. */
export function uniqueId(): string {
  return randomBytes(12).toString('hex');
}

/**
 * Whether a process has ended. What cannot be known, because it runs on another machine or in another container, has
 * not ended.
 */
export function hasEnded({ pid, started, boot, pidNamespace, machine }: ProcessIdentity): boolean {
  if (machine !== surroundings.machine) return false;
  if (boot !== surroundings.boot) return true;
  if (pidNamespace !== surroundings.pidNamespace) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
  const now = startOf(String(pid));
  return now !== '' && started !== '' && now !== started;
}

/** Changes with each start of the machine; where the system does not tell, with each process. */
export const bootId = read('/proc/sys/kernel/random/boot_id') || `process ${process.pid}`;

const surroundings = {
  boot: bootId,
  pidNamespace: readLink('/proc/self/ns/pid'),
  machine: read('/etc/machine-id') || hostname(),
};

/** Field 22 of /proc/PID/stat; the name in field 2 can hold anything, so the fields are counted from behind it. */
function startOf(pid: string): string {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function read(file: string): string {
  try {
    return fs.readFileSync(file, 'latin1').trim();
  } catch {
    return '';
  }
}

function readLink(file: string): string {
  try {
    return fs.readlinkSync(file);
  } catch {
    return '';
  }
}
