import test from 'ava';
import { periodText } from '../../../src/usecases/check/period.js';

const day = 86_400;
const words: readonly (readonly [seconds: number, text: string])[] = [
  [0, '0 seconds'],
  [0.9, '0 seconds'],
  [1, '1 second'],
  [61, '1 minute 1 second'],
  [3 * 3600, '3 hours'],
  [day - 1, '23 hours 59 minutes'],
  [3 * day + 5, '3 days'],
  [30 * day + 3600, '30 days 1 hour'],
  [365 * day, '1 year'],
  [3650 * day - 1, '9 years 364 days'],
];

test('a period is told by its two greatest units', (t) => {
  t.deepEqual(
    words.map(([seconds]) => periodText(seconds)),
    words.map(([, text]) => text),
  );
});
