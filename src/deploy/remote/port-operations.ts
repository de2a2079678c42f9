/**
 * Operations on the ports and bridges of a host, as OVSDB takes them (RFC 7047).
 *
 * @module
 */

import { interfaceNamed, type OvsDatabase } from '../facts/ovsdb.js';
import type { ActionOf } from '../plan/kinds.js';
import { marks } from '../tunnels/ownership.js';
import { newRole } from './loop-operations.js';
import { map, type Operation } from './operation.js';

export function newBridge(name: string, index: number): Operation[] {
  const ids = { interface: `local${index}`, port: `localport${index}`, bridge: `bridge${index}` };
  return [
    absent('Bridge', name),
    absent('Interface', name),
    insert('Interface', ids.interface, { name, type: 'internal' }),
    insert('Port', ids.port, { name, interfaces: ['named-uuid', ids.interface] }),
    insert('Bridge', ids.bridge, {
      name,
      ports: ['named-uuid', ids.port],
      external_ids: map({ [marks.bridge]: 'yes' }),
    }),
    {
      op: 'mutate',
      table: 'Open_vSwitch',
      where: [],
      mutations: [['bridges', 'insert', ['set', [['named-uuid', ids.bridge]]]]],
    },
  ];
}

/**
 * A VLAN that nobody uses: of two tunnels between the same bridges one is kept apart, for together they would be a loop.
 * What proves that tunnel is sent by its port alone.
 */
const apart = 4094;

export function newPort(
  { port, bridge, type, set, psk, peer, before, loopRole = 'none' }: ActionOf<'port'>,
  index: number,
  database: OvsDatabase,
  pskOf: (port: string) => string,
): Operation[] {
  const ids = { interface: `tunnel${index}`, port: `tunnelport${index}` };
  const options = psk === 'set' ? { ...set, psk: pskOf(port) } : set;
  const waits = before?.goes === 'when proved';
  const ours = { [marks.peer]: peer, ...(waits ? { [marks.replaces]: before.port } : {}) };
  return [
    ...(before?.goes === 'at once' ? removedPort(before, database) : []),
    ...(before?.port === port ? [] : [absent('Interface', port)]),
    insert('Interface', ids.interface, { name: port, type, options: map(options), external_ids: map(ours) }),
    insert('Port', ids.port, {
      ...{ name: port, interfaces: ['named-uuid', ids.interface] },
      ...(waits ? { tag: apart } : {}),
    }),
    {
      op: 'mutate',
      table: 'Bridge',
      where: [['name', '==', bridge]],
      mutations: [['ports', 'insert', ['set', [['named-uuid', ids.port]]]]],
    },
    ...newRole(port, loopRole),
  ];
}

export function changedPort(
  { port, bridge, set, remove, psk, peer, movedFrom }: ActionOf<'port'>,
  database: OvsDatabase,
  pskOf: (port: string) => string,
): Operation[] {
  const found = interfaceNamed(database.interfaces, port);
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
    ...mutateMap('Interface', [['name', '==', port]], 'external_ids', { [marks.peer]: peer }, [marks.peer]),
    ...(movedFrom === undefined ? [] : movedPort(found?.portUuid, movedFrom, bridge)),
  ];
}

function movedPort(uuid: string | undefined, from: string, to: string): Operation[] {
  if (uuid === undefined) return [];
  return [attachment(from, 'delete', uuid), attachment(to, 'insert', uuid)];
}

/** A port comes to a bridge or leaves it; rows that nothing refers to go by themselves (RFC 7047, 4.1.3). */
export function attachment(bridge: string, mutator: 'insert' | 'delete', uuid: string): Operation {
  const mutations = [['ports', mutator, ['set', [['uuid', uuid]]]]];
  return { op: 'mutate', table: 'Bridge', where: [['name', '==', bridge]], mutations };
}

/** What was kept apart comes to where the old tunnel was, which goes. */
export function replacement({ port, old }: ActionOf<'replace'>, database: OvsDatabase): Operation[] {
  return [
    ...removedPort(old, database),
    { op: 'update', table: 'Port', where: [['name', '==', port]], row: { tag: ['set', []] } },
    ...mutateMap('Interface', [['name', '==', port]], 'external_ids', {}, [marks.replaces]),
  ];
}

export function removedPort(
  { port, bridge }: { readonly port: string; readonly bridge: string },
  database: OvsDatabase,
): Operation[] {
  const uuid = interfaceNamed(database.interfaces, port)?.portUuid;
  return uuid === undefined ? [] : [attachment(bridge, 'delete', uuid)];
}

/** It is refused where a port has been attached to it in the meantime: the bridge has only its own. */
export function removedBridge({ bridge }: ActionOf<'remove-bridge'>, database: OvsDatabase): Operation[] {
  const uuid = database.bridgeRows.get(bridge)?.uuid;
  const own = database.ports.filter((port) => port.bridge === bridge && port.name === bridge);
  if (uuid === undefined) return [];
  return [
    {
      op: 'wait',
      timeout: 0,
      table: 'Bridge',
      where: [['name', '==', bridge]],
      columns: ['ports'],
      until: '==',
      rows: [{ ports: ['set', own.map((port) => ['uuid', port.uuid])] }],
    },
    { op: 'mutate', table: 'Open_vSwitch', where: [], mutations: [['bridges', 'delete', ['set', [['uuid', uuid]]]]] },
  ];
}

export function mutateMap(
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
