/**
 * What is common to all actions of a kind, in one table. What carries actions out has its kinds from here, and handles each of
 * them by name: a kind without a row, or one that its stage forgets, does not compile.
 *
 * @module
 */

import type { Action } from './action.js';

export type ActionKind = Action['kind'];

/** The actions of one kind, or of some. */
export type ActionOf<Kind extends ActionKind> = Extract<Action, { readonly kind: Kind }>;

interface KindTraits {
  /** When it is carried out. */
  readonly stage: 'enroll' | 'prepare' | 'renew' | 'switch' | 'clean';
  /** It is an operation of a transaction in the host's database, or a part of a script. */
  readonly by: 'database' | 'script';
  /** What of a host it changes: who it is and whom it trusts, or its tunnels and what goes with them. */
  readonly about: 'identity' | 'tunnels';
  /** Whose tunnels are proved after it: that of its port, or all that are up; of a link only where it is in use. */
  readonly proves: 'its own' | 'all' | 'all in use' | 'none';
  /** It leaves something on the host; what does not is part of another change, or is done again without harm. */
  readonly lasts: boolean;
}

export const kinds = {
  enroll: { stage: 'enroll', by: 'script', about: 'identity', proves: 'none', lasts: true },
  place: { stage: 'prepare', by: 'script', about: 'identity', proves: 'none', lasts: true },
  verify: { stage: 'prepare', by: 'script', about: 'identity', proves: 'none', lasts: false },
  link: { stage: 'prepare', by: 'script', about: 'identity', proves: 'all in use', lasts: true },
  trust: { stage: 'prepare', by: 'script', about: 'identity', proves: 'none', lasts: false },
  listen: { stage: 'prepare', by: 'script', about: 'tunnels', proves: 'none', lasts: true },
  guard: { stage: 'prepare', by: 'script', about: 'tunnels', proves: 'none', lasts: true },
  cut: { stage: 'prepare', by: 'script', about: 'identity', proves: 'none', lasts: true },
  plaintext: { stage: 'prepare', by: 'database', about: 'tunnels', proves: 'none', lasts: true },
  'refuse-strangers': { stage: 'prepare', by: 'script', about: 'tunnels', proves: 'none', lasts: false },
  reread: { stage: 'renew', by: 'script', about: 'identity', proves: 'none', lasts: false },
  hold: { stage: 'renew', by: 'script', about: 'identity', proves: 'none', lasts: false },
  authenticate: { stage: 'renew', by: 'script', about: 'identity', proves: 'none', lasts: false },
  leave: { stage: 'renew', by: 'script', about: 'identity', proves: 'none', lasts: false },
  other_config: { stage: 'switch', by: 'database', about: 'identity', proves: 'all', lasts: true },
  bridge: { stage: 'switch', by: 'database', about: 'tunnels', proves: 'none', lasts: true },
  port: { stage: 'switch', by: 'database', about: 'tunnels', proves: 'its own', lasts: true },
  mark: { stage: 'switch', by: 'database', about: 'tunnels', proves: 'none', lasts: true },
  'remove-port': { stage: 'switch', by: 'database', about: 'tunnels', proves: 'none', lasts: true },
  'loop-role': { stage: 'switch', by: 'database', about: 'tunnels', proves: 'none', lasts: true },
  rstp: { stage: 'switch', by: 'database', about: 'tunnels', proves: 'none', lasts: true },
  'bridge-port': { stage: 'switch', by: 'database', about: 'tunnels', proves: 'none', lasts: true },
  'wait-for-peer': { stage: 'switch', by: 'script', about: 'tunnels', proves: 'none', lasts: false },
  address: { stage: 'switch', by: 'script', about: 'tunnels', proves: 'none', lasts: true },
  replace: { stage: 'clean', by: 'database', about: 'tunnels', proves: 'its own', lasts: true },
  'remove-bridge': { stage: 'clean', by: 'database', about: 'tunnels', proves: 'none', lasts: true },
  unguard: { stage: 'clean', by: 'script', about: 'tunnels', proves: 'none', lasts: true },
  'remove-file': { stage: 'clean', by: 'script', about: 'identity', proves: 'none', lasts: true },
} as const satisfies Readonly<Record<ActionKind, KindTraits>>;

export function isKind(value: unknown): value is ActionKind {
  return typeof value === 'string' && Object.hasOwn(kinds, value);
}

/** The kinds whose row has these values. */
export type KindWith<Traits extends Partial<KindTraits>> = {
  [Kind in ActionKind]: (typeof kinds)[Kind] extends Traits ? Kind : never;
}[ActionKind];

/** Those of the actions whose kind has these values. */
export function actionsWith<const Traits extends Partial<KindTraits>>(
  actions: readonly Action[],
  traits: Traits,
): ActionOf<KindWith<Traits>>[] {
  return actions.filter((action): action is ActionOf<KindWith<Traits>> => hasTraits(action, traits));
}

function hasTraits({ kind }: Action, traits: Partial<KindTraits>): boolean {
  const row: KindTraits = kinds[kind];
  return (Object.keys(traits) as (keyof KindTraits)[]).every((trait) => row[trait] === traits[trait]);
}

/** Those of one kind. */
export function actionsOf<Kind extends ActionKind>(actions: readonly Action[], kind: Kind): ActionOf<Kind>[] {
  return actions.filter((action): action is ActionOf<Kind> => action.kind === kind);
}

/** Whether the tunnels that are up are proved after it, since it changes what they authenticate with. */
export function provesAll(action: Action): boolean {
  const { proves } = kinds[action.kind];
  return proves === 'all' || (proves === 'all in use' && action.kind === 'link' && action.inUse);
}
