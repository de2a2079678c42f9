/**
 * The same command lines through ovs-pki and through ovs-pki-ts: what differs is what docs/compatibility.md says, no
 * more and no less.
 */

import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { parityCases } from '../cases/parity/index.js';
import { projectRoot } from '../support/programs.js';
import { differenceIds, explain } from './parity/differences.js';
import { makeReadyFolders, type ReadyFolders } from './parity/ready.js';
import { runTwins, withSlot } from './parity/twins.js';

const folder = mkdtempSync(join(tmpdir(), 'ovs-pki-ts-parity-'));
let ready: ReadyFolders;

test.before('each program makes its PKI directory', async () => {
  // Some cases run as another user, and modes are compared: both are not to depend on who runs the tests.
  process.umask(0o022);
  chmodSync(folder, 0o755);
  ready = await makeReadyFolders(join(folder, 'ready'));
});

test.after.always('the folders go', () => rmSync(folder, { recursive: true, force: true }));

for (const [index, parityCase] of parityCases.entries()) {
  const isPossible = parityCase.needs !== 'root' || process.getuid?.() === 0;
  (isPossible ? test : test.skip)(`parity: ${parityCase.title}`, (t) =>
    withSlot(async () => {
      const runs = await runTwins(join(folder, `case-${index}`), ready, parityCase);
      const { unexplained, shown } = explain(runs, parityCase.differs ?? []);
      t.deepEqual(unexplained, [], 'a difference that the case does not name');
      t.deepEqual(shown, [...(parityCase.differs ?? [])].sort(), 'the differences that occur');
    }),
  );
}

test('parity: every difference has a row in docs/compatibility.md, and every row a case that shows it', (t) => {
  const text = readFileSync(join(projectRoot, 'docs/compatibility.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, id = '']) => id);
  t.deepEqual(rows, [...new Set(rows)], 'each row once');
  const shown = new Set(parityCases.flatMap(({ differs = [] }) => differs));
  t.deepEqual([...shown].sort(), [...rows].sort(), 'cases and rows');
  t.deepEqual([...differenceIds].sort(), [...rows].sort(), 'known differences and rows');
});

test('parity: no case stands there twice', (t) => {
  const titles = parityCases.map(({ title }) => title);
  t.deepEqual(titles, [...new Set(titles)]);
});

test('parity: the judge reports what no named row explains, and names that nothing shows', (t) => {
  const theirs = { 'exit status': '0', stdout: 'a', 'x-cert.pem: begins': 'now', 'x-cert.pem: signature': 'sha512' };
  const ours = { ...theirs, 'x-cert.pem: begins': 'an hour ago' };
  const judge = (changes: Record<string, string>, named: Parameters<typeof explain>[1]) =>
    explain({ theirs, ours: { ...ours, ...changes } }, named);
  t.deepEqual(judge({}, ['not-before']), { unexplained: [], shown: ['not-before'] });
  t.deepEqual(judge({}, ['not-before', 'exit-status']).shown, ['not-before']);
  for (const [what, value] of [
    ['exit status', '3'],
    ['stdout', 'b'],
    ['x-cert.pem: begins', 'two hours ago'],
    ['x-cert.pem: signature', 'sha1'],
    ['x-cert.pem: extension X509v3 Key Usage', 'Certificate Sign'],
    ['y-privkey.pem', 'new file 0644'],
  ] as const) {
    const { unexplained } = judge({ [what]: value }, ['not-before', 'exit-status', 'leaf-extensions', 'key-size']);
    t.deepEqual(unexplained, [{ what, theirs: (theirs as Record<string, string>)[what], ours: value }]);
  }
});
