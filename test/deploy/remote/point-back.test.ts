/** What is done on a host when something went wrong there, with a real ovsdb-server. */

import { existsSync, writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import type { Progress } from '../../../src/deploy/apply/host-run.js';
import { pointBack, prove } from '../../../src/deploy/apply/prove.js';
import { switchHosts } from '../../../src/deploy/apply/switch.js';
import type { DesiredHost, TunnelEnd } from '../../../src/deploy/desired/desired.js';
import { gatherPlanningFacts } from '../../../src/deploy/facts/host-facts.js';
import type { Action } from '../../../src/deploy/plan/action.js';
import { removeFromHost } from '../../../src/deploy/remote/remove.js';
import { databaseOf } from '../../../src/deploy/remote/run.js';
import { isChange, transactionFor } from '../../../src/deploy/remote/transaction.js';
import { OvsPkiError } from '../../../src/errors.js';
import { type LocalHost, startLocalHost } from '../../support/local-host.js';
import { edges, progressWith } from '../../support/progress.js';
import { scratchFolder } from '../../support/scratch.js';

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
  loopProtection: 'auto',
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
  const facts = await gatherPlanningFacts(shell, 'host_1', [], edges.now);
  const file = `${folder}/in-use-cert.pem`;
  writeFileSync(file, '');
  await vsctl('set', 'Open_vSwitch', '.', 'other_config:somebody=else');
  const changes = [{ ...newCertificate, to: undefined }].filter(isChange);
  const transaction = transactionFor(changes, databaseOf('host_1', facts), () => '');
  const error = await t.throwsAsync(
    removeFromHost(shell, 'host_1', { ike: '', transaction, guards: [], ports: [], files: [file] }),
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

test('a host whose own end is well keeps its new certificate when the other end fails', async (t) => {
  const host = await startLocalHost(t, scratchFolder(t));
  await host.vsctl('set', 'Open_vSwitch', '.', 'other_config:certificate=/old.pem');
  const well = proved(await progressOf(host, [newCertificate]), 'host_1', []);
  const failing = proved(await progressOf(host, [newCertificate]), 'host_2', ['nothing came']);
  await pointBack([well], edges);
  t.deepEqual([well.error, well.pointedBack, well.plan.warnings], [undefined, false, []]);
  await host.vsctl('set', 'Open_vSwitch', '.', 'other_config:certificate=/new.pem');
  await pointBack([well, failing], edges);
  t.deepEqual([well.error, well.pointedBack], [undefined, false]);
  t.deepEqual(well.plan.warnings, ['host_1: tun is encrypted here, and its other end could not be proved']);
  t.deepEqual([failing.error?.code, failing.pointedBack], ['HOST_PROOF_FAILED', true]);
  await certificateIs(t, host, '/old.pem');
});

test('an end that is new goes with the other one', async (t) => {
  const host = await startLocalHost(t, scratchFolder(t));
  await host.vsctl('add-br', 'br-ipsec');
  const well = proved(await progressOf(host, [newPort]), 'host_1', []);
  await host.vsctl('add-port', 'br-ipsec', 'tun');
  const other = await startLocalHost(t, scratchFolder(t));
  const failing = proved(await progressOf(other, []), 'host_2', ['nothing came']);
  await pointBack([well, failing], edges);
  t.deepEqual([well.error?.code, well.pointedBack], ['HOST_PROOF_FAILED', true], well.error?.message);
  t.is(await host.vsctl('list-ports', 'br-ipsec'), '');
});

/** A host at one end of the tunnel, whose change is in force. */
function proved(progress: Progress, name: string, reasons: readonly string[]): Progress {
  const [localIp, remoteIp] = name === 'host_1' ? ['192.0.2.1', '192.0.2.2'] : ['192.0.2.2', '192.0.2.1'];
  const ends = [{ ...end, localIp, remoteIp }];
  progress.input = { ...progress.input, desired: { ...desired, name, ends } };
  progress.begun = progress.plan.actions;
  const seen = { bytesOut: 1, bytesIn: 1, peerId: undefined, serialNumber: undefined };
  progress.proofs = [{ host: name, port: 'tun', encrypted: reasons.length === 0, ...seen, reasons }];
  return progress;
}

async function progressOf({ shell }: LocalHost, actions: readonly Action[]): Promise<Progress> {
  return progressWith(shell, { desired, facts: await gatherPlanningFacts(shell, 'host_1', [], edges.now) }, actions);
}

async function provedBack(progress: Progress): Promise<void> {
  prove([progress]);
  await pointBack([progress], edges);
}

async function certificateIs(t: ExecutionContext, { vsctl }: LocalHost, path: string): Promise<void> {
  t.is(await vsctl('get', 'Open_vSwitch', '.', 'other_config:certificate'), `"${path}"`);
}
