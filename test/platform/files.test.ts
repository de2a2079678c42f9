import * as fs from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type ErrorCode, OvsPkiError } from '../../src/errors.js';
import * as files from '../../src/platform/files.js';
import { isFolder, makeFolder, makeFolderBeside, moveFolder } from '../../src/platform/folders.js';
import { linkNew, linkTarget } from '../../src/platform/links.js';
import { scratchFolder } from '../support/scratch.js';

test('createFile makes a whole file and leaves nothing beside it', (t) => {
  const folder = scratchFolder(t);
  files.createFile(join(folder, 'a'), 'content\n');
  files.createFile(join(folder, 'b'), new Uint8Array([0, 255]));
  t.is(fs.readFileSync(join(folder, 'a'), 'utf8'), 'content\n');
  t.deepEqual([...fs.readFileSync(join(folder, 'b'))], [0, 255]);
  t.deepEqual(fs.readdirSync(folder), ['a', 'b']);
});

const inTheWay: readonly { readonly title: string; readonly make: (file: string) => void }[] = [
  { title: 'a file', make: (file) => fs.writeFileSync(file, 'old') },
  { title: 'a folder', make: (file) => fs.mkdirSync(file) },
  { title: 'a link to nothing', make: (file) => fs.symlinkSync('/nowhere/at/all', file) },
];

for (const { title, make } of inTheWay) {
  test(`createFile replaces nothing: ${title} in its place is FILE_EXISTS`, (t) => {
    const folder = scratchFolder(t);
    const file = join(folder, 'taken');
    make(file);
    const before = fs.lstatSync(file, { bigint: true });
    throwsCoded(t, 'FILE_EXISTS', () => files.createFile(file, 'new'));
    t.is(fs.lstatSync(file, { bigint: true }).ino, before.ino);
    t.deepEqual(fs.readdirSync(folder), ['taken']);
  });
}

test('replaceFile replaces a link itself, and not what it points to', (t) => {
  const folder = scratchFolder(t);
  const [target, file] = [join(folder, 'target'), join(folder, 'link')];
  fs.writeFileSync(target, 'old');
  fs.symlinkSync(target, file);
  files.replaceFile(file, 'new');
  t.is(fs.readFileSync(target, 'utf8'), 'old');
  t.is(fs.readFileSync(file, 'utf8'), 'new');
  t.deepEqual(fs.readdirSync(folder), ['link', 'target']);
});

test('replaceFile cannot take the place of a folder, and leaves nothing beside it', (t) => {
  const folder = scratchFolder(t);
  fs.mkdirSync(join(folder, 'taken'));
  throwsCoded(t, 'FILE_UNWRITABLE', () => files.replaceFile(join(folder, 'taken'), 'new'));
  t.deepEqual(fs.readdirSync(folder), ['taken']);
});

test('where there are no hard links, createFile still makes whole files and replaces nothing', (t) => {
  // Such as vfat and many FUSE file systems: link(2) says EPERM there.
  const folder = scratchFolder(t);
  const file = join(folder, 'file');
  const staged = files.stageFile(file, 'content');
  const refuse = (): never => {
    throw Object.assign(new Error('EPERM: operation not permitted, link'), { code: 'EPERM' });
  };
  files.placeNew(staged, refuse);
  t.is(fs.readFileSync(file, 'utf8'), 'content');
  throwsCoded(t, 'FILE_EXISTS', () => files.placeNew(files.stageFile(file, 'other'), refuse));
  t.is(fs.readFileSync(file, 'utf8'), 'content');
  t.deepEqual(fs.readdirSync(folder), ['file']);
});

test.serial('under umask 000 a secret is 0600 from its first moment, and so is its temporary file', (t) => {
  withUmask(0, () => {
    const folder = scratchFolder(t);
    const staged = files.stageFile(join(folder, 'key'), 'secret', 0o600);
    t.is(modeOf(staged.temporary), 0o600);
    files.placeNew(staged);
    t.is(modeOf(staged.file), 0o600);
    // The old file was wide: the new one is not, and never was.
    fs.chmodSync(staged.file, 0o666);
    files.replaceFile(staged.file, 'secret', 0o600);
    t.is(modeOf(staged.file), 0o600);
    makeFolder(join(folder, 'private'), 0o700);
    t.is(modeOf(join(folder, 'private')), 0o700);
    t.is(modeOf(makeFolderBeside(join(folder, 'pki'))), 0o700);
  });
});

test.serial('every file is opened with its final mode: none is narrowed after it was made', (t) => {
  // A file that was wide for a moment could have been opened in that moment. The mode of open(2) is seen in what a
  // umask takes away from it: 0600 stays 0600 under any umask that leaves the owner alone.
  for (const umask of [0o000, 0o022, 0o077]) {
    withUmask(umask, () => {
      const folder = scratchFolder(t);
      t.is(modeOf(files.stageFile(join(folder, 'secret'), '', 0o600).temporary), 0o600);
      t.is(modeOf(files.stageFile(join(folder, 'public'), '').temporary), 0o666 & ~umask);
    });
  }
});

test('appending to a full disk is FILE_UNWRITABLE, with what to do', (t) => {
  throwsCoded(t, 'FILE_UNWRITABLE', () => files.appendDurably('/dev/full', 'text'), /the disk is full/);
});

test('a file that is left over from a run that was killed disturbs nothing', (t) => {
  const folder = scratchFolder(t);
  const file = join(folder, 'host-cert.pem');
  fs.writeFileSync(join(folder, '.host-cert.pem.0123456789ab.tmp'), 'half');
  files.createFile(file, 'whole');
  files.replaceFile(file, 'other');
  t.is(fs.readFileSync(file, 'utf8'), 'other');
  t.is(fs.readdirSync(folder).length, 2);
});

const tails: readonly { readonly content: string; readonly bytes: number; readonly tail: string }[] = [
  { content: '', bytes: 10, tail: '' },
  { content: 'abcdef', bytes: 3, tail: 'def' },
  { content: 'abcdef', bytes: 6, tail: 'abcdef' },
  { content: 'abcdef', bytes: Number.MAX_SAFE_INTEGER, tail: 'abcdef' },
];

for (const { content, bytes, tail } of tails) {
  test(`readTail of ${bytes} bytes of ${JSON.stringify(content)} is ${JSON.stringify(tail)}`, (t) => {
    const file = join(scratchFolder(t), 'file');
    fs.writeFileSync(file, content);
    t.is(files.readTail(file, bytes).toString(), tail);
  });
}

test('what does not exist is absent, not an error', (t) => {
  const folder = scratchFolder(t);
  fs.writeFileSync(join(folder, 'file'), '');
  for (const place of [join(folder, 'nothing'), join(folder, 'file/below'), join(folder, 'no/folder')]) {
    t.false(files.exists(place));
    t.false(isFolder(place));
    t.is(files.stampOf(place), undefined);
  }
  t.deepEqual(files.list(join(folder, 'nothing')), []);
  t.is(files.readTail(join(folder, 'nothing'), 10).length, 0);
  t.notThrows(() => files.removeFile(join(folder, 'nothing')));
});

const hostile: readonly {
  readonly title: string;
  readonly code: ErrorCode;
  readonly act: (folder: string) => unknown;
}[] = [
  { title: 'reading nothing', code: 'FILE_NOT_FOUND', act: (folder) => files.readFile(join(folder, 'nothing')) },
  { title: 'reading below a file', code: 'FILE_NOT_FOUND', act: (folder) => files.readFile(join(folder, 'file/x')) },
  { title: 'reading a folder', code: 'FILE_UNREADABLE', act: (folder) => files.readFile(folder) },
  { title: 'the tail of a folder', code: 'FILE_UNREADABLE', act: (folder) => files.readTail(folder, 10) },
  { title: 'reading a device', code: 'FILE_UNREADABLE', act: () => files.readFile('/dev/zero') },
  { title: 'reading a loop of links', code: 'FILE_UNREADABLE', act: (folder) => files.readFile(join(folder, 'loop')) },
  { title: 'the stamp of a loop', code: 'FILE_UNREADABLE', act: (folder) => files.stampOf(join(folder, 'loop')) },
  { title: 'reading 65 MiB', code: 'FILE_UNREADABLE', act: (folder) => files.readFile(join(folder, 'huge')) },
  { title: 'listing a file', code: 'FILE_NOT_FOUND', act: (folder) => files.list(join(folder, 'file')) },
  {
    title: 'a long name',
    code: 'FILE_UNWRITABLE',
    act: (folder) => files.createFile(join(folder, 'n'.repeat(250)), ''),
  },
  {
    title: 'a missing folder',
    code: 'FILE_UNWRITABLE',
    act: (folder) => files.createFile(join(folder, 'no/file'), ''),
  },
  {
    title: 'a folder below a file',
    code: 'FILE_UNWRITABLE',
    act: (folder) => makeFolder(join(folder, 'file/x')),
  },
  {
    title: 'removing a folder as a file',
    code: 'FILE_UNWRITABLE',
    act: (folder) => files.removeFile(join(folder, 'full')),
  },
  {
    title: 'moving onto a full folder',
    code: 'FILE_EXISTS',
    act: (folder) => moveFolder(join(folder, 'from'), join(folder, 'full')),
  },
  {
    title: 'moving onto a file',
    code: 'FILE_EXISTS',
    act: (folder) => moveFolder(join(folder, 'from'), join(folder, 'file')),
  },
  { title: 'truncating nothing', code: 'FILE_UNWRITABLE', act: (folder) => files.truncate(join(folder, 'nothing'), 0) },
  {
    title: 'a second name in a missing folder',
    code: 'FILE_UNWRITABLE',
    act: (folder) => linkNew(join(folder, 'file'), join(folder, 'no/name')),
  },
];

for (const { title, code, act } of hostile) {
  test(`${title} is ${code}`, (t) => {
    const folder = scratchFolder(t);
    fs.writeFileSync(join(folder, 'file'), '');
    fs.symlinkSync('loop', join(folder, 'loop'));
    fs.writeFileSync(join(folder, 'huge'), '');
    fs.truncateSync(join(folder, 'huge'), 65 * 1024 * 1024);
    fs.mkdirSync(join(folder, 'full/inner'), { recursive: true });
    fs.mkdirSync(join(folder, 'from'));
    const before = fs.readdirSync(folder);
    throwsCoded(t, code, () => act(folder));
    t.deepEqual(fs.readdirSync(folder), before);
  });
}

test('linkTarget tells where a link leads, though nothing is there, and nothing of what is no link', (t) => {
  const folder = scratchFolder(t);
  fs.writeFileSync(join(folder, 'file'), '');
  fs.symlinkSync('/nowhere/at/all', join(folder, 'link'));
  t.is(linkTarget(join(folder, 'link')), '/nowhere/at/all');
  for (const name of ['file', '.', 'nothing', 'file/below']) t.is(linkTarget(join(folder, name)), undefined, name);
});

test('moveFolder takes the place of an empty folder', (t) => {
  const folder = scratchFolder(t);
  fs.mkdirSync(join(folder, 'from/inner'), { recursive: true });
  fs.mkdirSync(join(folder, 'to'));
  moveFolder(join(folder, 'from'), join(folder, 'to'));
  t.deepEqual(fs.readdirSync(folder, { recursive: true }), ['to', 'to/inner']);
});

function throwsCoded(t: ExecutionContext, code: ErrorCode, act: () => unknown, hint = /./): void {
  const error = t.throws(act, { instanceOf: OvsPkiError });
  t.is(error?.code, code);
  if (code === 'FILE_UNWRITABLE') t.regex(error?.hint ?? '', hint);
}

function modeOf(file: string): number {
  return fs.statSync(file).mode & 0o777;
}

function withUmask(umask: number, act: () => void): void {
  const before = process.umask(umask);
  try {
    act();
  } finally {
    process.umask(before);
  }
}
