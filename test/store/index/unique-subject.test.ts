/** `unique_subject` in index.txt.attr and ca.cnf: read as `openssl ca` reads it, and heeded before anything is written. */

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { init, nodePlatform, prepareRollover, renew, reqSign, sign, switchRollover } from '../../../src/index.js';
import { wantsUniqueSubjects } from '../../../src/store/index/unique-subject.js';
import { caLayout } from '../../../src/store/layout.js';
import { run } from '../../support/programs.js';
import { scratchFolder } from '../../support/scratch.js';

const platform = nodePlatform();
const keySpec = { type: 'ec', curve: 'P-256' } as const;

interface Scene {
  readonly pkiDirectory: string;
  readonly ca: string;
  readonly host: string;
}

/** What index.txt.attr holds, where it is there; and what becomes of the line in ca.cnf. */
interface Row {
  readonly attributes?: string;
  readonly config?: (text: string) => string;
  readonly unique: boolean;
}

const configured = (line: string) => (text: string) => text.replace(/^unique_subject.*$/m, line);

const rows: readonly Row[] = [
  ...['unique_subject = yes\n', 'unique_subject=yes', 'unique_subject\t=\tYES\r\n', 'unique_subject = true\n'],
  ...['unique_subject = 1\n', '[ default ]\nunique_subject = yes\n', 'unique_subject = y # a comment\n'],
  ...['unique_subject = "yes"\n', "unique_subject = 'yes'\n", 'unique_subject = no\nunique_subject = yes\n'],
  ...['unique_subject = maybe\n', 'unique_subject = on\n', 'unique_subject = 2\n', 'unique_subject =\n'],
  ...['\ufeffunique_subject = yes\n', 'u = yes\nunique_subject = $u\n', 'u = yes\nunique_subject = $(default::u)\n'],
  ...['unique_\\\nsubject = yes\n', 'unique_subject = ye\\\ns\n', 'default::unique_subject = yes\n'],
].map((attributes) => ({ attributes, unique: true }));

const others: readonly Row[] = [
  ...['unique_subject = no\n', 'unique_subject = NO\r\n', 'unique_subject = "no"\n', 'unique_subject = false\n'],
  ...['unique_subject = 0\n', '# unique_subject = yes\n', 'other = 1\n', ''],
  ...['unique_subject = yes\nunique_subject = no\n', '[ other ]\nunique_subject = yes\n'],
  ...['other::unique_subject = yes\n', 'unique_subject = $unknown\n', 'unique_subject yes\n'],
].map((attributes) => ({ attributes, unique: false }));

const ofConfig: readonly Row[] = [
  { unique: false },
  { config: configured('unique_subject = yes'), unique: true },
  { config: configured(''), unique: true },
  { config: configured(''), attributes: 'unique_subject = no\n', unique: false },
  { config: configured('unique_subject = yes'), attributes: 'other = 1\n', unique: true },
  { config: (text) => `unique_subject = no\n${configured('')(text)}`, unique: false },
];

test('every form is taken as openssl ca takes it', async (t) => {
  const { ca } = await made(t);
  const layout = caLayout(ca);
  const config = readFileSync(layout.config, 'utf8');
  // The host has two certificates: where subjects are to be unique, openssl does not read the index.
  const [row = ''] = readFileSync(layout.index, 'utf8')
    .split('\n')
    .filter((line) => line.includes('CN=host_1'));
  writeFileSync(
    layout.index,
    `${readFileSync(layout.index, 'utf8')}${row.replace(/\t[0-9A-F]{32}\t/, `\t${'7A'.repeat(16)}\t`)}\n`,
  );
  for (const [at, { attributes, config: change = (text: string) => text, unique }] of [
    ...rows,
    ...others,
    ...ofConfig,
  ].entries()) {
    if (attributes === undefined) rmSync(layout.indexAttributes, { force: true });
    else writeFileSync(layout.indexAttributes, attributes);
    writeFileSync(layout.config, change(config));
    const title = `${at}: ${JSON.stringify(attributes)}`;
    t.is(wantsUniqueSubjects(layout), unique, title);
    const { status } = await run('openssl', ['ca', '-config', 'ca.cnf', '-gencrl', '-out', 'x'], { cwd: ca });
    t.is(status !== 0, unique, `openssl: ${title}`);
  }
  rmSync(layout.config);
  rmSync(layout.indexAttributes, { force: true });
  t.false(wantsUniqueSubjects(layout), 'without ca.cnf openssl ca does not run');
});

/** What would give a name its second certificate. */
const seconds: Readonly<Record<string, (scene: Scene) => Promise<readonly unknown[]>>> = {
  renew: (scene) => renew(platform, { ...order(scene), dueWithinMs: undefined, rekey: false, keySpec: undefined }),
  'renew, with a new key': (scene) =>
    renew(platform, { ...order(scene), dueWithinMs: undefined, rekey: true, keySpec: undefined }),
  'sign, again': (scene) => sign(platform, { ...order(scene), days: 30, force: true }),
  'req+sign, again': (scene) => reqSign(platform, { ...order(scene), days: 30, keySpec, unique: true, force: true }),
  'renew, after a rollover': async (scene) => {
    const { pkiDirectory } = scene;
    await prepareRollover(platform, { pkiDirectory, type: 'switch', days: 30 });
    await switchRollover(platform, { pkiDirectory, type: 'switch' });
    return renew(platform, { ...order(scene), dueWithinMs: undefined, rekey: false, keySpec: undefined });
  },
};

for (const [title, second] of Object.entries(seconds)) {
  test(`${title}: refused where subjects are unique, and no file of the host changes`, async (t) => {
    const scene = await made(t);
    const attributes = join(scene.ca, 'index.txt.attr');
    writeFileSync(attributes, 'unique_subject = yes\n');
    const before = filesOf(scene);
    const [refused] = (await second(scene)) as readonly { readonly error?: { readonly hint?: string } }[];
    t.like(refused, { outcome: 'refused', error: { code: 'REQUEST_REFUSED' } });
    t.true(refused?.error?.hint?.includes(`echo 'unique_subject = no' >${attributes}`));
    t.deepEqual(filesOf(scene), before);
    const asked = await run('openssl', ['ca', '-config', 'ca.cnf', '-gencrl', '-out', 'x'], { cwd: scene.ca });
    t.is(asked.status, 0, asked.stderr);
    // The hint helps.
    writeFileSync(attributes, 'unique_subject = no\n');
    const [done] = await renew(platform, { ...order(scene), dueWithinMs: undefined, rekey: false, keySpec: undefined });
    t.is(done?.outcome, 'renewed');
  });
}

async function made(t: ExecutionContext): Promise<Scene> {
  const folder = scratchFolder(t);
  const scene = { pkiDirectory: join(folder, 'pki'), ca: join(folder, 'pki/switchca'), host: join(folder, 'host_1') };
  await init(platform, { pkiDirectory: scene.pkiDirectory, keySpec, days: 30, force: false });
  await reqSign(platform, { ...order(scene), days: 30, keySpec, unique: true, force: false });
  return scene;
}

function order({ pkiDirectory, host }: Scene) {
  return { pkiDirectory, type: 'switch', names: [host] } as const;
}

function filesOf({ host }: Scene): string[] {
  return ['cert', 'privkey', 'req'].map((kind) => readFileSync(`${host}-${kind}.pem`, 'latin1'));
}
