/**
 * The part of a plan that is about the own port of a bridge, by which the host itself takes part: its MTU and its VLAN. What
 * it was before is written down when it is changed first, and is put back when nobody asks for another value any more.
 *
 * @module
 */

import { knownValue } from '../facts/fact.js';
import { interfaceNamed, type OvsDatabase } from '../facts/ovsdb.js';
import type { Action } from './action.js';
import type { HostInput } from './input.js';

/** What of a bridge's own port is set: of its Interface, and of its Port. */
export type BridgePortColumn = 'mtu_request' | 'tag';

/** Keys of `external_ids`: what the column was before us, or `none`. */
export const beforeMarks: Readonly<Record<BridgePortColumn, string>> = {
  mtu_request: 'ovs-pki-ts-mtu-before',
  tag: 'ovs-pki-ts-tag-before',
};

const columns = ['mtu_request', 'tag'] as const satisfies readonly BridgePortColumn[];

type BridgePortAction = Extract<Action, { readonly kind: 'bridge-port' }>;

export function bridgePortActions({ desired, facts }: Pick<HostInput, 'desired' | 'facts'>): Action[] {
  const database = knownValue(facts.ovsdb);
  if (database === undefined) return [];
  const wishes = desired.bridgePorts ?? {};
  const asked = Object.entries(wishes).flatMap(([bridge, { mtu, tag }]) =>
    (
      [
        ['mtu_request', mtu],
        ['tag', tag],
      ] as const
    ).flatMap(([column, to]) => (to === undefined ? [] : changeOf(database, bridge, column, to))),
  );
  if (desired.others === undefined) return asked;
  const isAsked = ({ bridge, column }: BridgePortAction): boolean =>
    (column === 'tag' ? wishes[bridge]?.tag : wishes[bridge]?.mtu) !== undefined;
  return [...asked, ...bridgePortsBack(database, new Set()).filter((action) => !isAsked(action))];
}

/** What was changed of bridges is put back, but for those that are named. */
export function bridgePortsBack(database: OvsDatabase, except: ReadonlySet<string>): BridgePortAction[] {
  return database.bridges
    .filter((bridge) => !except.has(bridge))
    .flatMap((bridge) =>
      columns.flatMap((column): BridgePortAction[] => {
        const own = bridgePortOf(database, bridge, column);
        const before = own?.externalIds[beforeMarks[column]];
        if (before === undefined) return [];
        const to = /^\d{1,5}$/.test(before) ? Number(before) : undefined;
        return [{ kind: 'bridge-port', bridge, column, from: own?.value, to, restores: true }];
      }),
    );
}

function changeOf(database: OvsDatabase, bridge: string, column: BridgePortColumn, to: number): BridgePortAction[] {
  const value = bridgePortOf(database, bridge, column)?.value;
  return value === to ? [] : [{ kind: 'bridge-port', bridge, column, from: value, to }];
}

/** The row that has the column; undefined where there is no such bridge yet. */
export function bridgePortOf({ interfaces, ports }: OvsDatabase, bridge: string, column: BridgePortColumn) {
  if (column === 'tag') {
    const port = ports.find(({ name }) => name === bridge);
    return port && { value: port.tag, externalIds: port.externalIds };
  }
  const own = interfaceNamed(interfaces, bridge);
  return own && { value: own.mtuRequest, externalIds: own.externalIds };
}
