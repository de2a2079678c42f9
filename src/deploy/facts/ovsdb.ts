/**
 * What stands in the database of Open vSwitch, from the JSON of `ovs-vsctl list` (RFC 7047, 5.1 has its notation).
 *
 * @module
 */

import { notUnderstood } from '../answer/answer.js';
import { type Fact, knownValue } from './fact.js';
import { lookup } from './lookup.js';

/** A PSK that is seen only by who asks for it: it is in no JSON and in no text made of the facts. */
export interface Secret {
  readonly reveal: () => string;
}

export interface InterfaceFact {
  readonly uuid: string;
  readonly name: string;
  readonly type: string;
  /** Without `psk`. */
  readonly options: Readonly<Record<string, string>>;
  readonly psk: Secret | undefined;
  readonly ofport: number | undefined;
  readonly error: string | undefined;
  readonly bridge: string | undefined;
  /** The Port that it belongs to. */
  readonly portUuid: string | undefined;
  readonly externalIds: Readonly<Record<string, string>>;
  /** The MTU that somebody has asked for. */
  readonly mtuRequest: number | undefined;
}

/** A row of Port; one with several interfaces is a bond. */
export interface PortFact {
  readonly uuid: string;
  readonly name: string;
  readonly bridge: string | undefined;
  /** The names of its interfaces. */
  readonly interfaces: readonly string[];
  readonly tag: number | undefined;
  /** Protected ports of a bridge do not forward to each other; undefined where this Open vSwitch knows nothing of it. */
  readonly protected: boolean | undefined;
  /** It stands for a VLAN bridge, as `ovs-vsctl add-br NAME PARENT VLAN` makes one. */
  readonly isFakeBridge: boolean;
  readonly otherConfig: Readonly<Record<string, string>>;
  readonly externalIds: Readonly<Record<string, string>>;
}

export interface BridgeFact {
  readonly uuid: string;
  readonly name: string;
  /** `netdev` for the userspace datapath; empty for that of the kernel. */
  readonly datapathType: string;
  readonly stp: boolean;
  readonly rstp: boolean;
  readonly failMode: string | undefined;
  readonly hasController: boolean;
  readonly otherConfig: Readonly<Record<string, string>>;
  readonly externalIds: Readonly<Record<string, string>>;
}

export interface OvsDatabase {
  /** Undefined where ovs-vswitchd has not said it yet. */
  readonly ovsVersion: string | undefined;
  readonly otherConfig: Readonly<Record<string, string>>;
  readonly externalIds: Readonly<Record<string, string>>;
  readonly bridges: readonly string[];
  /** The rows of {@link OvsDatabase.bridges}, by name. */
  readonly bridgeRows: ReadonlyMap<string, BridgeFact>;
  readonly ports: readonly PortFact[];
  readonly interfaces: readonly InterfaceFact[];
}

/** Reads the four tables that the script of the facts lists, in its order. */
export function parseOvsDatabase(text: string): OvsDatabase {
  const tables = text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => rowsOf(jsonIn(line)));
  const [root, bridges, ports, interfaces] = tables;
  if (root?.[0] === undefined || bridges === undefined || ports === undefined || interfaces === undefined) {
    throw notUnderstood('the tables Open_vSwitch, Bridge, Port and Interface are not all there');
  }
  const bridgeOfPort = new Map(
    bridges.flatMap((row) => uuidsOf(row['ports']).map((uuid) => [uuid, requiredText(row['name'])] as const)),
  );
  const portOfInterface = new Map(
    ports.flatMap((row) => uuidsOf(row['interfaces']).map((uuid) => [uuid, uuidsOf(row['_uuid'])[0] ?? ''] as const)),
  );
  requireDistinct(bridges);
  requireDistinct(interfaces);
  const nameOfInterface = new Map(interfaces.map((row) => [uuidsOf(row['_uuid'])[0] ?? '', requiredText(row['name'])]));
  const version = root[0]['ovs_version'];
  return {
    ovsVersion: typeof version === 'string' ? version : undefined,
    otherConfig: mapOf(root[0]['other_config']),
    externalIds: mapOf(root[0]['external_ids']),
    bridges: bridges.map((row) => requiredText(row['name'])),
    bridgeRows: new Map(bridges.map((row) => [requiredText(row['name']), bridgeOf(row)])),
    ports: ports.map((row) => portOf(row, nameOfInterface, bridgeOfPort)),
    interfaces: interfaces.map((row) => interfaceOf(row, portOfInterface, bridgeOfPort)),
  };
}

/** The interface of a port by its name. */
export function interfaceIn(ovsdb: Fact<OvsDatabase>, name: string | undefined): InterfaceFact | undefined {
  return interfaceNamed(knownValue(ovsdb)?.interfaces ?? [], name);
}

export function interfaceNamed(
  interfaces: readonly InterfaceFact[],
  name: string | undefined,
): InterfaceFact | undefined {
  return name === undefined ? undefined : interfacesNamed(interfaces, name)[0];
}

const interfacesNamed = lookup<InterfaceFact>(({ name }) => [name]);

type Row = Readonly<Record<string, unknown>>;

/** Many times what any host has. */
const mostRows = 20_000;

/** The parser of JSON quotes what it does not understand, and there may be a PSK in it. */
function jsonIn(line: string): unknown {
  if (partsIn(line) > mostParts) throw notUnderstood('it has more parts than the database of any host');
  try {
    return JSON.parse(line);
  } catch {
    throw notUnderstood('it is not JSON');
  }
}

/** Lists and objects: each of them takes many times the room of its two brackets. */
function partsIn(json: string): number {
  let count = 0;
  for (let at = 0; at < json.length; at++) {
    const unit = json.charCodeAt(at);
    if (unit === 0x5b || unit === 0x7b) count += 1;
  }
  return count;
}

const mostParts = 30 * mostRows;

function rowsOf(table: unknown): Row[] {
  const { headings, data } = table as { readonly headings?: unknown; readonly data?: unknown };
  if (!Array.isArray(headings) || !Array.isArray(data)) throw notUnderstood('a table has no headings or no rows');
  if (data.length > mostRows) throw notUnderstood(`a table has more than ${mostRows} rows`);
  return data.map((cells) => {
    if (!Array.isArray(cells)) throw notUnderstood('a row of a table is no list');
    return Object.fromEntries(headings.map((heading, index) => [requiredText(heading), cells[index] as unknown]));
  });
}

/** The database itself has each name once in a table. */
function requireDistinct(rows: readonly Row[]): void {
  const names = new Set(rows.map((row) => requiredText(row['name'])));
  if (names.size !== rows.length) throw notUnderstood('two rows of a table have one name');
}

function interfaceOf(
  row: Row,
  ports: ReadonlyMap<string, string>,
  bridges: ReadonlyMap<string, string>,
): InterfaceFact {
  const { psk, ...options } = mapOf(row['options']);
  const uuid = uuidsOf(row['_uuid'])[0] ?? '';
  const error = row['error'];
  const portUuid = ports.get(uuid);
  return {
    uuid,
    name: requiredText(row['name']),
    type: requiredText(row['type']),
    options,
    psk: psk === undefined ? undefined : { reveal: () => psk },
    ofport: typeof row['ofport'] === 'number' ? row['ofport'] : undefined,
    error: typeof error === 'string' && error !== '' ? error : undefined,
    bridge: bridges.get(portUuid ?? ''),
    portUuid,
    externalIds: mapOf(row['external_ids']),
    mtuRequest: numberIn(row['mtu_request']),
  };
}

function bridgeOf(row: Row): BridgeFact {
  return {
    uuid: uuidsOf(row['_uuid'])[0] ?? '',
    name: requiredText(row['name']),
    datapathType: textIn(row['datapath_type']) ?? '',
    stp: row['stp_enable'] === true,
    rstp: row['rstp_enable'] === true,
    failMode: textIn(row['fail_mode']),
    hasController: uuidsOf(row['controller']).length > 0,
    otherConfig: mapOf(row['other_config']),
    externalIds: mapOf(row['external_ids']),
  };
}

function portOf(row: Row, interfaces: ReadonlyMap<string, string>, bridges: ReadonlyMap<string, string>): PortFact {
  const uuid = uuidsOf(row['_uuid'])[0] ?? '';
  const isProtected = row['protected'];
  return {
    uuid,
    name: requiredText(row['name']),
    bridge: bridges.get(uuid),
    interfaces: uuidsOf(row['interfaces']).flatMap((item) => interfaces.get(item) ?? []),
    tag: numberIn(row['tag']),
    protected: typeof isProtected === 'boolean' ? isProtected : undefined,
    isFakeBridge: row['fake_bridge'] === true,
    otherConfig: mapOf(row['other_config']),
    externalIds: mapOf(row['external_ids']),
  };
}

/** An empty optional column is `["set", []]`, and so is no text. */
function textIn(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function numberIn(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function requiredText(value: unknown): string {
  if (typeof value !== 'string' || value.includes('\0')) throw notUnderstood('a name is no text');
  return value;
}

/** `["map", [[k, v], …]]`; a column that was not asked for, or that an old schema does not have, is empty. */
function mapOf(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  const [kind, pairs] = Array.isArray(value) ? (value as unknown[]) : [];
  if (kind !== 'map' || !Array.isArray(pairs)) throw notUnderstood('a column is not the map that it must be');
  return Object.fromEntries(
    pairs.map((pair) => {
      const [key, text] = Array.isArray(pair) ? (pair as unknown[]) : [];
      return [requiredText(key), requiredText(text)];
    }),
  );
}

/** `["uuid", u]`, or `["set", [["uuid", u], …]]`, which holds no further sets (RFC 7047, 5.1). */
function uuidsOf(value: unknown): string[] {
  const [kind, items] = Array.isArray(value) ? (value as unknown[]) : [];
  if (kind === 'uuid') return [requiredText(items)];
  return kind === 'set' && Array.isArray(items) ? items.flatMap(uuidIn) : [];
}

function uuidIn(value: unknown): string[] {
  const [kind, uuid] = Array.isArray(value) ? (value as unknown[]) : [];
  return kind === 'uuid' ? [requiredText(uuid)] : [];
}
