/**
 * Changes of a host's database as operations of OVSDB (RFC 7047, 5.2). Each stands on what was read before: where that
 * has changed in between, the whole transaction is refused.
 *
 * @module
 */

import type { OvsDatabase } from '../facts/ovsdb.js';
import type { Action } from '../plan/action.js';
import { changedRole, changedRstp, newRole } from './loop-operations.js';

type Operation = Readonly<Record<string, unknown>>;

/** A transaction: the name of the database, then its operations. */
export type Transaction = readonly ['Open_vSwitch', ...Operation[]];

const changeKinds = ['other_config', 'plaintext', 'bridge', 'port', 'remove-port', 'loop-role', 'rstp'] as const;

/** What is done in the database. */
export type Change = Extract<Action, { readonly kind: (typeof changeKinds)[number] }>;

export function isChange(action: Action): action is Change {
  return changeKinds.some((kind) => kind === action.kind);
}

/**
 * @param pskOf the PSK of a port whose action is to set one
 * @param database as it was read
 */
export function transactionFor(
  changes: readonly Change[],
  database: OvsDatabase,
  pskOf: (port: string) => string,
): Transaction {
  const operations = changes.flatMap((change, index): Operation[] => {
    if (change.kind === 'bridge') return newBridge(change.bridge, index);
    if (change.kind === 'port')
      return change.isNew ? newPort(change, index, pskOf) : changedPort(change, database, pskOf);
    if (change.kind === 'remove-port') return removedPort(change, database);
    if (change.kind === 'loop-role') return changedRole(change, database);
    if (change.kind === 'rstp') return changedRstp(change, database);
    const key = change.kind === 'plaintext' ? 'ipsec_skb_mark' : change.key;
    return mutateMap('Open_vSwitch', [], 'other_config', change.to === undefined ? {} : { [key]: change.to }, [key]);
  });
  const isGlobal = changes.some(({ kind }) => kind === 'other_config' || kind === 'plaintext');
  return ['Open_vSwitch', ...(isGlobal ? [unchangedConfig(database)] : []), ...operations, reconfigured];
}

/** Asks ovs-vswitchd to look, as ovs-vsctl does. */
const reconfigured: Operation = {
  op: 'mutate',
  table: 'Open_vSwitch',
  where: [],
  mutations: [['next_cfg', '+=', 1]],
};

function unchangedConfig({ otherConfig }: OvsDatabase): Operation {
  return {
    op: 'wait',
    timeout: 0,
    table: 'Open_vSwitch',
    where: [],
    columns: ['other_config'],
    until: '==',
    rows: [{ other_config: map(otherConfig) }],
  };
}

function newBridge(name: string, index: number): Operation[] {
  const ids = { interface: `local${index}`, port: `localport${index}`, bridge: `bridge${index}` };
  return [
    absent('Bridge', name),
    absent('Interface', name),
    insert('Interface', ids.interface, { name, type: 'internal' }),
    insert('Port', ids.port, { name, interfaces: ['named-uuid', ids.interface] }),
    insert('Bridge', ids.bridge, { name, ports: ['named-uuid', ids.port] }),
    {
      op: 'mutate',
      table: 'Open_vSwitch',
      where: [],
      mutations: [['bridges', 'insert', ['set', [['named-uuid', ids.bridge]]]]],
    },
  ];
}

function newPort(
  { port, bridge, type, set, psk, loopRole = 'none' }: Extract<Change, { kind: 'port' }>,
  index: number,
  pskOf: (port: string) => string,
): Operation[] {
  const ids = { interface: `tunnel${index}`, port: `tunnelport${index}` };
  const options = psk === 'set' ? { ...set, psk: pskOf(port) } : set;
  return [
    absent('Interface', port),
    insert('Interface', ids.interface, { name: port, type, options: map(options) }),
    insert('Port', ids.port, { name: port, interfaces: ['named-uuid', ids.interface] }),
    {
      op: 'mutate',
      table: 'Bridge',
      where: [['name', '==', bridge]],
      mutations: [['ports', 'insert', ['set', [['named-uuid', ids.port]]]]],
    },
    ...newRole(port, loopRole),
  ];
}

function changedPort(
  { port, set, remove, psk }: Extract<Change, { kind: 'port' }>,
  database: OvsDatabase,
  pskOf: (port: string) => string,
): Operation[] {
  const found = database.interfaces.find(({ name }) => name === port);
  const inserted = psk === 'set' ? { ...set, psk: pskOf(port) } : set;
  const deleted = [...remove, ...Object.keys(inserted), ...(psk === 'remove' ? ['psk'] : [])];
  const secret = found?.psk === undefined ? {} : { psk: found.psk.reveal() };
  return [
    {
      op: 'wait',
      timeout: 0,
      table: 'Interface',
      where: [['name', '==', port]],
      columns: ['options'],
      until: '==',
      rows: [{ options: map({ ...found?.options, ...secret }) }],
    },
    ...mutateMap('Interface', [['name', '==', port]], 'options', inserted, deleted),
  ];
}

/** Rows of Port and Interface that nothing refers to any more go by themselves (RFC 7047, 4.1.3, garbage collection). */
function removedPort({ port, bridge }: Extract<Change, { kind: 'remove-port' }>, database: OvsDatabase): Operation[] {
  const uuid = database.interfaces.find(({ name }) => name === port)?.portUuid;
  if (uuid === undefined) return [];
  return [
    {
      op: 'mutate',
      table: 'Bridge',
      where: [['name', '==', bridge]],
      mutations: [['ports', 'delete', ['set', [['uuid', uuid]]]]],
    },
  ];
}

function mutateMap(
  table: string,
  where: readonly unknown[],
  column: string,
  inserted: Readonly<Record<string, string>>,
  deleted: readonly string[],
): Operation[] {
  const mutations: unknown[] = [];
  if (deleted.length > 0) mutations.push([column, 'delete', ['set', deleted]]);
  if (Object.keys(inserted).length > 0) mutations.push([column, 'insert', map(inserted)]);
  return mutations.length === 0 ? [] : [{ op: 'mutate', table, where, mutations }];
}

/** Refuses the transaction where a row of that name has come into being since it was looked for. */
function absent(table: string, name: string): Operation {
  return { op: 'wait', timeout: 0, table, where: [['name', '==', name]], columns: ['name'], until: '==', rows: [] };
}

function insert(table: string, id: string, row: Readonly<Record<string, unknown>>): Operation {
  return { op: 'insert', table, 'uuid-name': id, row };
}

function map(record: Readonly<Record<string, string>>): unknown {
  return ['map', Object.entries(record)];
}
