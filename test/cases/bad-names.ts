/** Names that cannot be the common name of a certificate, or of a file. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BadInput } from './bad-input-row.js';

const names: readonly (readonly [title: string, name: string])[] = [
  ['one space', ' '],
  ['a space inside', 'host 1'],
  ['a space at the end', 'host_1 '],
  ['a newline that begins a line of ipsec.conf', 'host_1\n  leftupdown=reboot'],
  ['a carriage return', 'host_1\r'],
  ['a tab', 'host\t1'],
  ['a second name for the SAN', 'h,DNS:victim'],
  ['a second attribute', 'h/CN=victim'],
  ['a wildcard', '*'],
  ['a wildcard with a domain', '*.example.org'],
  ['what strongSwan takes for anyone', '%any'],
  ['an address that strongSwan takes for anyone', '0.0.0.0'],
  ['an IPv6 address that strongSwan takes for anyone', '::'],
  ['an IPv4 address', '192.0.2.1'],
  ['a range of IPv4 addresses', '192.0.2.1-192.0.2.9'],
  ['an IPv4 address that is cut off', '192.0.'],
  ['an IPv6 address', '2001:db8::1'],
  ['an e-mail address', 'root@host_1'],
  ['a key identifier of strongSwan', '@#0102'],
  ['another type of identifier', 'dns:host_1'],
  ['a distinguished name', 'CN=host_1'],
  ['the folder itself', '.'],
  ['the folder above', '..'],
  ['the folder above at the end of a path', 'keys/..'],
  ['a dot in front', '.hidden'],
  ['a slash at the end', 'keys/'],
  ['quotes', '"host_1"'],
  ['a command in a shell', '$(reboot)'],
  ['a command after another', 'host;reboot'],
  ['a backslash', 'host\\1'],
  ['a Cyrillic letter that looks like a Latin one', 'hоst_1'],
  ['a full-width letter', 'ｈost_1'],
  ['a ligature', 'oﬃce'],
  ['a right-to-left override', 'host_\u202e1'],
  ['a zero-width space', 'host\u200b_1'],
  ['a letter with an accent', 'hôst'],
  ['65 characters', 'h'.repeat(65)],
  ['a thousand characters', 'h'.repeat(1000)],
  ['half a surrogate pair, in place of which a replacement character arrives', '\ud800'],
];

export const badNames: readonly BadInput[] = [
  ...names.map(
    ([title, name]): BadInput => ({
      title: `a name: ${title}`,
      args: ['req', '--unique', '--', name],
      code: 'NAME_INVALID',
    }),
  ),
  { title: 'a name that begins with a hyphen is an option', args: ['req', '-u', '-x'], code: 'USAGE' },
  { title: 'a name that begins with a hyphen', args: ['req', '-u', '--', '-x'], code: 'NAME_INVALID' },
  { title: 'a name of 64 characters with a UUID behind it', args: ['req', 'h'.repeat(64)], code: 'NAME_INVALID' },
  { title: 'a name for sign', args: ['sign', '-b', '../..'], code: 'NAME_INVALID' },
  { title: 'a name for verify', args: ['verify', 'h,DNS:victim'], code: 'NAME_INVALID' },
  { title: 'a name for self-sign', args: ['self-sign', '*'], code: 'NAME_INVALID' },
  { title: 'a name for req+sign', args: ['req+sign', '-u', '%any'], code: 'NAME_INVALID' },
  {
    title: 'names from a file that hold NUL',
    make: (folder) => writeFileSync(join(folder, 'names'), 'ho\0st\n'),
    args: ['req', '-u', '--names', 'names'],
    code: 'NAME_INVALID',
  },
  {
    title: 'names from standard input whose folder holds NUL',
    args: ['req', '-u', '--names', '-'],
    standardInput: 'fol\0der/host_1\n',
    code: 'NAME_INVALID',
  },
  {
    title: 'names from a binary file',
    make: (folder) => writeFileSync(join(folder, 'names'), Buffer.from('7f454c4602010100ff', 'hex')),
    args: ['sign', '-b', '--names', 'names'],
    code: 'NAME_INVALID',
  },
];
