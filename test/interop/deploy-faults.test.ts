/**
 * Whatever goes wrong while two hosts get new certificates: each has its old or its new identity afterwards, the message
 * names the cure, and when the cause is gone the same command finishes the work.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { errorTable } from '../../src/errors.js';
import type { DeployFault } from '../cases/deploy-fault.js';
import { deployFaults } from '../cases/deploy-faults.js';
import { type Fleet, startFleet } from '../support/fleet/fleet.js';
import { identitiesOf, judgeEnd, secretsBelow } from '../support/fleet/judge.js';
import { applyArgs, makeOperator, type Operator, runIn } from '../support/fleet/operator.js';
import type { Run } from '../support/programs.js';

let fleet: Fleet;
let operator: Operator;

test.before(async () => {
  fleet = await startFleet({ count: 2 });
  operator = await makeOperator(fleet);
});

test.after.always(() => fleet?.close());

for (const [index, row] of deployFaults.entries()) {
  test.serial(`fault: ${row.title}`, async (t) => {
    await operator.reset(row.begin ?? 'old');
    const folder = operator.folderFor(join(fleet.folder, `work-${index}`), {
      user: row.user ?? 'root',
      certificates: row.here !== 'nothing',
    });
    const secrets = secretsBelow(folder);
    const repair = await row.make({ fleet, folder });
    const ill = await runIn(fleet, folder, row.args ?? applyArgs);
    await repair();
    judgeMessages(t, row, ill);
    await judgeHosts(t, row);
    const well = await runIn(fleet, folder, applyArgs);
    t.is(well.status, 0, `when the cause is gone: ${well.stderr}`);
    await judgeEnd(t, operator, folder);
    const said = ill.stdout + ill.stderr + well.stdout + well.stderr + readFileSync(join(folder, 'log'), 'latin1');
    t.false(
      secrets.some((secret) => said.includes(secret)),
      'a part of a private key is printed',
    );
  });
}

test('The table holds more than twenty-five faults, each once', (t) => {
  const titles = deployFaults.map(({ title }) => title);
  t.is(new Set(titles).size, titles.length);
  t.true(titles.length >= 25);
});

function judgeMessages(t: ExecutionContext, row: DeployFault, { status, stderr }: Run): void {
  const lines = stderr.split('\n');
  const errors = lines.filter((line) => line.startsWith('ovs-pki-ts: error: ')).join('\n');
  const hints = lines.filter((line) => line.startsWith('ovs-pki-ts: hint: ')).join('\n');
  const codes = [...errors.matchAll(/\[([A-Z_]+)\]$/gm)].map(([, code]) => code);
  t.is(status, row.exitStatus ?? errorTable.HOST_UNFIT.exitStatus, stderr);
  t.deepEqual(codes, [...row.codes], stderr);
  t.regex(errors, row.says);
  t.regex(hints, row.hints);
  t.notRegex(stderr, /^\s+at .*:\d+|node:internal|undefined|\[object /m);
}

async function judgeHosts(t: ExecutionContext, { begin = 'old', leaves, tunnelWaits }: DeployFault): Promise<void> {
  const [one, two] = await identitiesOf(operator);
  t.is(one?.state, leaves?.host_1 ?? begin, 'host_1 after the fault');
  t.is(two?.state, leaves?.host_2 ?? 'new', 'host_2 after the fault');
  if (tunnelWaits === true) t.false(two?.hasTunnel, 'host_2 has a tunnel that nobody answers');
  for (const { files } of [one, two])
    t.deepEqual(
      files.filter((file) => file.endsWith('.staged')),
      [],
    );
}
