/** What cannot be exported. */

import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BadInput } from './bad-input-row.js';

const usage = (title: string, ...args: string[]): BadInput => ({ title, args: ['export', ...args], code: 'USAGE' });

export const badExports: readonly BadInput[] = [
  usage('an export of nothing'),
  usage('an export of two', 'good', 'host'),
  usage('an export in a format that does not exist', 'good', '--format', 'jks'),
  usage('a passphrase for certificates', 'good', '--format', 'p7b', '--passphrase-fd', '0'),
  { title: 'an export of a certificate that does not exist', args: ['export', 'none'], code: 'FILE_NOT_FOUND' },
  { title: 'an export without a terminal', args: ['export', 'good'], code: 'PROMPT_IMPOSSIBLE' },
  {
    title: 'an export with a password that is too short',
    args: ['export', 'good', '--passphrase-fd', '0'],
    standardInput: 'short\n',
    code: 'PASSPHRASE_INVALID',
  },
  {
    title: 'an export to a place that is taken',
    args: ['export', 'good', '--format', 'chain', '--out', 'host-req.pem'],
    code: 'FILE_EXISTS',
  },
  {
    title: 'an export without the key',
    make: (folder) => rmSync(join(folder, 'good-privkey.pem')),
    args: ['export', 'good', '--passphrase-fd', '0'],
    standardInput: 'long enough\n',
    code: 'FILE_NOT_FOUND',
  },
  {
    title: 'an export with the key of another host',
    make: (folder) => renameSync(join(folder, 'host-privkey.pem'), join(folder, 'good-privkey.pem')),
    args: ['export', 'good', '--passphrase-fd', '0'],
    standardInput: 'long enough\n',
    code: 'KEY_MISMATCH',
  },
  {
    title: 'an export of a certificate of another CA',
    make: (folder) => rmSync(join(folder, 'pki/switchca'), { recursive: true }),
    args: ['export', 'good', '--format', 'p7b'],
    code: 'ISSUER_NOT_FOUND',
  },
  {
    title: 'an export of what is no certificate',
    make: (folder) => writeFileSync(join(folder, 'good-cert.pem'), 'nothing'),
    args: ['export', 'good', '--format', 'p7b'],
    code: 'PEM_INVALID',
  },
  { title: 'an export without a PKI', args: ['export', 'good', '--dir', 'none'], code: 'PKI_NOT_FOUND' },
];
