import test from 'ava';
import type { DesiredHost } from '../../../src/deploy/desired/desired.js';
import { knownValue } from '../../../src/deploy/facts/fact.js';
import type { PlanningFacts } from '../../../src/deploy/facts/host-facts.js';
import { bridgePortActions } from '../../../src/deploy/plan/bridge-ports.js';
import { planRemoval } from '../../../src/deploy/plan/removal.js';
import { restoreTransaction } from '../../../src/deploy/remote/restore.js';
import { isChange } from '../../../src/deploy/remote/transaction.js';
import { carryOut, factsOf, fillDatabase, transactionOf } from '../../support/host-model.js';
import { startSocketDatabase } from '../../support/ovsdb-socket.js';
import { scratchFolder } from '../../support/scratch.js';

const edges = { pskOf: () => '', keyHash: '' };

/** What an operator has set before, by the columns of Port and Interface. */
const befores = [
  ['nothing', {}, {}],
  ['a VLAN and an MTU', { tag: 7 }, { mtu_request: 1450 }],
] as const;

for (const [title, port, row] of befores) {
  test(`MTU and VLAN of a bridge that had ${title} are set once, and put back when nobody asks for them`, async (t) => {
    const database = await startSocketDatabase(scratchFolder(t));
    t.teardown(() => database.close());
    const own = { name: 'br', bridge: 'br', type: 'internal', options: {}, columns: { ...port, external_ids: mine } };
    const host = { otherConfig: {}, bridges: ['br'], ports: [own], files: new Map(), addresses: [] };
    await fillDatabase(database, host);
    await database.transact([
      'Open_vSwitch',
      { op: 'update', table: 'Interface', where: [['name', '==', 'br']], row: { external_ids: mine, ...row } },
    ]);
    const before = await factsOf(database, host);
    const wish = (bridgePorts: Wishes) => ({ desired: { ...desired, bridgePorts }, facts: before });
    const apply = async (facts: PlanningFacts, bridgePorts: Wishes) => {
      const actions = bridgePortActions({ ...wish(bridgePorts), facts });
      const after = await carryOut(database, facts, actions, edges);
      t.deepEqual(bridgePortActions({ ...wish(bridgePorts), facts: after }), []);
      return { actions, after };
    };
    const first = await apply(before, { br: { mtu: 1400, tag: 10 } });
    t.deepEqual(state(first.after), { mtu: 1400, tag: 10 });
    const second = await apply(first.after, { br: { mtu: 1300 } });
    t.deepEqual(state(second.after), { mtu: 1300, tag: state(before)?.tag });
    // Where not all is named, as with connect, it stays.
    t.deepEqual(bridgePortActions({ desired: ofConnect, facts: second.after }), []);
    // The way back of an apply that fails.
    const back = restoreTransaction(second.actions.filter(isChange), first.after, second.after, true, new Set());
    await database.transact(back);
    t.deepEqual(ownPort(knownValue((await factsOf(database, host)).ovsdb)), ownPort(knownValue(first.after.ovsdb)));
    await database.transact(transactionOf(first.after, second.actions, edges.pskOf));
    const last = await apply({ ...second.after, ovsdb: (await factsOf(database, host)).ovsdb }, {});
    t.deepEqual(ownPort(knownValue(last.after.ovsdb)), ownPort(knownValue(before.ovsdb)));
    t.true(last.actions.every((action) => action.kind === 'bridge-port' && action.restores === true));
    // remove does the same.
    const { after } = await apply(last.after, { br: { mtu: 1400, tag: 10 } });
    const { actions } = planRemoval(desired, after, { ports: 'all', identity: true, plaintext: true });
    const removed = await carryOut(database, after, actions, edges);
    t.deepEqual(ownPort(knownValue(removed.ovsdb)), ownPort(knownValue(before.ovsdb)));
  });
}

test('what another run has changed meanwhile is not overwritten', async (t) => {
  const database = await startSocketDatabase(scratchFolder(t));
  t.teardown(() => database.close());
  const own = { name: 'br', bridge: 'br', type: 'internal', options: {} };
  const host = { otherConfig: {}, bridges: ['br'], ports: [own], files: new Map(), addresses: [] };
  await fillDatabase(database, host);
  const facts = await factsOf(database, host);
  const actions = bridgePortActions({ desired: { ...desired, bridgePorts: { br: { mtu: 1400 } } }, facts });
  await database.transact([
    'Open_vSwitch',
    { op: 'update', table: 'Interface', where: [['name', '==', 'br']], row: { mtu_request: 1350 } },
  ]);
  await t.throwsAsync(database.transact(transactionOf(facts, actions, edges.pskOf)));
});

const mine = ['map', [['mine', 'yes']]];

type Wishes = NonNullable<DesiredHost['bridgePorts']>;
const ofConnect: DesiredHost = {
  ...{ name: 'host_1', target: { kind: 'ssh', destination: 'host_1' }, ikeDaemon: 'auto', places: {} },
  ...{ plaintext: 'keep', loopProtection: 'auto', identity: undefined, ends: [], bridgeAddresses: {} },
};
const desired: DesiredHost = { ...ofConnect, others: { removedPeers: [], prune: false } };

type Database = Extract<PlanningFacts['ovsdb'], { state: 'known' }>['value'];

/** Both rows of the bridge's own port. */
function ownPort(database: Database | undefined): unknown {
  const port = database?.ports.find(({ name }) => name === 'br');
  const row = database?.interfaces.find(({ name }) => name === 'br');
  return [port?.tag, port?.externalIds, row?.mtuRequest, row?.externalIds];
}

function state(facts: PlanningFacts): { mtu: number | undefined; tag: number | undefined } | undefined {
  const database = knownValue(facts.ovsdb);
  const port = database?.ports.find(({ name }) => name === 'br');
  return { mtu: database?.interfaces.find(({ name }) => name === 'br')?.mtuRequest, tag: port?.tag };
}
