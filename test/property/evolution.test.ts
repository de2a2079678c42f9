/**
 * Fleets that change at random: after each change every host has just what the inventory says, a second plan is empty, what the
 * change does not concern is not touched, nothing of ours is left over, and nothing of others is lost.
 *
 * `OVS_PKI_EVOLUTION=100x30` makes 100 series of 30 changes, and `OVS_PKI_TEST_SEED` repeats a run.
 */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { DesiredFleet, DesiredHost, TunnelEnd } from '../../src/deploy/desired/desired.js';
import { knownValue } from '../../src/deploy/facts/fact.js';
import type { PlanningFacts } from '../../src/deploy/facts/host-facts.js';
import { expandInventory, type Inventory } from '../../src/deploy/inventory/inventory.js';
import type { Action, HostPlan } from '../../src/deploy/plan/action.js';
import { keyHashOf } from '../../src/deploy/plan/identity-files.js';
import type { HostInput } from '../../src/deploy/plan/input.js';
import { remainingFacts } from '../../src/deploy/plan/leftovers.js';
import { type LoopHost, loopsOf, noLoops } from '../../src/deploy/plan/loops.js';
import { planHost } from '../../src/deploy/plan/plan.js';
import { planRemoval } from '../../src/deploy/plan/removal.js';
import { matched } from '../../src/deploy/tunnels/matching.js';
import { marks, tunnelsOn } from '../../src/deploy/tunnels/ownership.js';
import { guardedWays } from '../../src/deploy/tunnels/packets.js';
import type { Certificate } from '../../src/pki/certificate.js';
import { oid } from '../../src/pki/oid.js';
import { pruned } from '../../src/usecases/fleet/inventory.js';
import {
  addressOf,
  type FleetState,
  firstState,
  inventoryOf,
  machines,
  nextState,
  steps,
} from '../support/fleet-model.js';
import {
  carryOut,
  certificateFile,
  factsOf,
  fillDatabase,
  type HostBefore,
  nothingElse,
} from '../support/host-model.js';
import { type Identities, identityOf, makeIdentities } from '../support/identities.js';
import { type SocketDatabase, startSocketDatabase } from '../support/ovsdb-socket.js';
import { type Chance, chance } from '../support/random.js';

const folder = mkdtempSync(join(tmpdir(), 'ovs-pki-ts-evolution-'));
const [series = 3, changes = 12] = (process.env['OVS_PKI_EVOLUTION'] ?? '3x12').split('x').map(Number);
const databases: SocketDatabase[] = [];
let identities: Identities;

test.before(async () => {
  identities = await makeIdentities(folder);
  for (const machine of machines) {
    const place = join(folder, String(machine));
    mkdirSync(place);
    databases.push(await startSocketDatabase(place));
  }
});

test.after.always(async () => {
  for (const database of databases) await database.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a fleet that changes has what its inventory says after each change, and in the end what it had before', async (t) => {
  t.timeout(10_000_000);
  // The same in every build, so that a change is what a failure comes from.
  const luck = chance(Number(process.env['OVS_PKI_TEST_SEED'] ?? 2026));
  t.log(`seed ${luck.seed}: ${series} series of ${changes} changes`);
  for (let number = 0; number < series; number++) await oneSeries(t, luck, number);
});

type Facts = Map<number, PlanningFacts>;

async function oneSeries(t: ExecutionContext, luck: Chance, number: number): Promise<void> {
  const facts: Facts = new Map();
  for (const machine of machines) facts.set(machine, await freshHost(machine));
  const before = new Map([...facts].map(([machine, one]) => [machine, everythingOf(one)]));
  let state = firstState;
  const history: string[] = [];
  for (let count = 0; count <= changes; count++) {
    const former = state;
    const step = count === 0 ? undefined : steps[Math.floor(luck.next() * steps.length)];
    if (step !== undefined) state = nextState(state, step, luck);
    history.push(step ?? 'first');
    try {
      await applyState(facts, state, count === 0 ? undefined : former);
    } catch (error) {
      const told = JSON.stringify({ former, state, history }, undefined, 1);
      throw new Error(`series ${number}, seed ${luck.seed}: ${(error as Error).message}\n${told}`);
    }
  }
  for (const machine of machines) {
    await removeAll(facts, machine);
    const after = facts.get(machine);
    t.deepEqual(after && everythingOf(after), before.get(machine), `series ${number}, seed ${luck.seed}`);
  }
}

/** A host with a tunnel, a bridge, a certificate and settings of its operator's own. */
async function freshHost(machine: number): Promise<PlanningFacts> {
  const database = databases[machine] as SocketDatabase;
  const host: HostBefore = {
    otherConfig: machine % 2 === 0 ? { 'hw-offload': 'true' } : { ipsec_skb_mark: '1/1' },
    bridges: ['br-int'],
    ports: [{ name: 'plain', bridge: 'br-int', type: 'vxlan', options: { remote_ip: '203.0.113.5' } }],
    files: new Map([['/etc/ipsec.d/certs/my-own.pem', certificateFile(identities.peer)]]),
    addresses: [0, 1, 2].map((index) => addressOf(machine, index)),
  };
  await fillDatabase(database, host);
  return { ...(await factsOf(database, host)), links: new Map() };
}

async function applyState(facts: Facts, asked: FleetState, former: FleetState | undefined): Promise<void> {
  const whole = fleetOf(asked);
  const isObstructed = asked.hosts.some(
    ({ machine }) => planOf(facts, asked, whole, machine).plan.obstacles.length > 0,
  );
  // What an earlier inventory has left may make a loop, or use certificates where PSKs are wanted: then it has to go.
  const state = isObstructed ? { ...asked, prune: true } : asked;
  const fleet = fleetOf(state);
  for (const { machine, name } of state.hosts) {
    const { desired, input, plan } = planOf(facts, state, fleet, machine);
    if (plan.obstacles.length > 0)
      throw new Error(`${name}: ${plan.obstacles.map(({ message }) => message).join('; ')}`);
    if (former !== undefined) requireUntouched(plan, desired, state, former, machine);
    const edges = { pskOf: () => psk, keyHash: keyHashOf(certificateOf(state)) };
    const after = await carryOut(databases[machine] as SocketDatabase, input.facts, plan.actions, edges);
    facts.set(machine, after);
    const again = planOf(facts, state, fleet, machine);
    if (again.plan.actions.length > 0) throw new Error(`${name}: done again: ${JSON.stringify(again.plan.actions)}`);
    requireMatch(again.desired, after, again.plan);
  }
}

function fleetOf(state: FleetState): DesiredFleet {
  return pruned(expandInventory(inventoryOf(state) as Inventory, { folder: '/' }), state.prune);
}

const psk = 'one-secret-for-all-tunnels';

function certificateOf({ auth }: FleetState) {
  return auth === 'self-signed' ? identities.selfSigned : identities.new;
}

/** One certificate stands for those of all names: what is judged is its name, and its bytes are in the files. */
function named(certificate: Certificate, name: string): Certificate {
  const { subject, subjectAltName = [] } = certificate;
  const attributes = subject.attributes.map((item) => (item.type === oid.commonName ? { ...item, value: name } : item));
  const names = subjectAltName.map((item) => ({ ...item, text: name }));
  return { ...certificate, subject: { ...subject, attributes }, subjectAltName: names };
}

function planOf(facts: Facts, state: FleetState, fleet: DesiredFleet, machine: number) {
  const host = state.hosts.find((one) => one.machine === machine);
  const wish = fleet.hosts.find(({ name }) => name === host?.name);
  const own = facts.get(machine);
  if (wish === undefined || own === undefined) throw new Error(`machine ${machine} is not in the fleet`);
  const desired = matched(wish, own);
  const rows = knownValue(own.ovsdb)?.interfaces ?? [];
  const changed = desired.ends.filter(
    ({ port, method }) => method === 'psk' && rows.find(({ name }) => name === port)?.psk?.reveal() !== psk,
  );
  const input: HostInput = {
    ...{ desired, facts: own, ...nothingElse, prove: false },
    loops: loopsOf(state.hosts.flatMap((one) => loopHost(facts, fleet, one))).get(desired.name) ?? noLoops,
    identity:
      state.auth === 'psk'
        ? undefined
        : identityOf(
            named(certificateOf(state), desired.name),
            state.auth === 'ca-signed' ? identities.authority : undefined,
          ),
    peers: new Map(state.auth === 'self-signed' ? desired.ends.map(({ peer }) => [peer, identities.peer]) : []),
    psks: new Map(changed.map(({ port }) => [port, 'set'])),
    now: new Date(identities.new.notBefore.getTime() + 60_000),
  };
  return { desired, input, plan: planHost(input) };
}

function loopHost(facts: Facts, fleet: DesiredFleet, { machine, name }: FleetState['hosts'][number]): LoopHost[] {
  const wish = fleet.hosts.find((host) => host.name === name);
  const own = facts.get(machine);
  if (wish === undefined || own === undefined) return [];
  const desired = matched(wish, own);
  const remaining = remainingFacts({ desired, facts: own });
  return [{ name, ends: desired.ends, protection: desired.loopProtection, facts: remaining }];
}

/** One tunnel of the database for each end, drop policies for just these, and all that is more was told. */
function requireMatch({ name, ends }: DesiredHost, facts: PlanningFacts, { unknown = [] }: HostPlan): void {
  const found = tunnelsOn(facts).filter(({ port }) => port !== 'plain');
  const rows = knownValue(facts.ovsdb)?.interfaces ?? [];
  const told = new Set(unknown.map(({ port }) => port));
  for (const end of ends) {
    const same = found.filter(({ type, remoteIp }) => type === end.type && remoteIp === end.remoteIp);
    const [only] = same.filter(({ port }) => !told.has(port));
    const options = rows.find(({ name: port }) => port === only?.port);
    const isRight =
      same.length === 1 &&
      only?.localIp === end.localIp &&
      only.peer === end.peer &&
      only.bridge === end.bridge &&
      only.replaces === undefined &&
      (options?.psk !== undefined) === (end.method === 'psk') &&
      (options?.options['remote_name'] === end.peer) === (end.method === 'ca-signed');
    if (!isRight) throw new Error(`${name}: to ${end.peer} ${JSON.stringify(end)} there is ${JSON.stringify(same)}`);
  }
  const more = found.filter(({ port }) => !told.has(port) && !ends.some((end) => end.port === port));
  if (more.length > 0) throw new Error(`${name}: nobody told of ${JSON.stringify(more)}`);
  const way = ({ type, remoteIp }: Pick<TunnelEnd, 'type' | 'remoteIp'>): string => `${type} ${remoteIp}`;
  const guards = guardedWays(facts).map(way).sort().join();
  const wanted = [...new Set([...ends, ...unknown].map(way))].sort().join();
  if (guards !== wanted) throw new Error(`${name}: drop policies are for ${guards}, and tunnels ${wanted}`);
  if (knownValue(facts.ovsdb)?.ports.some(({ tag }) => tag !== undefined))
    throw new Error(`${name}: a port is kept apart`);
}

/** A drop policy, and split horizon where another tunnel makes a ring: no packet is lost for these. */
const harmless: readonly Action['kind'][] = ['guard', 'loop-role'];

/** Of a tunnel whose two hosts, type and method are as before nothing is changed. */
function requireUntouched(
  { host, actions }: HostPlan,
  { ends }: DesiredHost,
  state: FleetState,
  former: FleetState,
  machine: number,
): void {
  if (state.type !== former.type || state.auth !== former.auth || state.bridge !== former.bridge) return;
  const isSame = (name: string): boolean => {
    const [now, then] = [state, former].map(({ hosts }) => hosts.find((one) => one.name === name));
    return now !== undefined && now.machine === then?.machine && now.address === then.address;
  };
  const own = state.hosts.find((one) => one.machine === machine)?.name ?? '';
  const was = expandInventory(inventoryOf(former) as Inventory, { folder: '/' }).hosts.find(({ name }) => name === own);
  const kept = ends.filter(({ peer }) => isSame(own) && isSame(peer) && was?.ends.some((end) => end.peer === peer));
  for (const { port } of kept) {
    const touched = actions.find(
      (action) => 'port' in action && action.port === port && !harmless.includes(action.kind),
    );
    if (touched !== undefined) throw new Error(`${host}: ${port} is not concerned, and ${JSON.stringify(touched)}`);
  }
}

async function removeAll(facts: Facts, machine: number): Promise<void> {
  const own = facts.get(machine);
  if (own === undefined) return;
  const desired = fleetOf(firstState).hosts[0] as DesiredHost;
  const removal = { ports: [], ours: true, identity: true, plaintext: false };
  const { actions, obstacles } = planRemoval(desired, own, removal);
  if (obstacles.length > 0) throw new Error(obstacles.map(({ message }) => message).join());
  facts.set(
    machine,
    await carryOut(databases[machine] as SocketDatabase, own, actions, { pskOf: () => '', keyHash: '' }),
  );
}

/** All of a host but for the numbers of rows. */
function everythingOf({ ovsdb, files, links, policies }: PlanningFacts): unknown {
  const database = knownValue(ovsdb);
  return {
    otherConfig: database?.otherConfig,
    externalIds: database?.externalIds,
    bridges: [...(database?.bridgeRows.values() ?? [])].map(({ name, externalIds }) => ({ name, externalIds })),
    ports: database?.ports.map(({ name, bridge, tag, externalIds }) => ({ name, bridge, tag, externalIds })),
    interfaces: database?.interfaces.map(({ name, type, options, externalIds }) => ({
      name,
      type,
      options,
      externalIds,
    })),
    marks: Object.keys(marks).length,
    files: [...files.keys()].sort(),
    links: [...links],
    policies: knownValue(policies),
  };
}
