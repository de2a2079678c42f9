/** PEM files that are damaged, of another kind, or encrypted. */

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodePem } from '../../src/pki/pem.js';
import { badKeyFile, ecKeyFile, rsaKeyFile } from '../support/keys.js';
import { fixtureKey } from '../support/x509.js';
import type { BadInput } from './bad-input-row.js';

type Change = (pem: string) => string | Uint8Array;

const file = (title: string, change: Change, code: BadInput['code'] = 'PEM_INVALID'): BadInput => ({
  title: `a request file: ${title}`,
  make: (folder) => {
    const place = join(folder, 'host-req.pem');
    writeFileSync(place, change(readFileSync(place, 'latin1')));
  },
  code,
});

const keyFile = (title: string, pem: () => string, code: BadInput['code']): BadInput => ({
  title: `a key file: ${title}`,
  make: (folder) => writeFileSync(join(folder, 'host-privkey.pem'), pem()),
  args: ['self-sign', 'host'],
  code,
});

const begin = '-----BEGIN CERTIFICATE REQUEST-----';
const end = '-----END CERTIFICATE REQUEST-----';
const block = (pem: string): string => pem.slice(pem.indexOf(begin));
const pkcs8 = (options: { cipher: string; passphrase: string } | undefined): string =>
  String(fixtureKey(3).export({ type: 'pkcs8', format: 'pem', ...options }));

export const badFiles: readonly BadInput[] = [
  file('empty', () => ''),
  file('nothing but text', () => 'hello\n'),
  file('binary', () => Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 37) % 256))),
  file('DER without PEM', (pem) => Buffer.from(block(pem).split('\n').slice(1, -2).join(''), 'base64'), 'accepted'),
  file('cut off before its END line', (pem) => pem.slice(0, pem.indexOf(end))),
  file('cut off inside its END line', (pem) => pem.slice(0, -10)),
  file('no BEGIN line', (pem) => pem.replace(begin, '')),
  file('another label at its end', (pem) => pem.replace(end, '-----END CERTIFICATE-----')),
  file('another label', (pem) => pem.replaceAll('CERTIFICATE REQUEST', 'X509 CRL')),
  file('called a certificate', (pem) => pem.replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE'), 'DER_INVALID'),
  file('an empty block', () => `${begin}\n${end}\n`),
  file('a character that is not base64', (pem) => pem.replace(`${begin}\nM`, `${begin}\n!`)),
  file('a colon in its base64', (pem) => pem.replace(`${begin}\nM`, `${begin}\n:`)),
  file('a character missing', (pem) => pem.replace(`${begin}\nM`, `${begin}\n`)),
  file('padding in its middle', (pem) => pem.replace(`${begin}\nMI`, `${begin}\n==`)),
  file('two BEGIN lines', (pem) => pem.replace(begin, `${begin}\n${begin}`)),
  file('a letter of its base64 changed', (pem) => pem.replace(`${begin}\nM`, `${begin}\nN`), 'DER_INVALID'),
  file('UTF-16 without a byte order mark', (pem) => Buffer.from(pem, 'utf16le'), 'accepted'),
  file('UTF-16, big end first', (pem) => Buffer.from(`\ufeff${pem}`, 'utf16le').swap16(), 'accepted'),
  file('UTF-16', (pem) => Buffer.from(`\ufeff${pem}`, 'utf16le'), 'accepted'),
  file('a private key in its place', () => readFileSync(rsaKeyFile(3))),
  {
    title: 'a request file: a certificate in its place',
    make: (folder) => cpSync(join(folder, 'good-cert.pem'), join(folder, 'host-req.pem')),
    code: 'PEM_INVALID',
  },
  file('CRLF at the ends of lines', (pem) => pem.replaceAll('\n', '\r\n'), 'accepted'),
  file('a byte order mark', (pem) => Buffer.from(`\ufeff${pem}`), 'accepted'),
  file('the label of old Netscape', (pem) => pem.replaceAll('CERTIFICATE REQ', 'NEW CERTIFICATE REQ'), 'accepted'),
  file('text before and after', (pem) => `some text: here\n${pem}\nmore text\n`, 'accepted'),
  file('two requests, of which the first counts', (pem) => `${pem}${block(pem)}`, 'accepted'),
  {
    title: 'a request file: too large to be one',
    make: (folder) => truncateSync(join(folder, 'host-req.pem'), 2 ** 32),
    code: 'FILE_UNREADABLE',
  },
  {
    title: 'a request file: a folder',
    make: (folder) => {
      rmSync(join(folder, 'host-req.pem'));
      mkdirSync(join(folder, 'host-req.pem'));
    },
    code: 'FILE_UNREADABLE',
  },
  {
    title: 'a request file: a link to itself',
    make: (folder) => {
      rmSync(join(folder, 'host-req.pem'));
      symlinkSync('host-req.pem', join(folder, 'host-req.pem'));
    },
    code: 'FILE_UNREADABLE',
  },
  {
    title: 'a request file: a pipe that nobody writes to',
    make: (folder) => {
      rmSync(join(folder, 'host-req.pem'));
      execFileSync('mkfifo', [join(folder, 'host-req.pem')]);
    },
    code: 'FILE_UNREADABLE',
  },
  { title: 'a request file: none', args: ['sign', '-b', 'nobody'], code: 'FILE_NOT_FOUND' },
  { title: 'a certificate file: none', args: ['verify', 'host'], code: 'FILE_NOT_FOUND' },
  {
    title: 'a certificate file: a request',
    make: (folder) => cpSync(join(folder, 'host-req.pem'), join(folder, 'host-cert.pem')),
    args: ['verify', 'host'],
    code: 'PEM_INVALID',
  },
  {
    title: 'a certificate file: damaged',
    make: (folder) =>
      writeFileSync(join(folder, 'host-cert.pem'), encodePem('CERTIFICATE', Buffer.from('3003020101', 'hex'))),
    args: ['verify', 'host'],
    code: 'DER_INVALID',
  },
  {
    title: 'a file to fingerprint: a damaged certificate',
    make: (folder) => writeFileSync(join(folder, 'x.pem'), '-----BEGIN CERTIFICATE-----\nMIIB\n'),
    args: ['fingerprint', 'x.pem'],
    code: 'PEM_INVALID',
  },
  { title: 'a file to fingerprint: none', args: ['fingerprint', 'none'], code: 'FILE_NOT_FOUND' },
  { title: 'a file to fingerprint: a folder', args: ['fingerprint', 'pki'], code: 'FILE_UNREADABLE' },
  keyFile('encrypted PKCS#8', () => pkcs8({ cipher: 'aes-256-cbc', passphrase: 'x' }), 'KEY_ENCRYPTED'),
  keyFile(
    'encrypted as in RFC 1421',
    () => String(fixtureKey(3).export({ type: 'pkcs1', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' })),
    'KEY_ENCRYPTED',
  ),
  keyFile('the key of another request', () => readFileSync(rsaKeyFile(4), 'latin1'), 'KEY_MISMATCH'),
  keyFile('a key of another type', () => readFileSync(ecKeyFile('p256', 1), 'latin1'), 'KEY_MISMATCH'),
  keyFile('a DSA key', () => readFileSync(badKeyFile('dsa'), 'latin1'), 'KEY_TYPE_UNSUPPORTED'),
  keyFile('an old DSA key', () => encodePem('DSA PRIVATE KEY', Uint8Array.of(0x30, 0)), 'KEY_TYPE_UNSUPPORTED'),
  keyFile('cut off', () => pkcs8(undefined).slice(0, 300), 'PEM_INVALID'),
  keyFile('an empty structure', () => encodePem('PRIVATE KEY', Uint8Array.of(0x30, 0)), 'KEY_INVALID'),
  keyFile(
    'a broken RSA key',
    () => encodePem('RSA PRIVATE KEY', Buffer.from('30060201000201ff', 'hex')),
    'KEY_INVALID',
  ),
  keyFile(
    'an EC key without its curve',
    () => encodePem('EC PRIVATE KEY', Buffer.from('3003020101', 'hex')),
    'KEY_INVALID',
  ),
  keyFile(
    'the modulus of the request with nonsense behind it',
    () => encodePem('PRIVATE KEY', nonsenseKey()),
    'KEY_MISMATCH',
  ),
  keyFile('PKCS#1', () => String(fixtureKey(3).export({ type: 'pkcs1', format: 'pem' })), 'accepted'),
  keyFile(
    'a certificate before it',
    () => `${encodePem('CERTIFICATE', Uint8Array.of(5, 0))}${pkcs8(undefined)}`,
    'accepted',
  ),
];

/** A PKCS#8 whose public numbers are right: bytes in the private exponent and in both primes are not. */
function nonsenseKey(): Uint8Array {
  const exponent = 26 + 4 + 3 + 4 + 257 + 5;
  const damaged = [exponent + 40, exponent + 320, exponent + 440];
  return fixtureKey(3)
    .export({ type: 'pkcs8', format: 'der' })
    .map((byte, index) => (damaged.includes(index) ? byte ^ 0x55 : byte));
}
