/**
 * The way back: a transaction that makes the database what it was before the plan.
 *
 * @module
 */

import { knownValue } from '../facts/fact.js';
import type { PlanningFacts } from '../facts/host-facts.js';
import { loopBack } from './loop-operations.js';
import { type Change, isChange, type Transaction } from './transaction.js';

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
  const undone = changes.filter(
    (change) => isChange(change) && (isWhole || (change.kind === 'port' && ports.has(change.port))),
  );
  return ['Open_vSwitch', ...undone.flatMap((change) => undo(change, before, after)), touch];
}

type Operation = Readonly<Record<string, unknown>>;

const touch: Operation = { op: 'mutate', table: 'Open_vSwitch', where: [], mutations: [['next_cfg', '+=', 1]] };

/** New bridges stay: an empty bridge harms nobody, and what was attached to it in the meantime would be lost. */
function undo(change: Change, before: PlanningFacts, after: PlanningFacts): Operation[] {
  if (change.kind === 'other_config') return configBack(change.key, change.from);
  if (change.kind === 'plaintext') return configBack('ipsec_skb_mark', change.from);
  if (change.kind === 'loop-role' || change.kind === 'rstp') {
    const database = knownValue(before.ovsdb);
    return database === undefined ? [] : loopBack(change, database);
  }
  if (change.kind !== 'port') return [];
  if (!change.isNew) return optionsBack(change.port, before);
  const made = knownValue(after.ovsdb)?.interfaces.find(({ name }) => name === change.port)?.portUuid;
  if (made === undefined) return [];
  const mutations = [['ports', 'delete', ['set', [['uuid', made]]]]];
  return [{ op: 'mutate', table: 'Bridge', where: [['name', '==', change.bridge]], mutations }];
}

function configBack(key: string, from: string | undefined): Operation[] {
  const mutations: unknown[] = [['other_config', 'delete', ['set', [key]]]];
  if (from !== undefined) mutations.push(['other_config', 'insert', ['map', [[key, from]]]]);
  return [{ op: 'mutate', table: 'Open_vSwitch', where: [], mutations }];
}

function optionsBack(port: string, before: PlanningFacts): Operation[] {
  const found = knownValue(before.ovsdb)?.interfaces.find(({ name }) => name === port);
  if (found === undefined) return [];
  const secret = found.psk === undefined ? {} : { psk: found.psk.reveal() };
  const options = ['map', Object.entries({ ...found.options, ...secret })];
  return [{ op: 'update', table: 'Interface', where: [['name', '==', port]], row: { options } }];
}
