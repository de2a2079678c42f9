/** Hints that name a command: the command line that they give is one, and works on the PKI directory that was meant. */

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { normalizeArguments } from '../../src/cli/options/argv.js';
import { commandSpecs } from '../../src/cli/options/commands.js';
import { optionSpecs } from '../../src/cli/options/specs.js';
import { withDirectory, withQuotedFile } from '../../src/cli/render/hint.js';
import { projectRoot, run, runOurs } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

/** What the sources say after the name of the program, with a word in the place of each value. */
function commandLines(): { readonly file: string; readonly line: string }[] {
  const sources = readdirSync(join(projectRoot, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  return sources.flatMap((file) => {
    const text = readFileSync(join(projectRoot, 'src', file), 'utf8');
    const hints = [...text.matchAll(/hint:?\s(?:[^\n]|\n(?! {2,4}(?:details|cause)))*?ovs-pki-ts [^\n]*/g)].map(
      ([hint]) => hint,
    );
    return hints.map(withoutValues).flatMap((hint) =>
      [...hint.matchAll(/ovs-pki-ts ((?:--dir \S+ )?[a-z][a-z+-]*(?: [^\s`'";,:()]+)*)/g)].map(([, line = '']) => ({
        file,
        line: line.replace(/ \[.*\]$/, ''),
      })),
    );
  });
}

/** A word in the place of each value that a template takes in. */
function withoutValues(template: string): string {
  const next = template.replaceAll(/\$\{[^{}]*\}/g, (value) => (value.includes('?') ? ' switch' : 'switch'));
  return next === template ? template : withoutValues(next);
}

const names: readonly string[] = commandSpecs.map(({ name }) => name);

test('every hint that names a command of ours gives a command line that can be read', (t) => {
  const lines = commandLines().filter(({ line }) =>
    names.includes(line.replace(/^--dir \S+ /, '').split(' ')[0] ?? ''),
  );
  t.true(lines.length > 25, `${lines.length} found`);
  for (const { file, line } of lines) {
    const [command, ...rest] = normalizeArguments(line.split(' '));
    const spec = commandSpecs.find(({ name }) => name === command);
    const used: readonly string[] = spec?.options ?? [];
    for (const option of rest.slice(0, rest.indexOf('--')).filter((word) => word !== '--help')) {
      const long = option.replace(/^--([^=]*).*$/, '$1');
      t.true(
        used.includes(long) || !optionSpecs.some((known) => known.long === long && 'isOwn' in known),
        `${file}: ${line}`,
      );
      t.true(used.includes(long), `${file}: ${command} does nothing with --${long}`);
    }
  }
});

test('a command in a hint works on the directory of the command that failed', (t) => {
  const hint = 'see where it is: ovs-pki-ts rollover status switch; to give it up: ovs-pki-ts rollover back switch';
  t.is(withDirectory(hint, undefined), hint);
  t.is(
    withDirectory(hint, 'pki'),
    'see where it is: ovs-pki-ts rollover --dir pki status switch; to give it up: ovs-pki-ts rollover --dir pki back switch',
  );
  t.is(withDirectory('ovs-pki-ts crl', "o's $& pki"), "ovs-pki-ts crl --dir 'o'\\''s $& pki'");
  t.is(withDirectory('ovs-pki-ts renew --help', 'pki'), 'ovs-pki-ts renew --help');
  t.is(withDirectory('ovs-pki-ts req --unique host_1', 'pki'), 'ovs-pki-ts req --unique host_1');
});

test('a command or an option that is nearly right is told in words that can be read', async (t) => {
  for (const [typed, meant] of [
    ['inti', 'init'],
    ['verfy', 'verify'],
    ['roll-over', 'rollover'],
  ] as const) {
    const { status, stderr } = await runOurs([typed]);
    t.is(status, 2);
    t.is(
      stderr,
      `ovs-pki-ts: error: unknown command '${typed}' [USAGE]\novs-pki-ts: hint: did you mean ${meant}? ovs-pki-ts ${meant} --help\n`,
    );
  }
});

const spaced = '/srv/my pki/profile.conf';
const quotedHints: readonly (readonly [file: string, hint: string, shown: string])[] = [
  [spaced, `mv ${spaced} ${spaced}.bad`, `mv '${spaced}' '${spaced}'.bad`],
  ['/srv/pki/x', 'rm /srv/pki/x', 'rm /srv/pki/x'],
  [spaced, 'mkdir -p /srv/my pki', "mkdir -p '/srv/my pki'"],
  [spaced, `echo 02 > '${spaced}'`, `echo 02 > '${spaced}'`],
  ['$(touch pwned)/x', 'chmod 600 $(touch pwned)/x', "chmod 600 '$(touch pwned)/x'"],
  ["it's", "rm it's", "rm 'it'\\''s'"],
];

test('a path in a hint is one word of a command, whatever is in it', async (t) => {
  for (const [file, hint, shown] of quotedHints) t.is(withQuotedFile(hint, file), shown);
  // As it stands: a shell finds the file.
  const folder = join(scratchFolder(t), 'my $(touch pwned) pki');
  await runOurs(['init', '--key', 'ec', '--dir', 'pki', '--log', 'log'], { cwd: mkdirIn(folder) });
  writeFileSync(join(folder, 'pki/profile.conf'), 'no profile\n');
  const { stderr } = await runOurs(['crl', '--dir', `${folder}/pki`, '--log', 'log'], { cwd: folder });
  const { stderr: told } = await runOurs(['req+sign', '-b', 'h', '--dir', `${folder}/pki`, '--log', 'log'], {
    cwd: folder,
  });
  const command = /mv .*$/m.exec(`${stderr}\n${told}`)?.[0] ?? 'exit 9';
  t.is((await run('sh', ['-c', command], { cwd: folder })).status, 0, command);
  t.deepEqual(
    readdirSync(join(folder, 'pki')).filter((name) => name.startsWith('profile')),
    ['profile.conf.bad'],
  );
  t.false(existsSync(join(folder, 'pwned')));
});

function mkdirIn(folder: string): string {
  mkdirSync(folder, { recursive: true });
  return folder;
}
