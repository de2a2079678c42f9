/** How what is the same for many hosts is found, and said once. */

import test from 'ava';
import fc from 'fast-check';
import { alikeLines, extentText } from '../../../src/cli/render/many/alike.js';
import { causesOf, errorsByCause, likewise, warningsByCause } from '../../../src/cli/render/many/causes.js';
import { allNames, someNames } from '../../../src/cli/render/many/names.js';
import { OvsPkiError } from '../../../src/errors.js';
import { expandNames } from '../../../src/pki/name-list.js';

const nameRows: readonly (readonly [names: readonly string[], all: string, some: string])[] = [
  [[], '', ''],
  [['a'], 'a', 'a'],
  [['h1', 'h2'], 'h1, h2', 'h1, h2'],
  [['h1', 'h2', 'h3'], 'h[1-3]', 'h[1-3]'],
  [['h3', 'h1', 'h2', 'h2'], 'h[1-3]', 'h[1-3]'],
  [['h08', 'h09', 'h10'], 'h[08-10]', 'h[08-10]'],
  [['h8', 'h9', 'h10'], 'h[8-10]', 'h[8-10]'],
  [['h9', 'h09', 'h010'], 'h9, h09, h010', 'h9, h09, h010'],
  [['h09', 'h010', 'h011'], 'h09, h010, h011', 'h09, h010, h011'],
  [['r1-a', 'r2-a', 'r3-a', 'r3-b'], 'r[1-3]-a, r3-b', 'r[1-3]-a, r3-b'],
  [['a', 'b', 'c', 'd'], 'a, b, c, d', 'a, b, c, d'],
  [['a', 'b', 'c', 'h1', 'h2', 'h3', 'd'], 'a, b, c, h[1-3], d', 'a, b, c and 4 more'],
  [['root@10.0.0.1', 'root@10.0.0.2', 'root@10.0.0.3'], 'root@10.0.0.[1-3]', 'root@10.0.0.[1-3]'],
  [['[::1]', '[::2]', '[::3]'], '[::1], [::2], [::3]', '[::1], [::2], [::3]'],
];

for (const [names, all, some] of nameRows) {
  test(`names: ${names.join(' ')}`, (t) => {
    t.is(allNames(names), all);
    t.is(someNames(names), some);
  });
}

test('names in few words are typed back as the same names', (t) => {
  const name = fc.tuple(
    fc.constantFrom('h', 'h-', 'a1b', ''),
    fc.integer({ min: 0, max: 120 }),
    fc.constantFrom('', '-x'),
  );
  const text = name.map(
    ([before, number, after]) => `${before}${number % 2 ? number : `${number}`.padStart(3, '0')}${after}`,
  );
  fc.assert(
    fc.property(fc.array(text), (names) => {
      t.deepEqual(expandNames(allNames(names).split(', ').filter(Boolean)).sort(), [...new Set(names)].sort());
    }),
    { numRuns: 300 },
  );
});

const mergeRows: readonly (readonly [texts: readonly string[], merged: string])[] = [
  [['+ a b'], '+ a b'],
  [['+ a b', '+ a b'], '+ a b'],
  [['to 10.0.0.1', 'to 10.0.0.12'], 'to 10.0.0.…'],
  [['/x/h_1-ab-cert.pem', '/x/h_2-cd-cert.pem', '/x/h_10-cd-cert.pem'], '/x/h_…-cert.pem'],
  [['/etc/a/x.pem', '/var/b/x.pem'], '/…/x.pem'],
  [['aba', 'ababa', 'a'], 'a…'],
  [['x', 'y', 'x'], '…'],
];

for (const [texts, merged] of mergeRows) {
  test(`alike: ${texts.join(' | ')}`, (t) => {
    const found = alikeLines(texts.map((text, index) => ({ host: `h${index}`, key: 'k', text })));
    t.deepEqual(
      found.map(({ text, count }) => [text, count]),
      [[merged, texts.length]],
    );
  });
}

test('a line that stands for others begins and ends as each of them does', (t) => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '1', '2', '.'), maxLength: 8 });
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), (words) => {
      const [line] = alikeLines(words.map((text) => ({ host: 'h', key: 'k', text })));
      const [head = '', tail] = line?.text.split('…') ?? [];
      t.true(words.every((one) => (tail === undefined ? one === head : one.startsWith(head) && one.endsWith(tail))));
    }),
  );
});

test('a line says on which hosts it is, and how often, unless it is once on each', (t) => {
  const line = (hosts: readonly string[]) => alikeLines(hosts.map((host) => ({ host, key: 'k', text: 'x' })))[0];
  const said = (hosts: readonly string[], all: number): string => {
    const found = line(hosts);
    return found === undefined ? '' : extentText(found, all);
  };
  t.is(said(['a', 'b'], 2), '');
  t.is(said(['a'], 2), ' (on 1 host: a)');
  t.is(said(['a', 'a', 'b', 'b'], 2), ' (4, 2 a host)');
  t.is(said(['a', 'a', 'b'], 3), ' (3, 1 to 2 a host, on 2 hosts: a, b)');
});

type SaidCause = readonly [first: string, others: string | undefined];
const causeRows: readonly (readonly [title: string, texts: readonly string[], causes: readonly SaidCause[]])[] = [
  ['one', ['h0: no'], [['h0: no', undefined]]],
  ['the same but for names', ['h0: no', 'h1: no', 'h2: no'], [['h0: no', 'likewise 2 hosts: h1, h2']]],
  [
    'addresses, numbers and serial numbers',
    ['h0: 10.0.0.1 port 22, AB12', 'h1: 10.0.0.9 port 2222, CD34'],
    [['h0: 10.0.0.1 port 22, AB12', 'likewise 1 host: h1']],
  ],
  [
    'two causes',
    ['h0: refused', 'h1: timed out', 'h2: refused'],
    [
      ['h0: refused', 'likewise 1 host: h2'],
      ['h1: timed out', undefined],
    ],
  ],
];

for (const [title, texts, causes] of causeRows) {
  test(`causes: ${title}`, (t) => {
    const items = texts.map((text, index) => ({ host: `h${index}`, text }));
    t.deepEqual(
      causesOf(items, new Set(items.map(({ host }) => host))).map(
        (cause) => [cause.first.text, likewise(cause)] as const,
      ),
      causes,
    );
  });
}

test('errors of many hosts are printed by cause, those of few as they are', (t) => {
  const failure = (name: string, why: string) => ({
    host: name,
    error: new OvsPkiError('HOST_UNREACHABLE', `${name}.lan: ${why}`, {
      hint: `ssh ${name}`,
      details: { host: `${name}.lan` },
    }),
  });
  const few = ['ann', 'bob', 'eve'].map((name) => failure(name, 'refused'));
  t.deepEqual(
    errorsByCause(few),
    few.map(({ error }) => error),
  );
  const many = Array.from({ length: 30 }, (_, index) =>
    failure(`h${index}`, index % 10 === 3 ? 'timed out' : 'refused'),
  );
  t.deepEqual(
    errorsByCause([...few, ...many]).map(({ code, message, hint }) => [code, message, hint]),
    [
      [
        'HOST_UNREACHABLE',
        'ann.lan: refused (likewise 29 hosts: bob, eve, h[0-2], h[4-12], h[14-22], h[24-29])',
        'ssh ann',
      ],
      ['HOST_UNREACHABLE', 'h3.lan: timed out (likewise 2 hosts: h13, h23)', 'ssh h3'],
    ],
  );
});

test('a warning that is said of a CA is said once, and those of many hosts by cause', (t) => {
  const hosts = Array.from({ length: 20 }, (_, index) => `h${index}`);
  t.deepEqual(warningsByCause(hosts.map((host) => ({ host, warnings: ['the CA ends'] }))), ['the CA ends']);
  t.deepEqual(warningsByCause(hosts.map((host) => ({ host, warnings: [`${host}: old`] }))), [
    'h0: old (likewise 19 hosts: h[1-19])',
  ]);
});
