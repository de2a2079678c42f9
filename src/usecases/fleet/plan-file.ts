/**
 * A plan that was written to be applied later, as it was shown.
 *
 * @module
 */

import type { DesiredFleet } from '../../deploy/desired/desired.js';
import type { Action, HostPlan } from '../../deploy/plan/action.js';
import { OvsPkiError } from '../../errors.js';
import { digestHex } from '../../pki/digest.js';
import * as files from '../../platform/files.js';

/** What is wanted and what would be done for it. Holds no secret. */
export interface PlanFile {
  readonly kind: 'ovs-pki-ts plan';
  readonly version: 1;
  readonly pkiDirectory: string;
  readonly prove: boolean;
  readonly fleet: DesiredFleet;
  readonly hosts: readonly HostPlan[];
  /** Of all the rest: what is applied is what was shown, and not what somebody made of it. */
  readonly sha256: string;
}

export function writePlan(file: string, plan: Pick<PlanFile, 'pkiDirectory' | 'prove' | 'fleet' | 'hosts'>): void {
  files.replaceFile(file, planFileText(plan));
}

/** What such a file holds. */
export function planFileText({
  pkiDirectory,
  prove,
  fleet,
  hosts,
}: Pick<PlanFile, 'pkiDirectory' | 'prove' | 'fleet' | 'hosts'>): string {
  const content = { kind: 'ovs-pki-ts plan', version: 1, pkiDirectory, prove, fleet, hosts } as const;
  const sealed: PlanFile = { ...content, sha256: sealOf(content) };
  return `${JSON.stringify(sealed, undefined, 2)}\n`;
}

/** However the JSON is laid out. */
function sealOf(content: Omit<Partial<PlanFile>, 'sha256'>): string {
  return digestHex('sha256', new TextEncoder().encode(JSON.stringify(content)));
}

/** The plan in a file, or undefined where it is not a plan but something else, such as an inventory. @throws PLAN_INVALID */
export function readPlan(file: string): PlanFile | undefined {
  if (!files.exists(file)) return undefined;
  const text = files.readFile(file).toString('utf8');
  if (!text.trimStart().startsWith('{')) return undefined;
  let content: Partial<PlanFile>;
  try {
    content = JSON.parse(text) as Partial<PlanFile>;
  } catch (error) {
    throw invalid(file, 'it is not JSON, or was cut off', error);
  }
  if (content.kind !== 'ovs-pki-ts plan') return undefined;
  if (content.version !== 1)
    throw invalid(file, `it has the version ${String(content.version)}, and we know version 1`);
  const { sha256, ...rest } = content;
  if (sha256 !== sealOf(rest)) throw invalid(file, 'it is not what was written: parts of it are missing or changed');
  return content as PlanFile;
}

/**
 * What a plan made now would do that the written one does not say. What is done already may be missing: an apply that
 * was interrupted goes on with the same file.
 */
export function notPlanned(written: HostPlan | undefined, now: readonly Action[]): Action[] {
  const known = new Set((written?.actions ?? []).map(keyOf));
  return now.filter((action) => {
    const key = keyOf(action);
    return !known.has(key) && !known.has(withoutGeneration(key));
  });
}

/**
 * Without contents: the names of files tell their generation, and of a CRL the newest is right. Without where a link led
 * before, too, for that may be done and not known to the IKE daemon.
 */
function keyOf(action: Action): string {
  const before = action.kind === 'link' ? { from: undefined, inUse: undefined } : {};
  const told = { content: undefined, crl: undefined, existingKey: undefined, was: undefined, interruption: undefined };
  return JSON.stringify({ ...action, ...told, ...before });
}

/** What is made when the plan is applied has its names only then, and a `*` in the plan. */
function withoutGeneration(key: string): string {
  return key.replaceAll(/-[0-9a-f]{16}(?=-|\.pem)/g, '-*');
}

function invalid(file: string, reason: string, cause?: unknown): OvsPkiError {
  return new OvsPkiError('PLAN_INVALID', `${file} is no plan that can be applied: ${reason}`, {
    hint: `make it again: ovs-pki-ts plan fleet.yaml --out ${file}`,
    cause,
  });
}
