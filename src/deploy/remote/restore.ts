/**
 * The way back: a transaction that makes the database what it was before the plan.
 *
 * @module
 */

import { knownValue } from '../facts/fact.js';
import type { PlanningFacts } from '../facts/host-facts.js';
import { type InterfaceFact, interfaceIn } from '../facts/ovsdb.js';
import type { ActionOf } from '../plan/kinds.js';
import { marks } from '../tunnels/ownership.js';
import { bridgePortBack } from './bridge-port-operations.js';
import { loopBack } from './loop-operations.js';
import { map, type Operation } from './operation.js';
import { attachment } from './port-operations.js';
import type { Change, Transaction } from './transaction.js';

/**
 * @param before what was true before the change, and `after` it
 * @param isWhole the identity goes back too, and not only the ports that are named
 */
export function restoreTransaction(
  changes: readonly Change[],
  before: PlanningFacts,
  after: PlanningFacts,
  isWhole: boolean,
  ports: ReadonlySet<string>,
): Transaction {
  const undone = changes.filter((change) => isWhole || ports.has(tunnelIn(change)));
  return ['Open_vSwitch', ...undone.flatMap((change, index) => undo(change, index, before, after)), touch];
}

/** The port whose tunnel alone a change is for; those of whole hosts and bridges stay where one tunnel fails. */
function tunnelIn(change: Change): string {
  switch (change.kind) {
    case 'port':
    case 'mark':
      return change.port;
    case 'other_config':
    case 'plaintext':
    case 'bridge':
    case 'replace':
    case 'remove-port':
    case 'remove-bridge':
    case 'loop-role':
    case 'rstp':
    case 'bridge-port':
      return '';
  }
}

const touch: Operation = { op: 'mutate', table: 'Open_vSwitch', where: [], mutations: [['next_cfg', '+=', 1]] };

/** New bridges stay: an empty bridge harms nobody, and what was attached to it in the meantime would be lost. */
function undo(change: Change, index: number, before: PlanningFacts, after: PlanningFacts): Operation[] {
  switch (change.kind) {
    case 'other_config':
      return configBack(change.key, change.from);
    case 'plaintext':
      return [...configBack('ipsec_skb_mark', change.from), ...recordBack(before)];
    case 'mark':
      return markBack(change.port, before);
    case 'remove-port':
      return portBack(change.port, index, before);
    case 'port':
      return undoPort(change, index, before, after);
    case 'loop-role':
    case 'rstp':
      return loopUndone(change, before);
    case 'bridge-port':
      return bridgePortUndone(change, before);
    // These are done when all is proved.
    case 'bridge':
    case 'replace':
    case 'remove-bridge':
      return [];
  }
}

function loopUndone(change: ActionOf<'loop-role' | 'rstp'>, before: PlanningFacts): Operation[] {
  const database = knownValue(before.ovsdb);
  return database === undefined ? [] : loopBack(change, database);
}

function bridgePortUndone(change: ActionOf<'bridge-port'>, before: PlanningFacts): Operation[] {
  const database = knownValue(before.ovsdb);
  return database === undefined ? [] : bridgePortBack(change, database);
}

function undoPort(
  { port, bridge, isNew, before: old, movedFrom }: ActionOf<'port'>,
  index: number,
  before: PlanningFacts,
  after: PlanningFacts,
): Operation[] {
  const made = interfaceIn(after.ovsdb, port)?.portUuid;
  if (isNew) {
    return [
      ...(made === undefined ? [] : [attachment(bridge, 'delete', made)]),
      ...(old?.goes === 'at once' ? portBack(old.port, index, before) : []),
    ];
  }
  const isMoved = movedFrom !== undefined && made !== undefined;
  return [
    ...optionsBack(port, before),
    ...markBack(port, before),
    ...(isMoved ? [attachment(bridge, 'delete', made), attachment(movedFrom, 'insert', made)] : []),
  ];
}

/** A port that is gone is made again as it was. */
function portBack(port: string, index: number, before: PlanningFacts): Operation[] {
  const found = interfaceIn(before.ovsdb, port);
  if (found === undefined) return [];
  const ids = { interface: `interfaceback${index}`, port: `portback${index}` };
  const { name, type, bridge = '' } = found;
  const row = { name, type, options: optionsOf(found), external_ids: map(found.externalIds) };
  const own = knownValue(before.ovsdb)?.ports.find((item) => item.uuid === found.portUuid);
  const portRow = {
    name,
    ...(own?.tag === undefined ? {} : { tag: own.tag }),
    ...(own?.protected === true ? { protected: true } : {}),
    other_config: map(own?.otherConfig ?? {}),
    external_ids: map(own?.externalIds ?? {}),
  };
  const mutations = [['ports', 'insert', ['set', [['named-uuid', ids.port]]]]];
  return [
    { op: 'insert', table: 'Interface', 'uuid-name': ids.interface, row },
    {
      op: 'insert',
      table: 'Port',
      'uuid-name': ids.port,
      row: { ...portRow, interfaces: ['named-uuid', ids.interface] },
    },
    { op: 'mutate', table: 'Bridge', where: [['name', '==', bridge]], mutations },
  ];
}

function markBack(port: string, before: PlanningFacts): Operation[] {
  const found = interfaceIn(before.ovsdb, port);
  if (found === undefined) return [];
  const row = { external_ids: map(found.externalIds) };
  return [{ op: 'update', table: 'Interface', where: [['name', '==', port]], row }];
}

function recordBack(before: PlanningFacts): Operation[] {
  const record = knownValue(before.ovsdb)?.externalIds[marks.skbMark];
  const mutations: unknown[] = [['external_ids', 'delete', ['set', [marks.skbMark]]]];
  if (record !== undefined) mutations.push(['external_ids', 'insert', ['map', [[marks.skbMark, record]]]]);
  return [{ op: 'mutate', table: 'Open_vSwitch', where: [], mutations }];
}

function configBack(key: string, from: string | undefined): Operation[] {
  const mutations: unknown[] = [['other_config', 'delete', ['set', [key]]]];
  if (from !== undefined) mutations.push(['other_config', 'insert', ['map', [[key, from]]]]);
  return [{ op: 'mutate', table: 'Open_vSwitch', where: [], mutations }];
}

function optionsBack(port: string, before: PlanningFacts): Operation[] {
  const found = interfaceIn(before.ovsdb, port);
  if (found === undefined) return [];
  return [{ op: 'update', table: 'Interface', where: [['name', '==', port]], row: { options: optionsOf(found) } }];
}

function optionsOf({ options, psk }: InterfaceFact): unknown {
  return map({ ...options, ...(psk === undefined ? {} : { psk: psk.reveal() }) });
}
