/** Who logs in, and which shells meet our scripts: an ordinary user with sudo, login shells that are not POSIX, and other sh. */

import { join } from 'node:path';
import test from 'ava';
import { type Fleet, startFleet } from '../support/fleet/fleet.js';
import { identitiesOf, judgeEnd } from '../support/fleet/judge.js';
import { applyIn, makeOperator, type Operator } from '../support/fleet/operator.js';

let fleet: Fleet;
let operator: Operator;

test.before(async () => {
  fleet = await startFleet({ count: 2 });
  operator = await makeOperator(fleet);
  // Busybox is called by the name of the shell that it is to be.
  await fleet.must('host_1', 'ln -s "$(type -P busybox)" /usr/local/bin/ash');
});

test.after.always(() => fleet?.close());

for (const user of ['root', 'operator']) {
  for (const shell of ['/bin/sh', '/bin/bash', '/usr/bin/tcsh', '/usr/bin/fish', '/usr/local/bin/ash']) {
    test.serial(`${user} with the login shell ${shell} gets a key and a certificate to the host`, async (t) => {
      await fleet.must(
        'host_1',
        `test -x ${shell} && sed -i 's|^\\(${user}:.*:\\)[^:]*$|\\1${shell}|' /etc/passwd && grep -q '^${user}:.*:${shell}$' /etc/passwd`,
      );
      const folder = operator.folderFor(join(fleet.folder, `${user}-${shell.replaceAll('/', '-')}`), {
        user,
        certificates: shell !== '/usr/bin/fish',
      });
      await operator.reset('bare');
      const { status, stderr } = await applyIn(fleet, folder);
      t.is(status, 0, stderr);
      await judgeEnd(t, operator, folder);
    });
  }
}

for (const shell of ['busybox', 'bash', 'dash']) {
  test.serial(`a host whose sh is ${shell} is enrolled, and then gets another identity`, async (t) => {
    await fleet.must('host_1', `ln -sf "$(type -P ${shell})" /bin/sh`);
    for (const [begin, certificates] of [
      ['bare', false],
      ['old', true],
    ] as const) {
      await operator.reset(begin);
      const folder = operator.folderFor(join(fleet.folder, `${shell}-${begin}`), { certificates });
      const { status, stderr } = await applyIn(fleet, folder);
      t.is(status, 0, stderr);
      await judgeEnd(t, operator, folder);
    }
  });
}

test.serial('the run of an ordinary user is one command on the host where nothing is to be done', async (t) => {
  await operator.reset('bare');
  const folder = operator.folderFor(join(fleet.folder, 'nothing'), { user: 'operator' });
  t.is((await applyIn(fleet, folder)).status, 0);
  const before = await fleet.sshSessions('host_1');
  const again = await applyIn(fleet, folder);
  t.is(again.stdout, 'host_1: nothing to do\nhost_2: nothing to do\n');
  t.is(await fleet.sshSessions('host_1'), before + 1);
  t.is((await identitiesOf(operator))[0].state, 'new');
});
