import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { init, nodePlatform, OvsPkiError, type Platform, req } from '../../src/index.js';
import { loginGate } from '../../src/platform/ssh-gate.js';
import { withLock } from '../../src/store/journal/lock.js';
import { type LibraryAttack, type LibraryScene, libraryAttacks } from '../cases/hostile-library.js';
import { scratchFolder } from '../support/scratch.js';

const keySpec = { type: 'ec', curve: 'P-256' } as const;

async function sceneOf(t: ExecutionContext): Promise<LibraryScene> {
  const scene = { folder: scratchFolder(t), platform: nodePlatform() };
  await init(scene.platform, { pkiDirectory: join(scene.folder, 'pki'), keySpec, days: 3650, force: false });
  await req(scene.platform, { names: [join(scene.folder, 'host')], unique: true, keySpec, force: false });
  return scene;
}

/** The code of what was thrown or refused. */
async function codeOf({ call }: LibraryAttack, scene: LibraryScene): Promise<string | undefined> {
  try {
    const answer: unknown = await call(scene);
    const [first]: unknown[] = Array.isArray(answer) ? answer : [answer];
    const { error } = (first ?? {}) as { readonly error?: unknown };
    return error instanceof OvsPkiError ? error.code : JSON.stringify(answer);
  } catch (error) {
    return error instanceof OvsPkiError ? error.code : String(error);
  }
}

test('what a caller of the library hands in unchecked is refused by a code, soon, and leaves nothing', async (t) => {
  const scene = await sceneOf(t);
  const there = (): string[] =>
    readdirSync(scene.folder, { recursive: true })
      .map(String)
      .filter((file) => !/audit\.log|crlnumber|\/lock$/.test(file))
      .sort();
  const before = there();
  const [codes, wanted]: [Record<string, unknown>, Record<string, unknown>] = [{}, {}];
  for (const attack of libraryAttacks) {
    const begun = process.cpuUsage();
    codes[attack.what] = await codeOf(attack, scene);
    wanted[attack.what] = attack.code;
    const { user, system } = process.cpuUsage(begun);
    t.true(user + system < 2e6, `${attack.what}: ${(user + system) / 1000} ms of CPU`);
  }
  t.deepEqual(codes, wanted);
  t.deepEqual(there(), before);
});

test('numbers of a platform that are none leave nothing undone and nobody waiting', async (t) => {
  const { folder, platform } = await sceneOf(t);
  const odd: Platform = { ...platform, concurrency: Number.NaN, lockWaitSeconds: Number.NaN };
  const names = ['a', 'b', 'c'].map((name) => join(folder, name));
  const made = await req(odd, { names, unique: true, keySpec, force: false });
  t.deepEqual(
    made.map((one) => one?.outcome),
    ['made', 'made', 'made'],
  );
  const lock = join(folder, 'pki/switchca/lock');
  await withLock(platform, lock, async () => {
    await t.throwsAsync(
      withLock(odd, lock, async () => undefined),
      { code: 'PKI_LOCKED' },
    );
  });
  for (const atOnce of [0, -1, Number.NaN]) (await loginGate(atOnce)(['sshd']))();
  t.pass();
});
