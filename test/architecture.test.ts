import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import {
  importTable,
  maximumFileLines,
  maximumFunctionLines,
  type Source,
  violationsIn,
} from './support/architecture.js';
import { projectRoot } from './support/programs.js';

const sources: Source[] = ['src', 'test', 'examples'].flatMap((folder) =>
  readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => {
      const fromRoot = join(folder, path);
      return { path: fromRoot, text: readFileSync(join(projectRoot, fromRoot), 'utf8') };
    }),
);

test('the code keeps the rules of ARCHITECTURE.md', (t) => {
  t.true(sources.filter(({ path }) => path.startsWith('src/')).length > 50, 'the sources were found');
  t.deepEqual(violationsIn(sources), []);
});

test('no folder collects what belongs nowhere', (t) => {
  const folders = new Set(sources.flatMap(({ path }) => path.split('/').slice(0, -1)));
  t.deepEqual(
    [...folders].filter((name) => /^(utils?|helpers?|services?|managers?|common|misc)$/.test(name)),
    [],
  );
});

/** Code that each breaks one rule: at a path, what is written there, and the rule that finds it. */
const badSamples: readonly { readonly path: string; readonly text: string; readonly rule: string }[] = [
  { path: 'src/errors.ts', text: "import './pki/der.js';", rule: 'import' },
  { path: 'src/errors.ts', text: "import * as fs from 'node:fs';", rule: 'package' },
  { path: 'src/pki/x.ts', text: "import { readFile } from '../platform/files.js';", rule: 'import' },
  { path: 'src/pki/x.ts', text: "import type { Clock } from '../platform/clock.js';", rule: 'import' },
  { path: 'src/pki/lint/x.ts', text: "export type { CaLayout } from '../../store/layout.js';", rule: 'import' },
  { path: 'src/pki/x.ts', text: "import * as fs from 'node:fs';", rule: 'package' },
  { path: 'src/pki/x.ts', text: "import { Name } from '@peculiar/x509';", rule: 'package' },
  { path: 'src/pki/x.ts', text: "const pkijs = await import('pkijs');", rule: 'package' },
  { path: 'src/platform/x.ts', text: "import { oid } from '../pki/oid.js';", rule: 'import' },
  { path: 'src/platform/x.ts', text: "import { spawn } from 'node:child_process';", rule: 'package' },
  { path: 'src/platform/x.ts', text: "import { spawn } from 'child_process';", rule: 'package' },
  { path: 'src/platform/x.ts', text: "const cp = require('node:child_process');", rule: 'package' },
  { path: 'src/platform/x.ts', text: "import { createRequire } from 'node:module';", rule: 'package' },
  { path: 'src/store/x.ts', text: "import { sign } from '../usecases/sign.js';", rule: 'import' },
  { path: 'src/store/x.ts', text: "import * as fs from 'node:fs';", rule: 'package' },
  { path: 'src/deploy/x.ts', text: "import { readCa } from '../store/ca.js';", rule: 'import' },
  { path: 'src/usecases/x.ts', text: "import { confirm } from '../cli/prompt.js';", rule: 'import' },
  { path: 'src/usecases/x.ts', text: "import { confirm } from '../index.js';", rule: 'import' },
  { path: 'src/usecases/x.ts', text: "let a: import('../cli/outcome.js').Outcome;", rule: 'import' },
  { path: 'src/usecases/x.ts', text: "let a: import('@peculiar/x509').Name;", rule: 'package' },
  { path: 'src/cli/x.ts', text: "import { oid } from '../pki/oid.js';", rule: 'import' },
  { path: 'src/cli/x.ts', text: "const store = await import('../store/layout.js');", rule: 'import' },
  { path: 'src/cli/x.ts', text: "import inquirer from 'inquirer';", rule: 'package' },
  { path: 'src/index.ts', text: "export { withLock } from './store/lock.js';", rule: 'import' },
  { path: 'src/utils/x.ts', text: 'export const a = 1;', rule: 'room' },
  { path: 'src/cli/x.ts', text: 'process.exit(1);', rule: 'process.exit' },
  { path: 'src/cli/x.ts', text: "globalThis.process['exit'](1);", rule: 'process.exit' },
  { path: 'src/cli/x.ts', text: 'const { exit } = process;', rule: 'process.exit' },
  { path: 'src/cli/x.ts', text: "console.error('x');", rule: 'console' },
  { path: 'src/pki/x.ts', text: 'const now = new Date();', rule: 'clock' },
  { path: 'src/pki/x.ts', text: 'const now = new Date;', rule: 'clock' },
  { path: 'src/pki/x.ts', text: 'const now = Date();', rule: 'clock' },
  { path: 'src/pki/x.ts', text: 'const now = Date.now();', rule: 'clock' },
  { path: 'src/pki/x.ts', text: 'const { now } = performance;', rule: 'clock' },
  { path: 'src/pki/x.ts', text: 'const now = globalThis.performance.now();', rule: 'clock' },
  { path: 'src/store/x.ts', text: 'const now = process.hrtime.bigint();', rule: 'clock' },
  { path: 'src/pki/x.ts', text: 'const a = Math.random();', rule: 'Math.random' },
  { path: 'src/pki/x.ts', text: 'class Certificate {}', rule: 'class' },
  { path: 'src/deploy/plan/x.ts', text: "import { apply } from '../apply/apply.js';", rule: 'folder' },
  { path: 'src/deploy/doctor/x.ts', text: "import type { Progress } from '../apply/host-run.js';", rule: 'folder' },
  { path: 'src/deploy/ike/x.ts', text: "import { planHost } from '../plan/plan.js';", rule: 'folder' },
  { path: 'src/deploy/plan/x.ts', text: "import { rules } from '../doctor/doctor.js';", rule: 'folder' },
  { path: 'src/deploy/fitness/x.ts', text: "import type { HostInput } from '../plan/input.js';", rule: 'folder' },
  { path: 'src/deploy/system/x.ts', text: "import { known } from '../facts/fact.js';", rule: 'folder' },
  { path: 'src/deploy/ike/x.ts', text: "import { readFacts } from '../facts/host-facts.js';", rule: 'folder' },
  { path: 'src/deploy/facts/x.ts', text: "export { rules } from '../doctor/doctor.js';", rule: 'folder' },
  { path: 'src/deploy/plan/x.ts', text: "const is = daemon.name === 'strongswan';", rule: 'ike-daemon' },
  { path: 'src/cli/x.ts', text: 'const a = ipsec.libreswan;', rule: 'ike-daemon' },
  { path: 'src/deploy/doctor/x.ts', text: 'export const isStrongswan = true;', rule: 'ike-daemon' },
  { path: 'src/pki/x.ts', text: 'const a = b as any;', rule: 'any' },
  { path: 'test/x.test.ts', text: 'const a: any[] = [];', rule: 'any' },
  { path: 'test/x.test.ts', text: `// @ts-${'ignore'}\nconst a = 1;`, rule: 'ts-comment' },
  { path: 'src/pki/x.ts', text: `/* @ts-${'expect-error'} */ const a = 1;`, rule: 'ts-comment' },
  { path: 'test/x.test.ts', text: '\n'.repeat(maximumFileLines + 1), rule: 'file-length' },
  { path: 'src/x/y.ts', text: '\n'.repeat(maximumFileLines + 1), rule: 'file-length' },
  {
    path: 'test/x.test.ts',
    text: `test('x', () => {${'\n'.repeat(maximumFunctionLines)}});`,
    rule: 'function-length',
  },
];

for (const { path, text, rule } of badSamples) {
  test(`the rule "${rule}" finds ${JSON.stringify(text.trim().split('\n')[0])} in ${path}, ${text.length} characters`, (t) => {
    t.true(
      violationsIn([{ path, text }]).some((violation) => violation.rule === rule && violation.place.startsWith(path)),
    );
  });
}

/** Code that looks a little like the bad samples and breaks no rule. */
const goodSamples: readonly Source[] = [
  { path: 'src/platform/clock.ts', text: 'export const now = () => new Date();' },
  { path: 'src/pki/x.ts', text: 'export const a = (time: number) => new Date(time);' },
  { path: 'src/platform/run.ts', text: "import { spawn } from 'node:child_process';" },
  { path: 'src/cli/options/prompt.ts', text: "const { default: inquirer } = await import('inquirer');" },
  { path: 'src/cli/render/x.ts', text: "console.error('x');" },
  { path: 'src/deploy/ike/x.ts', text: "const name = 'strongswan'; import '../answer/sections.js';" },
  { path: 'src/deploy/plan/x.ts', text: "const why = 'libreswan needs a minute';" },
  { path: 'src/pki/x.ts', text: '// const now = Date.now(); console.log(process.exit())' },
  { path: 'test/x.test.ts', text: "import '../src/pki/der.js'; console.log(Date.now(), 'as any');" },
  { path: 'test/x.test.ts', text: '\n'.repeat(maximumFileLines) },
  { path: 'test/x.test.ts', text: `test('x', () => {${'\n'.repeat(maximumFunctionLines - 1)}});` },
];

for (const source of goodSamples) {
  test(`no rule finds ${JSON.stringify(source.text.split('\n')[0])} in ${source.path}, ${source.text.length} characters`, (t) => {
    t.deepEqual(violationsIn([source]), []);
  });
}

test('a circle of imports is found once, types or not, over any number of files', (t) => {
  const circle = violationsIn([
    { path: 'src/pki/c.ts', text: "import './a.js'; import './d.js';" },
    { path: 'src/pki/a.ts', text: "import type { B } from './b.js';" },
    { path: 'src/pki/b.ts', text: "export * from './lint/../c.js';" },
    { path: 'src/pki/d.ts', text: "import './e.js';" },
    { path: 'src/pki/e.ts', text: '' },
  ]);
  const what = 'src/pki/a.ts → src/pki/b.ts → src/pki/c.ts → src/pki/a.ts';
  t.deepEqual(circle, [{ rule: 'cycle', place: 'src/pki/a.ts', what }]);
});

test('a circle of folders is found, of types too, where no files are in one; outside of src/ it is none', (t) => {
  const texts = (root: string): Source[] => [
    { path: `${root}/pki/a.ts`, text: "import type { B } from './lint/b.js';" },
    { path: `${root}/pki/lint/b.ts`, text: "import '../c.js';" },
    { path: `${root}/pki/c.ts`, text: '' },
    { path: `${root}/pki/path/d.ts`, text: "import '../a.js'; import '../lint/b.js';" },
  ];
  const what = 'src/pki, src/pki/lint';
  t.deepEqual(violationsIn(texts('src')), [
    { rule: 'folder-cycle', place: 'src/pki', what },
    { rule: 'folder-cycle', place: 'src/pki/lint', what },
  ]);
  t.deepEqual(violationsIn(texts('test')), []);
  const roots: readonly Source[] = [
    { path: 'src/index.ts', text: "import './pki/c.js';" },
    { path: 'src/pki/c.ts', text: "import '../errors.js';" },
    { path: 'src/errors.ts', text: '' },
  ];
  t.deepEqual(violationsIn(roots), []);
});

test('every room of src/ has its row in ARCHITECTURE.md, and every row its room', (t) => {
  const page = readFileSync(join(projectRoot, 'ARCHITECTURE.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z.]+)\/?` \|/gm)].map(([, room]) => room);
  const rooms = Object.keys(importTable).filter((room) => sources.some(({ path }) => path.startsWith(`src/${room}`)));
  t.deepEqual([...rows].sort(), rooms.sort());
});

test('the tests that ARCHITECTURE.md names for what must stay true are there', (t) => {
  const page = readFileSync(join(projectRoot, 'ARCHITECTURE.md'), 'utf8');
  const section = page.slice(page.indexOf('## What must stay true'), page.indexOf('## The life of a `sign`'));
  const named = [...section.matchAll(/\((`[a-z-]+\/[a-z/-]*`(?:, `[a-z-]+\/[a-z/-]*`)*)\)/g)].flatMap(([, list = '']) =>
    [...list.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
  );
  t.true(named.length >= 15);
  const tests = sources.map(({ path }) => path).filter((path) => path.startsWith('test/'));
  t.deepEqual(
    named.filter((name) => !tests.some((path) => path === `test/${name}.test.ts` || path.startsWith(`test/${name}`))),
    [],
  );
});
