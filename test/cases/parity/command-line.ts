import { failed, issued, type ParityCase } from '../../interop/parity/case.js';

/** Spellings of one option, tried on a command that shows whether it was understood. */
function spellings(args: readonly (readonly string[])[], rest: Omit<ParityCase, 'title' | 'args'> = {}): ParityCase[] {
  return args.map((typed) => ({ title: `spelling: ${typed.join(' ')}`, args: typed, ...rest }));
}

export const commandLineCases: readonly ParityCase[] = [
  { title: 'no arguments at all', log: 'as the arguments say', args: [], differs: failed },
  { title: 'options and no command', args: ['-d', 'pki', '-f'], differs: failed },
  { title: 'only --', args: ['--'], differs: failed },
  { title: 'a command that nobody knows', args: ['revoke', 'host_1'], differs: failed },
  { title: 'the command in capitals', args: ['INIT', '-d', 'new'], differs: failed },
  { title: 'an empty command', args: [''], differs: failed },
  { title: 'an empty argument before the command', args: ['', 'verify', 'signed_1', '-d', 'pki'] },
  { title: '-h', args: ['-h'], differs: ['help-and-version'] },
  { title: '--help', args: ['--help'], differs: ['help-and-version'] },
  { title: '-h behind a command', args: ['init', '-h'], differs: ['help-and-version'] },
  { title: '-h before an option that nobody knows', args: ['-h', '-x'], differs: ['help-and-version'] },
  { title: '-h behind an option that nobody knows', args: ['-x', '-h'], differs: failed },
  { title: '-V', args: ['-V'], differs: ['help-and-version'] },
  { title: '--version', args: ['--version'], differs: ['help-and-version'] },
  { title: '-V behind a command', args: ['verify', 'signed_1', '-V'], differs: ['help-and-version'] },
  ...spellings([
    ['verify', 'signed_1', '-d', 'pki'],
    ['verify', 'signed_1', '--dir', 'pki'],
    ['verify', 'signed_1', '--dir=pki'],
    ['verify', 'signed_1', '--di', 'pki'],
    ['verify', 'signed_1', '--di=pki'],
    ['-d', 'pki', 'verify', 'signed_1'],
    ['verify', '-d', 'pki', 'signed_1', 'switch'],
    ['verify', 'signed_1', '--dir', 'pki', 'switch'],
    ['verify', 'signed_1', '-d', 'none', '-d', 'pki'],
    ['--dir=pki', '--', 'verify', 'signed_1'],
    ['verify', '--dir=pki', '--', 'signed_1', 'switch'],
    ['verify', 'signed_1', '-d', 'pki', '-f', '-b', '-u', '-k', 'rsa', '-B', '4096', '-D', 'none'],
    [
      'verify',
      'signed_1',
      '--dir=pki',
      '--force',
      '--batch',
      '--unique',
      '--key=rsa',
      '--bits=4096',
      '--dsaparam=none',
    ],
    ['verify', 'signed_1', '--di=pki', '--ba', '--un', '--k=rsa', '--bi=4096', '--ds=none'],
    ['verify', 'signed_1', '--di', 'pki', '--bat', '--uniq', '--ke', 'rsa', '--bit', '4096', '--dsa', 'none'],
  ]),
  ...spellings(
    [
      ['sign', 'host_1', '--ba', '--di', 'pki'],
      ['--bat', 'sign', '--dir', 'pki', 'host_1', 'switch'],
    ],
    { differs: issued },
  ),
  ...spellings(
    [
      ['req', '-u', '-B', '2048', 'h1'],
      ['req', '--unique', '--bits', '2048', 'h1'],
      ['req', '--un', '--bi=2048', 'h1'],
      ['--uniq', '--bits=2048', '--k=rsa', 'req', 'h1'],
      ['--k', 'rsa', 'req', '--bi', '2048', 'h1', '-f'],
      ['-k', 'rsa', '-B', '2048', '--ds', 'none', '--force', 'req', '-u', '--', 'h1'],
      [
        'req',
        'h1',
        '-B',
        '2048',
        '-l',
        'x.log',
        '--log=y.log',
        '--l',
        'z.log',
        '--lo={cwd}/own.log',
        '--l={cwd}/../last.log',
      ],
    ],
    { from: 'nothing' },
  ),
  ...spellings(
    [
      ['verify', 'signed_1', '--d', 'pki'],
      ['verify', 'signed_1', '-d', 'pki', '--b'],
      ['verify', 'signed_1', '-dpki'],
      ['verify', 'signed_1', '-d=pki'],
      ['verify', 'signed_1', '-bd', 'pki'],
      ['verify', 'signed_1', '-d', 'pki', '-x'],
      ['verify', 'signed_1', '-d', 'pki', '--bogus'],
      ['verify', 'signed_1', '-d', 'pki', '-'],
      ['verify', 'signed_1', '-d', 'pki', '--force=yes'],
      ['verify', 'signed_1', '-d', 'pki', '--he'],
      ['verify', 'signed_1', '-d'],
      ['verify', 'signed_1', '-d', 'pki', '--log'],
      ['verify', 'signed_1', '-d', 'pki', '-k'],
      ['verify', 'signed_1', '-d', 'pki', '--bits'],
      ['verify', 'signed_1', '-d', 'pki', '--ds'],
      ['-d', 'verify', 'signed_1'],
    ],
    { differs: failed },
  ),
  {
    title: 'an option behind --',
    args: ['verify', 'signed_1', '-d', 'pki', '--', '--force'],
    differs: [...failed, 'several-names'],
  },
  { title: 'options behind --', args: ['verify', 'signed_1', '--', '-d', 'pki'], differs: failed },
  ...spellings(
    [
      ['verify', 'signed_1', '-d', 'pki', '--forc'],
      ['verify', 'signed_1', '-d', 'pki', '--u'],
      ['verify', 'signed_1', '-d', 'pki', '--json'],
      ['verify', 'signed_1', '--directory=pki'],
      ['verify', 'signed_1', '-d', 'pki', '--keytype', 'rsa'],
      ['verify', 'signed_1', '-d', 'pki', '--unique=yes'],
      ['verify', 'signed_1', '-d', 'pki', '--batch=yes'],
    ],
    { differs: ['option-spelling'] },
  ),
  ...spellings(
    [
      ['verify', 'signed_1', '-d', 'pki', '-k', 'bogus'],
      ['fingerprint', 'host_1-req.pem', '-B', '512'],
    ],
    { from: 'ovs-pki', differs: ['unused-options'] },
  ),
  {
    title: 'an option whose value is 0',
    args: ['verify', 'signed_1', '--dir=0'],
    prepare: [{ copy: 'pki', to: '0' }],
    differs: ['value-zero'],
  },
];

export const logCases: readonly ParityCase[] = (
  [
    {
      title: 'the log in a folder that is there',
      args: ['req', 'h1', '-B', '2048', '-l', 'own.log'],
      differs: ['log-file'],
    },
    {
      title: 'the log in a folder that is not there',
      args: ['req', 'h1', '-B', '2048', '-l', 'a/b/own.log'],
      differs: ['log-file'],
    },
    { title: 'the log under umask 077', umask: '077', args: ['req', 'h1', '-B', '2048', '-l', 'own.log'] },
    {
      title: 'the log of a command that nobody knows',
      args: ['recall', '-l', 'own.log'],
      differs: [...failed, 'log-file'],
    },
    {
      title: 'the log of an init that finds a directory',
      args: ['init', '-d', '.', '-l', 'own.log'],
      differs: [...failed, 'log-file'],
    },
    {
      title: 'the log where a folder is',
      prepare: [{ folder: 'sub' }],
      args: ['req', 'h1', '-l', 'sub'],
      differs: failed,
    },
    {
      title: 'the log below a file',
      prepare: [{ write: 'file', text: '' }],
      args: ['req', 'h1', '-l', 'file/own.log'],
      differs: failed,
    },
    { title: 'a log without a name', args: ['req', 'h1', '-l', ''], differs: failed },
    {
      title: 'the log where the user may not write',
      as: 'nobody',
      args: ['req', 'h1', '-B', '2048', '-l', '/ovs-pki.log'],
      differs: failed,
    },
    {
      title: 'the default log where the user may not write',
      as: 'nobody',
      args: ['req', 'h1', '-B', '2048'],
      differs: ['log-optional'],
    },
  ] as const satisfies readonly ParityCase[]
).map((parityCase) => ({ from: 'nothing', log: 'as the arguments say', ...parityCase }));

export const defaultLogCase: ParityCase = {
  title: 'the default log',
  log: 'as the arguments say',
  needs: 'root',
  args: ['sign', '-b', 'host_1', '-d', 'pki'],
  differs: issued,
};
