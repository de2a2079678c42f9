/** `planHost` as a table (test/cases/host-plans.ts, test/golden/host-plans.txt): hosts are values, no database runs. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { DesiredHost } from '../../../src/deploy/desired/desired.js';
import { known, knownValue } from '../../../src/deploy/facts/fact.js';
import type { FileFact } from '../../../src/deploy/facts/files.js';
import type { PlanningFacts } from '../../../src/deploy/facts/host-facts.js';
import { parsePolicies } from '../../../src/deploy/facts/kernel.js';
import type { InterfaceFact, OvsDatabase } from '../../../src/deploy/facts/ovsdb.js';
import type { Places } from '../../../src/deploy/ike/daemon.js';
import { ikeDaemons } from '../../../src/deploy/ike/daemons.js';
import { expandInventory, parseInventory } from '../../../src/deploy/inventory/inventory.js';
import type { Action } from '../../../src/deploy/plan/action.js';
import {
  authorityFileFor,
  certificateFileFor,
  type Identity,
  identityLinks,
  keyHashOf,
  privateKeyFileFor,
} from '../../../src/deploy/plan/identity-files.js';
import type { HostInput } from '../../../src/deploy/plan/input.js';
import type { ActionOf, KindWith } from '../../../src/deploy/plan/kinds.js';
import { remainingFacts } from '../../../src/deploy/plan/leftovers.js';
import { type LoopHost, loopsOf } from '../../../src/deploy/plan/loops.js';
import { planHost } from '../../../src/deploy/plan/plan.js';
import { matched } from '../../../src/deploy/tunnels/matching.js';
import { guardCommand } from '../../../src/deploy/tunnels/packets.js';
import { pruned } from '../../../src/usecases/fleet/inventory.js';
import { notPlanned } from '../../../src/usecases/fleet/plan-file.js';
import { type HostPlanCase, type HostThere, hostPlanCases } from '../../cases/host-plans.js';
import { capturedFacts, policyOf } from '../../support/host-answers.js';
import { certificateFile, keyFile, nothingElse } from '../../support/host-model.js';
import { type Identities, identityOf, makeIdentities } from '../../support/identities.js';
import { projectRoot } from '../../support/programs.js';

const folder = mkdtempSync(join(tmpdir(), 'ovs-pki-ts-plans-'));
let identities: Identities;

/** Titles and lines. */
const expected = new Map(
  readFileSync(join(projectRoot, 'test/golden/host-plans.txt'), 'utf8')
    .split('\n# ')
    .slice(1)
    .map((part) => part.split('\n'))
    .map(([title = '', ...lines]) => [title, lines.filter((line) => line !== '')] as const),
);

test.before(async () => {
  identities = await makeIdentities(folder);
});

test.after.always(() => rmSync(folder, { recursive: true, force: true }));

test('there are at least sixty, each with a title of its own', (t) => {
  t.true(hostPlanCases.length >= 60);
  t.deepEqual(
    [...expected.keys()],
    hostPlanCases.map(({ title }) => title),
  );
});

for (const row of hostPlanCases) {
  test(row.title, (t) => {
    t.deepEqual(planFor(row), expected.get(row.title));
  });
}

/** The identity of host_1 once it has made its key, and its CA, if it is to have one, has signed. */
function enrolled(row: HostPlanCase): Identity {
  const isSelfSigned = row.fleet.includes('self-signed');
  const certificate = identities[isSelfSigned ? 'selfSigned' : 'new'];
  const path = privateKeyFileFor('/etc/ipsec.d/private', 'host_1', keyHashOf(certificate));
  return { certificate, authorities: isSelfSigned ? [] : [identities.authority], key: { kind: 'on-host', path } };
}

for (const row of hostPlanCases.filter(({ identity }) => identity === 'enroll')) {
  test(`${row.title}: once the key is made, nothing is done that the plan does not hold`, (t) => {
    const input = inputFor(row);
    const peers = new Map([['host_2', identities.peer]]);
    const shown = planHost(input);
    const { actions } = planHost({ ...input, identity: enrolled(row), peers });
    // Where something stands against it no key is made.
    t.deepEqual(shown.obstacles.length > 0 ? [] : notPlanned(shown, actions), []);
  });
}

function planFor(row: HostPlanCase): string[] {
  const { actions, obstacles } = planHost(inputFor(row));
  return [...obstacles.map(({ message }) => `no: ${message}`), ...actions.map(lineOf)];
}

function inputFor(row: HostPlanCase): HostInput {
  const inventory = parseInventory(`version: 1\n${row.fleet}`, 'fleet.yaml');
  const fleet = pruned(expandInventory(inventory, { folder: '.' }), row.prune === true);
  const facts = factsOf(row.there ?? {});
  const bare = factsOf({});
  const all = fleet.hosts.map((desired) => {
    const there = desired.name === 'host_1' ? facts : bare;
    return { desired: matched(desired, there), facts: there };
  });
  const host = all.find(({ desired }) => desired.name === 'host_1');
  const loops = loopsOf(all.map(loopHost)).get('host_1');
  if (host === undefined || loops === undefined) throw new Error('the fleet has no host_1');
  return {
    ...host,
    ...nothingElse,
    identity: identityFor(row),
    peers: new Map([['host_2', row.enrollsPeer === true ? 'enroll' : identities.peer]]),
    psks: new Map((row.psks ?? []).map((port) => [port, 'set'])),
    revokedPeers: new Set(row.revokedPeers),
    retired: row.there?.retiredCa === true ? [identities.peer] : [],
    loops,
    prove: true,
    now: new Date(identities.new.notBefore.getTime() + 60_000),
  };
}

function loopHost(host: { readonly desired: DesiredHost; readonly facts: PlanningFacts }): LoopHost {
  const { name, ends, loopProtection } = host.desired;
  return { name, ends, protection: loopProtection, facts: remainingFacts(host) };
}

function identityFor({ identity }: HostPlanCase) {
  if (identity === undefined || identity === 'enroll') return identity;
  return identityOf(identities[identity], identity === 'selfSigned' ? undefined : identities.authority);
}

function requireDaemon(name: string) {
  const daemon = ikeDaemons.find((one) => one.name === name);
  if (daemon === undefined) throw new Error(`no daemon ${name}`);
  return daemon;
}

function factsOf(there: HostThere): PlanningFacts {
  const captured = capturedFacts(`${there.daemon ?? 'strongswan'}-gre-ca-signed`);
  const { places } = requireDaemon(there.daemon ?? 'strongswan');
  const { bridges = [], ports = [], interfaces = [], guards = [] } = there;
  const addresses = there.addresses ?? ['1.1.1.1', '2.2.2.2', '3.3.3.3'];
  const ike = knownValue(captured.ike);
  if (ike === undefined) throw new Error('no IKE daemon was captured');
  const peerPath = certificateFileFor(places.certs, 'host_2', identities.peer);
  const identity = there.identity === undefined ? undefined : placed(there.identity, places);
  const database = {
    ...{ ovsVersion: '3.1.0', externalIds: {} },
    ports: [...interfaces.map(portOf), ...ports.map((port) => ({ interfaces: [port.name], ...port }))],
    otherConfig: { ...identity?.pointers, ...there.otherConfig },
    bridges: bridges.map(({ name }) => name),
    bridgeRows: new Map(bridges.map((row) => [row.name, { otherConfig: {}, externalIds: {}, ...row }])),
    interfaces: interfaces.map((row) => ({
      ...{ options: {}, externalIds: {}, psk: undefined, ...row },
      ...(row.options?.['remote_cert'] === 'PEER' ? { options: { ...row.options, remote_cert: peerPath } } : {}),
    })),
  } as unknown as OvsDatabase;
  const files: (readonly [string, FileFact])[] = [
    ...(identity?.files ?? []),
    ...(there.peerFile === true ? ([[peerPath, certificateFile(identities.peer)]] as const) : []),
    ...(there.retiredCa === true
      ? ([[authorityFileFor(places.cacerts, identities.peer), certificateFile(identities.peer)]] as const)
      : []),
  ];
  return {
    ...captured,
    ovsdb: known(database),
    files: new Map(files.map(([path, file]) => [path, known(file)])),
    links: new Map(identity?.links ?? []),
    addresses: known(addresses),
    ike: known({ ...ike, ...(ike.listensAt === undefined ? {} : { listensAt: there.listensAt ?? addresses }) }),
    policies: known(
      parsePolicies(guards.map(([type, remoteIp]) => policyOf(guardCommand({ type, remoteIp }))).join('')),
    ),
  };
}

const portOf = ({ name, bridge }: Pick<InterfaceFact, 'name'> & Partial<InterfaceFact>) => ({
  ...{ name, bridge, interfaces: [name], isFakeBridge: false, protected: false, otherConfig: {}, externalIds: {} },
});

interface Placed {
  readonly pointers: Readonly<Record<string, string>>;
  readonly files: readonly (readonly [string, FileFact])[];
  readonly links: readonly (readonly [string, string])[];
}

/** What an apply leaves of an identity: files of its generation, links to them, and the pointers of Open vSwitch. */
function placed(which: 'old' | 'new' | 'selfSigned', places: Places): Placed {
  const certificate = identities[which];
  const hash = keyHashOf(certificate);
  const of = {
    certificate: [certificateFileFor(places.certs, 'host_1', certificate), certificateFile(certificate)],
    private_key: [privateKeyFileFor(places.private, 'host_1', hash), keyFile(hash)],
    ca_cert: [authorityFileFor(places.cacerts, identities.authority), certificateFile(identities.authority)],
  } as const;
  const keys = (Object.keys(of) as (keyof typeof of)[]).filter((key) => which !== 'selfSigned' || key !== 'ca_cert');
  const linkTo = identityLinks(places, 'host_1');
  // Self-signed certificates are renewed under another path, so there are no links.
  const links = which === 'selfSigned' ? [] : keys.map((key) => [linkTo[key] ?? '', of[key][0]] as const);
  return {
    pointers: Object.fromEntries(keys.map((key) => [key, which === 'selfSigned' ? of[key][0] : (linkTo[key] ?? '')])),
    files: [
      ...keys.map((key) => of[key]),
      ...(which === 'selfSigned' ? [] : keys.map((key) => [linkTo[key] ?? '', of[key][1]] as const)),
    ],
    links,
  };
}

/** Names of files without what differs between two runs. */
const short = (path: string): string => path.replace(/-[0-9A-Fa-f]{8,}/g, '-…');

/** In words. */
function lineOf(action: Action): string {
  switch (action.kind) {
    case 'enroll':
      return `enroll ${action.method} in ${action.folder}`;
    case 'place':
      return `place ${action.role} ${short(action.path)}${action.content === undefined && action.source === undefined ? ' (made when applied)' : ''}`;
    case 'link':
      return `link ${short(action.path)} ${action.from === undefined ? 'new' : 'moved'}${action.inUse ? ', in use' : ''}`;
    case 'listen':
      return `listen ${action.addresses.join(' ')}`;
    case 'cut':
      return `cut ${action.port} ${action.peer}`;
    case 'plaintext':
      return [
        `ipsec_skb_mark ${action.from ?? 'unset'} → ${action.to ?? 'unset'}`,
        ...(action.rebuilds === undefined ? [] : [`[${action.interruption?.why} ${action.rebuilds.join(', ')}]`]),
      ].join(' ');
    case 'other_config':
      return `${action.key} ${action.from === undefined ? 'set' : action.to === undefined ? 'cleared' : 'changed'}`;
    case 'guard':
    case 'unguard':
      return `${action.kind} ${action.type} ${action.localIp} → ${action.remoteIp}`.replace('  ', ' ');
    case 'bridge':
    case 'remove-bridge':
      return `${action.kind} ${action.bridge}`;
    case 'bridge-port':
      return `bridge-port ${action.bridge} ${action.column} ${action.from ?? 'unset'} → ${action.to ?? 'unset'}`;
    case 'address':
      return `address ${action.bridge} ${action.address}`;
    case 'port':
      return portLine(action);
    case 'loop-role':
      return `loops ${action.port} ${action.from} → ${action.to}`;
    case 'rstp':
      return `rstp ${action.bridge} ${action.to ? `on ${action.priority ?? ''}`.trim() : 'off'}`;
    case 'mark':
      return `mark ${action.port} ${action.was ?? 'nobody'} → ${action.peer}`;
    case 'replace':
      return `replace ${action.old.port} by ${action.port}`;
    case 'remove-port':
      return `remove-port ${action.port} of ${action.bridge}`;
    case 'remove-file':
      return `remove-file ${short(action.path)}`;
    default:
      return entailedLine(action);
  }
}

type EntailedKind = KindWith<{ readonly lasts: false }>;

function entailedLine(action: ActionOf<EntailedKind>): string {
  switch (action.kind) {
    case 'verify':
      return `verify ${[action.private_key, action.certificate, action.ca_cert ?? 'no CA'].map(short).join(' ')}`;
    case 'trust':
      return ['trust', ...action.files.map(short)].join(' ');
    case 'refuse-strangers':
      return `refuse strangers ${action.when}`;
    case 'reread':
      return `reread ${action.certificate} ${action.private_key}`;
    case 'hold':
      return `hold ${action.port} ${action.peer} ${action.seconds} s`;
    case 'authenticate':
      return `authenticate ${action.port} ${action.peer}`;
    case 'leave':
      return `leave after ${action.seconds} s`;
    case 'wait-for-peer':
      return `wait ${action.port} ${action.peer}`;
  }
}

function portLine(action: Extract<Action, { kind: 'port' }>): string {
  const { port, isNew, type, bridge, peer, set, remove, psk, loopRole, before, movedFrom, interruption } = action;
  const words = Object.entries(set).map(([key, value]) => `${key}=${value.replace(/-[0-9A-Fa-f]{8,}/g, '-…')}`);
  return [
    `port ${port}`,
    isNew ? `new ${type} on ${bridge} to ${peer}:` : `to ${peer}:`,
    ...[...words.sort(), ...remove.map((key) => `-${key}`)],
    ...(psk === undefined ? [] : [`psk ${psk}`]),
    ...(loopRole === undefined ? [] : [loopRole]),
    ...(before === undefined ? [] : [`for ${before.port} (${before.goes})`]),
    ...(movedFrom === undefined ? [] : [`from ${movedFrom}`]),
    ...(interruption === undefined ? [] : [`[${interruption.why}]`]),
  ].join(' ');
}
