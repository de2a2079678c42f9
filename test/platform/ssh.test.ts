/** The shell on a host, over a real sshd: what is printed around the answer and in it, and how it ends. */

import test from 'ava';
import type { ErrorCode } from '../../src/errors.js';
import { type HostShell, openHostShell } from '../../src/platform/ssh.js';
import { type Fleet, startFleet } from '../support/fleet/fleet.js';
import { run } from '../support/programs.js';

let fleet: Fleet;

test.before(async () => {
  fleet = await startFleet({ count: 1 });
  process.env['PATH'] = fleet.environment['PATH'];
});

test.after.always(() => fleet?.close());

const timeoutMs = 60_000;

async function withShell<T>(action: (shell: HostShell) => Promise<T>, destination = 'host_1'): Promise<T> {
  const shell = openHostShell({ kind: 'ssh', destination });
  try {
    return await action(shell);
  } finally {
    shell.close();
  }
}

const likeAMark = '0123456789abcdef01234567';

interface Answer {
  readonly what: string;
  readonly script: string;
  readonly status?: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

const answers: readonly Answer[] = [
  { what: 'nothing', script: ':' },
  { what: 'a status', script: 'exit 3', status: 3 },
  { what: 'a status of a signal', script: "sh -c 'kill -9 $$'", status: 137, stderr: 'Killed\n' },
  { what: 'output on both streams', script: 'echo one; echo two >&2', stdout: 'one\n', stderr: 'two\n' },
  { what: 'a line without its end', script: 'printf one', stdout: 'one' },
  { what: 'empty lines around', script: "printf '\\n\\none\\n\\n'", stdout: '\n\none\n\n' },
  {
    what: 'something like the mark',
    script: `printf '\\n${likeAMark} 0\\n'; printf '\\n${likeAMark} begins\\n' >&2; exit 4`,
    status: 4,
    stdout: `\n${likeAMark} 0\n`,
    stderr: `\n${likeAMark} begins\n`,
  },
  { what: 'half of a character', script: "printf 'a\\303'", stdout: 'a\uFFFD' },
  { what: 'bytes that are no text', script: "printf '\\377\\000\\001'", stdout: '\uFFFD\u0000\u0001' },
  {
    what: 'many characters of several bytes',
    script: 'i=0; while [ $i -lt 3000 ]; do printf "žluťoučký kůň – 馬馬馬馬馬 🐎"; i=$((i + 1)); done',
    stdout: 'žluťoučký kůň – 馬馬馬馬馬 🐎'.repeat(3000),
  },
  { what: 'what reads its standard input', script: 'cat; echo end', stdout: 'end\n' },
  { what: 'quotes and dollars', script: `printf '%s\\n' "it's" '$HOME' '\\'`, stdout: "it's\n$HOME\n\\\n" },
];

test.serial('A script gives its status and exactly what it printed, many over one connection', async (t) => {
  const before = await fleet.sshSessions('host_1');
  await withShell(async (shell) => {
    for (const { what, script, status = 0, stdout = '', stderr = '' } of answers) {
      t.deepEqual(await shell.run(script, timeoutMs), { status, stdout, stderr }, what);
    }
    t.is(shell.exchanges(), answers.length);
  });
  t.is(await fleet.sshSessions('host_1'), before + 1);
});

test('A script does not change the shell for the next one', async (t) => {
  await withShell(async (shell) => {
    await shell.run('cd /tmp; set -e; PATH=/nowhere; ovs_pki_ts_lock=7; exec >/dev/null', timeoutMs);
    const { stdout } = await shell.run('pwd; false; ls -d /etc; echo "$ovs_pki_ts_lock"', timeoutMs);
    t.is(stdout, '/root\n/etc\n\n');
  });
});

test('A long script arrives whole, and a long answer too', async (t) => {
  await withShell(async (shell) => {
    const text = 'x'.repeat(3_000_000);
    const { stdout } = await shell.run(
      `printf %s '${text}' | wc -c; head -c 12000000 /dev/zero | tr '\\0' y`,
      timeoutMs,
    );
    t.is(stdout, `3000000\n${'y'.repeat(12_000_000)}`);
  });
});

test('A host that never stops to talk is left', async (t) => {
  const error = await t.throwsAsync(withShell((shell) => shell.run('yes', timeoutMs)));
  t.like(error, { code: 'HOST_STEP_FAILED', exitStatus: 6 });
  t.regex(String(error?.message), /host_1 printed more than/);
});

test('A host that does not answer in time is left', async (t) => {
  const error = await t.throwsAsync(withShell((shell) => shell.run('sleep 60', 1500)));
  t.like(error, { code: 'HOST_TIMEOUT', exitStatus: 6 });
  t.regex(String(error?.message), /host_1 did not answer within 2 s/);
});

const noisy = `echo 'welcome, "$USER"'; echo 'sudo: Permission denied, Host key verification failed' >&2`;

test.serial('What the login shell and sshd print is not part of any answer', async (t) => {
  await fleet.must('host_1', `printf '%s\\n' ${JSON.stringify(noisy).replaceAll('$', '\\$')} >/root/.bashrc`);
  await fleet.must(
    'host_1',
    `echo 'Banner /etc/passwd' >>/etc/ssh/sshd_config; . /run/fleet/daemons.sh; stop_ssh; start_ssh`,
  );
  const plain = await run('ssh', ['host_1', 'true']);
  t.regex(plain.stdout, /^welcome/);
  t.regex(plain.stderr, /root:x:0:0:[\s\S]*Host key verification failed/);
  const noise = await withShell(async (shell) => {
    const first = await shell.run('echo one; echo two >&2', timeoutMs);
    return [first, await shell.run('echo three', timeoutMs)];
  });
  t.deepEqual(noise, [
    { status: 0, stdout: 'one\n', stderr: 'two\n' },
    { status: 0, stdout: 'three\n', stderr: '' },
  ]);
});

interface End {
  readonly what: string;
  readonly scripts: readonly string[];
  readonly code: ErrorCode;
}

const ends: readonly End[] = [
  { what: 'in the first script', scripts: ['kill -9 $$'], code: 'HOST_CONNECTION_LOST' },
  { what: 'in the second', scripts: ['true', 'kill -9 $$'], code: 'HOST_CONNECTION_LOST' },
  {
    what: 'after a script that printed what sudo and ssh say',
    scripts: ['echo "sudo: unable to resolve host host_1" >&2; echo "Permission denied" >&2; kill -9 $$'],
    code: 'HOST_CONNECTION_LOST',
  },
  {
    what: 'after lines with the ends of a terminal, as of ssh itself',
    scripts: ["printf 'one\\r\\ntwo\\r\\n' >&2; kill -9 $$"],
    code: 'HOST_CONNECTION_LOST',
  },
];

for (const { what, scripts, code } of ends) {
  test.serial(`A connection that ends ${what} is lost, and not refused`, async (t) => {
    const error = await t.throwsAsync(
      withShell(async (shell) => {
        for (const script of scripts) await shell.run(script, timeoutMs);
      }),
    );
    t.like(error, { code });
    t.regex(String((error as { hint?: string }).hint), /run the command again: it goes on where it stopped/);
    t.notRegex(String(error?.message), /[0-9a-f]{24}|[\r\n]/);
  });
}

test.serial('After the end every script fails at once', async (t) => {
  await withShell(async (shell) => {
    await t.throwsAsync(shell.run('kill -9 $$', timeoutMs), { message: /connection was lost/ });
    await t.throwsAsync(shell.run('true', timeoutMs), { message: /connection was lost/ });
  });
});
