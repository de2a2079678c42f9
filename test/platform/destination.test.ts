import test from 'ava';
import { becomeFault } from '../../src/platform/become.js';
import { destinationFault, parseDestination, sshArguments, sshCommand } from '../../src/platform/destination.js';
import { loginGate } from '../../src/platform/ssh-gate.js';

const good: readonly (readonly [string, string | undefined, string, number | undefined])[] = [
  ['host_1', undefined, 'host_1', undefined],
  ['root@198.51.100.7', 'root', '198.51.100.7', undefined],
  ['root@198.51.100.7:22', 'root', '198.51.100.7', 22],
  ['ssh://root@198.51.100.7:22', 'root', '198.51.100.7', 22],
  ['ssh://host_1/', undefined, 'host_1', undefined],
  ['ssh://root@[2001:db8::7]:2222', 'root', '2001:db8::7', 2222],
  ['[2001:db8::7]', undefined, '2001:db8::7', undefined],
  ['2001:db8::7', undefined, '2001:db8::7', undefined],
  ['root@fe80::1%lo', 'root', 'fe80::1%lo', undefined],
  ['CORP\\alice@host_1', 'CORP\\alice', 'host_1', undefined],
  ['alice@corp.example@host_1', 'alice@corp.example', 'host_1', undefined],
  ['ssh://CORP%5Calice@host_1:22', 'CORP\\alice', 'host_1', 22],
  ['svc$@host_1', 'svc$', 'host_1', undefined],
  ['müller@host_1', 'müller', 'host_1', undefined],
];

for (const [text, user, host, port] of good) {
  test(`${text} is a destination`, (t) => {
    t.deepEqual(parseDestination(text), { user, host, port });
    t.is(destinationFault(text), undefined);
  });
}

for (const text of [
  ...[
    '',
    '-oProxyCommand=x',
    'root@-oProxyCommand=x',
    '-x@host',
    'a b',
    'a;b',
    'host:',
    'host:0',
    'host:65536',
    'host:ssh',
  ],
  ...[
    'root@',
    '@host',
    'ssh://',
    'ssh://root@',
    'CORP\\@host',
    '$(x)@host',
    '`x`@host',
    "a'b@host",
    'a/b',
    '[host]',
    '[::1',
    'a\nb',
  ],
  ...['host_1=host', 'x'.repeat(256), 'fe80::1%lo;x', 'root@host:22:23'],
]) {
  test(`${JSON.stringify(text.slice(0, 40))} is no destination`, (t) => {
    t.is(parseDestination(text), undefined);
    t.regex(destinationFault(text) ?? '', /is not \[user@\]host\[:port\]/);
  });
}

test('a destination becomes arguments that ssh(1) takes, and a command that a shell takes', (t) => {
  t.deepEqual(sshArguments('ssh://root@[2001:db8::7]:2222'), ['-p', '2222', '--', 'root@2001:db8::7']);
  t.is(sshCommand('CORP\\alice@host_1:23', 'true'), "ssh -p 23 'CORP\\alice@host_1' true");
});

test('ways to become root are known words, or a path', (t) => {
  for (const good of ['sudo', 'doas', 'su', 'none', '/usr/bin/dzdo']) t.is(becomeFault(good), undefined, good);
  for (const bad of ['', 'Sudo', 'dzdo', 'sudo -u x', '/bin/sh -c x', '/a/../b', '/', '/a b', '/a;b', '/a\nb']) {
    t.regex(becomeFault(bad) ?? '', /is not one of sudo, doas, su, none/, bad);
  }
});

test('no more logins than that are let through at any station, and all are in the end', async (t) => {
  const gate = loginGate(3);
  const now = new Map<string, number>();
  let most = 0;
  const logins = Array.from({ length: 60 }, async (_, index) => {
    const stations = ['jump', `jump_${index % 2}`, `host_${index % 30}`];
    const leave = await gate(stations);
    for (const station of stations) now.set(station, (now.get(station) ?? 0) + 1);
    most = Math.max(most, ...now.values());
    await new Promise((resolve) => setImmediate(resolve));
    for (const station of stations) now.set(station, (now.get(station) ?? 0) - 1);
    leave();
    leave();
  });
  await Promise.all(logins);
  t.is(most, 3);
});
