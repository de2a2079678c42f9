import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { OvsPkiError } from '../../../src/errors.js';
import { nodePlatform } from '../../../src/platform/index.js';
import { ownIdentity } from '../../../src/platform/process-identity.js';
import { withLock } from '../../../src/store/journal/lock.js';
import { holdLock } from '../../support/lock-holder.js';
import { run } from '../../support/programs.js';
import { scratchFolder } from '../../support/scratch.js';

const impatient = nodePlatform({ lockWaitSeconds: 0 });
const nothing = async (): Promise<string> => 'done';

test('the action gives its result, the lock is held while it runs, and nothing is left of it', async (t) => {
  const folder = join(scratchFolder(t), 'lock');
  const seen = await withLock(impatient, folder, async () => {
    await t.throwsAsync(withLock(impatient, folder, nothing), { instanceOf: OvsPkiError });
    return 'seen';
  });
  t.is(seen, 'seen');
  t.deepEqual(readdirSync(folder), []);
});

test('the lock is given back where the action fails', async (t) => {
  const folder = join(scratchFolder(t), 'lock');
  await t.throwsAsync(
    withLock(impatient, folder, () => Promise.reject(new Error('failed'))),
    { message: 'failed' },
  );
  t.is(await withLock(impatient, folder, nothing), 'done');
});

test('five in one process keep each other out', async (t) => {
  const folder = join(scratchFolder(t), 'lock');
  const patient = nodePlatform({ lockWaitSeconds: 30 });
  let inside = 0;
  const results = await Promise.all(
    [1, 2, 3, 4, 5].map(() =>
      withLock(patient, folder, async () => {
        inside++;
        for (let turn = 0; turn < 20; turn++) await setImmediate();
        return inside--;
      }),
    ),
  );
  t.deepEqual(results, [1, 1, 1, 1, 1]);
});

test('a lock that another process holds is PKI_LOCKED; when it is killed, the lock is free at once', async (t) => {
  const folder = join(scratchFolder(t), 'lock');
  const holder = await holdLock(t, folder);
  const error = await t.throwsAsync(withLock(impatient, folder, nothing), { instanceOf: OvsPkiError });
  t.like(error, { code: 'PKI_LOCKED', exitStatus: 5, details: { folder, owner: { pid: holder.process.pid } } });
  t.regex((error as OvsPkiError).hint ?? '', /rm -r /);

  const ended = new Promise((resolve) => holder.process.once('close', resolve));
  holder.process.kill('SIGKILL');
  await ended;
  t.is(await withLock(impatient, folder, nothing), 'done', 'the first look takes it over');
  t.deepEqual(readdirSync(folder), []);
});

const me = { id: 'a'.repeat(24), since: '2026-01-01T00:00:00.000Z', ...ownIdentity() };
const dead = { ...me, started: '1' };
const owners = [
  { title: 'a process whose id another process has now', content: JSON.stringify(dead), isFree: true },
  {
    title: 'a process of before the last start of the machine',
    content: JSON.stringify({ ...me, boot: 'b' }),
    isFree: true,
  },
  { title: 'nobody: the file is empty after a crash of the machine', content: '', isFree: true },
  { title: 'nobody: the file holds no JSON', content: '{"id":', isFree: true },
  { title: 'this process', content: JSON.stringify(me), isFree: false },
  { title: 'a process in another container', content: JSON.stringify({ ...dead, pidNamespace: 'p' }), isFree: false },
  { title: 'a process on another machine', content: JSON.stringify({ ...dead, machine: 'm' }), isFree: false },
];

for (const { title, content, isFree } of owners) {
  test(`owned by ${title}: ${isFree ? 'free' : 'held'}`, async (t) => {
    const folder = join(scratchFolder(t), 'lock');
    mkdirSync(folder);
    writeFileSync(join(folder, 'owner'), content);
    const result = withLock(nodePlatform({ lockWaitSeconds: 0.1 }), folder, nothing);
    if (isFree) t.is(await result, 'done');
    else t.like(await t.throwsAsync(result), { code: 'PKI_LOCKED' });
  });
}

test('a chain of dead successors is followed to its end', async (t) => {
  const folder = join(scratchFolder(t), 'lock');
  mkdirSync(folder);
  const ids = ['1', '2', '3'].map((digit) => digit.repeat(24));
  for (const [index, id] of ids.entries()) {
    const place = index === 0 ? 'owner' : `after-${ids[index - 1]}`;
    writeFileSync(join(folder, place), JSON.stringify({ ...dead, id }));
    writeFileSync(join(folder, id), JSON.stringify({ ...dead, id }));
  }
  t.is(await withLock(nodePlatform({ lockWaitSeconds: 0.1 }), folder, nothing), 'done');
  t.deepEqual(readdirSync(folder), []);
});

/** What a process that was killed at some moment has left in the folder of a lock; `dead`, and `me` who waits there. */
const leftovers: readonly { readonly title: string; readonly files: Readonly<Record<string, string>> }[] = [
  { title: 'while it waited', files: { ['d'.repeat(24)]: JSON.stringify(dead) } },
  { title: 'before it had written its claim', files: { ['d'.repeat(24)]: '' } },
  { title: 'while it wrote its claim', files: { ['d'.repeat(24)]: JSON.stringify(dead).slice(0, 40) } },
  { title: 'while it took the place of a dead owner', files: { [`${'d'.repeat(24)}.new`]: JSON.stringify(dead) } },
  { title: 'when it had found that another follows', files: { [`after-${'e'.repeat(24)}`]: JSON.stringify(dead) } },
  { title: 'when it had followed an unreadable owner', files: { 'after-unreadable-12-0-34': JSON.stringify(dead) } },
];

for (const { title, files } of leftovers) {
  test(`what a process has left that was killed ${title} is gone with the next lock, and who waits stays`, async (t) => {
    const folder = join(scratchFolder(t), 'lock');
    mkdirSync(folder);
    const all = { ...files, [me.id]: JSON.stringify(me), [`after-${'b'.repeat(24)}`]: JSON.stringify(me) };
    for (const [name, content] of Object.entries(all)) writeFileSync(join(folder, name), content);
    t.is(await withLock(impatient, folder, nothing), 'done');
    t.deepEqual(readdirSync(folder), [me.id, `after-${'b'.repeat(24)}`]);
  });
}

for (const withFolder of [false, true]) {
  const what = withFolder ? 'and then the folder, with a passing lock,' : '';
  test(`a claim ${what} that was taken for one that was left is written again by who waits`, async (t) => {
    const folder = join(scratchFolder(t), 'lock');
    const patient = nodePlatform({ lockWaitSeconds: 30 });
    let waiting: Promise<string> | undefined;
    await withLock(patient, folder, async () => {
      const [own] = readdirSync(folder).filter((name) => name !== 'owner');
      waiting = withLock(patient, folder, nothing);
      const claims = readdirSync(folder).filter((name) => name !== 'owner' && name !== own);
      t.is(claims.length, 1);
      for (const claim of claims) rmSync(join(folder, claim));
      if (withFolder) rmSync(folder, { recursive: true });
    });
    t.is(await waiting, 'done');
    t.deepEqual(readdirSync(folder), []);
  });
}

test('where there is no CA there is no lock, and nothing is made', async (t) => {
  const scratch = scratchFolder(t);
  const result = withLock(impatient, join(scratch, 'switchca', 'lock'), nothing);
  t.like(await t.throwsAsync(result, { instanceOf: OvsPkiError }), { code: 'FILE_UNWRITABLE' });
  t.deepEqual(readdirSync(scratch), []);
});

test.serial('a claim of nobody else’s business: the files are those of the umask, the folder too', async (t) => {
  const before = process.umask(0o077);
  t.teardown(() => process.umask(before));
  const folder = join(scratchFolder(t), 'lock');
  await withLock(impatient, folder, async () => {
    t.is(statSync(folder).mode & 0o777, 0o700);
    t.is(statSync(join(folder, 'owner')).mode & 0o777, 0o600);
  });
});

test('processes that are killed inside and while they wait: never two inside, and the lock is always free again', async (t) => {
  const scratch = scratchFolder(t);
  const [folder, inside] = [join(scratch, 'lock'), join(scratch, 'inside')];
  const contender = fileURLToPath(new URL('../../support/lock-contender.js', import.meta.url));
  let killed = 0;
  let seed = 1 + Math.trunc(Date.now() / 1000) * 100;
  t.log(`first seed ${seed}`);
  const contend = async (): Promise<void> => {
    for (let round = 0; round < 12; round++) {
      const { stdout, stderr, signal } = await run(process.execPath, [contender, folder, inside, String(seed++)]);
      t.is(stdout + stderr, '');
      if (signal === 'SIGKILL') killed++;
    }
  };
  await Promise.all(Array.from({ length: 6 }, contend));
  t.log(`${killed} of 72 processes were killed`);
  t.true(killed > 30);
  t.is(await withLock(nodePlatform({ lockWaitSeconds: 1 }), folder, nothing), 'done');
  t.deepEqual(readdirSync(folder), []);
});
