import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { commandGroups, commandSpecs } from '../../src/cli/options/commands.js';
import { type OptionSpec, optionSpecs } from '../../src/cli/options/specs.js';
import { version } from '../../src/cli/version.js';
import { rules } from '../../src/deploy/doctor/doctor.js';
import { ikeDaemons } from '../../src/deploy/ike/daemons.js';
import { errorTable } from '../../src/errors.js';
import { projectRoot, run, runOurs, runWell } from '../support/programs.js';
import { textsIn } from '../support/texts.js';

const page = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');
const manualFile = join(projectRoot, 'docs/ovs-pki-ts.8');
const options: readonly OptionSpec[] = optionSpecs;
const packageJson: unknown = JSON.parse(page('package.json'));

test('docs/errors.md is what the table of errors makes it', async (t) => {
  const made = await runWell(process.execPath, ['scripts/errors-doc.mjs'], { cwd: projectRoot });
  t.is(page('docs/errors.md'), made, 'run: npm run docs:errors');
  for (const code of Object.keys(errorTable)) t.true(made.includes(`| \`${code}\` | `), code);
});

test('the exit statuses of the table of errors are the ones that the documents explain', (t) => {
  const statuses = [...new Set(Object.values(errorTable).map(({ exitStatus }) => exitStatus))];
  for (const status of statuses) {
    t.true(page('docs/errors.md').includes(`\n| ${status} | `), `docs/errors.md: ${status}`);
    t.true(page('docs/ovs-pki-ts.8').includes(`\n.B ${status}\n`), `manual page: ${status}`);
  }
});

test('the version of the program is that of the package, the manual page and the change log', async (t) => {
  t.like(packageJson, { version });
  t.is((await runOurs(['--version'])).stdout, `ovs-pki-ts ${version}\n`);
  t.true(page('docs/ovs-pki-ts.8').includes(`"ovs\\-pki\\-ts ${version}"`));
  t.regex(page('CHANGELOG.md'), new RegExp(`^## \\[?${version.replaceAll('.', '\\.')}\\b`, 'm'));
});

/** The manual page as it is read, without emphasis. */
const manual = run('groff', ['-man', '-Tascii', '-P-cbou', '-rLL=500n', manualFile]).then(({ stdout }) => stdout);

test('the manual page has every command and every option, and no other', async (t) => {
  const text = await manual;
  const commands = [...text.matchAll(/^ +ovs-pki-ts \[OPTION\]\.\.\. (\S+)/gm)].map(([, name]) => name);
  t.deepEqual(commands.sort(), commandSpecs.map(({ name }) => name).sort());
  for (const { name } of commandSpecs) t.regex(text, new RegExp(`^ {7}${name.replace('+', '\\+')}( |$)`, 'm'));
  const described = [...text.matchAll(/^ {7}(-.*?)(?: {2,}.*| [A-Z].*)?$/gm)].map(([, flags]) => flags);
  const wanted = options.map(
    ({ long, short, argument }) =>
      `${short === undefined ? '' : `-${short}, `}--${long}${argument === undefined ? '' : `=${argument}`}`,
  );
  t.deepEqual(described.sort(), [...wanted, '-h, --help', '-V, --version'].sort());
});

test('the manual page tells the defaults that --help tells', async (t) => {
  const text = (await manual).replaceAll(/\s+/g, ' ');
  for (const value of ['3072', '3650', '/var/lib/openvswitch/pki', '/var/log/openvswitch/ovs-pki.log', '256']) {
    t.true(text.includes(value), value);
    t.true(
      options.some(({ description }) => description.includes(value)),
      value,
    );
  }
});

test('groff reads the manual page without a warning', async (t) => {
  t.like(await run('groff', ['-man', '-Tutf8', '-ww', '-z', manualFile]), { status: 0, stdout: '', stderr: '' });
});

test('--help has every command, and the help of each command exactly its options', async (t) => {
  const help = (await runOurs(['--help'])).stdout;
  fits(t, help);
  t.deepEqual(
    help.split('\n').filter((line) => commandGroups.some((group) => line === `${group}:`)),
    commandGroups.map((group) => `${group}:`),
  );
  t.is((await runOurs(['help'])).stdout, help);
  for (const { name } of commandSpecs) t.regex(help, new RegExp(`^ {2}${name.replace('+', '\\+')} `, 'm'));
  for (const { name, options: used } of commandSpecs) {
    const { stdout } = await runOurs([name, '--help']);
    const shown = [...stdout.matchAll(/^ {2}(?:-\w, )?--([a-z0-9-]+)/gm)].map(([, long]) => long);
    t.deepEqual(shown.sort(), [...used, 'help'].sort(), name);
    fits(t, stdout);
  }
  t.is((await runOurs(['help', 'apply'])).stdout, (await runOurs(['apply', '--help'])).stdout);
});

function fits(t: ExecutionContext, help: string): void {
  t.deepEqual(
    help.split('\n').filter((line) => line.length > 80),
    [],
  );
}

test('the README speaks of every command', (t) => {
  for (const { name } of commandSpecs)
    t.regex(page('README.md'), new RegExp(`ovs-pki-ts .*${name.replace('+', '\\+')}`));
});

test('docs/messages.md tells what the program says now, and nothing of what it said before is left', (t) => {
  const texts = readdirSync(join(projectRoot, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => textsIn(page(join('src', file)), () => '…'));
  const rows = page('docs/messages.md')
    .split('\n')
    .flatMap((line) => /^\| `[^`]+` \| (.*) \| (.*) \|$/.exec(line.replaceAll('\\|', '¦')) ?? [])
    .map((cell) => cell.replaceAll('¦', '|'));
  t.true(rows.length / 3 >= 80, `${rows.length / 3} messages`);
  const all = texts.join('\n');
  for (const [index, text] of rows.entries()) {
    if (index % 3 === 1) t.false(texts.includes(text), `is still said: ${text}`);
    if (index % 3 === 2) t.true(all.includes(text), `is not said: ${text}`);
  }
});

test('every link between the documents leads to a file', (t) => {
  const folders = ['.', 'docs', 'docs/adr'];
  const documents = folders.flatMap((folder) =>
    readdirSync(join(projectRoot, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  );
  const links = documents.flatMap((document) =>
    [...page(document).matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)/g)].map(([, target = '']) => ({ document, target })),
  );
  t.true(links.length > 8);
  t.deepEqual(
    links.filter(({ document, target }) => !existsSync(join(projectRoot, dirname(document), target))),
    [],
  );
});

test('docs/requirements.md names what hosts need, rules that there are, and the versions of the laboratory', (t) => {
  const text = page('docs/requirements.md');
  for (const { label, programs, triedUpTo } of ikeDaemons) {
    t.true(text.includes(label));
    t.true(text.includes(triedUpTo), `${label} ${triedUpTo}`);
    for (const { program, pack } of programs) t.true(text.includes(program) && text.includes(pack), program);
  }
  const ids = [...text.matchAll(/`([a-z0-9]+(?:-[a-z0-9]+)*)`/g)].flatMap(([, id = '']) =>
    /^(ike|ovs)-/.test(id) && !['ovs-monitor-ipsec', 'ovs-pki'].includes(id) ? [id] : [],
  );
  t.true(ids.length >= 3);
  t.deepEqual(
    ids.filter((id) => !rules.some((rule) => rule.id === id)),
    [],
  );
  const [, row = ''] = /^\| Debian 12 \|(.*)\*\*proved/m.exec(text) ?? [];
  for (const name of ['Open vSwitch', 'strongSwan', 'libreswan']) {
    const [, tried = ''] = new RegExp(`^\\| ${name} \\| (\\S+) \\|$`, 'm').exec(page('docs/lab.md')) ?? [];
    t.true(tried !== '' && row.includes(` ${tried} |`), `${name} ${tried}`);
  }
});

test('every file that ARCHITECTURE.md names is there', (t) => {
  const roots = ['src', 'test', 'templates', 'scripts', 'bin'];
  const files = roots.flatMap((root) =>
    readdirSync(join(projectRoot, root), { recursive: true, encoding: 'utf8' }).map((name) => join(root, name)),
  );
  const named = [...page('ARCHITECTURE.md').matchAll(/`((?:[\w.-]+\/)*[\w.-]+\.(?:ts|sh|py|mjs|cjs))`/g)].flatMap(
    ([, name = '']) => (name.includes('NAME') ? [] : [name]),
  );
  t.true(named.length > 20);
  t.deepEqual(
    named.filter((name) => !files.some((file) => file === name || file.endsWith(`/${name}`))),
    [],
  );
});
