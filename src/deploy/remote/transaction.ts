/**
 * Changes of a host's database as operations of OVSDB (RFC 7047, 5.2). Each stands on what was read before: where that
 * has changed in between, the whole transaction is refused.
 *
 * @module
 */

import type { OvsDatabase } from '../facts/ovsdb.js';
import type { Action } from '../plan/action.js';
import { type ActionOf, type KindWith, kinds } from '../plan/kinds.js';
import { marks } from '../tunnels/ownership.js';
import { changedBridgePort } from './bridge-port-operations.js';
import { changedRole, changedRstp } from './loop-operations.js';
import { map, type Operation } from './operation.js';
import {
  changedPort,
  mutateMap,
  newBridge,
  newPort,
  removedBridge,
  removedPort,
  replacement,
} from './port-operations.js';

/** A transaction: the name of the database, then its operations. */
export type Transaction = readonly ['Open_vSwitch', ...Operation[]];

/** An action that is a part of a transaction. */
export type Change = ActionOf<KindWith<{ readonly by: 'database' }>>;

export function isChange(action: Action): action is Change {
  return kinds[action.kind].by === 'database';
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
  const operations = changes.flatMap((change, index) => operationsFor(change, index, database, pskOf));
  const isGlobal = changes.some(({ kind }) => kind === 'other_config' || kind === 'plaintext');
  return ['Open_vSwitch', ...(isGlobal ? [unchangedConfig(database)] : []), ...operations, reconfigured];
}

function operationsFor(
  change: Change,
  index: number,
  database: OvsDatabase,
  pskOf: (port: string) => string,
): Operation[] {
  switch (change.kind) {
    case 'bridge':
      return newBridge(change.bridge, index);
    case 'port':
      return change.isNew ? newPort(change, index, database, pskOf) : changedPort(change, database, pskOf);
    case 'mark':
      return mutateMap('Interface', [['name', '==', change.port]], 'external_ids', { [marks.peer]: change.peer }, [
        marks.peer,
      ]);
    case 'replace':
      return replacement(change, database);
    case 'remove-port':
      return removedPort(change, database);
    case 'remove-bridge':
      return removedBridge(change, database);
    case 'loop-role':
      return changedRole(change, database);
    case 'rstp':
      return changedRstp(change, database);
    case 'bridge-port':
      return changedBridgePort(change, database);
    case 'plaintext':
      return [...configured('ipsec_skb_mark', change.to), ...recordOf(change, database)];
    case 'other_config':
      return configured(change.key, change.to);
  }
}

function configured(key: string, value: string | undefined): Operation[] {
  return mutateMap('Open_vSwitch', [], 'other_config', value === undefined ? {} : { [key]: value }, [key]);
}

/** What the mark was before us is written down when it is set first, and goes with what we set. */
function recordOf({ from, to, restores }: ActionOf<'plaintext'>, database: OvsDatabase): Operation[] {
  const has = database.externalIds[marks.skbMark] !== undefined;
  if (restores === true) return has ? mutateMap('Open_vSwitch', [], 'external_ids', {}, [marks.skbMark]) : [];
  return has || to === undefined
    ? []
    : mutateMap('Open_vSwitch', [], 'external_ids', { [marks.skbMark]: from ?? 'none' }, []);
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
