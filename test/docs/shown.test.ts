import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { expandInventory, parseInventory } from '../../src/deploy/inventory/inventory.js';
import { parseOwnProfile } from '../../src/pki/own-profile.js';
import { type CodeBlock, codeBlocks, consoleSteps, masked, runInShell } from '../support/console.js';
import { programPath, projectRoot, run, runWell } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

interface Page {
  readonly file: string;
  readonly blocks: readonly CodeBlock[];
}

const pages: readonly Page[] = ['README.md', ...readdirSync(join(projectRoot, 'docs')).map((name) => `docs/${name}`)]
  .filter((file) => file.endsWith('.md'))
  .map((file) => ({ file, blocks: codeBlocks(readFileSync(join(projectRoot, file), 'utf8')) }));
const blocksOf = (wanted: string, from: readonly Page[] = pages): string[] =>
  from.flatMap(({ blocks }) => blocks.filter(({ info }) => info === wanted).map(({ text }) => text));
const readme = pages.filter(({ file }) => file === 'README.md');

for (const page of pages.filter(({ blocks }) => blocks.some(({ info }) => info === 'console run'))) {
  test(`${page.file} shows what its commands print`, async (t) => {
    const folder = scratchFolder(t);
    const programs = join(folder, 'programs');
    const work = join(folder, 'work');
    mkdirSync(programs);
    mkdirSync(work);
    symlinkSync(programPath, join(programs, 'ovs-pki-ts'));
    const env = { PATH: `${programs}:${process.env['PATH']}` };

    const shown = blocksOf('console run', [page]).flatMap(consoleSteps);
    const commands = shown.map(({ command }) => command.replace(/^examples\//, `${projectRoot}examples/`));
    const printed = await runInShell(commands, work, env);

    t.true(shown.length > 0, 'there are commands to run');
    for (const [index, { command, output }] of shown.entries()) {
      t.is(masked(printed[index]?.output ?? ''), masked(output), command);
    }
  });
}

test('the documents show commands of each kind', (t) => {
  t.true(blocksOf('console run').flatMap(consoleSteps).length >= 25);
  t.true(readFileSync(join(projectRoot, 'README.md'), 'utf8').split('\n').length <= 250, 'README.md: 250 lines');
});

test('the first command of the README is one line and needs no preparation but a clone', (t) => {
  const [first] = blocksOf('console run', readme);
  t.deepEqual(
    consoleSteps(first ?? '').map(({ command }) => command),
    ['examples/two-hosts/run'],
  );
});

test('the TypeScript of the documents is an example that compiles and runs', async (t) => {
  const example = readFileSync(join(projectRoot, 'examples/library/readme.ts'), 'utf8');
  t.deepEqual(blocksOf('ts'), [example]);
  const program = join(projectRoot, 'build/examples/library/readme.js');
  const printed = await runWell(process.execPath, [program], { cwd: scratchFolder(t) });
  t.is(masked(printed), 'lib_1-cert.pem (date)\nlib_2-cert.pem (date)\n');
});

test('the other shell commands of the documents are ones that a shell can read', async (t) => {
  const scripts = blocksOf('sh');
  t.true(scripts.length >= 5);
  const folder = scratchFolder(t);
  for (const [index, script] of scripts.entries()) {
    const file = join(folder, `${index}.sh`);
    writeFileSync(file, script);
    t.like(await run('sh', ['-n', file]), { status: 0, stderr: '' }, script);
  }
});

test('the inventories of the documents can be read, and its tunnels made', (t) => {
  for (const text of blocksOf('yaml')) {
    const fleet = expandInventory(parseInventory(text, 'fleet.yaml'), { folder: '.' });
    // All of them are meshes, or pairs, which are the smallest.
    t.true(fleet.hosts.length >= 2);
    for (const { ends } of fleet.hosts) t.is(ends.length, fleet.hosts.length - 1);
  }
  t.is(blocksOf('yaml').length, 4);
});

test('the profiles of the documents can be read', (t) => {
  const read = blocksOf('ini').map((text) => parseOwnProfile(Buffer.from(text), 'profile.conf', 'controller'));
  t.is(read.length, 1);
  for (const { subject } of read) t.deepEqual(subject?.at(-1)?.value, 'Control');
});

test('no block of a document escapes these tests by its marker', (t) => {
  t.deepEqual([...new Set(pages.flatMap(({ blocks }) => blocks.map(({ info }) => info)))].sort(), [
    'console lab',
    'console run',
    'ini',
    'sh',
    // A plan, which test/cli/render/many.test.ts makes.
    'text',
    'ts',
    'yaml',
  ]);
});

test('masks leave alone what must not differ', (t) => {
  t.is(
    masked('host_1: signed by switchca, serial 0123456789ABCDEF0123456789ABCDEF, valid until 2036-11-19'),
    'host_1: signed by switchca, serial (serial), valid until (date)',
  );
  t.is(
    masked('a\tSun Nov  2 04:01:56 CET 2026\n\tfingerprint 20d466a39836da4ee447db0801208c78d1f1ab01'),
    'a\t(date)\n\tfingerprint (fingerprint)',
  );
  t.is(masked('serial 01, 3072 bits, version 1, 192.0.2.1'), 'serial 01, 3072 bits, version 1, 192.0.2.1');
});
