/**
 * A host for tests of plans: its database is a real one, its files and its kernel are values. What a plan says is done to
 * them as the scripts would do it.
 */

import { isDeepStrictEqual } from 'node:util';

import { known } from '../../src/deploy/facts/fact.js';
import type { FileFact } from '../../src/deploy/facts/files.js';
import type { PlanningFacts } from '../../src/deploy/facts/host-facts.js';
import { parsePolicies } from '../../src/deploy/facts/kernel.js';
import type { OvsDatabase } from '../../src/deploy/facts/ovsdb.js';
import type { Action, LoopRole } from '../../src/deploy/plan/action.js';
import { pemOf } from '../../src/deploy/plan/identity-files.js';
import { kinds } from '../../src/deploy/plan/kinds.js';
import { type HostLoops, loopMark, noLoops } from '../../src/deploy/plan/loops.js';
import { isChange, type Transaction, transactionFor } from '../../src/deploy/remote/transaction.js';
import { guardCommand } from '../../src/deploy/tunnels/packets.js';
import { type Certificate, decodeCertificatesPem } from '../../src/pki/certificate.js';
import { capturedFacts, policyOf } from './host-answers.js';
import type { SocketDatabase } from './ovsdb-socket.js';

/** What a host has before a plan is made. */
export interface HostBefore {
  readonly otherConfig: Readonly<Record<string, string>>;
  readonly bridges: readonly string[];
  readonly ports: readonly {
    readonly name: string;
    readonly bridge: string;
    readonly type: string;
    readonly options: Readonly<Record<string, string>>;
    /** More columns of its Port. */
    readonly columns?: Readonly<Record<string, unknown>>;
  }[];
  /** More columns of each Bridge. */
  readonly bridgeColumns?: Readonly<Record<string, unknown>>;
  readonly files: ReadonlyMap<string, FileFact>;
  readonly addresses: readonly string[];
}

/** Gives the database what the host has, and nothing else. */
export async function fillDatabase(database: SocketDatabase, host: HostBefore): Promise<void> {
  const root = { bridges: ['set', host.bridges.map(named)], other_config: map(host.otherConfig) };
  await database.transact([
    'Open_vSwitch',
    ...host.bridges.map((name) => {
      const ports = host.ports.flatMap((port, index) => (port.bridge === name ? [named(`port${index}`)] : []));
      return {
        op: 'insert',
        table: 'Bridge',
        'uuid-name': idOf(name),
        row: { name, ports: ['set', ports], ...host.bridgeColumns },
      };
    }),
    ...host.ports.flatMap(({ name, type, options, columns }, index) => [
      {
        op: 'insert',
        table: 'Port',
        'uuid-name': `port${index}`,
        row: { name, interfaces: named(`interface${index}`), ...columns },
      },
      {
        op: 'insert',
        table: 'Interface',
        'uuid-name': `interface${index}`,
        row: { name, type, options: map(options) },
      },
    ]),
    { op: 'update', table: 'Open_vSwitch', where: [], row: root },
  ]);
}

/** The facts of such a host, whose database has been filled. */
export async function factsOf(database: SocketDatabase, host: HostBefore): Promise<PlanningFacts> {
  const captured = capturedFacts('strongswan-gre-ca-signed');
  return {
    ...captured,
    // Of whatever daemon it is to be.
    programs: new Set([...captured.programs, 'certutil', 'pk12util', 'crlutil']),
    ovsdb: known(await database.read()),
    files: new Map([...host.files].map(([path, file]) => [path, known(file)])),
    addresses: known(host.addresses),
    policies: known([]),
  };
}

/** What belongs to the input of a plan and says nothing. */
export const nothingElse = {
  ...{ crls: [], revokedPeers: new Set<string>(), notices: [], retired: [], watched: [], loops: noLoops },
} as const;

const marked = (role: LoopRole): unknown => ['map', [[loopMark, role]]];
/** More columns of a Port that has such a role; of `none` they are an operator's own. */
export const loopColumns: Readonly<Record<LoopRole, Readonly<Record<string, unknown>>>> = {
  none: { protected: true, other_config: ['map', [['transient', 'true']]] },
  'split-horizon': { protected: true, external_ids: marked('split-horizon') },
  rstp: { other_config: ['map', [['rstp-port-auto-edge', 'false']]], external_ids: marked('rstp') },
};

/** More columns of a Bridge that we let run RSTP. */
export const rstpColumns = { rstp_enable: true, external_ids: marked('rstp') };

/** The same role for all ports of a host. */
export function loopsWith(role: LoopRole, ends: readonly { readonly port: string }[], bridge: string): HostLoops {
  return {
    ...noLoops,
    roles: new Map(ends.map(({ port }) => [port, role])),
    rstp: new Map(ends.length === 0 ? [] : [[bridge, { enable: role === 'rstp', priority: undefined }]]),
  };
}

/** All of a database but for the numbers of rows and for empty bridges, which stay. */
export function essence(database: OvsDatabase | undefined): unknown {
  if (database === undefined) return undefined;
  const rows = database.interfaces.filter(({ type }) => type !== 'internal');
  return {
    otherConfig: database.otherConfig,
    bridges: [...database.bridgeRows.values()].filter(({ name }) => rows.some(({ bridge }) => bridge === name)),
    ports: database.ports
      .filter(({ name }) => rows.some((row) => row.name === name))
      .map(({ uuid: _, ...port }) => port)
      .sort((a, b) => a.name.localeCompare(b.name)),
    interfaces: rows
      .map(({ name, type, options, psk: secret, bridge }) => ({ name, type, options, psk: secret?.reveal(), bridge }))
      .sort((a, b) => a.name.localeCompare(b.name)),
  };
}

/** Does what a plan says, in its order, and gives the facts after it. */
export async function carryOut(
  database: SocketDatabase,
  facts: PlanningFacts,
  actions: readonly Action[],
  edges: { readonly pskOf: (port: string) => string; readonly keyHash: string },
): Promise<PlanningFacts> {
  const files = new Map(facts.files);
  const links = new Map(facts.links);
  const policies = facts.policies.state === 'known' ? [...facts.policies.value] : [];
  const addresses = facts.addresses.state === 'known' ? [...facts.addresses.value] : [];
  for (const action of actions) {
    if (action.kind === 'place') files.set(action.path, known(placed(action, edges.keyHash)));
    if (action.kind === 'remove-file') {
      files.delete(action.path);
      links.delete(action.path);
    }
    if (action.kind === 'link') {
      const target = files.get(action.to);
      if (target === undefined) throw new Error(`${action.path} would lead nowhere`);
      files.set(action.path, target);
      links.set(action.path, action.to);
    }
    if (action.kind === 'address') addresses.push(action.address.split('/')[0] ?? '');
    if (action.kind === 'guard') policies.push(...parsePolicies(policyOf(guardCommand(action))));
    if (action.kind === 'unguard') {
      const [gone] = parsePolicies(policyOf(guardCommand(action)));
      const left = policies.filter(({ direction, ...rest }) => !isDeepStrictEqual({ direction, ...rest }, gone));
      policies.splice(0, policies.length, ...left);
    }
  }
  const isLast = ({ kind }: Action): boolean => kinds[kind].stage === 'clean';
  const begun = actions.filter((action) => !isLast(action));
  await database.transact(transactionOf(facts, begun, edges.pskOf));
  const switched = { ...facts, ovsdb: known(await database.read()) };
  if (actions.some(isLast)) {
    const last = transactionOf(switched, actions.filter(isLast), edges.pskOf);
    await database.transact(last);
  }
  return {
    ...facts,
    ovsdb: known(await database.read()),
    files,
    links,
    policies: known(policies),
    addresses: known(addresses),
  };
}

export function transactionOf(
  facts: PlanningFacts,
  actions: readonly Action[],
  pskOf: (port: string) => string,
): Transaction {
  if (facts.ovsdb.state !== 'known') throw new Error('the database is not known');
  return transactionFor(actions.filter(isChange), facts.ovsdb.value, pskOf);
}

export function certificateFile(certificate: Certificate): FileFact {
  return { kind: 'certificate', mode: '644 root', certificates: decodeCertificatesPem(pemOf(certificate), 'file') };
}

export function keyFile(keyHash: string): FileFact {
  return { kind: 'key', mode: '600 root', keyHash, label: 'PRIVATE KEY' };
}

function placed({ role, path, content }: Extract<Action, { kind: 'place' }>, keyHash: string): FileFact {
  if (role === 'private-key') return keyFile(keyHash);
  if (content === undefined) throw new Error(`there is nothing to put at ${path}`);
  return { kind: 'certificate', mode: '644 root', certificates: decodeCertificatesPem(content, path) };
}

function named(name: string): readonly string[] {
  return ['named-uuid', idOf(name)];
}

function idOf(name: string): string {
  return name.replaceAll('-', '_');
}

function map(record: Readonly<Record<string, string>>): unknown {
  return ['map', Object.entries(record)];
}
