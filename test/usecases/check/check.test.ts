import { appendFileSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { check, checkRules, fixedClock, nodePlatform } from '../../../src/index.js';
import { checkCases } from '../../cases/checks.js';
import { companyChecks } from '../../cases/company-checks.js';
import { rsaKeyFile } from '../../support/keys.js';
import { beginPki, caFolderIn, makeRequest, ours, oursWell, ovsPkiWell } from '../../support/pki.js';
import { projectRoot, type Run, runOurs } from '../../support/programs.js';
import { scratchFolder } from '../../support/scratch.js';

const dayMs = 86_400_000;

test('check finds what is due or wrong, and nothing else', async (t) => {
  const template = await makeScene(t);
  const rows = scratchFolder(t);
  const faults: Record<string, unknown> = {};
  const queue = [...checkCases, ...companyChecks].entries();
  const worker = async (): Promise<void> => {
    for (const [index, { title, make, day = 1, reasons, unchecked = 0, files, hosts }] of queue) {
      const folder = join(rows, String(index));
      cpSync(template, folder, { recursive: true });
      await make?.(folder);
      const inventory = hosts && join(folder, 'fleet.yaml');
      if (inventory !== undefined) writeFileSync(inventory, `version: 1\nhosts: {${hosts?.join(': {}, ')}: {}}\n`);
      const clock = fixedClock(new Date(Date.now() + day * dayMs));
      const result = await check(nodePlatform({ clock }), {
        pkiDirectory: join(folder, 'pki'),
        folder,
        ...(files === undefined ? {} : { files: files.map((file) => join(folder, file)) }),
        inventory,
        warnMs: 30 * dayMs,
        criticalMs: 7 * dayMs,
      });
      const found = result.reasons.map(({ severity, rule, about }) => `${severity} ${rule} ${basename(about)}`);
      const told = { reasons: found.sort(), unchecked: result.unchecked.length };
      const wanted = { reasons: [...reasons].sort(), unchecked };
      if (JSON.stringify(told) !== JSON.stringify(wanted)) faults[title] = { wanted, told };
    }
  };
  await Promise.all([worker(), worker()]);
  t.deepEqual(faults, {});
});

test('every rule has its case, and its row in docs/check.md', (t) => {
  const found = new Set(
    [...checkCases, ...companyChecks].flatMap(({ reasons }) => reasons.map((reason) => reason.split(' ')[1] ?? '')),
  );
  t.deepEqual([...found].sort(), Object.keys(checkRules).sort());
  const page = readFileSync(join(projectRoot, 'docs/check.md'), 'utf8');
  const documented = [...page.matchAll(/^\| `([a-z-]+)` \| (.+?) \|/gm)].map(([, rule, meaning]) => [rule, meaning]);
  t.deepEqual(documented, Object.entries(checkRules));
});

test('the exit status is 0 for nothing and 4 for reasons, and they go to standard output', async (t) => {
  const folder = await makeScene(t);
  t.like(await ours(folder, ['check']), { status: 0, stdout: 'nothing is due or wrong: 1 name, 2 CAs\n', stderr: '' });
  const due = await ours(folder, ['check', 'switch', '--warn', '200d', '--critical', '1h']);
  t.like(due, { status: 4, stderr: '' });
  t.regex(
    due.stdout,
    /^warning: host \(switch\): ends in 99 days 23 hours, and there is no newer .*\[leaf-expiry\]\n$/,
  );
  t.is((await ours(folder, ['check', 'controller', '--warn', '200d'])).status, 0);
  const { reasons, outcome, authorities } = JSON.parse(
    (await ours(folder, ['check', '--json', '--warn', '200d', '--critical', '150d'])).stdout,
  ) as { reasons: unknown[]; outcome: string; authorities: unknown[] };
  t.is(outcome, 'critical');
  t.like(reasons, { 0: { rule: 'leaf-expiry', severity: 'critical', about: 'host', type: 'switch' }, length: 1 });
  t.like(authorities, { 1: { type: 'switch', names: 1, certificates: { valid: 1, expired: 0, revoked: 0 } } });
});

test('a CA whose folder is damaged hides nothing of the other one', async (t) => {
  const folder = await makeScene(t);
  const index = (type: 'switch' | 'controller'): string => join(caFolderIn(folder, type), 'index.txt');
  rmSync(index('controller'));
  const one = await ours(folder, ['check', '--warn', '200d']);
  t.is(one.status, 5);
  t.regex(one.stdout, /^warning: host \(switch\): ends in 99 days 23 hours.*\n$/);
  t.regex(one.stderr, /^ovs-pki-ts: error: .*controllerca\/index\.txt.*\[PKI_CORRUPT\]\n.*hint: /);
  const told = JSON.parse((await ours(folder, ['check', '--json', '--warn', '200d'])).stdout) as Record<
    string,
    unknown
  >;
  t.like(told, {
    outcome: 'critical',
    error: { code: 'PKI_CORRUPT' },
    failures: { length: 1 },
    reasons: { length: 1 },
  });
  const plugin = await ours(folder, ['check', '--nagios']);
  t.like(plugin, { status: 3, stderr: '' });
  // Of both each is told, and nothing is said to be in order.
  rmSync(index('switch'));
  const both = await ours(folder, ['check']);
  t.like(both, { status: 5, stdout: '' });
  t.is(both.stderr.match(/\[PKI_CORRUPT\]/g)?.length, 2);
});

/** Form of the answer of a plugin: status and text, a bar, performance data. */
const pluginLine =
  /^OVS-PKI (OK|WARNING|CRITICAL|UNKNOWN) - [^|\n]+( \| \w+=\d+s?(;[\d:]*){2,3}( \w+=\d+s?(;[\d:]*){2,3})*)?\n$/;

const nagios: readonly {
  readonly title: string;
  readonly args: string[];
  readonly status: number;
  readonly word: string;
}[] = [
  { title: 'nothing', args: [], status: 0, word: 'OK' },
  { title: 'a warning', args: ['--warn', '200d'], status: 1, word: 'WARNING' },
  { title: 'something critical', args: ['--warn', '200d', '--critical', '150d'], status: 2, word: 'CRITICAL' },
  { title: 'no PKI directory', args: ['--dir', 'none'], status: 3, word: 'UNKNOWN' },
  { title: 'a file that does not exist', args: ['none.pem'], status: 3, word: 'UNKNOWN' },
  { title: 'a period that is none', args: ['--warn', 'soon'], status: 3, word: 'UNKNOWN' },
];

test('with --nagios the answer is one line with performance data, and the status of a plugin', async (t) => {
  const folder = await makeScene(t);
  for (const { title, args, status, word } of nagios) {
    const answer = await runOurs(['--dir', 'pki', '--log', 'log', 'check', '--nagios', ...args], { cwd: folder });
    t.like(answer, { status, stderr: '' }, title);
    t.is(pluginLine.exec(answer.stdout)?.[1], word, answer.stdout);
  }
  t.regex((await ours(folder, ['check', '--nagios'])).stdout, / next_expiry=86\d{5}s;2592000:;604800:\n$/);
});

test('hostile names neither write to the terminal nor break the line of a plugin nor the metrics', async (t) => {
  const folder = await makeScene(t);
  const hostile = 'x|y"\\{}\x1b]0;t\x07';
  const row = `V\t260101000000Z\t\t41AA\tunknown\t/O=x/CN=${hostile}\n`;
  appendFileSync(join(caFolderIn(folder, 'switch'), 'index.txt'), row, 'latin1');
  const plain = await ours(folder, ['check', '--prometheus', 'metrics.prom']);
  t.regex(plain.stdout, /^critical: x\|y"\\\{\}\\u\{1b\}\]0;t\\u\{7\} \(switch\): expired /);
  t.regex((await ours(folder, ['check', '--nagios'])).stdout, pluginLine);
  const series = metricsOf(readFileSync(join(folder, 'metrics.prom'), 'utf8'));
  t.is(
    series.get('ovs_pki_certificate_expiry_timestamp_seconds{type="switch",name="x|y\\"\\\\{}?]0;t?"}'),
    Date.UTC(2026) / 1000,
  );
});

test('the metrics can be read, say when what ends, and name every reason', async (t) => {
  const folder = await makeScene(t);
  await ours(folder, ['check', '--warn', '200d', '--prometheus', 'metrics.prom']);
  const series = metricsOf(readFileSync(join(folder, 'metrics.prom'), 'utf8'));
  const { results } = JSON.parse(await oursWell(folder, ['list', '--json'])) as {
    results: { type: string; notAfter: string }[];
  };
  const endOf = (type: string) => Date.parse(results.find((row) => row.type === type)?.notAfter ?? '') / 1000;
  t.is(series.get('ovs_pki_certificate_expiry_timestamp_seconds{type="switch",name="host"}'), endOf('switch'));
  t.is(series.get('ovs_pki_ca_certificate_expiry_timestamp_seconds{type="controller"}'), endOf('controllerca'));
  t.is(series.get('ovs_pki_certificates{type="switch",state="valid"}'), 1);
  t.is(series.get('ovs_pki_check_reasons{rule="leaf-expiry",severity="warning"}'), 1);
  t.is(series.get('ovs_pki_check_reason{rule="leaf-expiry",severity="warning",type="switch",about="host"}'), 1);
  for (const rule of Object.keys(checkRules))
    t.true(series.has(`ovs_pki_check_reasons{rule="${rule}",severity="critical"}`));
  await ours(folder, ['check', '--prometheus', 'metrics.prom']);
  t.false(readFileSync(join(folder, 'metrics.prom'), 'utf8').includes('about='), 'the old content is gone');
  t.deepEqual(
    readdirSync(folder).filter((name) => name.includes('metrics')),
    ['metrics.prom'],
  );
});

test('a directory that ovs-pki has just made is in order', async (t) => {
  const folder = scratchFolder(t);
  await beginPki(folder, 'ovs-pki');
  await ovsPkiWell(folder, ['req+sign', '-u', '-B', '2048', 'host']);
  t.like(await ours(folder, ['check']), { status: 0, stdout: 'nothing is due or wrong: 1 name, 2 CAs\n', stderr: '' });
});

test('check changes nothing in the PKI directory', async (t) => {
  const folder = await makeScene(t);
  const contents = () =>
    readdirSync(join(folder, 'pki'), { recursive: true, encoding: 'utf8', withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => `${file} ${readFileSync(file, 'latin1')}`);
  const before = contents();
  const runs: Run[] = [
    await ours(folder, ['check']),
    await ours(folder, ['list']),
    await ours(folder, ['show', 'host']),
  ];
  t.deepEqual(
    runs.map(({ status }) => status),
    [0, 0, 0],
  );
  t.deepEqual(contents(), before);
});

/** The series of a text in the exposition format, each once; anything else in it is an error. */
function metricsOf(text: string): ReadonlyMap<string, number> {
  const series = new Map<string, number>();
  let current = '';
  for (const line of text.trimEnd().split('\n')) {
    const [, kind, name] = /^# (HELP|TYPE) ([a-z_]+) .+$/.exec(line) ?? [];
    if (kind === 'HELP') current = name ?? '';
    if (kind !== undefined) continue;
    const label = /[a-z]+="(?:[^"\\\n]|\\[\\"n])*"/.source;
    const [, id, metric, value] = new RegExp(`^((\\w+)(?:\\{${label}(?:,${label})*\\})?) ([\\d.]+)$`).exec(line) ?? [];
    if (id === undefined || metric !== current || series.has(id)) throw new Error(`a bad line: ${line}`);
    series.set(id, Number(value));
  }
  return series;
}

async function makeScene(t: ExecutionContext): Promise<string> {
  const folder = scratchFolder(t);
  await beginPki(folder, 'ours with EC keys');
  await makeRequest(folder, 'host', rsaKeyFile(1));
  await oursWell(folder, ['sign', '-b', '--days', '100', 'host']);
  return folder;
}
