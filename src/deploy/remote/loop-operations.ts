/**
 * What is done against loops, as operations of OVSDB (RFC 7047, 5.2).
 *
 * @module
 */

import type { BridgeFact, OvsDatabase, PortFact } from '../facts/ovsdb.js';
import type { Action, LoopRole } from '../plan/action.js';
import { loopMark } from '../plan/loops.js';
import { marks } from '../tunnels/ownership.js';
import { map, type Operation } from './operation.js';

/** A port that the same transaction makes. */
export function newRole(port: string, role: LoopRole): Operation[] {
  if (role === 'none') return [];
  const { row, otherConfig } = settings[role];
  return [
    ...(Object.keys(row).length === 0 ? [] : [{ op: 'update', table: 'Port', where: [['name', '==', port]], row }]),
    {
      op: 'mutate',
      table: 'Port',
      where: [['name', '==', port]],
      mutations: [
        ['external_ids', 'insert', map({ [loopMark]: role })],
        ...(Object.keys(otherConfig).length === 0 ? [] : [['other_config', 'insert', map(otherConfig)]]),
      ],
    },
  ];
}

export function changedRole(
  { port, from, to }: Extract<Action, { readonly kind: 'loop-role' }>,
  { ports }: OvsDatabase,
): Operation[] {
  const now = ports.find(({ name }) => name === port);
  if (now === undefined) return [];
  const otherConfig = {
    ...without(now.otherConfig, Object.keys(settings[from].otherConfig)),
    ...settings[to].otherConfig,
  };
  const externalIds = { ...without(now.externalIds, [loopMark]), ...(to === 'none' ? {} : { [loopMark]: to }) };
  const row = { ...(from === 'split-horizon' ? { protected: false } : {}), ...settings[to].row };
  return [
    unchanged('Port', port, portRow(now)),
    {
      op: 'update',
      table: 'Port',
      where: [['name', '==', port]],
      row: { ...row, other_config: map(otherConfig), external_ids: map(externalIds) },
    },
  ];
}

export function changedRstp(
  { bridge, to, priority }: Extract<Action, { readonly kind: 'rstp' }>,
  { bridgeRows }: OvsDatabase,
): Operation[] {
  const now = bridgeRows.get(bridge);
  const wasRoot = now?.externalIds[loopMark] === 'rstp-root';
  const otherConfig = {
    ...without(now?.otherConfig ?? {}, wasRoot ? ['rstp-priority'] : []),
    ...(priority === undefined ? {} : { 'rstp-priority': priority }),
  };
  const mark = priority === undefined ? 'rstp' : 'rstp-root';
  const before = now === undefined ? { [marks.bridge]: 'yes' } : now.externalIds;
  const externalIds = { ...without(before, [loopMark]), ...(to ? { [loopMark]: mark } : {}) };
  return [
    ...(now === undefined ? [] : [unchanged('Bridge', bridge, bridgeRow(now))]),
    {
      op: 'update',
      table: 'Bridge',
      where: [['name', '==', bridge]],
      row: { rstp_enable: to, other_config: map(otherConfig), external_ids: map(externalIds) },
    },
  ];
}

/** The way back to what was read. */
export function loopBack(
  action: Extract<Action, { readonly kind: 'loop-role' | 'rstp' }>,
  before: OvsDatabase,
): Operation[] {
  const isPort = action.kind === 'loop-role';
  const name = isPort ? action.port : action.bridge;
  const port = before.ports.find((item) => item.name === name);
  const bridge = before.bridgeRows.get(name);
  // A bridge that was made stays, without what it was made with.
  const row = isPort ? port && portRow(port) : bridge === undefined ? noRstp : bridgeRow(bridge);
  if (row === undefined) return [];
  return [{ op: 'update', table: isPort ? 'Port' : 'Bridge', where: [['name', '==', name]], row }];
}

const settings: Readonly<Record<LoopRole, { row: Operation; otherConfig: Readonly<Record<string, string>> }>> = {
  none: { row: {}, otherConfig: {} },
  'split-horizon': { row: { protected: true }, otherConfig: {} },
  // Else it forwards after three seconds, and the peer may be heard of only when the tunnel is encrypted.
  rstp: { row: {}, otherConfig: { 'rstp-port-auto-edge': 'false' } },
};

const noRstp: Operation = {
  rstp_enable: false,
  other_config: map({}),
  external_ids: map({ [marks.bridge]: 'yes' }),
};

function portRow({ protected: isProtected, otherConfig, externalIds }: PortFact): Operation {
  return {
    ...(isProtected === undefined ? {} : { protected: isProtected }),
    other_config: map(otherConfig),
    external_ids: map(externalIds),
  };
}

function bridgeRow({ stp, rstp, failMode, otherConfig, externalIds }: BridgeFact): Operation {
  return {
    ...{ stp_enable: stp, rstp_enable: rstp, fail_mode: failMode ?? ['set', []] },
    ...{ other_config: map(otherConfig), external_ids: map(externalIds) },
  };
}

function unchanged(table: 'Port' | 'Bridge', name: string, row: Operation): Operation {
  const where = [['name', '==', name]];
  return { op: 'wait', timeout: 0, table, where, columns: Object.keys(row), until: '==', rows: [row] };
}

function without(record: Readonly<Record<string, string>>, keys: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !keys.includes(key)));
}
