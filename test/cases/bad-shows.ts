/** What `show` is given and cannot read, and names in certificates that would write to the terminal. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodePem } from '../../src/pki/pem.js';
import { fixtureKey, hostName, subjectAltName } from '../support/x509.js';
import type { BadInput } from './bad-input-row.js';
import { leaf, leafExtensions } from './verify-paths.js';

const passphrase = 'correct horse';

/** Makes the file `x` of the good certificate and key, and the file `pass` with a passphrase. */
function pkcs12(
  title: string,
  code: BadInput['code'],
  typed: string | undefined,
  ...more: readonly string[]
): BadInput {
  return {
    title: `show PKCS #12: ${title}`,
    make: (folder) => {
      const files = ['-in', 'good-cert.pem', '-inkey', 'good-privkey.pem', '-out', 'x'];
      execFileSync('openssl', ['pkcs12', '-export', ...files, '-passout', `pass:${passphrase}`, ...more], {
        cwd: folder,
        stdio: 'pipe',
      });
      writeFileSync(join(folder, 'pass'), `${typed}\n`, { mode: 0o600 });
    },
    args: ['show', 'x', ...(typed === undefined ? [] : ['--passphrase-file', 'pass'])],
    code,
  };
}

const file = (title: string, content: (folder: string) => string | Uint8Array, code: BadInput['code']): BadInput => ({
  title: `show: ${title}`,
  make: (folder) => writeFileSync(join(folder, 'x'), content(folder)),
  args: ['show', 'x'],
  code,
});

const good = (folder: string): string => readFileSync(join(folder, 'good-cert.pem'), 'latin1');
const der = (folder: string): Buffer => execFileSync('openssl', ['x509', '-outform', 'der'], { input: good(folder) });
const encryptedKey = (): string =>
  String(fixtureKey(3).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }));
const hostile = '\x1b]0;title\x07\x1b[2J\u202e\u0085host\r\n';

export const badShows: readonly BadInput[] = [
  file('an empty file', () => '', 'PEM_INVALID'),
  file('text', () => 'hello\n', 'PEM_INVALID'),
  file(
    'binary rubbish',
    () => Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 37 + 1) % 256)),
    'PEM_INVALID',
  ),
  file('rubbish that begins as DER does', () => Buffer.from('30820100ffff', 'hex'), 'DER_INVALID'),
  file('rubbish that begins as BER does', () => Buffer.from('308002010330800609', 'hex'), 'DER_INVALID'),
  file('an empty SEQUENCE', () => Buffer.from('3000', 'hex'), 'KEY_INVALID'),
  file('a certificate cut off in PEM', (folder) => good(folder).slice(0, -400), 'PEM_INVALID'),
  file('a certificate cut off in DER', (folder) => der(folder).subarray(0, 500), 'DER_INVALID'),
  file('a certificate with bytes behind it', (folder) => Buffer.concat([der(folder), Buffer.of(0)]), 'DER_INVALID'),
  file(
    'a certificate among others that is damaged',
    (folder) => `${good(folder)}${encodePem('CERTIFICATE', Buffer.of(0x30, 0))}`,
    'DER_INVALID',
  ),
  file('only a block that is not shown', () => encodePem('DH PARAMETERS', Buffer.of(0x30, 0)), 'PEM_INVALID'),
  file(
    'a CMS structure that is not signed data',
    () => encodePem('CMS', Buffer.from('300f06092a864886f70d010701a0020400', 'hex')),
    'DER_INVALID',
  ),
  file('a private key that is none', () => encodePem('PRIVATE KEY', Buffer.from('3003020100', 'hex')), 'KEY_INVALID'),
  file('an encrypted key, and nobody to ask', encryptedKey, 'KEY_ENCRYPTED'),
  {
    title: 'show: an encrypted key and a wrong passphrase',
    make: (folder) => writeFileSync(join(folder, 'x'), encryptedKey()),
    args: ['show', 'x', '--passphrase-fd', '0'],
    standardInput: 'battery staple\n',
    code: 'PASSPHRASE_WRONG',
  },
  {
    title: 'show: an encrypted key and its passphrase',
    make: (folder) => writeFileSync(join(folder, 'x'), encryptedKey()),
    args: ['show', 'x', '--passphrase-fd', '0'],
    standardInput: `${passphrase}\n`,
    code: 'accepted',
  },
  {
    title: 'show: a passphrase file that does not exist',
    make: (folder) => writeFileSync(join(folder, 'x'), encryptedKey()),
    args: ['show', 'x', '--passphrase-file', 'none'],
    code: 'FILE_NOT_FOUND',
  },
  {
    title: 'show PKCS #12: an integrity check that would take for ever',
    make: (folder) => {
      const files = ['-in', 'good-cert.pem', '-inkey', 'good-privkey.pem', '-out', 'x'];
      execFileSync('openssl', ['pkcs12', '-export', ...files, '-passout', `pass:${passphrase}`, '-iter', '70000'], {
        cwd: folder,
        stdio: 'pipe',
      });
      // The number of iterations ends the file: an INTEGER of three octets.
      const bytes = readFileSync(join(folder, 'x'));
      bytes.set([0x7f, 0xff, 0xff], bytes.length - 3);
      writeFileSync(join(folder, 'x'), bytes);
      writeFileSync(join(folder, 'pass'), `${passphrase}\n`, { mode: 0o600 });
    },
    args: ['show', 'x', '--passphrase-file', 'pass'],
    code: 'ENCRYPTION_UNSUPPORTED',
  },
  pkcs12('nobody to ask', 'KEY_ENCRYPTED', undefined),
  pkcs12('a wrong passphrase', 'PASSPHRASE_WRONG', 'battery staple'),
  pkcs12('no passphrase', 'PASSPHRASE_INVALID', ''),
  pkcs12('a wrong passphrase, and no integrity check', 'PASSPHRASE_WRONG', 'battery staple', '-nomac'),
  pkcs12('RC2', 'ENCRYPTION_UNSUPPORTED', passphrase, '-legacy'),
  pkcs12('its passphrase', 'accepted', passphrase),
  { title: 'show: a folder', args: ['show', 'pki'], code: 'FILE_UNREADABLE' },
  { title: 'show: a name that nobody has', args: ['show', 'nobody'], code: 'FILE_NOT_FOUND' },
  { title: 'show: a path that is no name', args: ['show', './none/'], code: 'FILE_NOT_FOUND' },
  { title: 'show: an empty standard input', args: ['show', '-'], standardInput: '', code: 'PEM_INVALID' },
  {
    title: 'show: standard input as what is shown and as its passphrase',
    args: ['show', '-', '--passphrase-fd', '0'],
    code: 'USAGE',
  },
  { title: 'show: nothing', args: ['show'], code: 'USAGE' },
  {
    title: 'show: a file that is too large',
    make: (folder) => {
      writeFileSync(join(folder, 'x'), '');
      truncateSync(join(folder, 'x'), 2 ** 32);
    },
    args: ['show', 'x'],
    code: 'FILE_UNREADABLE',
  },
  {
    title: 'show: a folder that bears the name of a host whose certificate is here',
    make: (folder) => mkdirSync(join(folder, 'good')),
    args: ['show', 'good'],
    code: 'accepted',
  },
  file(
    'names that would write to the terminal',
    () =>
      encodePem(
        'CERTIFICATE',
        leaf({
          subject: hostName(hostile),
          issuer: hostName(hostile),
          extensions: leafExtensions(subjectAltName(hostile)).filter((_, index) => index !== 3),
        }),
      ),
    'accepted',
  ),
];
