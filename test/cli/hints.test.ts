/** Hints that name a command: the command line that they give is one, and works on the PKI directory that was meant. */

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { normalizeArguments } from '../../src/cli/options/argv.js';
import { type CommandSpec, commandSpecs } from '../../src/cli/options/commands.js';
import { withDirectory, withQuotedFile } from '../../src/cli/render/hint.js';
import { projectRoot, run, runOurs } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';
import { textsIn } from '../support/texts.js';

/** A command line of ours that a text of the program names, with a word in the place of each value. */
interface CommandLine {
  readonly file: string;
  readonly line: string;
}

/** What all texts of the sources say after the name of the program: hints, cures, warnings, help. */
function commandLines(): CommandLine[] {
  const sources = readdirSync(join(projectRoot, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  return sources.flatMap((file) =>
    textsIn(readFileSync(join(projectRoot, 'src', file), 'utf8'), wordFor).flatMap((text) =>
      [...text.matchAll(/ovs-pki-ts (?=\S)([^\n`;,:()"'&]*)/g)].map(([, line = '']) => ({ file, line: line.trim() })),
    ),
  );
}

/** What is there in some cases only brings its space along. */
function wordFor(value: string): string {
  return value.includes('?') ? ' switch' : 'switch';
}

const specs: readonly CommandSpec[] = commandSpecs;

/** Where the name of the program stands in a sentence, or before a command that is a value. */
const notCommandLines: readonly string[] = [
  ...['is at work on the host.', 'was installed so', 'did not make it', 'has set it', 'wrote it', ''],
  ...['--help', 'COMMAND --help', 'switch --help', 'switch'],
];

test('every text that names a command of ours gives a command line that can be read, and none escapes', (t) => {
  const lines = commandLines();
  t.true(lines.length > 130, `${lines.length} found`);
  for (const { file, line } of lines) {
    const what = `${file}: ovs-pki-ts ${line}`;
    const command = specs.find(({ name }) => name === line.replace(/^--dir \S+ /, '').split(' ')[0]);
    if (command === undefined) t.true(notCommandLines.includes(line), what);
    else t.deepEqual(faultsOf(command, line.replace(/ \[.*\]$/, '')), [], what);
  }
});

/** A destination as a word that nobody has quoted: `[2001:db8::1]:22` and `CORP\\alice@h` are others to a shell. */
const unquoted = /(?<!shellCommand)`(?:[^`$]|\$\{[^}`]*\})*?(?:--to |\bssh )\$\{/;

test('what a host is reached by is quoted in every command that is to be typed', (t) => {
  const naming = (tag: string): string => ['hint: ', tag, '`ovs-pki-ts doctor --to $', '{host}`'].join('');
  t.regex(naming(''), unquoted);
  t.notRegex(naming('shellCommand'), unquoted);
  for (const file of readdirSync(join(projectRoot, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    for (const line of readFileSync(join(projectRoot, 'src', file), 'utf8').split('\n'))
      t.notRegex(line, unquoted, file);
  }
});

for (const [line, fault] of [
  ['crl --frce', /there is no option --frce/],
  ['crl --reason superseded', /crl does nothing with --reason/],
  ['sign host_1 --days', /--days needs an argument/],
  ['rollover undo switch', /undo is no word of rollover/],
  ['init switch', /init takes no operand/],
  ['crl host_1', /host_1 is no type/],
] as const) {
  test(`a text that says ovs-pki-ts ${line} would be found`, (t) => {
    const command = specs.find(({ name }) => name === line.split(' ')[0]);
    t.regex(faultsOf(command as CommandSpec, line).join(), fault);
  });
}

/** What is wrong with a command line, were it typed. */
function faultsOf({ name, options, operands, operandWords }: CommandSpec, line: string): string[] {
  let words: readonly string[];
  try {
    words = normalizeArguments(line.split(/ +/)).slice(1);
  } catch (error) {
    return [String(error)];
  }
  if (words.includes('--help')) return [];
  const [given, [first]] = [words.slice(0, words.indexOf('--')), words.slice(words.indexOf('--') + 1)];
  const used: readonly string[] = options;
  const unused = given.map((word) => word.replace(/^--([^=]*).*$/, '$1')).filter((long) => !used.includes(long));
  return [
    ...unused.map((long) => `${name} does nothing with --${long}`),
    ...(first !== undefined && operands === '' ? [`${name} takes no operand`] : []),
    ...(first !== undefined && operands === '[TYPE]' && first !== 'switch' ? [`${first} is no type`] : []),
    ...(first !== undefined && operandWords !== undefined && !operandWords.includes(first)
      ? [`${first} is no word of ${name}`]
      : []),
  ];
}

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
