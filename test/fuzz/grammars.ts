/** What readers are fed: grammars of what they read, and damage of what real programs wrote. */

import fc from 'fast-check';
import { contextTag, tag } from '../../src/pki/der.js';
import { encode, encodeBoolean, encodeOid } from '../../src/pki/der-encode.js';

/** Pieces that readers of text stumble over, the long ones too. */
const strange: readonly string[] = [
  ...[
    '\n',
    '\r\n',
    '\t',
    ' ',
    '\0',
    '\u001b[2J',
    '\u202e',
    '\ufeff',
    '\ud800',
    '"',
    "'",
    '`',
    '\\',
    '{',
    '[',
    '<',
    '&',
  ],
  ...[
    '-1',
    '0',
    '0x',
    '0x0',
    ':::',
    '1e999',
    'NaN',
    '99999999999999999999',
    '=',
    '/CN=',
    '...',
    '[1]',
    '{1}',
    '#',
    '--',
  ],
  ...['\n', ' ', '.', ':', '-', '[', '"', 'a', '9', '/CN=', '- '].map((piece) => piece.repeat(2000)),
];

/** Repetitions of repetitions would be larger than all that is ever read. */
const longest = 300_000;

/** A text with some of its words gone, doubled, put elsewhere, or in the place of others. */
export function damagedText(...originals: readonly string[]): fc.Arbitrary<string> {
  const change = fc.record({
    at: fc.nat(),
    from: fc.nat(),
    kind: fc.nat(5),
    count: fc.constantFrom(1, 2, 50),
    piece: fc.constantFrom(...strange),
  });
  return fc
    .tuple(fc.constantFrom(...originals), fc.array(change, { minLength: 1, maxLength: 6 }))
    .map(([text, changes]) => {
      const words = text.match(/[A-Za-z0-9]+|\n|\s+|[^\sA-Za-z0-9]/g) ?? [''];
      for (const { at, from, kind, count, piece } of changes) {
        const [place, other] = [at % words.length, from % words.length];
        if (kind === 0) words.splice(place, count);
        else if (kind === 1) words.splice(place, 0, piece);
        else if (kind === 2) words[place] = piece;
        else if (kind === 3) words.splice(place, 0, (words[other] ?? '').slice(0, longest / count).repeat(count));
        else if (kind === 4) words.splice(place, 0, ...words.slice(other, other + count));
        else words.splice(place);
        if (words.length === 0) words.push(piece);
      }
      return words.join('').slice(0, longest);
    });
}

/** DER of any shape: most of it well formed, with contents that fit their types or not. */
const { node } = fc.letrec<{ node: Uint8Array; leaf: Uint8Array }>((tie) => ({
  leaf: fc.oneof(
    fc
      .tuple(fc.constantFrom(...Object.values(tag), 0x80, 0x82, 0x87), fc.uint8Array({ maxLength: 40 }))
      .map(([type, content]) => encode(type & ~0x20, content)),
    fc.constantFrom('2.5.4.3', '2.5.29.17', '2.5.29.19', '1.2.840.113549.1.1.1', '1.2.840.10045.2.1').map(encodeOid),
    fc.boolean().map(encodeBoolean),
    fc.constantFrom('261122063200Z', '20991231235959Z').map((text) => encode(tag.utcTime, Buffer.from(text))),
  ),
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    fc
      .tuple(
        fc.constantFrom<number>(tag.sequence, tag.sequence, tag.set, contextTag(0, true), contextTag(3, true)),
        fc.array(tie('node'), { maxLength: 6 }),
      )
      .map(([type, parts]) => encode(type, ...parts)),
    tie('node').map((inner) => encode(tag.octetString, inner)),
  ),
}));
export const anyDer: fc.Arbitrary<Uint8Array> = node;
