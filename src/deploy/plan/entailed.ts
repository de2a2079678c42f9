/**
 * What the changes of one host entail: its openssl compares what is to belong together, and its IKE daemon is told. None of it
 * lasts, and none of it is made up when the plan is carried out.
 *
 * @module
 */

import { knownValue } from '../facts/fact.js';
import type { Action } from './action.js';
import { authorityFiles, plannedFiles } from './identity-paths.js';
import { daemonFor, type HostInput } from './input.js';
import { type ActionOf, actionsOf, kinds } from './kinds.js';

/** @param changes what is done to the host besides */
export function entailedActions(input: HostInput, changes: readonly Action[]): Action[] {
  const isRenewed = actionsOf(changes, 'link').some(({ inUse }) => inUse);
  return [
    ...verification(input, changes),
    ...trust(input, changes),
    ...(meetsStrangers(input, changes)
      ? [{ kind: 'refuse-strangers', when: isRenewed ? 'after the renewal' : 'before the change' } as const]
      : []),
    ...(isRenewed ? reread(input) : []),
  ];
}

/** In a plan they come before what goes when all is proved. */
export function withEntailed(changes: readonly Action[], entailed: readonly Action[]): Action[] {
  const end = changes.findLastIndex(({ kind }) => kinds[kind].stage !== 'clean') + 1;
  return [...changes.slice(0, end), ...entailed, ...changes.slice(end)];
}

function isOfIdentity({ kind }: Action): boolean {
  return kind === 'link' || kind === 'other_config';
}

/** The key and the certificate that the host presents from now on, and the CA. */
function verification(input: HostInput, changes: readonly Action[]): ActionOf<'verify'>[] {
  const files = changes.some(isOfIdentity) ? plannedFiles(input) : undefined;
  return files === undefined ? [] : [{ kind: 'verify', ...files }];
}

/** The CA that the identity names is read by the IKE daemon with its folder; others are named to it. */
function trust(input: HostInput, changes: readonly Action[]): ActionOf<'trust'>[] {
  const isPlaced = actionsOf(changes, 'place').some(({ role }) => role === 'ca');
  const files = isPlaced || input.trustsAnew === true ? authorityFiles(input).slice(1) : [];
  const isNamed = changes.some(isOfIdentity) && plannedFiles(input)?.ca_cert !== undefined;
  return isPlaced || isNamed || files.length > 0 ? [{ kind: 'trust', files }] : [];
}

/**
 * Whether it gets a port while ovs-monitor-ipsec has drop policies there, or will have: the connections that charon has for
 * them let any peer in.
 */
function meetsStrangers(input: HostInput, changes: readonly Action[]): boolean {
  const mark = knownValue(input.facts.ovsdb)?.otherConfig['ipsec_skb_mark'];
  const isWired = actionsOf(changes, 'port').length > 0;
  return (
    isWired && daemonFor(input).meetsStrangers && (mark !== undefined || actionsOf(changes, 'plaintext').length > 0)
  );
}

function reread({ facts }: HostInput): ActionOf<'reread'>[] {
  const { certificate = '', private_key = '' } = knownValue(facts.ovsdb)?.otherConfig ?? {};
  return [{ kind: 'reread', certificate, private_key }];
}
