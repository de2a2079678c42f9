import test from 'ava';
import { letters } from '../../../src/cli/render/letters.js';

/** What a name is as it is formatted or read, in a terminal that shows UTF-8, and in another. */
const names: readonly (readonly [text: string, utf8: string, other: string])[] = [
  ['C=DE, O=M\\xC3\\xBCller, CN=x', 'C=DE, O=Müller, CN=x', 'C=DE, O=M\\xC3\\xBCller, CN=x'],
  ['Müller', 'Müller', 'M\\xC3\\xBCller'],
  ['\\xE6\\x9D\\xB1\\xE4\\xBA\\xAC', '東京', '\\xE6\\x9D\\xB1\\xE4\\xBA\\xAC'],
  ['\\xF0\\x9F\\x94\\x92 lock', '🔒 lock', '\\xF0\\x9F\\x94\\x92 lock'],
  // Not UTF-8, or cut off in the middle of a letter: the bytes, as they are.
  ['M\\xFCller', 'M\\xFCller', 'M\\xFCller'],
  ['\\xE6\\x9D', '\\xE6\\x9D', '\\xE6\\x9D'],
  // A backslash of the name itself.
  ['a\\\\xC3\\xA9', 'a\\\\xC3\\xA9', 'a\\\\xC3\\xA9'],
  // What could write to the terminal, turn the text round or hide, has its code in any terminal.
  ['\\xE2\\x80\\xAEgnp', '\\u{202e}gnp', '\\xE2\\x80\\xAEgnp'],
  ['\u202egnp', '\\u{202e}gnp', '\\u{202e}gnp'],
  ['\\x1B[2J', '\\u{1b}[2J', '\\x1B[2J'],
  ['\\xC2\\x9B2J', '\\u{9b}2J', '\\xC2\\x9B2J'],
  ['a\\x0Ab', 'a\\u{a}b', 'a\\x0Ab'],
  ['h\\xE2\\x80\\x8Bost', 'h\\u{200b}ost', 'h\\xE2\\x80\\x8Bost'],
  ['\\xEF\\xBB\\xBFx', '\\u{feff}x', '\\xEF\\xBB\\xBFx'],
  ['\\xF3\\xA0\\x81\\x81', '\\u{e0041}', '\\xF3\\xA0\\x81\\x81'],
];

test('names are in their own letters where the terminal shows them, and what deceives is made visible', (t) => {
  for (const [text, utf8, other] of names) {
    t.is(letters(text, true), utf8, text);
    t.is(letters(text, false), other, text);
  }
});

test('the locale says whether the terminal shows UTF-8, the first variable that is set', (t) => {
  const before = process.env;
  try {
    for (const [environment, shown] of [
      [{ LANG: 'de_DE.UTF-8' }, 'ü'],
      [{ LANG: 'C.utf8' }, 'ü'],
      [{ LC_ALL: 'C', LANG: 'de_DE.UTF-8' }, '\\xC3\\xBC'],
      [{ LC_ALL: '', LC_CTYPE: 'en_US.UTF-8', LANG: 'C' }, 'ü'],
      [{ LC_CTYPE: 'de_DE.ISO-8859-1', LANG: 'de_DE.UTF-8' }, '\\xC3\\xBC'],
      [{}, '\\xC3\\xBC'],
    ] as const) {
      process.env = environment;
      t.is(letters('\\xC3\\xBC'), shown, JSON.stringify(environment));
    }
  } finally {
    process.env = before;
  }
});
