import test from 'ava';
import { OvsPkiError } from '../../src/errors.js';
import { encodeTime, tag } from '../../src/pki/der.js';
import { parseDays, parseMoment, parsePeriod, validityFrom } from '../../src/pki/validity.js';

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

test('Days are a number from 1 to 36500', (t) => {
  t.is(parseDays('1'), 1);
  t.is(parseDays('36500'), 36_500);
  for (const typed of ['0', '36501', '-1', '1.5', '', ' 1', '1e3', '0x10', '999999']) {
    t.is(t.throws(() => parseDays(typed), { instanceOf: OvsPkiError })?.code, 'USAGE', typed);
  }
});

test('A period is a number of days or hours', (t) => {
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
