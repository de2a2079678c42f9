import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  crl,
  fixedClock,
  init,
  nodePlatform,
  OvsPkiError,
  prepareRollover,
  reqSign,
  revoke,
} from '../../../src/index.js';
import { type Crl, decodeCrlsPem } from '../../../src/pki/crl.js';
import { readCrls } from '../../../src/store/ca/crls.js';
import { type CaLayout, caLayout } from '../../../src/store/layout.js';
import { scratchFolder } from '../../support/scratch.js';

/** Every date here is seen from this one. */
const platform = nodePlatform({ clock: fixedClock(new Date('2030-05-01T00:00:00Z')) });
const request = { type: 'switch', days: 30, out: undefined } as const;

test('a list has the times that were asked for, and never outlives its CA', async (t) => {
  const { pkiDirectory, layout } = await makeCa(t);
  const now = new Date('2030-06-01T12:00:00.500Z');
  const made = await crl({ ...platform, clock: fixedClock(now) }, { ...request, pkiDirectory });
  t.like(made, { thisUpdate: '2030-06-01T12:00:00.000Z', nextUpdate: '2030-07-01T12:00:00.000Z', crlNumber: '01' });
  t.is(readList(layout).thisUpdate.toISOString(), made.thisUpdate);
  t.is(readList(layout).nextUpdate?.toISOString(), made.nextUpdate);
  const late = await crl(platform, { ...request, pkiDirectory, days: 36_500 });
  t.regex(late.nextUpdate, /^2040-04-/);
});

test('a removal from lists, which is for delta CRLs, is no entry, and times from 2050 on have their century', async (t) => {
  const { pkiDirectory, layout } = await makeCa(t);
  addRow(layout, '260101000000Z,removeFromCRL', '0A');
  addRow(layout, '20491231235959Z', '0B');
  addRow(layout, '20500101000000Z', '0C');
  addRow(layout, '500101000000Z', '00000D');
  t.is((await crl(platform, { ...request, pkiDirectory })).revoked, 3);
  const times = [...readList(layout).revoked].map(([serial, date]) => `${serial} ${date.toISOString().slice(0, 10)}`);
  t.deepEqual(times, ['0B 2049-12-31', '0C 2050-01-01', '0D 1950-01-01']);
});

test('what is revoked in 2050 or later is not said to have been revoked a century before', async (t) => {
  const { pkiDirectory, layout } = await makeCa(t, 36_500);
  const later = { ...platform, clock: fixedClock(new Date('2055-03-04T05:06:07Z')) };
  const keySpec = { type: 'ec', curve: 'P-256' } as const;
  const [name, days] = [join(pkiDirectory, 'host'), 30];
  const order = { pkiDirectory, type: 'switch', names: [name], keySpec, days, unique: true, force: false } as const;
  await reqSign(later, order);
  const invalidityDate = new Date('2049-12-31T00:00:00Z');
  const reasons = { serialNumbers: [], reason: 'keyCompromise', invalidityDate } as const;
  const [result] = await revoke(later, { pkiDirectory, type: 'switch', names: ['host'], ...reasons });
  t.like(result, { certificates: [{ revokedAt: '2055-03-04T05:06:07.000Z', notAfter: '2055-04-03T05:06:07.000Z' }] });
  t.regex(readFileSync(layout.index, 'latin1'), /\t20550304050607Z,keyTime,20491231000000Z\t/);
  await crl(later, { ...request, pkiDirectory });
  t.deepEqual([...readList(layout).revoked.values()], [later.clock.now()]);
});

/** Third columns that say nothing, and what else makes a list impossible. */
const damages: readonly {
  readonly title: string;
  readonly damage: (layout: CaLayout) => void;
  readonly code: string;
}[] = [
  ...['261301000000Z', '260132000000Z', '260101240000Z', '26010100000Z', '260101000000Z,stolen'].map((revoked) => ({
    title: `a row that was revoked ${revoked}`,
    damage: (layout: CaLayout) => addRow(layout, revoked, '0A'),
    code: 'PKI_CORRUPT',
  })),
  {
    title: 'a compromise at no time',
    damage: (layout) => addRow(layout, '260101000000Z,keyTime,yesterday', '0A'),
    code: 'PKI_CORRUPT',
  },
  { title: 'no counter', damage: ({ crlNumber }) => rmSync(crlNumber), code: 'PKI_CORRUPT' },
  { title: 'an empty counter', damage: ({ crlNumber }) => writeFileSync(crlNumber, '\n'), code: 'PKI_CORRUPT' },
  { title: 'no index', damage: ({ index }) => rmSync(index), code: 'PKI_CORRUPT' },
  { title: 'no key', damage: ({ privateKey }) => rmSync(privateKey), code: 'PKI_NOT_FOUND' },
];

for (const { title, damage, code } of damages) {
  test(`with ${title} there is no list, and no number is used up`, async (t) => {
    const { pkiDirectory, layout } = await makeCa(t);
    const before = readFileSync(layout.crlNumber);
    damage(layout);
    await t.throwsAsync(crl(platform, { ...request, pkiDirectory }), { instanceOf: OvsPkiError, code });
    t.false(existsSync(layout.crl));
    if (!title.includes('counter')) t.deepEqual(readFileSync(layout.crlNumber), before);
  });
}

test('a CA that has expired makes no list, and uses up no number', async (t) => {
  const { pkiDirectory, layout } = await makeCa(t);
  const later = { ...platform, clock: fixedClock(new Date('2060-01-01')) };
  const number = readFileSync(layout.crlNumber);
  const expired = { instanceOf: OvsPkiError, code: 'CA_EXPIRED' } as const;
  await t.throwsAsync(crl(later, { ...request, pkiDirectory }), expired);
  t.deepEqual(readFileSync(layout.crlNumber), number);
  await prepareRollover(later, { pkiDirectory, type: 'switch', days: 3650 });
  await t.throwsAsync(crl(later, { ...request, pkiDirectory }), expired);
  t.deepEqual(readFileSync(layout.crlNumber), number);
  t.deepEqual(readCrls(layout), []);
});

/** What a run that was killed leaves, and whether the next one finds its list made. */
const interruptions: readonly { readonly title: string; readonly withList: boolean; readonly event: string }[] = [
  { title: 'before its list was there', withList: false, event: 'abandoned' },
  { title: 'after its list was there', withList: true, event: 'recorded' },
];

for (const { title, withList, event } of interruptions) {
  test(`a run killed ${title} is closed by the next one, which takes another number`, async (t) => {
    const { pkiDirectory, layout } = await makeCa(t);
    await crl(platform, { ...request, pkiDirectory });
    if (!withList) rmSync(layout.crl);
    const lines = readFileSync(layout.auditLog, 'utf8').split('\n');
    writeFileSync(layout.auditLog, lines.filter((line) => !/"crl".*"recorded"/.test(line)).join('\n'));
    t.is((await crl(platform, { ...request, pkiDirectory })).crlNumber, '02');
    const entries = readFileSync(layout.auditLog, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    t.like(entries.at(-3), { action: 'crl', crlNumber: '01', event, recovered: true });
    t.like(entries.at(-2), { action: 'crl', crlNumber: '02', event: 'intent' });
    t.like(entries.at(-1), { action: 'crl', crlNumber: '02', event: 'recorded' });
  });
}

async function makeCa(t: ExecutionContext, days = 3650): Promise<{ pkiDirectory: string; layout: CaLayout }> {
  const pkiDirectory = join(scratchFolder(t), 'pki');
  await init(platform, { pkiDirectory, keySpec: { type: 'ec', curve: 'P-256' }, days, force: false });
  return { pkiDirectory, layout: caLayout(join(pkiDirectory, 'switchca')) };
}

function addRow({ index }: CaLayout, revoked: string, serial: string): void {
  appendFileSync(index, `R\t361119000000Z\t${revoked}\t${serial}\tunknown\t/O=x/CN=host\n`);
}

function readList({ crl: file }: CaLayout): Crl {
  return decodeCrlsPem(readFileSync(file, 'latin1'), file)[0] as Crl;
}
