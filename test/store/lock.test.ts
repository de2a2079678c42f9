import { spawn } from 'node:child_process';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { OvsPkiError } from '../../src/errors.js';
import { nodePlatform } from '../../src/platform/index.js';
import { withLock } from '../../src/store/lock.js';
import { run } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

const platform = nodePlatform({ lockWaitSeconds: 0 });

test('the action gives its result, and the lock is held only while it runs', async (t) => {
  const file = join(scratchFolder(t), 'lock');
  const seen = await withLock(platform, file, async () => isHeld(file));
  t.true(seen);
  t.false(await isHeld(file));
  t.true(existsSync(file), 'the file stays: to remove it would let two in');
});

test('the lock is given back where the action fails', async (t) => {
  const file = join(scratchFolder(t), 'lock');
  await t.throwsAsync(
    withLock(platform, file, () => Promise.reject(new Error('failed'))),
    { message: 'failed' },
  );
  t.false(await isHeld(file));
});

test('two in one process keep each other out', async (t) => {
  const file = join(scratchFolder(t), 'lock');
  const patient = nodePlatform({ lockWaitSeconds: 30 });
  let inside = 0;
  const results = await Promise.all(
    [1, 2, 3, 4, 5].map((number) =>
      withLock(patient, file, async () => {
        inside++;
        for (let turn = 0; turn < 20; turn++) await setImmediate();
        const together = inside--;
        return { number, together };
      }),
    ),
  );
  t.deepEqual(
    results,
    [1, 2, 3, 4, 5].map((number) => ({ number, together: 1 })),
  );
});

test('a lock that another program holds is PKI_LOCKED, and the action does not run', async (t) => {
  const file = join(scratchFolder(t), 'lock');
  const holder = await holdLock(t, file);
  let ran = false;
  const error = await t.throwsAsync(
    withLock(platform, file, async () => {
      ran = true;
    }),
    { instanceOf: OvsPkiError },
  );
  t.like(error, { code: 'PKI_LOCKED', exitStatus: 5, hint: `see which: fuser -v ${file}`, details: { file } });
  t.false(ran);

  // However its owner ends, the lock is free then: nothing that is left in the file matters.
  const ended = new Promise((resolve) => holder.once('close', resolve));
  holder.kill('SIGKILL');
  await ended;
  t.is(await withLock(platform, file, async () => 'free'), 'free');
});

test.serial('the file of the lock is 0600 whatever the umask, and what is in it is left alone', async (t) => {
  const before = process.umask(0);
  t.teardown(() => process.umask(before));
  const folder = scratchFolder(t);
  await withLock(platform, join(folder, 'new'), async () => undefined);
  t.is(statSync(join(folder, 'new')).mode & 0o777, 0o600);
  writeFileSync(join(folder, 'old'), 'content');
  await withLock(platform, join(folder, 'old'), async () => undefined);
  t.is(statSync(join(folder, 'old')).size, 7);
});

test.serial('without flock(1) there is an error that names its package', async (t) => {
  const path = process.env['PATH'];
  t.teardown(() => {
    process.env['PATH'] = path;
  });
  process.env['PATH'] = scratchFolder(t);
  const error = await t.throwsAsync(withLock(platform, join(scratchFolder(t), 'lock'), async () => undefined));
  t.like(error, { code: 'PROGRAM_MISSING', details: { program: 'flock' } });
  t.regex((error as OvsPkiError).hint ?? '', /util-linux/);
});

async function isHeld(file: string): Promise<boolean> {
  return (await run('flock', ['--nonblock', file, 'true'])).status === 1;
}

/** A process that holds the lock by itself, without a child that could outlive it. */
function holdLock(t: ExecutionContext, file: string): Promise<ReturnType<typeof spawn>> {
  const script = 'exec 9>>"$0" && flock --exclusive 9 && echo held && read line';
  const holder = spawn('bash', ['-c', script, file], { stdio: ['pipe', 'pipe', 'ignore'] });
  t.teardown(() => holder.stdin.end());
  return new Promise((resolve, reject) => {
    holder.on('error', reject);
    holder.stdout.once('data', () => resolve(holder));
  });
}
