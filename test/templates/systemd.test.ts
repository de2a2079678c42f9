/** The units that renew a fleet: systemd takes them, and what they run is a command of ours. */

import { readFileSync } from 'node:fs';
import test from 'ava';
import { projectRoot, run, runOurs } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

const folder = `${projectRoot}templates/systemd`;
const units = ['service', 'timer'].map((kind) => `${folder}/ovs-pki-ts-renew.${kind}`);

test('systemd finds no fault in them', async (t) => {
  const { status, stderr } = await run('systemd-analyze', ['verify', '--man=no', ...units]);
  t.deepEqual([status, stderr], [0, '']);
});

test('the service runs a command that this program has', async (t) => {
  const [, command = ''] =
    /^ExecStart=\/usr\/bin\/env ovs-pki-ts (.*)$/m.exec(readFileSync(units[0] ?? '', 'utf8')) ?? [];
  const { status, stderr } = await runOurs(command.split(' '), { cwd: scratchFolder(t) });
  t.is(status, 3);
  t.regex(stderr, /error: .*fleet\.yaml.* \[FILE_NOT_FOUND\]/);
});
