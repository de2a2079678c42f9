import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { fixedClock, type ListRequest, list, nodePlatform } from '../../../src/index.js';
import { rsaKeyFile } from '../../support/keys.js';
import { beginPki, caFolderIn, makeRequest, opensslCa, ours, oursWell } from '../../support/pki.js';
import { programPath, run, runWell } from '../../support/programs.js';
import { scratchFolder } from '../../support/scratch.js';

const now = new Date('2026-12-01T00:00:00Z');
const platform = nodePlatform({ clock: fixedClock(now) });

/** What stands in the index behind the row of the CA. */
const rows = [
  'V\t361119033336Z\t\t41AA\tunknown\t/C=US/O=Open vSwitch/CN=long',
  'V\t261230235959Z\t\t41AB\tunknown\t/C=US/O=Open vSwitch/CN=barely_due',
  'V\t261231000000Z\t\t41AC\tunknown\t/C=US/O=Open vSwitch/CN=in_30_days',
  'V\t261201000000Z\t\t41AD\tunknown\t/C=US/O=Open vSwitch/CN=last_second',
  'V\t261130235959Z\t\t41AE\tunknown\t/C=US/O=Open vSwitch/CN=passed',
  'E\t251130235959Z\t\t41AF\tunknown\t/C=US/O=Open vSwitch/CN=edge_1',
  'R\t361119033336Z\t261122010203Z,keyCompromise\t41B0\tunknown\t/C=US/O=Open vSwitch/CN=edge_2',
  'R\t251130235959Z\t241122010203Z\t41B1\tunknown\t/C=US/O=Open vSwitch/CN=edge_3',
  'V\t20560101000000Z\t\t41B2\tunknown\t/C=US/O=Open vSwitch/CN=edge_4/emailAddress=a@example.org',
  'V\t500101000000Z\t\t41B3\tunknown\t/C=US/O=Open vSwitch/CN=of_1950',
  'V\t361119033336Z\t\t41B4\tunknown\t/C=US/O=Open vSwitch',
].map((row) => `${row}\n`);

const filters: readonly { readonly title: string; readonly request: Partial<ListRequest>; readonly names: string[] }[] =
  [
    {
      title: 'valid',
      request: { states: ['valid'] },
      names: ['long', 'barely_due', 'in_30_days', 'last_second', 'edge_4', ''],
    },
    { title: 'due', request: { states: ['due'] }, names: ['barely_due', 'last_second'] },
    { title: 'expired', request: { states: ['expired'] }, names: ['passed', 'edge_1', 'of_1950'] },
    { title: 'revoked', request: { states: ['revoked'] }, names: ['edge_2', 'edge_3'] },
    {
      title: 'several states',
      request: { states: ['revoked', 'due'] },
      names: ['barely_due', 'last_second', 'edge_2', 'edge_3'],
    },
    { title: 'name with a star', request: { name: 'edge_*' }, names: ['edge_1', 'edge_2', 'edge_3', 'edge_4'] },
    { title: 'name with a question mark', request: { name: 'edg?_4' }, names: ['edge_4'] },
    { title: 'name whose letters mean something to patterns', request: { name: 'l.ng|.+' }, names: [] },
    {
      title: 'expiry, itself not included',
      request: { expiresBefore: new Date('2026-12-31T00:00:00Z') },
      names: ['barely_due', 'last_second', 'passed', 'edge_1', 'edge_3', 'of_1950'],
    },
    {
      title: 'state, name and expiry',
      request: { states: ['expired', 'revoked'], name: 'edge*', expiresBefore: now },
      names: ['edge_1', 'edge_3'],
    },
  ];

test('list filters by state, name and expiry, by the clock', async (t) => {
  const folder = await folderWith(t, rows.join(''));
  for (const { title, request, names } of filters) {
    const found = [...(await list(platform, { pkiDirectory: join(folder, 'pki'), type: 'switch', ...request }))];
    t.deepEqual(
      found.filter(({ type }) => type === 'switch').map(({ commonName }) => commonName),
      names,
      title,
    );
  }
});

test('list tells when and why a certificate was revoked, and which rows are those of the authorities', async (t) => {
  const folder = await folderWith(t, rows.join(''));
  const found = [...(await list(platform, { pkiDirectory: join(folder, 'pki') }))];
  t.deepEqual(
    found.filter(({ type }) => type.endsWith('ca')).map(({ type, state }) => `${type} ${state}`),
    ['controllerca valid', 'switchca valid'],
  );
  t.like(
    found.find(({ serialNumber }) => serialNumber === '41B0'),
    { revokedAt: '2026-11-22T01:02:03.000Z', reason: 'keyCompromise', notAfter: '2036-11-19T03:33:36.000Z' },
  );
  t.is(found.find(({ serialNumber }) => serialNumber === '41B2')?.notAfter, '2056-01-01T00:00:00.000Z');
  t.is(found.length, rows.length + 2);
});

test('list has what openssl ca wrote: its certificates, and those it revoked', async (t) => {
  const folder = await folderWith(t, '');
  for (const [index, name] of ['by_us', 'by_openssl', 'gone'].entries())
    await makeRequest(folder, name, rsaKeyFile(index + 1));
  await oursWell(folder, ['sign', '-b', 'by_us', 'gone']);
  const certificate = join(folder, 'by_openssl-cert.pem');
  await opensslCa(folder, 'switch', ['-in', join(folder, 'by_openssl-req.pem'), '-out', certificate]);
  await opensslCa(folder, 'switch', ['-revoke', join(folder, 'gone-cert.pem'), '-crl_reason', 'superseded']);
  const { results } = JSON.parse(await oursWell(folder, ['list', 'switch', '--json'])) as {
    results: { commonName: string; state: string; reason?: string; serialNumber: string; notAfter: string }[];
  };
  t.deepEqual(
    results.slice(1).map(({ commonName, state, reason }) => [commonName, state, reason]),
    [
      ['by_us', 'valid', undefined],
      ['gone', 'revoked', 'superseded'],
      ['by_openssl', 'valid', undefined],
    ],
  );
  const told = await runWell('openssl', ['x509', '-noout', '-serial', '-enddate', '-in', certificate]);
  const [, serial, end = ''] = /serial=(.*)\nnotAfter=(.*)\n/.exec(told) ?? [];
  const last = results.at(-1);
  t.deepEqual([last?.serialNumber, Date.parse(last?.notAfter ?? '')], [serial, Date.parse(end)]);
});

test('the table has a column under each heading, and no control character of a subject reaches the terminal', async (t) => {
  const hostile = 'V\t361119033336Z\t\t41C0\tunknown\t/CN=\x1b]0;title\x07\x9b31m\n';
  const folder = await folderWith(t, rows.join('') + hostile);
  const lines = (await oursWell(folder, ['list', 'switch'])).trimEnd().split('\n');
  const places = [...(lines[0] ?? '').matchAll(/\S+/g)].map(({ index }) => index);
  for (const line of lines.slice(1)) {
    t.true(
      places.slice(1).every((place) => line.charAt(place - 1) === ' ' && line.charAt(place) !== ' '),
      line,
    );
  }
  t.false(/[^\P{C}\n]/u.test(lines.join('\n')));
  t.true(lines.at(-1)?.includes('\\u{1b}]0;title\\u{7}\\u{9b}31m'));
});

test('an index that is damaged in its middle is listed up to there, and the JSON is one document all the same', async (t) => {
  const folder = await folderWith(t, `${rows[0]}rubbish\n${rows[1]}`);
  const table = await ours(folder, ['list', 'switch']);
  t.is(table.status, 5);
  t.regex(table.stdout, /^long +valid +2036-11-19 +41AA +switch\n$/m);
  t.regex(table.stderr, /not one of an index.txt: "rubbish" \[PKI_CORRUPT\]/);
  const json = await ours(folder, ['list', 'switch', '--json']);
  t.is(json.status, 5);
  const { results, error } = JSON.parse(json.stdout) as { results: unknown[]; error: { code: string } };
  t.deepEqual([results.length, error.code], [2, 'PKI_CORRUPT']);
});

test('a row that is just being written is not listed, and one that only lacks its newline is', async (t) => {
  const names = async (tail: string) => {
    const found = await list(platform, { pkiDirectory: join(await folderWith(t, tail), 'pki'), type: 'switch' });
    return [...found].slice(1).map(({ commonName }) => commonName);
  };
  t.deepEqual(await names(`${rows[0]}V\t361119033`), ['long']);
  t.deepEqual(await names(`${rows[0]}${rows[1]?.trimEnd()}`), ['long', 'barely_due']);
});

test('a list that is empty is a heading, and JSON with nothing in it', async (t) => {
  const folder = await folderWith(t, '');
  t.is(await oursWell(folder, ['list', '--name', 'nobody']), 'NAME  STATE  EXPIRES  SERIAL  TYPE\n');
  t.deepEqual(JSON.parse(await oursWell(folder, ['list', '--name', 'nobody', '--json'])), {
    version: 1,
    command: 'list',
    results: [],
  });
});

test('a long list takes little memory, waits for a slow reader, and ends when the reader goes away', async (t) => {
  const count = 300_000;
  const serial = (number: number) => `41${number.toString(16).toUpperCase().padStart(30, '0')}`;
  const long = Array.from({ length: count }, (_, number) => `V\t361119033336Z\t\t${serial(number)}\tunknown\t/CN=h\n`);
  const folder = await folderWith(t, long.join(''));
  const shell = (pipe: string, before = '') =>
    run(
      'sh',
      [
        '-c',
        `{ ${before} "$0" "$1" list switch --dir pki --log log; echo "status $?" >&2; } | ${pipe}`,
        process.execPath,
        programPath,
      ],
      {
        cwd: folder,
        // So little that the rows could not be held as objects.
        env: { NODE_OPTIONS: '--max-old-space-size=48' },
      },
    );
  const slow = '(read first; sleep 0.3; wc -l)';
  t.like(await shell(slow), { stdout: `${count + 1}\n`, stderr: 'status 0\n' });
  t.like(await shell('head -n 1'), { stderr: 'status 0\n' });
  // As a pipe is that another program has made so.
  const unblock = `python3 -c 'import os, sys; os.set_blocking(1, False); os.execvp(sys.argv[1], sys.argv[1:])'`;
  t.like(await shell(slow, unblock), { stdout: `${count + 1}\n`, stderr: 'status 0\n' });
});

async function folderWith(t: Parameters<typeof scratchFolder>[0], index: string): Promise<string> {
  const folder = scratchFolder(t);
  await beginPki(folder, 'ours with EC keys');
  appendFileSync(join(caFolderIn(folder, 'switch'), 'index.txt'), index, 'latin1');
  return folder;
}
