/** Passphrases that do not fit, and places where they should not be. */

import { createPrivateKey } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorCode } from '../../src/errors.js';
import type { BadInput } from './bad-input-row.js';

const passphrase = 'the right passphrase';
const caKey = (folder: string): string => join(folder, 'pki/switchca/private/cakey.pem');

function encryptCaKey(folder: string): void {
  const key = createPrivateKey(readFileSync(caKey(folder)));
  writeFileSync(caKey(folder), key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }));
}

const signing = ['sign', '--batch', 'host'];

/** What stands in the passphrase file of a CA with an encrypted key. */
const inFile = (title: string, content: string, code: ErrorCode | 'accepted', mode = 0o600): BadInput => ({
  title: `a passphrase file with ${title}`,
  make: (folder) => {
    encryptCaKey(folder);
    writeFileSync(join(folder, 'secret'), content);
    chmodSync(join(folder, 'secret'), mode);
  },
  args: [...signing, '--passphrase-file', 'secret'],
  code,
});

const onEncrypted = (title: string, args: readonly string[], code: ErrorCode): BadInput => ({
  title,
  make: encryptCaKey,
  args: [...signing, ...args],
  code,
});

/** A passphrase that is to be the new one. */
const newOne = (title: string, content: string): BadInput => ({
  title: `a new passphrase ${title}`,
  make: (folder) => writeFileSync(join(folder, 'secret'), content, { mode: 0o600 }),
  args: ['passphrase', '--new-passphrase-file', 'secret'],
  code: 'PASSPHRASE_INVALID',
});

export const badPassphrases: readonly BadInput[] = [
  inFile('the right one', passphrase, 'accepted'),
  inFile('the right one and a line end of Windows', `${passphrase}\r\n`, 'accepted'),
  inFile('another one', 'another passphrase\n', 'PASSPHRASE_WRONG'),
  inFile('the right one and a blank', `${passphrase} \n`, 'PASSPHRASE_WRONG'),
  inFile('nothing', '', 'PASSPHRASE_INVALID'),
  inFile('an empty line', '\n', 'PASSPHRASE_INVALID'),
  inFile('two lines', `${passphrase}\nsecond\n`, 'PASSPHRASE_INVALID'),
  inFile('a NUL', `${passphrase}\0`, 'PASSPHRASE_INVALID'),
  inFile('no end', 'x'.repeat(100_000), 'PASSPHRASE_INVALID'),
  inFile('the right one that the group can read', passphrase, 'PASSPHRASE_EXPOSED', 0o640),
  inFile('the right one that all can write', passphrase, 'PASSPHRASE_EXPOSED', 0o602),
  onEncrypted('an encrypted CA key, no passphrase and no terminal', [], 'KEY_ENCRYPTED'),
  onEncrypted('a passphrase file that does not exist', ['--passphrase-file', 'none'], 'FILE_NOT_FOUND'),
  // That others can read them is no reason to tell somebody to change the mode of a device.
  onEncrypted('a passphrase file without end', ['--passphrase-file', '/dev/zero'], 'FILE_UNREADABLE'),
  onEncrypted('a passphrase file that is the current folder', ['--passphrase-file', '.'], 'FILE_UNREADABLE'),
  onEncrypted('a descriptor that is not open', ['--passphrase-fd', '99'], 'FILE_UNREADABLE'),
  onEncrypted('a descriptor that holds nothing', ['--passphrase-fd', '0'], 'PASSPHRASE_INVALID'),
  onEncrypted('a descriptor that is no number', ['--passphrase-fd', 'three'], 'USAGE'),
  onEncrypted('two places for one passphrase', ['--passphrase-fd', '0', '--passphrase-file', 'x'], 'USAGE'),
  {
    title: 'a passphrase file that is a folder',
    make: (folder) => {
      encryptCaKey(folder);
      mkdirSync(join(folder, 'secret'), { mode: 0o700 });
    },
    args: [...signing, '--passphrase-file', 'secret'],
    code: 'FILE_UNREADABLE',
  },
  {
    title: 'an encrypted CA key that is cut off',
    make: (folder) => {
      encryptCaKey(folder);
      const lines = readFileSync(caKey(folder), 'latin1').split('\n');
      writeFileSync(caKey(folder), [...lines.slice(0, 8), ...lines.slice(-2)].join('\n'));
      writeFileSync(join(folder, 'secret'), passphrase, { mode: 0o600 });
    },
    args: [...signing, '--passphrase-file', 'secret'],
    code: 'PKI_CORRUPT',
  },
  newOne('of seven characters', 'seven77\n'),
  newOne('that is too long for openssl', 'x'.repeat(1001)),
  { title: 'a new passphrase without a terminal', args: ['passphrase'], code: 'PROMPT_IMPOSSIBLE' },
  { title: 'a passphrase of a CA that does not exist', args: ['passphrase', 'host'], code: 'USAGE' },
  {
    title: 'a passphrase that is removed and set',
    args: ['passphrase', '--remove', '--new-passphrase-fd', '0'],
    code: 'USAGE',
  },
  {
    title: 'a passphrase for CA keys that are not to be encrypted',
    args: ['init', '--dir', 'new', '--passphrase-fd', '0'],
    code: 'USAGE',
  },
  {
    title: 'encrypted CA keys without a terminal',
    args: ['init', '--dir', 'new', '--encrypt-key'],
    code: 'PROMPT_IMPOSSIBLE',
  },
  { title: 'a passphrase where none is wanted', args: ['verify', 'good', '--passphrase-fd', '0'], code: 'USAGE' },
];
