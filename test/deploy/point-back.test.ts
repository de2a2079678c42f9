/** What is done on a host when something went wrong there, with a real ovsdb-server. */

import { existsSync, writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import type { Action } from '../../src/deploy/action.js';
import type { DesiredHost, TunnelEnd } from '../../src/deploy/desired.js';
import { gatherPlanningFacts } from '../../src/deploy/host-facts.js';
import type { Progress } from '../../src/deploy/progress.js';
import { databaseOf, removeFromHost } from '../../src/deploy/run-host.js';
import { pointBack, prove } from '../../src/deploy/stage-prove.js';
import { switchHosts } from '../../src/deploy/stage-switch.js';
import { isChange, transactionFor } from '../../src/deploy/transaction.js';
import { OvsPkiError } from '../../src/errors.js';
import { type LocalHost, startLocalHost } from '../support/local-host.js';
import { edges, progressWith } from '../support/progress.js';
import { scratchFolder } from '../support/scratch.js';

const end: TunnelEnd = {
  bridge: 'br-ipsec',
  port: 'tun',
  type: 'gre',
  method: 'ca-signed',
  localIp: '192.0.2.1',
  remoteIp: '192.0.2.2',
  peer: 'host_2',
  options: {},
  pskFile: undefined,
  initiates: true,
};
const desired: DesiredHost = {
  name: 'host_1',
  target: { kind: 'local', destination: 'local' },
  ikeDaemon: 'strongswan',
  places: {},
  plaintext: 'keep',
  identity: undefined,
  ends: [end],
  bridgeAddresses: {},
};
const newPort: Action = {
  kind: 'port',
  port: 'tun',
  bridge: 'br-ipsec',
  type: 'gre',
  isNew: true,
  set: { remote_ip: '192.0.2.2', remote_name: 'host_2' },
  remove: [],
  psk: undefined,
  peer: 'host_2',
};
const newCertificate: Action = { kind: 'other_config', key: 'certificate', from: '/old.pem', to: '/new.pem' };

test('what was to follow a transaction that the database refuses is not done', async (t) => {
  const folder = scratchFolder(t);
  const { shell, vsctl } = await startLocalHost(t, folder);
  const facts = await gatherPlanningFacts(shell, [], edges.now);
  const file = `${folder}/in-use-cert.pem`;
  writeFileSync(file, '');
  await vsctl('set', 'Open_vSwitch', '.', 'other_config:somebody=else');
  const changes = [{ ...newCertificate, to: undefined }].filter(isChange);
  const transaction = transactionFor(changes, databaseOf('host_1', facts), () => '');
  const error = await t.throwsAsync(
    removeFromHost(shell, 'host_1', { transaction, guards: [], ports: [], files: [file] }),
    { instanceOf: OvsPkiError },
  );
  t.is(error.code, 'PLAN_STALE');
  t.true(existsSync(file));
});

test('a port that was made is taken away again, also where the host was not asked after that', async (t) => {
  const host = await startLocalHost(t, scratchFolder(t));
  await host.vsctl('add-br', 'br-ipsec', '--', 'set', 'Open_vSwitch', '.', 'other_config:certificate=/old.pem');
  const progress = await progressOf(host, [newCertificate, newPort]);
  await host.vsctl(
    'add-port',
    'br-ipsec',
    'tun',
    '--',
    'set',
    'Open_vSwitch',
    '.',
    'other_config:certificate=/new.pem',
  );
  progress.begun = progress.plan.actions;
  progress.error = new OvsPkiError('HOST_STEP_FAILED', 'the bridge did not come up');
  await provedBack(progress);
  t.true(progress.pointedBack, progress.error.message);
  t.is(await host.vsctl('list-ports', 'br-ipsec'), '');
  await certificateIs(t, host, '/old.pem');
});

test('what somebody else has set since is not pointed back', async (t) => {
  const host = await startLocalHost(t, scratchFolder(t));
  await host.vsctl('add-br', 'br-ipsec', '--', 'set', 'Open_vSwitch', '.', 'other_config:certificate=/old.pem');
  const progress = await progressOf(host, [newCertificate, newPort]);
  await host.vsctl('set', 'Open_vSwitch', '.', 'other_config:certificate=/others.pem');
  await switchHosts([progress], edges);
  await provedBack(progress);
  t.is(progress.error?.code, 'PLAN_STALE');
  t.false(progress.pointedBack);
  await certificateIs(t, host, '/others.pem');
});

async function progressOf({ shell }: LocalHost, actions: readonly Action[]): Promise<Progress> {
  return progressWith(shell, { desired, facts: await gatherPlanningFacts(shell, [], edges.now) }, actions);
}

async function provedBack(progress: Progress): Promise<void> {
  prove([progress]);
  await pointBack([progress], edges);
}

async function certificateIs(t: ExecutionContext, { vsctl }: LocalHost, path: string): Promise<void> {
  t.is(await vsctl('get', 'Open_vSwitch', '.', 'other_config:certificate'), `"${path}"`);
}
