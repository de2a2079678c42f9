/** Plans that are written, applied later, and meet what has changed in between. */

import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { diskFull } from '../support/fleet/faults.js';
import { type Fleet, startFleet } from '../support/fleet/fleet.js';
import { identitiesOf, judgeEnd, secretsBelow } from '../support/fleet/judge.js';
import { type hostNames, makeOperator, type Operator, runIn } from '../support/fleet/operator.js';
import { badLine } from '../support/fleet/proxy.js';
import { rsaKeyFile } from '../support/keys.js';
import { makeRequest, oursWell } from '../support/pki.js';

let fleet: Fleet;
let operator: Operator;

test.before(async () => {
  fleet = await startFleet({ count: 2 });
  operator = await makeOperator(fleet);
});

test.after.always(() => fleet?.close());

const applyPlan = (folder: string) => runIn(fleet, folder, ['apply', 'plan.json']);

for (const begin of ['old', 'bare'] as const) {
  test.serial(`a plan that was written is applied as it was shown, to hosts that are ${begin}`, async (t) => {
    const folder = await planned(t, `applied-${begin}`, begin);
    const text = readFileSync(join(folder, 'plan.json'), 'latin1');
    t.notRegex(text, /PRIVATE KEY/);
    t.false(secretsBelow(folder).some((secret) => text.includes(secret)));
    const { status, stderr } = await applyPlan(folder);
    t.is(status, 0, stderr);
    await judgeEnd(t, operator, folder);
    const again = await applyPlan(folder);
    t.is(again.status, 0, again.stderr);
    t.regex(again.stdout, /^host_1: nothing to do$/m);
  });
}

interface Change {
  readonly title: string;
  readonly begin?: 'old' | 'bare';
  readonly make: (folder: string) => Promise<unknown>;
}

const changes: readonly Change[] = [
  {
    title: 'other_config of a host has changed',
    make: () => fleet.must('host_1', 'ovs-vsctl --no-wait set Open_vSwitch . other_config:certificate=/etc/other.pem'),
  },
  {
    title: 'the tunnel has gone',
    make: () => fleet.must('host_1', 'ovs-vsctl --no-wait del-port tun'),
  },
  {
    title: 'an option of the tunnel has changed',
    make: () => fleet.must('host_1', 'ovs-vsctl --no-wait set Interface tun options:remote_name=somebody'),
  },
  {
    title: 'another certificate lies here',
    make: async (folder) => {
      await makeRequest(folder, 'host_1', rsaKeyFile(7));
      await oursWell(folder, ['sign', '-b', '-f', 'host_1']);
    },
  },
];

for (const { title, begin = 'old', make } of changes) {
  test.serial(`a plan is stale where ${title}, and nothing is changed there`, async (t) => {
    const folder = await planned(t, title.replaceAll(' ', '-'), begin);
    await make(folder);
    const before = await stateOf('host_1');
    const { status, stderr } = await applyPlan(folder);
    t.is(status, 6, stderr);
    t.regex(stderr, /error: host_1 is not as it was when the plan was made; nothing was changed there \[PLAN_STALE\]/);
    t.regex(stderr, /hint: .*ovs-pki-ts plan/);
    t.deepEqual(codesIn(stderr), ['PLAN_STALE']);
    t.is(await stateOf('host_1'), before);
    t.is((await identitiesOf(operator))[1].state, 'new');
  });
}

test.serial('a plan whose application was interrupted is continued with the same file', async (t) => {
  for (const part of [0.6, 0.8, 0.9, 0.97]) {
    const folder = await planned(t, `continued-${part}`, 'bare');
    const line = await badLine(fleet, 'host_1', { bytesToHost: Math.floor(part * bytesOfAnApply) });
    const cut = await applyPlan(folder);
    await line.repair();
    t.is(cut.status, 6, cut.stderr);
    await fleet.must('host_1', 'flock -w 60 /run/ovs-pki-ts.lock true');
    const { status, stderr } = await applyPlan(folder);
    t.is(status, 0, stderr);
    await judgeEnd(t, operator, folder);
  }
});

/** What an application to a bare host sends there, roughly. */
const bytesOfAnApply = 22_000;

for (const folder of ['certs', 'cacerts']) {
  test.serial(
    `a plan with an enrollment is continued with the same file when ${folder} is not full any more`,
    async (t) => {
      const work = await planned(t, `enrolled-${folder}`, 'bare', 'nothing');
      const repair = await diskFull(`/etc/ipsec.d/${folder}`)(fleet, 'host_1');
      const full = await applyPlan(work);
      await repair();
      t.is(full.status, 6, full.stderr);
      const { status, stderr } = await applyPlan(work);
      t.is(status, 0, stderr);
      const plan = await runIn(fleet, work, ['plan', '--skip-proof']);
      t.regex(plan.stdout, /^host_1 .*: nothing to do\nhost_2 .*: nothing to do\n$/);
    },
  );
}

const edits: Readonly<Record<string, (text: string) => string>> = {
  'cut off': (text) => text.slice(0, text.length / 2),
  'of another version': (text) => text.replace('"version": 2', '"version": 1'),
  'without hosts': (text) => edit(text, (plan) => ({ ...plan, hosts: undefined })),
  'with a host that is nothing': (text) => edit(text, (plan) => ({ ...plan, hosts: [null] })),
  'with a wanted host that is empty': (text) => edit(text, (plan) => ({ ...plan, fleet: { hosts: [{}] } })),
  'with another folder of the PKI': (text) => edit(text, (plan) => ({ ...plan, pkiDirectory: 17 })),
  'with another destination': (text) => text.replaceAll('root@host_1', 'root@host_2'),
  'with a place of its own': (text) => text.replaceAll('/etc/ipsec.d/certs/', '/etc/'),
};

for (const [title, change] of Object.entries(edits)) {
  test.serial(`a plan file ${title} is refused, and no host is changed`, async (t) => {
    const folder = await planned(t, title.replaceAll(' ', '-'), 'old');
    const file = join(folder, 'plan.json');
    copyFileSync(file, join(folder, 'good.json'));
    writeFileSync(file, change(readFileSync(file, 'utf8')));
    const { status, stderr } = await applyPlan(folder);
    t.is(status, 3, stderr);
    t.deepEqual(codesIn(stderr), ['PLAN_INVALID']);
    t.regex(stderr, /hint: make it again: ovs-pki-ts plan /);
    t.deepEqual(
      (await identitiesOf(operator)).map(({ state }) => state),
      ['old', 'old'],
    );
  });
}

function edit(text: string, change: (plan: Record<string, unknown>) => Record<string, unknown>): string {
  return JSON.stringify(change(JSON.parse(text) as Record<string, unknown>), undefined, 2);
}

/** A folder with a plan for hosts that stand in a certain state. */
async function planned(
  t: ExecutionContext,
  name: string,
  begin: 'old' | 'bare',
  here: 'certificates' | 'nothing' = 'certificates',
): Promise<string> {
  await operator.reset(begin);
  const folder = operator.folderFor(join(fleet.folder, name), { certificates: here === 'certificates' });
  const { status, stderr } = await runIn(fleet, folder, ['plan', '--skip-proof', '--out', 'plan.json']);
  t.is(status, 0, stderr);
  return folder;
}

/** All of a host that an application could change. */
async function stateOf(host: (typeof hostNames)[number]): Promise<string> {
  return fleet.must(
    host,
    `cd /etc/ipsec.d && find . -type f -exec sha256sum {} + | sort; ip xfrm policy
     ovsdb-client dump unix:/run/openvswitch/db.sock Open_vSwitch`,
  );
}

function codesIn(stderr: string): string[] {
  return [...stderr.matchAll(/\[([A-Z_]+)\]$/gm)].map(([, code = '']) => code);
}
