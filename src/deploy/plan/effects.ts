/**
 * What an action does to ports, drop policies and files. Each kind is named: one that is forgotten here does not compile.
 *
 * @module
 */

import type { Action, GuardedTunnel } from './action.js';
import type { ActionOf } from './kinds.js';

export interface Effect {
  /** A port that leaves the database. */
  readonly port?: string;
  /** The IKE daemon has connections of it that nobody needs. */
  readonly isForgotten?: true;
  readonly guard?: GuardedTunnel;
  readonly file?: string;
  /** Files that something leads to from now on. */
  readonly needs?: readonly string[];
  /** The key of other_config that names another file, or none. */
  readonly configKey?: string;
  /** The port whose `remote_cert` is another one, or none. */
  readonly peerFileOf?: string;
}

const nothing: Effect = {};

export function effectOf(action: Action): Effect {
  switch (action.kind) {
    case 'remove-port':
      return { port: action.port, isForgotten: true };
    case 'replace':
      return { port: action.old.port, isForgotten: true };
    case 'port':
      return { ...replaced(action), ...peerFile(action) };
    case 'unguard':
      return { guard: action };
    case 'remove-file':
      return { file: action.path };
    case 'place':
      return { needs: [action.path] };
    case 'enroll':
      return { needs: action.existingKey === undefined ? [] : [action.existingKey] };
    case 'link':
      return { needs: [action.path, action.to] };
    case 'other_config':
      return { configKey: action.key, needs: action.to === undefined ? [] : [action.to] };
    case 'listen':
    case 'guard':
    case 'cut':
    case 'plaintext':
    case 'bridge':
    case 'remove-bridge':
    case 'bridge-port':
    case 'address':
    case 'loop-role':
    case 'rstp':
    case 'mark':
    case 'verify':
    case 'trust':
    case 'refuse-strangers':
    case 'reread':
    case 'hold':
    case 'authenticate':
    case 'leave':
    case 'wait-for-peer':
      return nothing;
  }
}

function replaced({ port, before }: ActionOf<'port'>): Effect {
  if (before === undefined) return nothing;
  const isForgotten = before.goes === 'at once' && before.port !== port;
  return { port: before.port, ...(isForgotten ? { isForgotten } : {}) };
}

function peerFile({ port, set, remove }: ActionOf<'port'>): Effect {
  const file = set['remote_cert'];
  if (file === undefined && !remove.includes('remote_cert')) return nothing;
  return { peerFileOf: port, needs: file === undefined ? [] : [file] };
}

/** The ports that leave the database. */
export function goingPorts(actions: readonly Action[]): string[] {
  return actions.flatMap((action) => effectOf(action).port ?? []);
}

/** What a script takes away besides the database. */
export function goingThings(actions: readonly Action[]): {
  readonly ports: readonly string[];
  readonly guards: readonly GuardedTunnel[];
  readonly files: readonly string[];
} {
  const going = actions.map(effectOf);
  return {
    ports: going.flatMap(({ port, isForgotten }) => (port === undefined || isForgotten !== true ? [] : [port])),
    guards: going.flatMap(({ guard }) => guard ?? []),
    files: going.flatMap(({ file }) => file ?? []),
  };
}
