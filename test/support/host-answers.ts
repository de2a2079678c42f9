/**
 * Answers of real hosts to the script that gathers facts (test/fixtures/hosts), and changes of them. They were captured
 * from working and broken tunnels between whole hosts, and cut down to what is read; no key is in them.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DesiredHost } from '../../src/deploy/desired/desired.js';
import type { ExaminedHost } from '../../src/deploy/doctor/doctor.js';
import { type HostFacts, readFacts } from '../../src/deploy/facts/host-facts.js';
import { existingEnds } from '../../src/deploy/tunnels/existing.js';
import { guardCommand } from '../../src/deploy/tunnels/packets.js';
import { projectRoot } from './programs.js';

const folder = join(projectRoot, 'test/fixtures/hosts');
/** The word that the lines between the sections of the captured answers begin with. */
const mark = 'answer';

/** When the answers were captured. */
export const capturedAt = new Date('2026-11-22T06:32:00Z');

/** A piece of an answer and what stands there instead. */
export type Edit = readonly [from: string | RegExp, to: string];

export const answerNames = readdirSync(folder).map((name) => name.replace(/\.txt$/, ''));

export function answerOf(name: string): string {
  return readFileSync(join(folder, `${name}.txt`), 'utf8');
}

/** The facts of a captured host, after changes each of which must change something. */
export function capturedFacts(name: string, edits: readonly Edit[] = []): HostFacts {
  return factsIn(edits.reduce(changed, answerOf(name)));
}

/** The same, where the drop policies that `connect` makes are in place. */
export function guardedFacts(name: string, edits: readonly Edit[] = []): HostFacts {
  const policies = existingEnds(capturedFacts(name)).map((end) => policyOf(guardCommand(end)));
  return capturedFacts(name, [[/^answer policies 0\n/m, `answer policies 0\n${policies.join('')}`], ...edits]);
}

export function examinedHost(name: string, facts: HostFacts): ExaminedHost {
  const desired: DesiredHost = {
    name,
    target: { kind: 'ssh', destination: `root@${name}` },
    ikeDaemon: 'auto',
    places: {},
    plaintext: 'keep',
    loopProtection: 'auto',
    identity: undefined,
    ends: [],
    bridgeAddresses: {},
  };
  return { desired, facts };
}

function factsIn(answer: string): HostFacts {
  return readFacts('host_1', answer, '', mark, capturedAt);
}

function changed(answer: string, [from, to]: Edit): string {
  const result = answer.replaceAll(typeof from === 'string' ? from : new RegExp(from, `${from.flags}g`), () => to);
  if (result === answer) throw new Error(`nothing is changed by ${from} → ${to}`);
  return result;
}

/** As `ip xfrm policy` prints what the command has made. */
export function policyOf(command: string): string {
  const [, destination = '', packets] = /dir out dst (\S+) (proto .*) priority/.exec(command) ?? [];
  const [any, bits] = destination.includes(':') ? ['::/0', 128] : ['0.0.0.0/0', 32];
  return `src ${any} dst ${destination}/${bits} ${packets} \n\tdir out action block priority 3000000000 ptype main \n`;
}
