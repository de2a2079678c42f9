/**
 * What is done on one host, a script at a time, over its open shell.
 *
 * @module
 */

import type { HostShell } from '../../platform/ssh.js';
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
  forgetScript,
  type Held,
  leaveScript,
  type Pointing,
  pinScript,
  readAuthenticated,
  rereadScript,
} from './ike-scripts.js';
import {
  type Preparation,
  prepareScript,
  refuseStrangersScript,
  type SettlingEnd,
  settleScript,
  switchScript,
  unguardScript,
  waitForPeerScript,
} from './scripts.js';
import { requireAccepted, requireReply, step, stepFailed, stepTimeoutMs } from './step.js';
import type { Transaction } from './transaction.js';

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
