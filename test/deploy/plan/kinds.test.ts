/** The table of kinds of actions: each kind has a row, and whoever forgets one does not compile. */

import test from 'ava';
import type { Action } from '../../../src/deploy/plan/action.js';
import { type ActionKind, actionsWith, type KindWith, type kinds, provesAll } from '../../../src/deploy/plan/kinds.js';

type IsTotal<Table> = [ActionKind] extends [keyof Table] ? 'total' : 'forgets one';
type AreIn<Kinds, Traits extends Parameters<typeof actionsWith>[1]> = [Kinds] extends [KindWith<Traits>] ? 'in' : 'out';

/** Held by the compiler: the value is what the type says. */
const total: IsTotal<typeof kinds> = 'total';
const bad: IsTotal<Omit<typeof kinds, 'link'>> = 'forgets one';
const prepared: AreIn<'place' | 'cut', { readonly stage: 'prepare' }> = 'in';
const misplaced: AreIn<'place' | 'port', { readonly stage: 'prepare' }> = 'out';

test('a table without a row is another type than one with all of them, and so is a stage without a kind', (t) => {
  t.deepEqual([total, bad, prepared, misplaced], ['total', 'forgets one', 'in', 'out']);
});

const link: Action = { kind: 'link', path: '/a', from: undefined, to: '/b', inUse: true };
const bridge: Action = { kind: 'bridge', bridge: 'br' };
const unplug: Action = { kind: 'remove-bridge', bridge: 'br' };

test('the actions of a stage are those whose rows say so, in the order of the plan', (t) => {
  const actions = [unplug, bridge, link];
  t.deepEqual(actionsWith(actions, { stage: 'prepare' }), [link]);
  t.deepEqual(actionsWith(actions, { by: 'database' }), [unplug, bridge]);
  t.deepEqual(actionsWith(actions, { by: 'database', stage: 'clean' }), [unplug]);
});

test('tunnels are proved for another certificate that they use, and not for one that nothing uses yet', (t) => {
  t.true(provesAll(link));
  t.false(provesAll({ ...link, inUse: false }));
  t.false(provesAll(bridge));
});
