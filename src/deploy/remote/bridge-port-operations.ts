/**
 * MTU and VLAN of a bridge's own port, as operations of OVSDB (RFC 7047, 5.2).
 *
 * @module
 */

import type { OvsDatabase } from '../facts/ovsdb.js';
import type { Action } from '../plan/action.js';
import { type BridgePortColumn, beforeMarks, bridgePortOf } from '../plan/bridge-ports.js';
import { map, type Operation } from './operation.js';

type Change = Extract<Action, { readonly kind: 'bridge-port' }>;

export function changedBridgePort({ bridge, column, from, to, restores }: Change, database: OvsDatabase): Operation[] {
  const now = bridgePortOf(database, bridge, column);
  const { [beforeMarks[column]]: before, ...others } = now?.externalIds ?? {};
  const record = restores === true ? {} : { [beforeMarks[column]]: before ?? String(from ?? 'none') };
  const [table, where] = placeOf(bridge, column);
  const row = { [column]: optional(to), external_ids: map({ ...others, ...record }) };
  // A bridge that the same transaction makes has nothing yet.
  const unchanged = now && { [column]: optional(now.value), external_ids: map(now.externalIds) };
  return [
    ...(unchanged === undefined
      ? []
      : [{ op: 'wait', timeout: 0, table, where, columns: Object.keys(unchanged), until: '==', rows: [unchanged] }]),
    { op: 'update', table, where, row },
  ];
}

/** The way back to what was read; a bridge that was made stays, without what it was made with. */
export function bridgePortBack({ bridge, column }: Change, before: OvsDatabase): Operation[] {
  const was = bridgePortOf(before, bridge, column);
  const [table, where] = placeOf(bridge, column);
  const row = { [column]: optional(was?.value), external_ids: map(was?.externalIds ?? {}) };
  return [{ op: 'update', table, where, row }];
}

function placeOf(bridge: string, column: BridgePortColumn): readonly ['Port' | 'Interface', readonly unknown[]] {
  return [column === 'tag' ? 'Port' : 'Interface', [['name', '==', bridge]]];
}

function optional(value: number | undefined): unknown {
  return value ?? ['set', []];
}
