/** URIs of tokens that cannot be used, and what cannot be done with a key in a token. */

import { execFileSync } from 'node:child_process';
import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorCode } from '../../src/errors.js';
import type { BadInput } from './bad-input-row.js';

const initWith = (title: string, uri: string, code: ErrorCode, more: readonly string[] = []): BadInput => ({
  title: `init with ${title}`,
  args: ['init', '--key=ec', '--dir', 'new', '--pkcs11', uri, ...more],
  code,
});

/** A CA whose key file is replaced by what tells where a key is. */
const withUri = (title: string, uri: string, args: readonly string[], code: ErrorCode): BadInput => ({
  title,
  make: (folder) => {
    rmSync(join(folder, 'pki/switchca/private/cakey.pem'));
    writeFileSync(join(folder, 'pki/switchca/private/cakey.uri'), uri, { mode: 0o600 });
  },
  args,
  code,
});

/** What is there in place of such a file. */
const withPlace = (title: string, put: (file: string) => void): BadInput => ({
  ...withUri(title, '', [], 'FILE_UNREADABLE'),
  make: (folder) => {
    rmSync(join(folder, 'pki/switchca/private/cakey.pem'));
    put(join(folder, 'pki/switchca/private/cakey.uri'));
  },
  args: signing,
});

const signing = ['sign', '--batch', 'host'];
const none = 'pkcs11:token=ovs?module-path=/nonexistent/p11.so';

export const badTokens: readonly BadInput[] = [
  initWith('a library that is not there', none, 'TOKEN_MODULE_UNUSABLE'),
  initWith('a folder in place of a library', 'pkcs11:?module-path=/', 'TOKEN_MODULE_UNUSABLE'),
  initWith('the file of a library in place of a URI', '/usr/lib/p11.so', 'USAGE'),
  initWith('a PIN in the URI', `${none}&pin-value=1234`, 'USAGE'),
  initWith('the URI of a key that is there', none.replace('?', ';object=key?'), 'USAGE'),
  initWith('keys in a token and a passphrase for them', none, 'USAGE', ['--encrypt-key', '--passphrase-fd', '0']),
  withUri('a URI that leads to no library', none, signing, 'TOKEN_MODULE_UNUSABLE'),
  withUri('an empty URI', '', signing, 'PKI_CORRUPT'),
  withUri('a URI without a library', 'pkcs11:token=ovs\n', signing, 'PKI_CORRUPT'),
  withPlace('a FIFO in place of the URI of a key', (file) => execFileSync('mkfifo', ['-m', '600', file])),
  withPlace('a URI of a gigabyte', (file) => {
    writeFileSync(file, 'pkcs11:', { mode: 0o600 });
    truncateSync(file, 2 ** 30);
  }),
  withUri('a passphrase for a key in a token', none, ['passphrase', '--remove'], 'KEY_IN_TOKEN'),
  {
    title: 'a CA that is imported with the URI of a token that is not there',
    args: ['import', 'switch', '--dir', 'new', '--ca-cert', 'pki/switchca/cacert.pem', '--ca-key', none],
    code: 'TOKEN_MODULE_UNUSABLE',
  },
];
