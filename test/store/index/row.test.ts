import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { OvsPkiError } from '../../../src/errors.js';
import { decodeCertificatePem } from '../../../src/pki/certificate.js';
import {
  appendIndexRows,
  formatIndexRow,
  type IndexRow,
  indexRowFor,
  parseIndexRow,
  readIndex,
  repairIndexTail,
} from '../../../src/store/index/row.js';
import { findIndexRow, findRowBySerial, readRevoked, revokedColumn, serialsIn } from '../../../src/store/index/scan.js';
import { ecKeyFile } from '../../support/keys.js';
import { runWell } from '../../support/programs.js';
import { scratchFolder } from '../../support/scratch.js';

const row = {
  state: 'V',
  expires: '361119034455Z',
  revoked: '',
  serialNumber: '5914E3A3',
  file: 'unknown',
  subject: '/C=US/ST=CA/O=Open vSwitch/OU=Open vSwitch certifier/CN=host_12',
} as const satisfies IndexRow;
const line = formatIndexRow(row);
const other = { ...row, serialNumber: '6914E3A3', subject: '/CN=other' } as const;

const good: readonly { readonly title: string; readonly line: string; readonly row: Partial<IndexRow> }[] = [
  { title: 'a valid certificate', line, row },
  { title: 'an expired one', line: line.replace('V', 'E'), row: { state: 'E' } },
  {
    title: 'a revoked one',
    line: line.replace('V', 'R').replace('\t\t', '\t261122000000Z\t'),
    row: { state: 'R', revoked: '261122000000Z' },
  },
  {
    title: 'a revoked one with its reason',
    line: line.replace('V', 'R').replace('\t\t', '\t261122000000Z,keyCompromise\t'),
    row: { revoked: '261122000000Z,keyCompromise' },
  },
  { title: 'four digits of the year', line: line.replace('3611', '205011'), row: { expires: '20501119034455Z' } },
  { title: 'a serial number of one octet', line: line.replace('5914E3A3', '01'), row: { serialNumber: '01' } },
  { title: 'a serial number below zero', line: line.replace('5914E3A3', '-0A'), row: { serialNumber: '-0A' } },
  { title: 'an empty subject', line: line.replace(/\/C=.*/, ''), row: { subject: '' } },
  { title: 'bytes above ASCII', line: `${line}\xe9`, row: { subject: `${row.subject}\xe9` } },
];

for (const item of good) {
  test(`a row with ${item.title} is read and written back the same`, (t) => {
    const parsed = parseIndexRow(item.line);
    t.like(parsed, item.row);
    t.is(formatIndexRow(parsed), item.line);
  });
}

const hostile: readonly { readonly title: string; readonly line: string }[] = [
  { title: 'an empty line', line: '' },
  { title: 'an unknown state', line: line.replace('V', 'X') },
  { title: 'blanks for tabs', line: line.replaceAll('\t', ' ') },
  { title: 'a column too few', line: line.replace('unknown\t', '') },
  { title: 'a column too many', line: `${line}\tmore` },
  { title: 'no serial number', line: line.replace('5914E3A3', '') },
  { title: 'a serial number in lower case', line: line.replace('5914E3A3', '5914e3a3') },
  { title: 'an odd number of digits', line: line.replace('5914E3A3', '914E3A3') },
  { title: 'a serial number that is a path', line: line.replace('5914E3A3', '../../etc/passwd') },
  { title: 'a valid certificate with a time of revocation', line: line.replace('\t\t', '\t261122000000Z\t') },
  { title: 'a revoked one without', line: line.replace('V', 'R') },
  { title: 'no time', line: line.replace('361119034455Z', '') },
  { title: 'a time with an offset', line: line.replace('361119034455Z', '361119034455+0100') },
  { title: 'two rows that ran into each other', line: `${line}${line}` },
  { title: 'a zero byte before it', line: `\0${line}` },
];

for (const item of hostile) {
  test(`${item.title} is no row: PKI_CORRUPT`, (t) => {
    const error = t.throws(() => parseIndexRow(item.line, 'pki/index.txt'), { instanceOf: OvsPkiError });
    t.like(error, { code: 'PKI_CORRUPT', exitStatus: 5, details: { file: 'pki/index.txt' } });
    t.regex(error?.hint ?? '', /^compare it with the last good copy: diff pki\/index\.txt\.old pki\/index\.txt$/);
  });
}

test('an index is read row by row, and one bad row is PKI_CORRUPT', (t) => {
  const file = join(scratchFolder(t), 'index.txt');
  writeFileSync(file, '');
  t.deepEqual(readIndex(file), []);
  appendIndexRows(file, [row, other]);
  t.deepEqual(readIndex(file), [row, other]);
  appendFileSync(file, '\n');
  t.throws(() => readIndex(file), { instanceOf: OvsPkiError, code: 'PKI_CORRUPT' });
});

test('a row is found by its whole serial number', (t) => {
  const file = join(scratchFolder(t), 'index.txt');
  appendIndexRows(file, [row, other]);
  t.deepEqual(findIndexRow(file, '6914E3A3'), other);
  t.deepEqual(findIndexRow(file, '5914E3A3'), row);
  for (const serialNumber of ['14E3A3', '5914E3', '00']) t.is(findIndexRow(file, serialNumber), undefined);
  // A file name that another program has put into the fifth column.
  const misleading = { ...other, serialNumber: '77', file: '5914E3A3' } as const;
  writeFileSync(file, [misleading, other, row].map((item) => `${formatIndexRow(item)}\n`).join(''));
  t.deepEqual(findIndexRow(file, '5914E3A3'), row);
  t.deepEqual(findRowBySerial(readFileSync(file), '5914E3A3')?.row, row);
  t.is(findRowBySerial(readFileSync(file), '14E3A3'), undefined);
  writeFileSync(file, line);
  t.deepEqual(findIndexRow(file, '5914E3A3'), row, 'without a newline at the end');
});

const torn: readonly {
  readonly title: string;
  readonly left: string;
  readonly interrupted: readonly IndexRow[];
  readonly repaired: string;
}[] = [
  { title: 'nothing', left: '', interrupted: [], repaired: '' },
  { title: 'a few columns', left: 'V\t3611', interrupted: [], repaired: '' },
  { title: 'a few columns of an interrupted run', left: 'V\t3611', interrupted: [row], repaired: '' },
  {
    title: 'a part of the subject of an interrupted run',
    left: line.slice(0, -1),
    interrupted: [other, row],
    repaired: '',
  },
  { title: 'all but the newline of an interrupted run', left: line, interrupted: [row], repaired: '' },
  { title: 'a row that lacks only its newline, after an editor', left: line, interrupted: [], repaired: `${line}\n` },
  { title: 'the same beside another interrupted run', left: line, interrupted: [other], repaired: `${line}\n` },
  { title: 'zeros of a file system that lost its data', left: '\0'.repeat(100), interrupted: [], repaired: '' },
  { title: 'bytes above ASCII', left: 'V\t\xc3', interrupted: [], repaired: '' },
];

for (const { title, left, interrupted, repaired } of torn) {
  test(`an index that ends in ${title} is whole again after the repair`, (t) => {
    const file = join(scratchFolder(t), 'index.txt');
    appendIndexRows(file, [other, other]);
    const whole = readFileSync(file, 'latin1');
    appendFileSync(file, Buffer.from(left, 'latin1'));
    repairIndexTail(file, interrupted);
    t.is(readFileSync(file, 'latin1'), `${whole}${repaired}`);
    repairIndexTail(file, interrupted);
    t.is(readFileSync(file, 'latin1'), `${whole}${repaired}`, 'a second repair changes nothing');
  });
}

test('an index of nothing but a torn row is empty after the repair', (t) => {
  const file = join(scratchFolder(t), 'index.txt');
  writeFileSync(file, 'V\t36');
  repairIndexTail(file, []);
  t.is(readFileSync(file, 'utf8'), '');
});

for (const { days, length } of [
  { days: 30, length: 13 },
  { days: 365 * 60, length: 15 },
]) {
  test(`the row for a certificate of ${days} days is the one that openssl ca writes`, async (t) => {
    const folder = scratchFolder(t);
    const subject = '/C=US/ST=CA/O=Open vSwitch/CN=host_1';
    const key = ['-key', ecKeyFile('p256', 1)];
    await runWell('openssl', ['req', '-new', ...key, '-subj', subject, '-out', 'req.pem'], { cwd: folder });
    await runWell('openssl', ['req', '-x509', ...key, '-subj', '/CN=CA', '-out', 'ca.pem'], { cwd: folder });
    writeFileSync(join(folder, 'index.txt'), '');
    writeFileSync(join(folder, 'serial'), '5914E3A3\n');
    writeFileSync(join(folder, 'ca.cnf'), caConfig);
    const files = ['-config', 'ca.cnf', '-cert', 'ca.pem', '-keyfile', ecKeyFile('p256', 1), '-in', 'req.pem'];
    await runWell('openssl', ['ca', '-batch', '-days', String(days), ...files], { cwd: folder });
    const certificate = decodeCertificatePem(readFileSync(join(folder, '5914E3A3.pem'), 'latin1'), 'certificate');
    t.is(`${formatIndexRow(indexRowFor(certificate))}\n`, readFileSync(join(folder, 'index.txt'), 'latin1'));
    t.is(indexRowFor(certificate).expires.length, length);
  });
}

const caConfig = `[ca]
default_ca = the_ca
[the_ca]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = policy
[policy]
countryName = optional
stateOrProvinceName = optional
organizationName = optional
commonName = supplied
`;

test('a revocation after 2049 has four digits of its year, as openssl ca writes it', (t) => {
  const revocation = { reason: 'keyCompromise', invalidityDate: undefined } as const;
  t.is(revokedColumn(revocation, new Date('2049-12-31T23:59:59Z')), '491231235959Z,keyCompromise');
  t.is(revokedColumn(revocation, new Date('2050-01-01T00:00:00Z')), '20500101000000Z,keyCompromise');
});

test('zeros before a serial number do not count, as for openssl ca', (t) => {
  const rows = ['65', '0065', '000065'].map((serialNumber) => formatIndexRow({ ...row, serialNumber }));
  for (const [at, text] of rows.entries()) {
    const index = Buffer.from(`${line}\n${text}\n`);
    t.is(findRowBySerial(index, '65')?.row.serialNumber, '65', text);
    t.is(findRowBySerial(index, '0065')?.start, line.length + 1, text);
    t.is(findRowBySerial(index, '5'), undefined);
    t.deepEqual([...serialsIn(index)], ['5914E3A3', '65'], String(at));
  }
  t.is(findRowBySerial(Buffer.from(`${formatIndexRow({ ...row, serialNumber: '1065' })}\n`), '65'), undefined);
});

test('what is revoked under a number with zeros before it is revoked', async (t) => {
  const file = join(scratchFolder(t), 'index.txt');
  writeFileSync(file, `${formatIndexRow({ ...row, state: 'R', revoked: '261119034455Z', serialNumber: '0065' })}\n`);
  t.deepEqual([...readRevoked(file).keys()], ['65']);
});
