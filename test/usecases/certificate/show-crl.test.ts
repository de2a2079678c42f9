import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ours, oursWell } from '../../support/pki.js';
import { runOurs, runWell } from '../../support/programs.js';
import { scratchFolder } from '../../support/scratch.js';

/** The third column of a row of index.txt, and what openssl makes of it for all to read. */
const revocations: readonly (readonly [column: string, told: Readonly<Record<string, string>>])[] = [
  ['261101120000Z', {}],
  ['261101120000Z,unspecified', { reason: 'unspecified' }],
  ['261101120000Z,keyCompromise', { reason: 'keyCompromise' }],
  ['261101120000Z,CACompromise', { reason: 'CACompromise' }],
  ['261101120000Z,affiliationChanged', { reason: 'affiliationChanged' }],
  ['261101120000Z,superseded', { reason: 'superseded' }],
  ['261101120000Z,cessationOfOperation', { reason: 'cessationOfOperation' }],
  ['261101120000Z,certificateHold', { reason: 'certificateHold' }],
  ['261101120000Z,removeFromCRL', { reason: 'removeFromCRL' }],
  ['261101120000Z,keyTime,20260930080000Z', { reason: 'keyCompromise', invalidityDate: '2026-09-30T08:00:00.000Z' }],
  ['261101120000Z,CAkeyTime,20260930080000Z', { reason: 'CACompromise', invalidityDate: '2026-09-30T08:00:00.000Z' }],
];

const serialOf = (index: number): string => (0xa0_00_00 + index).toString(16).toUpperCase();

test('show lists what openssl has put on a CRL: serial numbers, times, reasons', async (t) => {
  const folder = await listOf(t, revocations.length);
  const [crl] = await shown(folder);
  t.is(crl?.revoked, revocations.length);
  // openssl writes no word for what is not specified.
  const told = revocations.map(([column, said], index) => ({
    serialNumber: serialOf(index),
    revokedAt: '2026-11-01T12:00:00.000Z',
    ...(column.endsWith('unspecified') ? (crl?.entries[index]?.reason === undefined ? {} : said) : said),
  }));
  t.deepEqual(crl?.entries, told);
  const { stdout } = await ours(folder, ['show', 'list.pem']);
  t.regex(stdout, /^ {2}revoked {9}11 certificates$/m);
  t.regex(stdout, /^ {2}serials {9}A00000 {2}2026-11-01 12:00:00 UTC$/m);
  t.regex(stdout, /^ {18}A00009 {2}2026-11-01 12:00:00 UTC {2}keyCompromise, invalid since 2026-09-30 08:00:00 UTC$/m);
  const text = await runWell('openssl', ['crl', '-noout', '-text', '-in', 'list.pem'], { cwd: folder });
  for (const { serialNumber } of told) t.true(text.includes(`Serial Number: ${serialNumber}`), serialNumber);
});

test('show lists very many serial numbers, in both forms', async (t) => {
  const count = 20_000;
  const folder = await listOf(t, count);
  const [crl] = await shown(folder);
  t.is(crl?.entries.length, count);
  t.is(crl?.entries.at(-1)?.serialNumber, serialOf(count - 1));
  const { stdout } = await runOurs(['show', 'list.pem'], { cwd: folder });
  t.is(stdout.match(/2026-11-01 12:00:00 UTC/g)?.length, count);
});

interface ShownList {
  readonly revoked: number;
  readonly entries: readonly { readonly serialNumber: string; readonly reason?: string }[];
}

async function shown(folder: string): Promise<readonly ShownList[]> {
  const { stdout } = await runOurs(['--json', 'show', 'list.pem'], { cwd: folder });
  return (JSON.parse(stdout) as { results: [{ contents: ShownList[] }] }).results[0].contents;
}

/** A folder with a CRL, list.pem, that openssl ca has made of so many rows. */
async function listOf(t: ExecutionContext, count: number): Promise<string> {
  const folder = scratchFolder(t);
  await oursWell(folder, ['init', '-k', 'ec']);
  const ca = join(folder, 'pki/switchca');
  const rows = Array.from({ length: count }, (_, index) => {
    const [column] = revocations[index % revocations.length] ?? [];
    return `R\t361101120000Z\t${column}\t${serialOf(index)}\tunknown\t/C=US/O=Open vSwitch/CN=host_${index}\n`;
  });
  writeFileSync(join(ca, 'index.txt'), readFileSync(join(ca, 'index.txt'), 'utf8') + rows.join(''));
  await runWell('openssl', ['ca', '-config', 'ca.cnf', '-gencrl', '-out', join(folder, 'list.pem')], { cwd: ca });
  return folder;
}
