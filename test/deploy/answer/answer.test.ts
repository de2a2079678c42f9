import test from 'ava';
import { exitStatusOf } from '../../../src/cli/outcome/fleet.js';
import { invalidAnswer, notUnderstood, refusalOf } from '../../../src/deploy/answer/answer.js';
import { saidBy } from '../../../src/deploy/facts/fact.js';
import { parseOvsDatabase } from '../../../src/deploy/facts/ovsdb.js';
import { databaseText } from '../../support/hostile.js';

const section = { status: 0, text: 'x' };

test('a bug of ours at one host is called a bug, with its place, and not an answer of the host', (t) => {
  const bug = refusalOf('host_1', new TypeError("Cannot read properties of undefined (reading 'x')"));
  t.is(bug.code, 'INTERNAL_ERROR');
  t.regex(bug.message, /^host_1: this is a bug of ovs-pki-ts: TypeError: .*reading 'x'.* \(at .*answer\.test/);
  t.true(Array.isArray(bug.details['stack']));
  t.is(exitStatusOf([invalidAnswer('host_2', 'x'), bug]), 1);
  t.is(exitStatusOf([invalidAnswer('host_2', 'x')]), 6);
  const refused = notUnderstood('x');
  t.is(refusalOf('host_1', refused), refused);
});

test('the text of a bug quotes no JSON, for there may be a PSK in it', (t) => {
  const error = t.throws(() => JSON.parse('{"psk": "swordfish"')) as SyntaxError;
  t.notRegex(JSON.stringify(refusalOf('host_1', error).message), /swordfish/);
});

test('what a reader refuses is unknown, and what else it throws is a bug that goes on', (t) => {
  const refused = saidBy(section, () => {
    throw notUnderstood('a number that is none');
  });
  t.deepEqual(refused, { state: 'unknown', reason: 'an answer that is not understood: a number that is none' });
  const bug = (): unknown => saidBy(section, () => JSON.parse('{'));
  t.throws(bug, { instanceOf: SyntaxError });
});

const deep = (open: string, close: string, times = 1e5): string => open.repeat(times) + close.repeat(times);
const [root = '', bridges = '', ports = '', interfaces = ''] = databaseText([
  { name: 'tun', type: 'gre', options: { remote_ip: '203.0.113.1' } },
]).split('\n');

/** What no database prints. */
const databases: readonly (readonly [title: string, lines: readonly string[]])[] = [
  ['nothing', []],
  ['a table without headings', [root, bridges, ports, '{"data": []}']],
  ['headings that are a number', [root, bridges, ports, '{"headings": 1, "data": []}']],
  ['a heading that is a list', [root, bridges, ports, '{"headings": [[]], "data": [[1]]}']],
  ['a row that is a number', [root, bridges, ports, '{"headings": ["name"], "data": [7]}']],
  ['a name that is a number', [root, bridges, ports, interfaces.replace('"tun"', '7')]],
  ['a name that is null', [root, bridges, ports, interfaces.replace('"tun"', 'null')]],
  ['a name that is a list of lists', [root, bridges, ports, interfaces.replace('"tun"', deep('[', ']'))]],
  ['a map of lists of lists', [root, bridges, ports, interfaces.replace('"203.0.113.1"', deep('[', ']'))]],
  ['a map that is no list', [root, bridges, ports, interfaces.replace(/\["map",\[\["remote.*?\]\]\]/, '["map",1]')]],
  ['a pair that is a number', [root, bridges, ports, interfaces.replace('["remote_ip","203.0.113.1"]', '3')]],
  ['a uuid that is a number', [root, bridges, ports, interfaces.replace(/\["uuid","[^"]*"\]/, '["uuid",4]')]],
];

for (const [title, lines] of databases) {
  test(`a database with ${title} is not understood`, (t) => {
    t.throws(() => parseOvsDatabase(lines.join('\n')), { code: 'HOST_ANSWER_INVALID' });
  });
}

test('sets in sets of a database are no rows, however deep', (t) => {
  const nested = bridges.replace(/\["set",\[.*?\]\]\]/, deep('["set",[', ']]'));
  t.not(nested, bridges);
  t.deepEqual(parseOvsDatabase([root, nested, ports, interfaces].join('\n')).interfaces[0]?.bridge, undefined);
});
