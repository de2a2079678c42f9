/**
 * The actions of many hosts: what is the same is said once; what goes, is interrupted or lets packets out is said by host.
 *
 * @module
 */

import { visible } from '../../../platform/visible.js';
import type { Action } from '../../../usecases/outputs.js';
import { actionLines } from '../fleet.js';
import { type AlikeLine, alikeLines, extentText, grouped, type HostLine } from './alike.js';
import { allNames, counted, fewHosts } from './names.js';

/** A host and what is, or was, done to it. */
export interface HostActions {
  readonly host: string;
  readonly actions: readonly Action[];
}

/** Of one host, so many lines of a kind are shown. */
const shownAlike = 3;

/** Lines for what is done to hosts, one for all that is alike. */
export function changeLines(hosts: readonly HostActions[]): string[] {
  const lines = linesOf(hosts, (action) => !needsCare(action));
  return alikeLines(lines).flatMap((line) => alikeText(line, hosts.length));
}

/** Lines for what has to be looked at before it is done, host by host. */
export function carefulLines(hosts: readonly HostActions[]): string[] {
  return byHostLines([...linesOf(hosts, needsCare)]);
}

/** Each host with its lines; what more hosts have than can be read is said once, with the names of all of them. */
export function byHostLines(lines: readonly HostLine[]): string[] {
  const kinds = [...grouped(lines, ({ key }) => key).values()];
  const isWide = (alike: readonly HostLine[]): boolean => new Set(alike.map(({ host }) => host)).size > fewHosts;
  const wide = alikeLines(kinds.filter(isWide).flat());
  const narrow = grouped(kinds.filter((alike) => !isWide(alike)).flat(), ({ host }) => host);
  return [
    ...wide.flatMap((line) => [...alikeText(line, 0), `    on ${allNames(line.hosts.keys())}`]),
    ...[...narrow].flatMap(([host, own]) => [`${host}:`, ...oneHost(own).map((line) => `  ${line}`)]),
  ];
}

function oneHost(lines: readonly HostLine[]): string[] {
  return [...grouped(lines, ({ key }) => key).values()].flatMap((alike) => {
    const shown = alike.length <= shownAlike + 1 ? alike : alike.slice(0, shownAlike);
    const more = alike.length - shown.length;
    return [
      ...shown.flatMap(({ text, parts = [] }) => [text, ...parts.map((part) => part.text)]),
      ...(more === 0 ? [] : [`and ${more} more like the last`]),
    ];
  });
}

/** The line, where it holds, and the lines below it. */
function alikeText(line: AlikeLine, all: number): string[] {
  const below = line.parts.map((part) => {
    const isEverywhere = part.count === line.count;
    return `${part.text}${isEverywhere ? '' : ` (${part.count} of ${line.count})`}`;
  });
  return [`${line.text}${all === 0 ? careExtent(line) : extentText(line, all)}`, ...below];
}

/** The names of the hosts come behind. */
function careExtent({ count, hosts }: AlikeLine): string {
  return ` (${count === hosts.size ? '' : `${count} `}on ${counted(hosts.size, 'host')})`;
}

function* linesOf(hosts: readonly HostActions[], isMeant: (action: Action) => boolean): Generator<HostLine> {
  for (const { host, actions } of hosts) {
    for (const action of actions) {
      if (!isMeant(action)) continue;
      const [text, ...parts] = actionLines(action).map(visible);
      if (text === undefined) continue;
      yield { host, key: keyOf(action, text), text, parts: parts.map((part) => ({ key: partKey(part), text: part })) };
    }
  }
}

/** What goes, what is interrupted, and what is said about unencrypted packets from now on. */
export function needsCare(action: Action): boolean {
  switch (action.kind) {
    case 'cut':
    case 'unguard':
    case 'remove-bridge':
    case 'remove-port':
    case 'remove-file':
    case 'replace':
      return true;
    case 'plaintext':
      return action.interruption !== undefined || action.from !== undefined;
    case 'other_config':
    case 'bridge-port':
      return action.to === undefined;
    case 'loop-role':
      return action.to === 'none';
    case 'rstp':
      return !action.to;
    case 'port': {
      const { interruption, remove, psk, movedFrom, before } = action;
      const isGoing = remove.length > 0 || psk === 'remove' || movedFrom !== undefined || before !== undefined;
      return interruption !== undefined || isGoing;
    }
    default:
      return false;
  }
}

/** Of one kind is what has the same sign, the same sort of file or tunnel, and as many words. */
function keyOf(action: Action, text: string): string {
  const words = text.split(' ');
  return [action.kind, words[0], sortOf(action), words.length].join(' ');
}

/** What is told apart although it is of one kind. */
function sortOf(action: Action): string {
  switch (action.kind) {
    case 'place':
      return action.role;
    case 'link':
    case 'remove-file':
      return /-(ca|cert|privkey|req|crl)\b(?!.*-(?:ca|cert|privkey|req|crl)\b)/.exec(action.path)?.[1] ?? '';
    case 'other_config':
      return action.key;
    case 'plaintext':
      return `${action.from} ${action.to}`;
    case 'guard':
    case 'unguard':
    case 'port':
      return action.type;
    case 'loop-role':
      return `${action.from} ${action.to}`;
    case 'bridge-port':
      return action.column;
    default:
      return '';
  }
}

/** Options are told apart by their names: `    + options:local_ip=192.0.2.1`. */
function partKey(part: string): string {
  return part.split('=')[0] ?? part;
}
