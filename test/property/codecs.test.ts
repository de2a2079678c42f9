import test from 'ava';
import fc from 'fast-check';
import { children, readDer, tag } from '../../src/pki/der.js';
import { encode, encodeInteger, encodeOid, encodeTime } from '../../src/pki/der-encode.js';
import { readInteger, readOid, readTime } from '../../src/pki/der-values.js';
import { nameFault, nameOfCommonName } from '../../src/pki/name.js';
import { expandNames } from '../../src/pki/name-list.js';
import { decodePem, encodePem } from '../../src/pki/pem.js';
import { formatSerial, parseSerial } from '../../src/pki/serial.js';
import { formatIndexRow, type IndexRow, parseIndexRow } from '../../src/store/index/row.js';

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });

test('DER: what is written is read again, at every length', (t) => {
  const length = fc.oneof(fc.nat(300), fc.constantFrom(127, 128, 255, 256, 65_535, 65_536, 70_000, 2 ** 24));
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(tag)), length, fc.nat(255), (identifier, size, fill) => {
      const content = new Uint8Array(size).fill(fill);
      const element = readDer(encode(identifier, content));
      return element.tag === identifier && Buffer.compare(element.content, content) === 0;
    }),
    { numRuns: 200 },
  );
  t.pass();
});

test('DER: the elements of a sequence come back as they were', (t) => {
  fc.assert(
    fc.property(fc.array(bytes(200), { maxLength: 8 }), (parts) => {
      const sequence = encode(tag.sequence, ...parts.map((part) => encode(tag.octetString, part)));
      const found = children(readDer(sequence)).map(({ content }) => Buffer.from(content).toString('hex'));
      return found.join() === parts.map((part) => Buffer.from(part).toString('hex')).join();
    }),
  );
  t.pass();
});

test('DER: integers of any size are read as they were written', (t) => {
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 4096n), (value) => readInteger(readDer(encodeInteger(value)), 'x') === value),
  );
  t.pass();
});

test('DER: object identifiers are read as they were written', (t) => {
  const arc = fc.oneof(fc.nat(300), fc.nat(), fc.bigInt(0n, 2n ** 70n)).map(String);
  const roots = fc.oneof(fc.tuple(fc.constantFrom('0', '1'), fc.nat(39).map(String)), fc.tuple(fc.constant('2'), arc));
  fc.assert(
    fc.property(roots, fc.array(arc, { maxLength: 4 }), (root, rest) => {
      const dotted = [...root, ...rest].join('.');
      return readOid(readDer(encodeOid(dotted)), 'x') === dotted;
    }),
  );
  t.pass();
});

test('DER: times are read as they were written, UTCTime until 2049 and GeneralizedTime otherwise', (t) => {
  const second = fc.integer({ min: Date.UTC(0, 0) / 1000 - 6e10, max: Date.UTC(9999, 11, 31, 23, 59, 59) / 1000 });
  fc.assert(
    fc.property(second, (seconds) => {
      const date = new Date(seconds * 1000);
      const year = date.getUTCFullYear();
      fc.pre(year >= 0);
      const element = readDer(encodeTime(date));
      const isUtc = element.tag === tag.utcTime;
      return readTime(element, 'x').getTime() === date.getTime() && isUtc === (year >= 1950 && year < 2050);
    }),
  );
  t.pass();
});

test('PEM: blocks come back as they were, whatever text stands around them', (t) => {
  const block = fc.record({
    label: fc.stringMatching(/^[A-Z][A-Z0-9 ]{0,20}$/),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }),
  });
  const text = fc.string({ maxLength: 60 }).filter((line) => !line.includes('-----'));
  fc.assert(
    fc.property(fc.array(block, { maxLength: 4 }), text, fc.constantFrom('\n', '\r\n'), (blocks, noise, newline) => {
      const file = blocks.map((item) => `${noise}\n${encodePem(item.label, item.bytes)}`).join('');
      const found = decodePem(file.replaceAll('\n', newline), 'x');
      const plain = (items: readonly { label: string; bytes: Uint8Array }[]): string =>
        JSON.stringify(items.map((item) => [item.label, [...item.bytes]]));
      return plain(found) === plain(blocks);
    }),
  );
  t.pass();
});

test('Serial numbers: text and number are two forms of one thing', (t) => {
  fc.assert(
    fc.property(fc.bigInt(-(2n ** 160n), 2n ** 160n), (value) => {
      const text = formatSerial(value);
      return parseSerial(text) === value && /^-?([0-9A-F]{2})+$/.test(text);
    }),
  );
  t.pass();
});

test('index.txt: rows are read as they were written', (t) => {
  const time = fc.stringMatching(/^[0-9]{12}([0-9]{2})?Z$/);
  const row = fc
    .record({
      state: fc.constantFrom('V' as const, 'E' as const),
      expires: time,
      revoked: fc.constant(''),
      serialNumber: fc.stringMatching(/^([0-9A-F]{2}){1,20}$/),
      file: fc.constant('unknown'),
      subject: fc.string({ maxLength: 80 }).map((value) => `/CN=${value.replaceAll(/[\t\n]/g, '')}`),
    })
    .chain((valid) =>
      fc.oneof(
        fc.constant<IndexRow>(valid),
        time.map((at): IndexRow => ({ ...valid, state: 'R', revoked: `${at},keyCompromise` })),
      ),
    );
  fc.assert(
    fc.property(row, (value) => JSON.stringify(parseIndexRow(formatIndexRow(value))) === JSON.stringify(value)),
  );
  t.pass();
});

test('Names: a good one is exactly what no program reads as something else', (t) => {
  const anyName = fc.oneof(
    fc.string({ maxLength: 70 }),
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.stringMatching(/^[A-Za-z0-9._-]{0,70}$/),
    fc.ipV4(),
    fc.ipV6(),
  );
  fc.assert(
    fc.property(anyName, (name) => {
      const isSafe =
        /^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/.test(name) && !(/^[0-9.-]+$/.test(name) && looksLikeAddress(name));
      return (nameFault(name) === undefined) === isSafe && (nameOfCommonName(name) === name) === isSafe;
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

/** Digits and dots, with at least one dot, and perhaps a second such number behind one hyphen. */
function looksLikeAddress(name: string): boolean {
  const [first = '', ...rest] = name.split('-');
  return first.includes('.') && rest.length <= 1;
}

test('Ranges: as many names as the numbers say, each once, in order', (t) => {
  fc.assert(
    fc.property(fc.nat(500), fc.nat(40), fc.stringMatching(/^[a-z_]{0,5}$/), (from, count, stem) => {
      const names = expandNames([`${stem}[${from}-${from + count}]`]);
      const wanted = Array.from(
        { length: count + 1 },
        (_, index) => `${stem}${String(from + index).padStart(String(from).length, '0')}`,
      );
      return names.join() === wanted.join();
    }),
  );
  t.pass();
});
