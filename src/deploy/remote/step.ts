/**
 * One script on a host: sent, waited for, and its answer or what went wrong there.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { ScriptResult } from '../../platform/frame.js';
import type { HostShell } from '../../platform/ssh.js';
import { invalidAnswer, lastWords } from '../answer/answer.js';
import type { Transaction } from './transaction.js';

/** Long enough for a slow disk or an RSA key on an old machine. */
export const stepTimeoutMs = 180_000;

/** @param transaction what the script asks of the database, if it does */
export async function step(
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

export function stepFailed(host: string, what: string, { status, stderr }: ScriptResult): OvsPkiError {
  const said = lastWords(stderr);
  return new OvsPkiError('HOST_STEP_FAILED', `${host}: ${what}: ${said || `exit status ${status}`}`, {
    hint: `what it had is in force; when the cause is mended, run the command again (ovs-pki-ts doctor helps to find it)`,
    details: { host, said },
  });
}

/** The reply of ovsdb-server: one result for each operation, and an error where one of them could not be done. */
export function requireAccepted(host: string, reply: string, transaction: Transaction | undefined): void {
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
export function requireReply(host: string, reply: string, transaction: Transaction | undefined): void {
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
