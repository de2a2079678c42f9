import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { OvsPkiError } from '../../src/errors.js';
import { fixedClock } from '../../src/platform/clock.js';
import { openLog, silentLog } from '../../src/platform/log.js';
import { scratchFolder } from '../support/scratch.js';

const clock = fixedClock(new Date('2026-11-22T01:02:03.004Z'));

test.serial('the log and its folder are made with their modes, whatever the umask', (t) => {
  const before = process.umask(0);
  t.teardown(() => process.umask(before));
  const folder = join(scratchFolder(t), 'a/b');
  openLog(join(folder, 'log'), clock);
  t.is(statSync(folder).mode & 0o777, 0o750);
  t.is(statSync(join(folder, 'log')).mode & 0o777, 0o640);
});

test('lines are appended, each with its time', (t) => {
  const file = join(scratchFolder(t), 'log');
  writeFileSync(file, 'of another program\n');
  openLog(file, clock).write('one');
  openLog(file, clock).write('two');
  t.is(
    readFileSync(file, 'utf8'),
    'of another program\n2026-11-22T01:02:03.004Z ovs-pki-ts one\n2026-11-22T01:02:03.004Z ovs-pki-ts two\n',
  );
});

test('nothing that is logged can make a line of its own or move the cursor of a terminal', (t) => {
  const file = join(scratchFolder(t), 'log');
  openLog(file, clock).write('name\n2026 forged\r\t\u001b[2J\u0000\u009b\u2028é');
  t.is(readFileSync(file, 'latin1'), '2026-11-22T01:02:03.004Z ovs-pki-ts name?2026 forged???[2J????\n');
});

test('a log on a full disk loses its lines, and the work goes on', (t) => {
  t.notThrows(() => openLog('/dev/full', clock).write('lost'));
});

const impossible: readonly { readonly title: string; readonly place: (folder: string) => string }[] = [
  { title: 'a folder', place: (folder) => folder },
  { title: 'a place below a file', place: (folder) => join(folder, 'file/log') },
  { title: 'a place that the kernel keeps', place: () => '/proc/ovs-pki.log' },
];

for (const { title, place } of impossible) {
  test(`${title} as the log that was asked for is LOG_UNWRITABLE`, (t) => {
    const folder = scratchFolder(t);
    writeFileSync(join(folder, 'file'), '');
    const error = t.throws(() => openLog(place(folder), clock), { instanceOf: OvsPkiError });
    t.like(error, { code: 'LOG_UNWRITABLE', exitStatus: 3, hint: 'give a place you may write to: --log FILE' });
  });
}

test('a link as the log is not followed', (t) => {
  const folder = scratchFolder(t);
  writeFileSync(join(folder, 'victim'), 'mine\n');
  symlinkSync('victim', join(folder, 'log'));
  t.like(
    t.throws(() => openLog(join(folder, 'log'), clock), { message: /it is a link/ }),
    { code: 'LOG_UNWRITABLE' },
  );
  t.is(readFileSync(join(folder, 'victim'), 'utf8'), 'mine\n');
});

test('a folder of logs that exists keeps its mode', (t) => {
  const folder = join(scratchFolder(t), 'logs');
  mkdirSync(folder);
  chmodSync(folder, 0o711);
  openLog(join(folder, 'log'), clock).write('line');
  t.is(statSync(folder).mode & 0o777, 0o711);
});

test('the silent log keeps nothing', (t) => {
  t.is(silentLog.write('line'), undefined);
});
