import test from 'ava';
import { OvsPkiError } from '../../src/errors.js';
import { tag } from '../../src/pki/der.js';
import { encodeTime } from '../../src/pki/der-encode.js';
import { isShortLived, soonMs } from '../../src/pki/renewal.js';
import {
  lifeMsOf,
  parseDays,
  parseEnd,
  parseLife,
  parseMoment,
  parsePeriod,
  validityFrom,
} from '../../src/pki/validity.js';

const now = new Date('2026-11-22T03:40:48.700Z');
const issuer = (notBefore: string, notAfter: string) => ({
  notBefore: new Date(notBefore),
  notAfter: new Date(notAfter),
});

test('A certificate begins an hour ago and ends after its days, in whole seconds', (t) => {
  t.deepEqual(validityFrom(now, 1), issuer('2026-11-22T02:40:48Z', '2026-11-23T03:40:48Z'));
});

test('A certificate neither begins before its CA nor ends after it', (t) => {
  const young = issuer('2026-11-22T03:00:00Z', '2026-12-01T00:00:00Z');
  t.deepEqual(validityFrom(now, 3650, young), young);
  const wide = issuer('2020-01-01T00:00:00Z', '2049-01-01T00:00:00Z');
  t.deepEqual(validityFrom(now, 1, wide), validityFrom(now, 1));
});

for (const [what, ca] of [
  ['has expired', issuer('2020-01-01T00:00:00Z', '2026-11-22T03:40:48Z')],
  ['is not valid yet', issuer('2026-11-22T03:40:49Z', '2030-01-01T00:00:00Z')],
] as const) {
  test(`A CA that ${what} issues nothing`, (t) => {
    const error = t.throws(() => validityFrom(now, 1, ca), { instanceOf: OvsPkiError });
    t.is(error?.code, 'CA_EXPIRED');
  });
}

test('Times are UTCTime through 2049 and GeneralizedTime from 2050 on', (t) => {
  for (const [time, type, text] of [
    ['1949-12-31T23:59:59Z', tag.generalizedTime, '19491231235959Z'],
    ['1950-01-01T00:00:00Z', tag.utcTime, '500101000000Z'],
    ['2049-12-31T23:59:59Z', tag.utcTime, '491231235959Z'],
    ['2050-01-01T00:00:00Z', tag.generalizedTime, '20500101000000Z'],
  ] as const) {
    const encoded = encodeTime(new Date(time));
    t.is(encoded[0], type, time);
    t.is(Buffer.from(encoded.subarray(2)).toString(), text);
  }
});

const hour = 3_600_000;

test('A life of hours begins a twelfth of it ago, in whole seconds, however its days are written in binary', (t) => {
  for (const [life, notBefore, notAfter] of [
    ['12h', '2026-11-22T02:40:48Z', '2026-11-22T15:40:48Z'],
    ['90m', '2026-11-22T03:33:18Z', '2026-11-22T05:10:48Z'],
    ['7m', '2026-11-22T03:40:13Z', '2026-11-22T03:47:48Z'],
    ['1m', '2026-11-22T03:40:43Z', '2026-11-22T03:41:48Z'],
  ] as const) {
    const made = validityFrom(now, parseLife(life));
    t.deepEqual(made, issuer(notBefore, notAfter), life);
    // A renewal for as long again, and again, does not become shorter.
    t.is(lifeMsOf(made), parsePeriod(life), life);
    t.is(lifeMsOf(validityFrom(new Date(now.getTime() + 299), lifeMsOf(made) / (24 * hour))), parsePeriod(life), life);
  }
});

test('A given end is kept as it is, and refused where it has passed or is after that of the CA', (t) => {
  const ca = issuer('2020-01-01T00:00:00Z', '2027-01-31T12:00:00Z');
  const until = (time: string) => ({ days: 3650, notAfter: new Date(time) });
  t.deepEqual(validityFrom(now, until('2026-12-24T18:00:00Z'), ca).notAfter, new Date('2026-12-24T18:00:00Z'));
  // The last day of the CA, as a day.
  t.deepEqual(validityFrom(now, until('2027-01-31T23:59:59Z'), ca).notAfter, ca.notAfter);
  for (const [time, hint] of [
    ['2027-01-31T12:00:01Z', 'the latest is --not-after 2027-01-31T12:00:00Z'],
    ['2027-02-01T00:00:00Z', 'the latest is --not-after 2027-01-31T12:00:00Z'],
    ['2026-11-22T03:40:48.700Z', 'choose a later one, such as --not-after 30d'],
    ['1999-01-01T00:00:00Z', 'choose a later one, such as --not-after 30d'],
    ['never', 'choose a later one, such as --not-after 30d'],
  ] as const) {
    t.like(
      t.throws(() => validityFrom(now, until(time), ca)),
      { code: 'VALIDITY_REFUSED', hint },
      time,
    );
  }
  for (const days of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 36_501]) {
    t.like(
      t.throws(() => validityFrom(now, days, ca)),
      { code: 'USAGE' },
      String(days),
    );
  }
});

test('An end is a day to its last second, a time, a period, or what openssl writes', (t) => {
  for (const [typed, time] of [
    ['2027-01-31', '2027-01-31T23:59:59Z'],
    ['2028-02-29', '2028-02-29T23:59:59Z'],
    ['2027-01-31T12:00Z', '2027-01-31T12:00:00Z'],
    ['20270131235959Z', '2027-01-31T23:59:59Z'],
    ['270131120000Z', '2027-01-31T12:00:00Z'],
    ['24h', '2026-11-23T03:40:48.700Z'],
  ] as const) {
    t.deepEqual(parseEnd(typed, now), new Date(time), typed);
  }
  for (const typed of [
    '',
    '2027-02-29',
    '20270229000000Z',
    '270131',
    '20270131',
    '991231235959Z0',
    '2127-01-01',
    'tomorrow',
  ]) {
    t.is(t.throws(() => parseEnd(typed, now), { instanceOf: OvsPkiError })?.code, 'USAGE', typed);
  }
});

test('What is made for hours ends soon in the last third of its life, and not from its first moment', (t) => {
  const [halfDay, week, month] = ['12h', '7d', '30d'].map((life) => validityFrom(now, parseLife(life)));
  t.deepEqual(
    [halfDay, week, month].map((life) => life && isShortLived(life)),
    [true, true, false],
  );
  t.is(halfDay && soonMs(halfDay, 720 * hour), (13 * hour) / 3);
  t.is(halfDay && soonMs(halfDay, 168 * hour, 6), (13 * hour) / 6);
  // A period within the life is what was asked for.
  t.is(halfDay && soonMs(halfDay, 2 * hour), 2 * hour);
  t.is(week && soonMs(week, 168 * hour), 168 * hour);
  t.is(month && soonMs(month, 800 * hour), 800 * hour);
});

test('Days are a number up to 36500, with a part of a day', (t) => {
  t.is(parseDays('1'), 1);
  t.is(parseDays('0.5'), 0.5);
  t.is(parseDays('1.5'), 1.5);
  t.is(parseDays('0.000695'), 0.000695);
  t.is(parseDays('36500'), 36_500);
  for (const typed of [
    '0',
    '0.0',
    '0.0006',
    '36501',
    '36500.5',
    '-1',
    '.5',
    '1.',
    '0,5',
    'NaN',
    'Infinity',
    '',
    ' 1',
    '1e3',
    '0x10',
    '999999',
  ]) {
    t.is(t.throws(() => parseDays(typed), { instanceOf: OvsPkiError })?.code, 'USAGE', typed);
  }
});

test('A period is a number of days, hours or minutes', (t) => {
  t.is(parsePeriod('90m'), 90 * 60_000);
  t.is(parsePeriod('30d'), 30 * 86_400_000);
  t.is(parsePeriod('12h'), 12 * 3_600_000);
  t.is(parsePeriod('0d'), 0);
  for (const typed of ['', 'd', '30', '30 d', '-1d', '1.5d', '1w', '30D', '123456d', '1d12h']) {
    t.is(t.throws(() => parsePeriod(typed), { instanceOf: OvsPkiError })?.code, 'USAGE', typed);
  }
});

test('A time is a period from now, a day, or a time of ISO 8601 with its zone', (t) => {
  for (const [typed, time] of [
    ['1d', '2026-11-23T03:40:48.700Z'],
    ['2028-02-29', '2028-02-29T00:00:00Z'],
    ['2027-01-31T12:00Z', '2027-01-31T12:00:00Z'],
    ['2027-01-31T12:00:00+01:00', '2027-01-31T11:00:00Z'],
  ] as const) {
    t.deepEqual(parseMoment(typed, now), new Date(time), typed);
  }
  for (const typed of [
    '2027-02-29',
    '2027-13-01',
    '2027-1-1',
    '31.1.2027',
    '2027-01-31T12:00',
    '2027-01-31T25:00Z',
    '',
  ]) {
    t.is(t.throws(() => parseMoment(typed, now), { instanceOf: OvsPkiError })?.code, 'USAGE', typed);
  }
});
