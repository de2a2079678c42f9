/**
 * Runs that end in the middle: killed, interrupted, cut off, or in the way of another. Whenever it happens, each host has
 * its old or its new identity, whole, and the next run finishes the work.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { ikeHangs } from '../support/fleet/faults.js';
import { type Fleet, startFleet } from '../support/fleet/fleet.js';
import { identitiesOf, judgeEnd } from '../support/fleet/judge.js';
import { applyArgs, applyIn, hostNames, makeOperator, type Operator } from '../support/fleet/operator.js';
import { badLine } from '../support/fleet/proxy.js';
import { killer } from '../support/killed-run.js';
import { programPath, type Run } from '../support/programs.js';
import { chance } from '../support/random.js';

const kills = 20;

let fleet: Fleet;
let operator: Operator;

test.before(async () => {
  fleet = await startFleet({ count: 2 });
  operator = await makeOperator(fleet);
});

test.after.always(() => fleet?.close());

test.serial(`${kills} runs that are killed at random moments`, async (t) => {
  // On a slow machine this is longer than ava waits for the end of a test.
  t.timeout(3_600_000);
  const folder = operator.folderFor(join(fleet.folder, 'killed'));
  const random = chance();
  t.log(`OVS_PKI_TEST_SEED=${random.seed}`);
  await operator.reset('old');
  const start = performance.now();
  t.is((await applyIn(fleet, folder)).status, 0);
  const killing = killer(random, performance.now() - start);
  for (let count = 0; killing.killed() < kills && count < 3 * kills; count++) {
    const begin = count % 2 === 0 ? 'old' : 'bare';
    await operator.reset(begin);
    await killing.run([...applyArgs, '--dir', 'pki'], folder, fleet.environment);
    await judgeMiddle(t, begin);
    if (count % 4 < 2) await finish(t, folder);
  }
  t.is(killing.killed(), kills);
});

test.serial('Ctrl-C ends a run between two steps, and says how to go on', async (t) => {
  const folder = operator.folderFor(join(fleet.folder, 'interrupted'));
  await operator.reset('old');
  const { run, goOn } = await runningAsFarAsFacts(folder);
  await interrupt(run.process);
  await goOn();
  const { status, stderr } = await run.ended;
  t.is(status, 130, stderr);
  t.regex(stderr, /host_1: interrupted before the stage "prepare" \[INTERRUPTED\]\n.*hint: run the command again/);
  await judgeMiddle(t, 'old');
  t.is((await identitiesOf(operator))[0].state, 'old');
  await finish(t, folder);
});

test.serial('a second Ctrl-C ends a run at once', async (t) => {
  const folder = operator.folderFor(join(fleet.folder, 'twice'));
  await operator.reset('old');
  const { run, goOn } = await runningAsFarAsFacts(folder);
  await interrupt(run.process);
  run.process.kill('SIGINT');
  t.is((await run.ended).signal, 'SIGINT');
  await goOn();
  await judgeMiddle(t, 'old');
  await finish(t, folder);
});

/** Where the connection fails, in parts of all bytes that an undisturbed run sends to the host. */
const cuts = [0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.99];

test.serial('connections that are cut after so many bytes', async (t) => {
  const folder = operator.folderFor(join(fleet.folder, 'cut'));
  for (const begin of ['old', 'bare'] as const) {
    await operator.reset(begin);
    const whole = await badLine(fleet, 'host_1', {});
    t.is((await applyIn(fleet, folder)).status, 0);
    await whole.repair();
    for (const part of cuts) {
      await operator.reset(begin);
      const line = await badLine(fleet, 'host_1', { bytesToHost: Math.floor(part * whole.carried()) });
      const { status, stderr } = await applyIn(fleet, folder);
      await line.repair();
      // The last bytes end the connection: where these are cut off, all is done.
      if (status !== 0) judgeLost(t, { status, stderr });
      await judgeMiddle(t, begin);
      if (status === 0) t.is((await identitiesOf(operator))[0].state, 'new');
      t.is((await identitiesOf(operator))[1].state, 'new', 'the other host');
      if (part > 0.6) await finish(t, folder);
    }
  }
});

test.serial('a connection that hangs is given up', async (t) => {
  const folder = operator.folderFor(join(fleet.folder, 'hung'));
  await operator.reset('old');
  const line = await badLine(fleet, 'host_1', { bytesToHost: 9000, failure: 'hang' });
  const run = await applyIn(fleet, folder);
  await line.repair();
  t.is(line.failed(), 1);
  judgeLost(t, run);
  await judgeMiddle(t, 'old');
  await finish(t, folder);
});

test.serial('two operators at once: who finds a host taken is told so, and nothing is mixed up', async (t) => {
  for (const begin of ['old', 'bare'] as const) {
    await operator.reset(begin);
    const folders = [1, 2].map((number) => operator.folderFor(join(fleet.folder, `${begin}-operator-${number}`)));
    const runs = await Promise.all(folders.map((folder) => applyIn(fleet, folder)));
    for (const { status, stderr } of runs) {
      if (status === 0) continue;
      t.is(status, 6, stderr);
      t.deepEqual(
        codesIn(stderr).filter((code) => code !== 'HOST_LOCKED'),
        [],
      );
    }
    await judgeMiddle(t, begin);
    await finish(t, folders[0] ?? '');
  }
});

// A renewal changes nothing in the database; a host without an identity gets a drop policy there, and then all the rest.
for (const [number, change] of ['the first', 'the last'].entries()) {
  test.serial(
    `what somebody else changes in the database just before ${change} change of ours is not overwritten`,
    async (t) => {
      const folder = operator.folderFor(join(fleet.folder, `raced-${number}`));
      await operator.reset('bare');
      await fleet.must(
        'host_1',
        `cat >/usr/local/sbin/python3 <<'END' && chmod 755 /usr/local/sbin/python3
#!/bin/sh
[ "$(cat /run/fleet/turns)" != ${number} ] || ovs-vsctl --no-wait set Open_vSwitch . other_config:somebody=else
echo $(($(cat /run/fleet/turns) + 1)) >/run/fleet/turns
exec /usr/bin/python3 "$@"
END
       echo 0 >/run/fleet/turns`,
      );
      const { status, stderr } = await applyIn(fleet, folder);
      await fleet.must('host_1', 'rm /usr/local/sbin/python3');
      t.is(status, 6, stderr);
      t.is((await fleet.must('host_1', 'cat /run/fleet/turns')).trim(), String(number + 1));
      t.deepEqual(codesIn(stderr), ['PLAN_STALE']);
      t.regex(stderr, /host_1: its database has changed while we were at work; nothing was switched/);
      t.regex(stderr, /hint: run the command again: it looks at the host anew/);
      const [after, other] = await identitiesOf(operator);
      t.deepEqual([after.state, other.state], ['bare', 'new']);
      await finish(t, folder);
      t.is((await fleet.must('host_1', 'ovs-vsctl get Open_vSwitch . other_config:somebody')).trim(), 'else');
    },
  );
}

/** What was on its way is done or not, and nothing is half done. */
async function judgeMiddle(t: ExecutionContext, begin: 'old' | 'bare'): Promise<void> {
  // What a host has begun it ends, and then it is free again.
  await Promise.all(hostNames.map((name) => fleet.must(name, 'flock -w 60 /run/ovs-pki-ts.lock true')));
  for (const { state, files } of await identitiesOf(operator)) {
    t.true([begin, 'new'].includes(state), state);
    t.deepEqual(
      files.filter((file) => file.endsWith('.staged')),
      [],
    );
  }
}

function judgeLost(t: ExecutionContext, { status, stderr }: Pick<Run, 'status' | 'stderr'>): void {
  t.is(status, 6, stderr);
  t.regex(stderr, /\[(HOST_CONNECTION_LOST|HOST_UNREACHABLE)\]$/m);
  t.regex(
    stderr,
    /hint: (run the command again: it goes on where it stopped|find out why with: ssh root@host_1 true)$/m,
  );
}

async function finish(t: ExecutionContext, folder: string): Promise<void> {
  const { status, stderr } = await applyIn(fleet, folder);
  t.is(status, 0, stderr);
  await judgeEnd(t, operator, folder);
}

/** A run that has taken the lock of host_1, and cannot learn what is true there before it is let go on. */
async function runningAsFarAsFacts(folder: string) {
  const goOn = await ikeHangs(fleet, 'host_1');
  const run = running(folder, applyArgs);
  await until(() => existsSync(`${fleet.host('host_1').root}/run/ovs-pki-ts.lock`));
  return { run, goOn };
}

/** Sends SIGINT, and waits until the program has noticed: it does not catch the next one. */
async function interrupt(program: ChildProcess): Promise<void> {
  program.kill('SIGINT');
  await until(() => {
    const caught = /^SigCgt:\s+([0-9a-f]+)$/m.exec(readFileSync(`/proc/${program.pid}/status`, 'latin1'))?.[1];
    return (BigInt(`0x${caught}`) & 2n) === 0n;
  });
}

function codesIn(stderr: string): string[] {
  return [...stderr.matchAll(/\[([A-Z_]+)\]$/gm)].map(([, code = '']) => code);
}

function running(folder: string, args: readonly string[]) {
  const child = spawn(process.execPath, [programPath, ...args, '--dir', 'pki'], {
    cwd: folder,
    env: { ...process.env, ...fleet.environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  const ended = once(child, 'close').then(([status, signal]) => ({
    status: status as number | null,
    signal: signal as NodeJS.Signals | null,
    stderr,
  }));
  return { process: child, ended };
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let tries = 0; !isTrue(); tries++) {
    if (tries > 3000) throw new Error('what was waited for did not happen');
    await pause(10);
  }
}
