import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import {
  type AuditOutcome,
  appendAudit,
  type IssueIntent,
  unfinishedIntents,
} from '../../../src/store/journal/audit-log.js';
import { scratchFolder } from '../../support/scratch.js';

const base = { time: '2026-11-22T00:00:00.000Z', operator: 'é@host', action: 'issue' } as const;

function intent(serialNumber: string): IssueIntent {
  const subject = { type: 'switch', commonName: 'host_1', publicKey: '00', notAfter: base.time } as const;
  return { ...base, ...subject, event: 'intent', serialNumber };
}

function outcome(serialNumber: string, event: AuditOutcome['event'] = 'recorded'): AuditOutcome {
  return { ...base, event, serialNumber };
}

test('what has no outcome is unfinished, in the order in which it was begun', (t) => {
  const file = join(scratchFolder(t), 'audit.log');
  appendAudit(file, [intent('0A'), intent('0B'), intent('0C'), intent('0D')]);
  appendAudit(file, [outcome('0B'), outcome('0C', 'abandoned')]);
  t.deepEqual(unfinishedIntents(file), [intent('0A'), intent('0D')]);
  appendAudit(file, [outcome('0A'), outcome('0D')]);
  t.deepEqual(unfinishedIntents(file), []);
});

test('a log that does not exist yet has nothing unfinished, and none is made by asking', (t) => {
  const folder = scratchFolder(t);
  t.deepEqual(unfinishedIntents(join(folder, 'audit.log')), []);
  appendAudit(join(folder, 'audit.log'), []);
  t.throws(() => statSync(join(folder, 'audit.log')), { code: 'ENOENT' });
});

test.serial('the log is 0640 whatever the umask, and an entry is one line', (t) => {
  const before = process.umask(0);
  t.teardown(() => process.umask(before));
  const file = join(scratchFolder(t), 'audit.log');
  appendAudit(file, [{ ...intent('0A'), commonName: 'two\nlines' }]);
  t.is(statSync(file).mode & 0o777, 0o640);
  t.is(readFileSync(file, 'utf8').split('\n').length, 2);
});

const whole = `${JSON.stringify(intent('0A'))}\n`;
const torn: readonly { readonly title: string; readonly tail: Buffer }[] = [
  { title: 'half an entry', tail: Buffer.from(whole.slice(0, 40)) },
  { title: 'all of an entry but its newline', tail: Buffer.from(whole.trimEnd()) },
  { title: 'an entry cut inside a character', tail: Buffer.from('{"operator":"é').subarray(0, -1) },
  { title: 'bytes that are no text', tail: Buffer.from([0xff, 0xfe, 0xc3, 0x80, 0x80]) },
  { title: 'zeros', tail: Buffer.alloc(500) },
];

for (const { title, tail } of torn) {
  test(`${title} at the end is cut off, and nothing else`, (t) => {
    const file = join(scratchFolder(t), 'audit.log');
    writeFileSync(file, whole);
    appendFileSync(file, tail);
    t.deepEqual(unfinishedIntents(file), [intent('0A')]);
    t.is(readFileSync(file, 'utf8'), whole);
  });
}

const hostile = ['', 'null', '[]', '7', '"text"', '{}', '{"event":"intent"}', '{"event":"intent","serialNumber":7}']
  .concat('{"event":"intent","serialNumber":"../../../etc/passwd"}', '{"event":"intent","serialNumber":""}')
  .concat('{"event":"else","serialNumber":"0A"}', '{"event":"recorded"}', 'no JSON', '{"event":', '\0');

for (const line of hostile) {
  test(`the line ${JSON.stringify(line)} opens and closes nothing`, (t) => {
    const file = join(scratchFolder(t), 'audit.log');
    writeFileSync(file, `${whole}${line}\n`);
    t.deepEqual(unfinishedIntents(file), [intent('0A')]);
    t.is(readFileSync(file, 'utf8'), `${whole}${line}\n`);
  });
}

test('the intents of the largest batch are found at the end of a long log', (t) => {
  const file = join(scratchFolder(t), 'audit.log');
  const serials = Array.from({ length: 3000 }, (_, index) => (0x1000 + index).toString(16).toUpperCase());
  appendAudit(
    file,
    serials.flatMap((serial) => [intent(serial), outcome(serial)]),
  );
  const batch = serials.slice(0, 64).map((serial) => ({ ...intent(`F0${serial}`), commonName: 'n'.repeat(64) }));
  appendAudit(file, batch);
  t.true(statSync(file).size > 512 * 1024);
  t.deepEqual(unfinishedIntents(file), batch);
});
