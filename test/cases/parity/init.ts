import { failed, type ParityCase, without } from '../../interop/parity/case.js';
import type { DifferenceId } from '../../interop/parity/differences.js';

const newPki = [
  'serial-numbers',
  'ca-extensions',
  'not-before',
  'ca-key-mode',
  'ca-config',
  'ca-folder-files',
] as const satisfies readonly DifferenceId[];

export const initCases: readonly ParityCase[] = [
  {
    title: 'init makes a directory with two CAs',
    from: 'nothing',
    args: ['init', '-d', 'pki'],
    differs: [...newPki, 'key-size'],
  },
  { title: 'init -B 2048', from: 'nothing', args: ['init', '-d', 'pki', '-B', '2048'], differs: newPki },
  {
    title: 'init --bits=4096 --key=rsa, all options before the command',
    from: 'nothing',
    args: ['--bits=4096', '--key=rsa', '--dir={cwd}/pki', 'init'],
    differs: newPki,
  },
  {
    title: 'init under umask 077',
    from: 'nothing',
    umask: '077',
    args: ['init', '-d', 'pki', '-B', '2048'],
    differs: newPki,
  },
  {
    title: 'init under umask 002',
    from: 'nothing',
    umask: '002',
    args: ['init', '-d', 'pki', '-B', '2048'],
    differs: newPki,
  },
  {
    title: 'init makes the folders above the directory',
    from: 'nothing',
    args: ['init', '-d', 'a/b/pki', '-B', '2048'],
    differs: newPki,
  },
  {
    title: 'init in a directory whose name has a space',
    from: 'nothing',
    args: ['init', '-d', 'our pki', '-B', '2048'],
    differs: newPki,
  },
  { title: 'init where a PKI is', args: ['init', '-d', 'pki'], differs: failed },
  {
    title: 'init where an empty folder is',
    args: ['init', '-d', 'empty'],
    prepare: [{ folder: 'empty' }],
    differs: failed,
  },
  {
    title: 'init --force where an empty folder is',
    from: 'nothing',
    prepare: [{ folder: 'pki' }],
    args: ['init', '--force', '-d', 'pki', '-B', '2048'],
    differs: newPki,
  },
  {
    title: 'init -f where a folder with something else is',
    from: 'nothing',
    prepare: [{ folder: 'pki' }, { write: 'pki/notes', text: 'ours\n' }],
    args: ['init', '-f', '-d', 'pki', '-B', '2048'],
    differs: newPki,
  },
  {
    title: 'init -f where a PKI is',
    from: 'ovs-pki',
    args: ['init', '-f', '-d', 'pki', '-B', '2048'],
    differs: [...without(newPki, 'ca-config'), 'init-again'],
  },
  { title: 'init where a file is', args: ['init', '-d', 'host_1-req.pem'], differs: failed },
  { title: 'init -f where a file is', args: ['init', '-f', '-d', 'host_1-req.pem'], differs: failed },
  { title: 'init below a file', args: ['init', '-d', 'host_1-req.pem/pki'], differs: failed },
  { title: 'init with an empty --dir', args: ['init', '-d', ''], differs: failed },
  { title: 'init with an empty --dir=', args: ['init', '--dir='], differs: failed },
  {
    title: 'init with an argument',
    from: 'nothing',
    args: ['init', '-d', 'pki', '-B', '2048', 'extra'],
    differs: ['init-arguments'],
  },
  {
    title: 'init with an argument that is empty',
    from: 'nothing',
    args: ['init', '', '-d', 'pki', '-B', '2048'],
    differs: newPki,
  },
  {
    title: 'init with a type of key that nobody knows',
    from: 'nothing',
    args: ['init', '-d', 'pki', '-k', 'rsax'],
    differs: failed,
  },
  { title: 'init with keys of 512 bits', from: 'nothing', args: ['init', '-d', 'pki', '-B', '512'], differs: failed },
  {
    title: 'init with keys of 1024 bits',
    from: 'nothing',
    args: ['init', '-d', 'pki', '-B', '1024'],
    differs: ['key-size'],
  },
  {
    title: 'init with bits that are no number',
    from: 'nothing',
    args: ['init', '-d', 'pki', '-B', 'many'],
    differs: [...failed, 'checked-first'],
  },
  {
    title: 'init with DSA keys',
    from: 'nothing',
    args: ['init', '-d', 'pki', '-k', 'dsa', '-B', '1024'],
    differs: ['dsa'],
  },
  { title: 'init with EC keys', from: 'nothing', args: ['init', '-d', 'pki', '-k', 'ec'], differs: ['ec'] },
];
