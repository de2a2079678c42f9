/** CAs that cannot be imported, and why. */

import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorCode } from '../../src/errors.js';
import { encodeNull } from '../../src/pki/der-encode.js';
import { importArguments, type Level, nameConstraints, writeAuthority } from '../support/authorities.js';
import { badKeyFile, rsaKeyFile } from '../support/keys.js';
import { basicConstraints, extension, inDays, keyUsage, loadKey, spkiOf } from '../support/x509.js';
import type { BadInput } from './bad-input-row.js';

const importing = ['import', 'switch', '--dir', 'new', ...importArguments];
const root: Level = {
  subject: [
    ['O', 'Company'],
    ['CN', 'root'],
  ],
  key: 5,
};
const sub: Level = {
  subject: [
    ['O', 'Company'],
    ['CN', 'sub'],
  ],
  key: 6,
  pathLength: 0,
};

const unfit = (title: string, ...levels: readonly Level[]): BadInput => ({
  title: `an imported CA ${title}`,
  make: (folder) => writeAuthority(folder, levels),
  args: importing,
  code: 'CA_UNFIT',
});

/** A good one, of which something is spoilt. */
const spoilt = (
  title: string,
  spoil: (folder: string) => void,
  code: ErrorCode,
  args: readonly string[] = importing,
): BadInput => ({
  title,
  make: (folder) => {
    writeAuthority(folder, [root, sub]);
    spoil(folder);
  },
  args,
  code,
});

const nothing = (): void => undefined;
const at =
  (file: string, content: string) =>
  (folder: string): void =>
    writeFileSync(join(folder, file), content);

export const badImports: readonly BadInput[] = [
  unfit('that is no CA', root, { ...sub, extensions: [basicConstraints(false), keyUsage(5)] }),
  unfit('that does not say that it is a CA', root, { ...sub, extensions: [keyUsage(5)] }),
  unfit('that may not sign', root, { ...sub, extensions: [basicConstraints(true), keyUsage(6)] }),
  unfit('that has expired', root, { ...sub, parts: { notAfter: inDays(-0.5) } }),
  unfit('that is not valid yet', root, { ...sub, parts: { notBefore: inDays(1) } }),
  unfit('below a root that has expired', { ...root, parts: { notAfter: inDays(-0.5) } }, sub),
  unfit('below a root that allows none', { ...root, pathLength: 0 }, sub),
  unfit('below one that allows none', root, { ...sub, key: 7 }, { ...sub, subject: [['CN', 'low']] }),
  unfit('below what is no CA', { ...root, extensions: [basicConstraints(false)] }, sub),
  unfit('that its root has not signed', root, { ...sub, parts: { signKey: loadKey(rsaKeyFile(9)) } }),
  unfit('with a demand that is not known', root, {
    ...sub,
    more: [extension('1.3.6.1.4.1.99999.1', encodeNull(), true)],
  }),
  {
    ...unfit('that constrains addresses', root, { ...sub, more: [nameConstraints(['\x0a\0\0\0\xff\0\0\0'], [], 7)] }),
    code: 'accepted',
  },
  unfit('with a key too small', root, { ...sub, parts: { spki: spkiOf(loadKey(badKeyFile('weak-rsa-1024'))) } }),
  unfit('without a key identifier', root, { ...sub, hasKeyIdentifier: false }),
  unfit('without a name', root, { ...sub, subject: [] }),
  spoilt('an imported CA without its root', at('chain.pem', ''), 'PEM_INVALID'),
  spoilt(
    'an imported CA with itself as chain',
    (f) => copyFileSync(join(f, 'ca.pem'), join(f, 'chain.pem')),
    'CA_UNFIT',
  ),
  spoilt('an imported CA without a chain', nothing, 'CA_UNFIT', importing.slice(0, -2)),
  spoilt('an imported CA with another key', (f) => copyFileSync(rsaKeyFile(9), join(f, 'ca.key')), 'KEY_MISMATCH'),
  spoilt(
    'an imported CA with a DSA key',
    (f) => copyFileSync(badKeyFile('dsa'), join(f, 'ca.key')),
    'KEY_TYPE_UNSUPPORTED',
  ),
  spoilt('an imported CA without a key', at('ca.key', 'nothing'), 'PEM_INVALID'),
  spoilt('an imported CA without a certificate', at('ca.pem', 'nothing'), 'PEM_INVALID'),
  spoilt('an import into a directory that has that CA', nothing, 'PKI_EXISTS', [
    'import',
    'switch',
    ...importArguments,
  ]),
  spoilt('an import into a file', nothing, 'PKI_EXISTS', [
    'import',
    'switch',
    ...importArguments,
    '--dir',
    'host-req.pem',
  ]),
  spoilt('an import of a type that does not exist', nothing, 'USAGE', ['import', 'host', ...importArguments]),
  spoilt('an import without a type', nothing, 'USAGE', ['import', ...importArguments]),
  spoilt('an import without a key, over a CA', nothing, 'PKI_EXISTS', ['import', 'switch', '--ca-cert', 'ca.pem']),
  spoilt('an import without a key', nothing, 'KEY_MISMATCH', [
    ...['import', 'switch', '--dir', 'new', '--ca-cert', 'ca.pem', '--chain', 'chain.pem'],
  ]),
  spoilt('an import of files that do not exist', nothing, 'FILE_NOT_FOUND', [
    ...['import', 'switch', '--dir', 'new', '--ca-cert', 'none.pem', '--ca-key', 'none.key'],
  ]),
];
