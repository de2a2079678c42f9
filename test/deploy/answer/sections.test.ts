import test from 'ava';
import { saidBy } from '../../../src/deploy/facts/fact.js';
import { parseOvsDatabase } from '../../../src/deploy/facts/ovsdb.js';

test('what is not understood of the database is not quoted: it may be a PSK', (t) => {
  const text = '{"psk":swordfish}';
  t.throws(() => JSON.parse(text), { message: /swordfish/ }, 'the parser of JSON quotes');
  const fact = saidBy({ status: 0, text }, parseOvsDatabase);
  t.deepEqual(fact, { state: 'unknown', reason: 'an answer that is not understood: it is not JSON' });
});
