/**
 * What is done on one host, a script at a time, over its open shell.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { ScriptResult } from '../../platform/frame.js';
import type { HostShell } from '../../platform/ssh.js';
import { invalidAnswer, lastWords } from '../answer/answer.js';
import { knownValue } from '../facts/fact.js';
import { factsScript, type HostFacts, type PlanningFacts, readFacts } from '../facts/host-facts.js';
import type { OvsDatabase } from '../facts/ovsdb.js';
import type { GuardedTunnel } from '../plan/action.js';
import type { ActionOf } from '../plan/kinds.js';
import { type Enrollment, enrollScript, readEnrollment } from './enrollment.js';
import {
  type Asked,
  type Authenticated,
  authenticateScript,
  distrustScript,
  dropOldKeysScript,
  forgetIdentityScript,
  forgetScript,
  type Held,
  type LeavingIdentity,
  leaveScript,
  type Pointing,
  type Preparation,
  pinScript,
  prepareScript,
  readAuthenticated,
  refuseStrangersScript,
  removeFilesScript,
  rereadScript,
  type SettlingEnd,
  settleScript,
  switchScript,
  unguardScript,
  waitForPeerScript,
} from './scripts.js';
import type { Transaction } from './transaction.js';

/** Long enough for a slow disk or an RSA key on an old machine. */
const stepTimeoutMs = 180_000;

export async function enrollHost(
  shell: HostShell,
  host: string,
  action: ActionOf<'enroll'>,
  days: number,
): Promise<Enrollment> {
  const { script, mark } = enrollScript(action, days);
  const { stdout } = await step(shell, host, 'the key could not be made', script);
  return readEnrollment(stdout, mark, action);
}

export async function prepareHost(shell: HostShell, host: string, preparation: Preparation): Promise<void> {
  await step(shell, host, 'it could not be prepared', prepareScript(preparation), preparation.plaintext);
}

/** What is true after the switch, and what the IKE daemon said when it was asked to initiate. */
export interface Switched {
  readonly facts: HostFacts;
  readonly said: string;
}

/** The transaction and the addresses, where there is nothing to prove. */
export async function switchUnproved(
  shell: HostShell,
  host: string,
  transaction: Transaction | undefined,
  addresses: readonly ActionOf<'address'>[],
): Promise<void> {
  if (transaction === undefined && addresses.length === 0) return;
  await step(shell, host, 'the change could not be made', switchScript('', transaction, addresses), transaction);
}

/**
 * A part of the change that must be in force on all hosts before the rest of it begins anywhere.
 *
 * @param waiting the ports whose peer asks for the tunnel
 */
export async function beginSwitch(
  shell: HostShell,
  host: string,
  ike: string,
  transaction: Transaction,
  waiting: readonly string[],
): Promise<void> {
  const script = switchScript(ike, transaction, []) + waitForPeerScript(waiting);
  await step(shell, host, 'the change could not be made', script, transaction);
}

/**
 * The transaction, the wait for the tunnels, and the facts after it, in one round trip.
 *
 * @throws PLAN_STALE where the database has changed since it was read; HOST_STEP_FAILED
 */
export async function switchHost(
  shell: HostShell,
  host: string,
  change: {
    /** The functions of its IKE daemon, here and elsewhere. */
    readonly ike: string;
    readonly transaction: Transaction | undefined;
    readonly addresses: readonly ActionOf<'address'>[];
    readonly waiting: readonly string[];
    readonly ends: readonly SettlingEnd[];
    readonly seconds: number;
    readonly folders: readonly string[];
    readonly now: () => Date;
  },
): Promise<Switched> {
  const { script: facts, mark } = factsScript(change.folders, 'all');
  const guarded = `(\n${switchScript(change.ike, change.transaction, change.addresses)}${waitForPeerScript(change.waiting)}) || exit 90\n`;
  const script = `${guarded}printf '\\n%s\\n' ${mark}-switched\n${settleScript(change.ike, change.ends, change.seconds, mark)}${facts}`;
  const timeoutMs = stepTimeoutMs + change.seconds * 1000;
  const result = await shell.run(script, timeoutMs);
  const [reply = '', after] = result.stdout.split(`\n${mark}-switched\n`);
  requireAccepted(host, reply, change.transaction);
  if (after === undefined) throw stepFailed(host, 'the change could not be made', result);
  requireReply(host, reply, change.transaction);
  return { facts: readFacts(host, after, result.stderr, mark, change.now()), said: result.stderr.trim() };
}

/** Points links of an identity in use to other files, and lets the IKE daemon have those. */
export async function rereadOn(
  shell: HostShell,
  host: string,
  ike: string,
  links: readonly Pointing[],
  names: Pick<ActionOf<'reread'>, 'certificate' | 'private_key'>,
): Promise<void> {
  const script = rereadScript(ike, host, links, names);
  await step(shell, host, 'its daemon could not be given the new certificate', script);
}

/** Has charon forget connections that any peer fits. */
export async function refuseStrangersOn(shell: HostShell, host: string, ike: string): Promise<void> {
  await step(shell, host, 'its IKE daemon could not be prepared', refuseStrangersScript(ike));
}

/** Lets these ends go on sending by what they send by now, while the other ends authenticate anew. */
export async function pinOn(shell: HostShell, host: string, ends: readonly Held[]): Promise<void> {
  await step(shell, host, 'its tunnels could not be held', pinScript(ends));
}

/** Has these ends authenticated with the certificate that the IKE daemon has now, beside what is up. */
export async function authenticateOn(
  shell: HostShell,
  host: string,
  ike: string,
  ends: readonly Asked[],
): Promise<Authenticated> {
  const what = 'it could not authenticate itself with the new certificate';
  const { stdout } = await step(shell, host, what, authenticateScript(ike, ends));
  return readAuthenticated(stdout, ends);
}

/** Takes IKE SAs down that others have taken the place of, after some seconds. */
export async function leaveOn(
  shell: HostShell,
  host: string,
  ike: string,
  before: readonly string[],
  seconds: number,
): Promise<void> {
  await step(shell, host, 'what was up before could not be taken down', leaveScript(ike, before, seconds));
}

/** Points the host back to what it had. */
export async function restoreHost(
  shell: HostShell,
  host: string,
  ike: string,
  transaction: Transaction,
  gone: readonly string[],
  guards: readonly GuardedTunnel[],
): Promise<void> {
  const script = switchScript(ike, transaction, []) + unguardScript(guards) + forgetScript(gone);
  await step(shell, host, 'it could not be pointed back', script, transaction);
}

/** Tunnels and identity first, then the drop policies of tunnels that are gone, then files that nothing points to. */
export async function removeFromHost(
  shell: HostShell,
  host: string,
  removed: {
    readonly ike: string;
    readonly transaction: Transaction | undefined;
    readonly guards: readonly GuardedTunnel[];
    readonly ports: readonly string[];
    readonly files: readonly string[];
    /** Keys of certificates that were renewed while they were in use are in the NSS database still. */
    readonly renewed?: boolean;
    /** Where CAs are among what goes: the files of those that stay. */
    readonly trusted?: readonly string[];
    /** Where the identity goes. */
    readonly identity?: LeavingIdentity | undefined;
  },
): Promise<void> {
  const { ike, transaction, guards, ports, files, renewed = false, trusted, identity } = removed;
  const script =
    switchScript(ike, transaction, []) +
    unguardScript(guards) +
    forgetScript(ports) +
    (renewed ? dropOldKeysScript(ike, host) : '') +
    (identity === undefined ? '' : forgetIdentityScript(identity)) +
    removeFilesScript(files) +
    (trusted === undefined ? '' : distrustScript(trusted));
  await step(shell, host, 'it could not be taken away', script, transaction);
}

/** The database as it must be after the drop policy was set, for the preconditions of what follows. */
export function withMark(database: OvsDatabase, mark: string | undefined): OvsDatabase {
  const { ipsec_skb_mark: _, ...rest } = database.otherConfig;
  return { ...database, otherConfig: mark === undefined ? rest : { ...rest, ipsec_skb_mark: mark } };
}

export function databaseOf(host: string, facts: PlanningFacts): OvsDatabase {
  const database = knownValue(facts.ovsdb);
  if (database === undefined) throw new Error(`the plan of ${host} was made without its database`);
  return database;
}

/** @param transaction what the script asks of the database, if it does */
async function step(
  shell: HostShell,
  host: string,
  what: string,
  script: string,
  transaction?: Transaction,
): Promise<ScriptResult> {
  const result = await shell.run(script, stepTimeoutMs);
  requireAccepted(host, result.stdout, transaction);
  if (result.status !== 0) throw stepFailed(host, what, result);
  requireReply(host, result.stdout, transaction);
  return result;
}

function stepFailed(host: string, what: string, { status, stderr }: ScriptResult): OvsPkiError {
  const said = lastWords(stderr);
  return new OvsPkiError('HOST_STEP_FAILED', `${host}: ${what}: ${said || `exit status ${status}`}`, {
    hint: `what it had is in force; when the cause is mended, run the command again (ovs-pki-ts doctor helps to find it)`,
    details: { host, said },
  });
}

/** The reply of ovsdb-server: one result for each operation, and an error where one of them could not be done. */
function requireAccepted(host: string, reply: string, transaction: Transaction | undefined): void {
  if (transaction === undefined || reply.trim() === '') return;
  const answer = replyIn(reply);
  if (answer === undefined) {
    throw new OvsPkiError('HOST_STEP_FAILED', `${host}: the reply of its database is not understood`, {
      hint: 'see what stands in the database: ovs-vsctl show; then run the command again',
      details: { host },
    });
  }
  const { result, error } = answer;
  const refused = result.find(({ error }) => error !== undefined);
  if (refused === undefined && error === undefined) return;
  if (refused?.error === 'timed out') {
    throw new OvsPkiError(
      'PLAN_STALE',
      `${host}: its database has changed while we were at work; nothing was switched`,
      {
        hint: 'run the command again: it looks at the host anew',
        details: { host },
      },
    );
  }
  throw new OvsPkiError(
    'HOST_STEP_FAILED',
    `${host}: the database refused the change: ${lastWords(refused?.details ?? refused?.error ?? error ?? '')}`,
    {
      hint: 'what it had is in force; please report this with the output of: ovs-vsctl show',
      details: { host },
    },
  );
}

/** A script that ends well has a reply, with a result for each operation. */
function requireReply(host: string, reply: string, transaction: Transaction | undefined): void {
  if (transaction === undefined) return;
  const count = replyIn(reply)?.result.length ?? 0;
  const [, ...operations] = transaction;
  if (count === operations.length) return;
  throw invalidAnswer(host, `its database answers ${operations.length} operations with ${count} results`);
}

/** The reply of RFC 7047, section 4.1.3, in the last line; undefined for anything else. */
function replyIn(text: string) {
  try {
    const { result, error } = JSON.parse(text.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
    if ((result !== null && !Array.isArray(result)) || error === undefined) return undefined;
    const items: unknown[] = result ?? [];
    return {
      error: error === null ? undefined : typeof error === 'string' ? error : JSON.stringify(error),
      result: items.map((item) => ({ error: textIn(item, 'error'), details: textIn(item, 'details') })),
    };
  } catch {
    return undefined;
  }
}

function textIn(item: unknown, key: string): string | undefined {
  const value = typeof item === 'object' && item !== null ? (item as Record<string, unknown>)[key] : undefined;
  return value === undefined ? undefined : String(value);
}
