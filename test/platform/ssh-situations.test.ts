/** Ssh as people have it, with the real sshd and the real ssh: one fleet for all situations. */

import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { OvsPkiError } from '../../src/errors.js';
import { openHostShell } from '../../src/platform/ssh.js';
import { type DialerOptions, makeDialer } from '../../src/platform/ssh-dial.js';
import type { ShellTarget } from '../../src/platform/ssh-failure-table.js';
import { sshRoutes } from '../../src/platform/ssh-route.js';
import { type SshSituation, sshSituations } from '../cases/ssh-situations.js';
import { type Fleet, startFleet } from '../support/fleet/fleet.js';
import { runWell } from '../support/programs.js';

let fleet: Fleet;
let folder: string;
let ordinary: string;
const searchPath = process.env['PATH'];

test.before(async () => {
  fleet = await startFleet({ count: 2 });
  folder = join(fleet.folder, 'keys');
  mkdirSync(folder);
  for (const name of ['other-1', 'other-2']) {
    await runWell('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)]);
  }
  ordinary = readFileSync(fleet.ssh.configuration, 'utf8');
  process.env['PATH'] = fleet.environment['PATH'];
});

test.after.always(() => fleet?.close());

test.afterEach.always(() => writeFileSync(fleet.ssh.configuration, ordinary));

function configure(config: string): void {
  const text = config.replaceAll('@ADDRESS@', fleet.host('host_1').address).replaceAll('@FOLDER@', folder);
  // What stands behind a Host is for that host alone.
  writeFileSync(fleet.ssh.configuration, `${text}\nHost *\n${ordinary}`);
}

async function whoIs(target: Partial<ShellTarget>, options: DialerOptions = {}): Promise<string | OvsPkiError> {
  const shell = openHostShell({ kind: 'ssh', destination: 'root@host_1', ...target }, '', makeDialer(options));
  try {
    return (await shell.run('id -u', 60_000)).stdout.trim();
  } catch (error) {
    if (error instanceof OvsPkiError) return error;
    throw error;
  } finally {
    shell.close();
  }
}

const targetOf = ({ destination = 'root@host_1', become }: SshSituation): Partial<ShellTarget> =>
  become === undefined ? { destination } : { destination, become };

for (const situation of sshSituations) {
  const { title, config = '', on = {}, user = 'root', code, says = /./, hints = /./, never } = situation;
  test.serial(`ssh: ${title}`, async (t) => {
    configure(config);
    const changes = Object.entries(on);
    for (const [host, [script]] of changes) await fleet.must(host, script);
    const answer = await whoIs(targetOf(situation), { pausesMs: [] });
    for (const [host, [, undo]] of changes) await fleet.must(host, undo);
    if (code === undefined || !(answer instanceof OvsPkiError)) {
      t.is(answer instanceof OvsPkiError ? `${answer.message} ${answer.hint}` : answer, user === 'root' ? '0' : '2000');
      t.is(code, undefined);
      return;
    }
    t.is(answer.code, code, answer.message);
    t.regex(answer.message, says);
    t.regex(answer.hint ?? '', hints);
    if (never !== undefined) t.notRegex(`${answer.message} ${answer.hint}`, never);
  });
}

test('the table holds more than twenty-five situations, each once', (t) => {
  t.is(new Set(sshSituations.map(({ title }) => title)).size, sshSituations.length);
  t.true(sshSituations.length > 25);
});

/** Takes the only login that host_1 admits, until it is given back. */
async function takeTheLogin(): Promise<() => void> {
  const socket = connect(22, fleet.host('host_1').address);
  socket.on('error', () => undefined);
  await once(socket, 'data');
  return () => socket.destroy();
}

const oneLogin = `cp /etc/ssh/sshd_config /run/fleet/sshd_config; echo 'MaxStartups 1:100:1' >>/etc/ssh/sshd_config
. /run/fleet/daemons.sh; stop_ssh; start_ssh`;
const manyLogins = 'cp /run/fleet/sshd_config /etc/ssh/sshd_config; . /run/fleet/daemons.sh; stop_ssh; start_ssh';

test.serial('a login that MaxStartups refuses is tried again, and the reason is told', async (t) => {
  await fleet.must('host_1', oneLogin);
  const giveBack = await takeTheLogin();
  const told: string[] = [];
  const answer = await whoIs(
    {},
    {
      pausesMs: Array.from({ length: 60 }, () => 300),
      onRetry: (_, tries, why) => {
        told.push(`${tries}: ${why}`);
        giveBack();
      },
    },
  );
  t.is(answer, '0');
  t.regex(told[0] ?? '', /^1: root@host_1: it cannot be reached: .* closed the connection before the login/);
  const again = await takeTheLogin();
  const refused = await whoIs({}, { pausesMs: [1, 1] });
  again();
  t.like(refused, { code: 'HOST_UNREACHABLE' });
  const { message, hint } = refused as OvsPkiError;
  t.regex(message, /closed the connection before the login, 3 times \(kex_exchange_identification/);
  t.regex(hint ?? '', /MaxStartups.*--per-jump-host 2.*ssh root@host_1 true/);
  await fleet.must('host_1', manyLogins);
});

test.serial('many hosts behind a jump host that admits one login at a time are all reached', async (t) => {
  await fleet.must('host_2', oneLogin);
  const names = Array.from({ length: 6 }, (_, index) => `n${index}`);
  const block = (name: string) =>
    `Host ${name}\n  HostName @ADDRESS@\n  HostKeyAlias host_1\n  ProxyJump root@host_2\n`;
  configure(names.map(block).join(''));
  const dialer = makeDialer({ loginsAtOnce: 1, pausesMs: [] });
  const answers = await Promise.all(
    names.map(async (name) => {
      const shell = openHostShell({ kind: 'ssh', destination: `root@${name}` }, '', dialer);
      const { stdout } = await shell.run('id -u', 120_000);
      shell.close();
      return stdout;
    }),
  );
  t.deepEqual(
    answers,
    names.map(() => '0\n'),
  );
  await fleet.must('host_2', manyLogins);
});

test.serial('the stations of a route are those that ssh(1) names', async (t) => {
  const { address } = fleet.host('host_1');
  const jump = fleet.host('host_2').address;
  configure(
    [
      'Host a\n  HostName @ADDRESS@\n  ProxyJump root@b,host_2:2222\n',
      'Host b\n  HostName b.example\n  ProxyJump host_2\n',
      'Host c\n  ProxyCommand nc %h %p\n',
      'Host d\n  ProxyJump d2\nHost d2\n  ProxyJump d\n',
    ].join(''),
  );
  const routes = sshRoutes();
  t.deepEqual((await routes('a')).stations, [`${jump} 22`, 'b.example 22', `${jump} 2222`, `${address} 22`]);
  t.deepEqual((await routes('c:23')).stations, ['nc %h %p', 'c 23']);
  t.deepEqual([...(await routes('d')).stations].sort(), ['d 22', 'd2 22']);
});

test.serial('what OpenSSH 10.1 remarks on standard error is no error, and no reason', async (t) => {
  const programs = join(fleet.folder, 'remarks');
  mkdirSync(programs);
  const lines = [
    '** WARNING: connection is not using a post-quantum key exchange algorithm.',
    '** This session may be vulnerable to "store now, decrypt later" attacks.',
    '** The server may need to be upgraded. See https://openssh.com/pq.html',
  ];
  const remarks = lines.map((line) => `echo '${line}' >&2\n`).join('');
  writeFileSync(
    join(programs, 'ssh'),
    `#!/bin/sh\n${remarks}${join(fleet.ssh.programs, 'ssh')} "$@"; rc=$?\n${remarks}exit $rc\n`,
  );
  chmodSync(join(programs, 'ssh'), 0o755);
  process.env['PATH'] = `${programs}:${fleet.environment['PATH']}`;
  t.teardown(() => {
    process.env['PATH'] = fleet.environment['PATH'] ?? searchPath;
  });
  t.is(await whoIs({}), '0');
  const refused = await whoIs({ destination: 'root@nowhere.invalid' });
  t.regex((refused as OvsPkiError).message, /nowhere\.invalid: it cannot be reached \(ssh: Could not resolve/);
  t.notRegex((refused as OvsPkiError).message, /WARNING|\*\*/);
});
