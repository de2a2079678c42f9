import { randomBytes } from 'node:crypto';
import test from 'ava';
import { OvsPkiError } from '../../src/errors.js';
import { parseFileName } from '../../src/pki/file-name.js';
import { commonNameOf, nameFault, nameOfCommonName } from '../../src/pki/name.js';
import { expandNames, parseNameFile } from '../../src/pki/name-list.js';
import { formatSerial, parseSerial, randomSerial } from '../../src/pki/serial.js';

test('Names that hosts have are good', (t) => {
  const good = [
    'h',
    'host_1',
    'a.example.org',
    '1',
    '10-0-0-1',
    'b5ab0e1c-2f0f-4b5d-9a8e-1d1f9c1f3b6a',
    'H'.repeat(64),
    '1.2.3.x',
  ];
  for (const name of good) t.is(nameFault(name), undefined, name);
});

test('The files of a name stand where its folder is, and the name is what is behind it', (t) => {
  const { name, privateKeyFile, requestFile, certificateFile } = parseFileName('keys/a/host_1');
  t.is(name, 'host_1');
  t.deepEqual(
    [privateKeyFile, requestFile, certificateFile],
    ['keys/a/host_1-privkey.pem', 'keys/a/host_1-req.pem', 'keys/a/host_1-cert.pem'],
  );
  t.is(parseFileName('/host').requestFile, '/host-req.pem');
  t.is(parseFileName('./host').requestFile, './host-req.pem');
  t.is(parseFileName('host').requestFile, 'host-req.pem');
});

test('A common name is the name, or the name and something unique', (t) => {
  t.is(commonNameOf('host', undefined), 'host');
  t.is(commonNameOf('host', '4a2f'), 'host id:4a2f');
  t.is(nameOfCommonName('host id:4a2f'), 'host');
  for (const bad of [
    'host id:',
    'host id:a,b',
    'host  id:a',
    ' host',
    'host id:a\n',
    '*',
    '192.0.2.1 id:a',
    `${'h'.repeat(61)} id:a`,
  ]) {
    t.is(nameOfCommonName(bad), undefined, bad);
  }
  t.is(t.throws(() => commonNameOf('h'.repeat(40), '0'.repeat(36)), { instanceOf: OvsPkiError })?.code, 'NAME_INVALID');
});

test('Ranges expand to their numbers, as wide as the first is written, each name once', (t) => {
  t.deepEqual(expandNames(['h[08-10]', 'a', 'a', 'h[9-9]']), ['h08', 'h09', 'h10', 'a', 'h9']);
  t.deepEqual(expandNames(['r[1-2]h[1-2]']), ['r1h1', 'r1h2', 'r2h1', 'r2h2']);
});

test('A file of names: comments, blank lines and CRLF do not count', (t) => {
  t.deepEqual(parseNameFile('host_1 # first\r\n\n  host_[2-3]  \n# none\nlast'), ['host_1', 'host_[2-3]', 'last']);
});

test('Serial numbers are positive, of 16 octets, and differ', (t) => {
  const serials = Array.from({ length: 200 }, () => randomSerial());
  for (const serial of serials) t.regex(serial, /^[4-7][0-9A-F]{31}$/);
  t.is(new Set(serials).size, serials.length);
  const bytes = randomBytes(20).toString('hex').toUpperCase();
  t.is(formatSerial(parseSerial(`01${bytes}`)), `01${bytes}`);
  t.is(formatSerial(-1n), '-01');
});
