/** Foreign text as a terminal may see it. */

import test from 'ava';
import { masked, visible, visibleJson, visibleLines } from '../../src/platform/visible.js';

interface Case {
  readonly what: string;
  readonly text: string;
  readonly shown: string;
}

const cases: readonly Case[] = [
  { what: 'C0: a terminal sequence', text: 'a\u001b[1A\u001b[2Kb', shown: 'a\\u{1b}[1A\\u{1b}[2Kb' },
  { what: 'C0: a return and a backspace', text: 'a\r\b\0', shown: 'a\\u{d}\\u{8}\\u{0}' },
  { what: 'DEL', text: 'a\u007f', shown: 'a\\u{7f}' },
  { what: 'C1: CSI in one character', text: 'a\u009b2J\u0085\u0090', shown: 'a\\u{9b}2J\\u{85}\\u{90}' },
  { what: 'direction overrides', text: '\u202eab\u202c\u2066\u2069', shown: '\\u{202e}ab\\u{202c}\\u{2066}\\u{2069}' },
  { what: 'direction marks', text: '\u200e\u200f\u061c', shown: '\\u{200e}\\u{200f}\\u{61c}' },
  {
    what: 'no width',
    text: 'a\u200b\u200c\u200d\u2060\ufeff',
    shown: 'a\\u{200b}\\u{200c}\\u{200d}\\u{2060}\\u{feff}',
  },
  { what: 'soft hyphen and fillers', text: '\u00ad\u3164\u115f\u2800', shown: '\\u{ad}\\u{3164}\\u{115f}\\u{2800}' },
  { what: 'separators of lines and paragraphs', text: '\u2028\u2029', shown: '\\u{2028}\\u{2029}' },
  { what: 'tags beyond the first plane', text: '\u{e0041}\u{1d173}', shown: '\\u{e0041}\\u{1d173}' },
  { what: 'half of a pair', text: '\ud800x', shown: '\\u{d800}x' },
  { what: 'what is seen anyway', text: 'Žluťoučký kůň 馬 🐎 "\\', shown: 'Žluťoučký kůň 馬 🐎 "\\' },
];

for (const { what, text, shown } of cases) {
  test(what, (t) => {
    t.is(visible(text), shown);
    t.is(visibleLines(`\t${text}\n`), `\t${shown}\n`);
    const json = visibleJson(JSON.stringify({ text }, undefined, 2));
    t.deepEqual(JSON.parse(json), { text }, 'a program reads the same');
    t.is(visible(json.replaceAll('\n', '')), json.replaceAll('\n', ''), 'and a terminal nothing else');
    t.is(masked(text).length > 0, true);
    t.is(visible(masked(text)), masked(text));
  });
}

test('a line end stays where it is ours alone', (t) => {
  t.is(visible('a\nb\tc'), 'a\\u{a}b\\u{9}c');
  t.is(visibleLines('a\nb\tc'), 'a\nb\tc');
});
