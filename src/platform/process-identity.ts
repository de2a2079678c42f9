/**
 * Who this process is, in words that another process can check later: is that one still running?
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { hostname } from 'node:os';
import { systemErrorCode } from '../errors.js';

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
  return { pid: process.pid, started: statOf('self').started, ...surroundings, host: hostname() };
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
  if (boot !== '' && surroundings.boot !== '' && boot !== surroundings.boot) return true;
  if (pidNamespace !== surroundings.pidNamespace) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemErrorCode(error) === 'ESRCH') return true;
    // EPERM: the process is somebody else's; whether it is the one that is meant, its start tells.
  }
  const now = statOf(String(pid));
  // A dead process that nobody has waited for yet can hold nothing.
  if (now.state === 'Z' || now.state === 'X') return true;
  return now.started !== '' && started !== '' && now.started !== started;
}

/** Changes with each start of the machine; where the system does not tell, with each process. */
const knownBoot = read('/proc/sys/kernel/random/boot_id');
export const bootId = knownBoot || `process ${process.pid}`;

const surroundings = {
  boot: knownBoot,
  pidNamespace: readLink('/proc/self/ns/pid'),
  // Copies of a virtual machine share the first.
  machine: `${read('/etc/machine-id')} ${hostname()}`,
};

/** Fields 3 and 22 of /proc/PID/stat; the name in field 2 can hold anything, so the fields are counted from behind it. */
function statOf(pid: string): { readonly state: string; readonly started: string } {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', started: fields[19] ?? '' };
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
