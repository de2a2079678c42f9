/**
 * What stands in the database of Open vSwitch, from the JSON of `ovs-vsctl list` (RFC 7047, 5.1 has its notation).
 *
 * @module
 */

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
    .map((line) => rowsOf(JSON.parse(line)));
  const [root, bridges, ports, interfaces] = tables;
  if (root?.[0] === undefined || bridges === undefined || ports === undefined || interfaces === undefined) {
    throw new Error('the tables Open_vSwitch, Bridge, Port and Interface are not all there');
  }
  const bridgeOfPort = new Map(
    bridges.flatMap((row) => uuidsOf(row['ports']).map((uuid) => [uuid, String(row['name'])] as const)),
  );
  const portOfInterface = new Map(
    ports.flatMap((row) => uuidsOf(row['interfaces']).map((uuid) => [uuid, uuidsOf(row['_uuid'])[0] ?? ''] as const)),
  );
  const nameOfInterface = new Map(interfaces.map((row) => [uuidsOf(row['_uuid'])[0] ?? '', String(row['name'])]));
  const version = root[0]['ovs_version'];
  return {
    ovsVersion: typeof version === 'string' ? version : undefined,
    otherConfig: mapOf(root[0]['other_config']),
    externalIds: mapOf(root[0]['external_ids']),
    bridges: bridges.map((row) => String(row['name'])),
    bridgeRows: new Map(bridges.map((row) => [String(row['name']), bridgeOf(row)])),
    ports: ports.map((row) => portOf(row, nameOfInterface, bridgeOfPort)),
    interfaces: interfaces.map((row) => interfaceOf(row, portOfInterface, bridgeOfPort)),
  };
}

type Row = Readonly<Record<string, unknown>>;

function rowsOf(table: unknown): Row[] {
  const { headings, data } = table as { headings: string[]; data: unknown[][] };
  return data.map((cells) => Object.fromEntries(headings.map((heading, index) => [heading, cells[index]])));
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
    name: String(row['name']),
    type: String(row['type']),
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
    name: String(row['name']),
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
    name: String(row['name']),
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

/** `["map", [[k, v], …]]`; a column that was not asked for, or that an old schema does not have, is empty. */
function mapOf(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (!Array.isArray(value) || value[0] !== 'map') throw new Error('a column is not the map that it must be');
  return Object.fromEntries((value[1] as [unknown, unknown][]).map(([key, text]) => [String(key), String(text)]));
}

/** `["uuid", u]`, or `["set", [["uuid", u], …]]`. */
function uuidsOf(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  if (value[0] === 'uuid') return [String(value[1])];
  return value[0] === 'set' ? (value[1] as unknown[]).flatMap(uuidsOf) : [];
}
