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
  readonly stage: 'enroll' | 'prepare' | 'switch' | 'clean';
  /** It is an operation of a transaction in the host's database, or a part of a script. */
  readonly by: 'database' | 'script';
  /** What of a host it changes: who it is and whom it trusts, or its tunnels and what goes with them. */
  readonly about: 'identity' | 'tunnels';
  /** Whose tunnels are proved after it: that of its port, or all that are up; of a link only where it is in use. */
  readonly proves: 'its own' | 'all' | 'all in use' | 'none';
}

export const kinds = {
  enroll: { stage: 'enroll', by: 'script', about: 'identity', proves: 'none' },
  place: { stage: 'prepare', by: 'script', about: 'identity', proves: 'none' },
  link: { stage: 'prepare', by: 'script', about: 'identity', proves: 'all in use' },
  guard: { stage: 'prepare', by: 'script', about: 'tunnels', proves: 'none' },
  cut: { stage: 'prepare', by: 'script', about: 'identity', proves: 'none' },
  plaintext: { stage: 'prepare', by: 'database', about: 'tunnels', proves: 'none' },
  other_config: { stage: 'switch', by: 'database', about: 'identity', proves: 'all' },
  bridge: { stage: 'switch', by: 'database', about: 'tunnels', proves: 'none' },
  port: { stage: 'switch', by: 'database', about: 'tunnels', proves: 'its own' },
  mark: { stage: 'switch', by: 'database', about: 'tunnels', proves: 'none' },
  'remove-port': { stage: 'switch', by: 'database', about: 'tunnels', proves: 'none' },
  'loop-role': { stage: 'switch', by: 'database', about: 'tunnels', proves: 'none' },
  rstp: { stage: 'switch', by: 'database', about: 'tunnels', proves: 'none' },
  'bridge-port': { stage: 'switch', by: 'database', about: 'tunnels', proves: 'none' },
  address: { stage: 'switch', by: 'script', about: 'tunnels', proves: 'none' },
  replace: { stage: 'clean', by: 'database', about: 'tunnels', proves: 'its own' },
  'remove-bridge': { stage: 'clean', by: 'database', about: 'tunnels', proves: 'none' },
  unguard: { stage: 'clean', by: 'script', about: 'tunnels', proves: 'none' },
  'remove-file': { stage: 'clean', by: 'script', about: 'identity', proves: 'none' },
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
