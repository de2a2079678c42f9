/**
 * A plan that was written to be applied later, as it was shown.
 *
 * @module
 */

import type { DesiredFleet } from '../../deploy/desired/desired.js';
import { readDesiredFleet } from '../../deploy/inventory/fleet-schema.js';
import type { Action, HostPlan } from '../../deploy/plan/action.js';
import { type ActionKind, type ActionOf, isKind } from '../../deploy/plan/kinds.js';
import { OvsPkiError } from '../../errors.js';
import { equalBytes } from '../../pki/der.js';
import { digestHex, hmacHex } from '../../pki/digest.js';
import * as files from '../../platform/files.js';
import { readPassphraseFile } from '../../platform/passphrase.js';
import { visibleJson } from '../../platform/visible.js';

/** What is wanted and what would be done for it. Holds no secret. */
export interface PlanFile {
  readonly kind: 'ovs-pki-ts plan';
  readonly version: 2;
  readonly pkiDirectory: string;
  readonly prove: boolean;
  readonly fleet: DesiredFleet;
  readonly hosts: readonly HostPlan[];
  /** Of all the rest: shows what was cut off or changed by accident. Whoever changes the plan can make it anew. */
  readonly sha256?: string;
  /** The same with a key in place of it: only who has the key can have written the plan. */
  readonly hmacSha256?: string;
}

type PlanContent = Pick<PlanFile, 'pkiDirectory' | 'prove' | 'fleet' | 'hosts'>;

/** @param key of the seal, from {@link readPlanKey} */
export function writePlan(file: string, plan: PlanContent, key?: string): void {
  files.replaceFile(file, planFileText(plan, key));
}

/** What such a file holds. */
export function planFileText({ pkiDirectory, prove, fleet, hosts }: PlanContent, key?: string): string {
  const content = { kind: 'ovs-pki-ts plan', version: 2, pkiDirectory, prove, fleet, hosts } as const;
  const seal = key === undefined ? { sha256: sealOf(content) } : { hmacSha256: sealOf(content, key) };
  return `${visibleJson(JSON.stringify({ ...content, ...seal } satisfies PlanFile, undefined, 2))}\n`;
}

/** The key in a file that only its owner can read. @throws FILE_NOT_FOUND, PASSPHRASE_EXPOSED, PASSPHRASE_INVALID */
export function readPlanKey(file: string): string {
  const key = readPassphraseFile(file);
  if (key.length >= fewestCharacters) return key;
  throw new OvsPkiError(
    'PASSPHRASE_INVALID',
    `${file} holds no key of a plan: ${fewestCharacters} characters at least`,
    {
      hint: `make one: (umask 077; openssl rand -base64 32 >${file})`,
      details: { file },
    },
  );
}

const fewestCharacters = 24;

/** However the JSON is laid out. */
function sealOf(content: object, key?: string): string {
  const bytes = new TextEncoder().encode(JSON.stringify(content));
  return key === undefined ? digestHex('sha256', bytes) : hmacHex(key, bytes);
}

/**
 * The plan in a file, or undefined where it is not a plan but something else, such as an inventory.
 *
 * @param key that the plan must be sealed with
 * @throws PLAN_INVALID
 */
export function readPlan(file: string, key?: string): PlanFile | undefined {
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
  if (content.version !== 2) throw invalid(file, versionFault(content.version));
  requireSeal(file, content, key);
  return checkedPlan(file, content);
}

function versionFault(version: unknown): string {
  return version === 1
    ? 'an earlier version of ovs-pki-ts wrote it, and a plan holds more now'
    : `it has the version ${String(version)}, and we know version 2`;
}

function requireSeal(file: string, { sha256, hmacSha256, ...rest }: Partial<PlanFile>, key: string | undefined): void {
  if (key === undefined && hmacSha256 !== undefined)
    throw invalid(file, 'it is sealed with a key, which --plan-key names');
  if (key !== undefined && hmacSha256 === undefined) throw invalid(file, 'it is not sealed with a key');
  const seal = key === undefined ? sha256 : hmacSha256;
  if (typeof seal === 'string' && equalBytes(Buffer.from(seal), Buffer.from(sealOf(rest, key)))) return;
  throw invalid(
    file,
    key === undefined
      ? 'it is not what was written: parts of it are missing or changed'
      : 'it is not what was written with this key',
  );
}

/** Its seal says nothing about who has made it: what is in it passes the rules of an inventory. */
function checkedPlan(file: string, content: Partial<PlanFile>): PlanFile {
  const { pkiDirectory, prove, hosts } = content;
  const read = readDesiredFleet(content.fleet);
  if ('fault' in read) throw invalid(file, read.fault);
  if (typeof pkiDirectory !== 'string' || typeof prove !== 'boolean')
    throw invalid(file, 'its PKI directory is no text, or "prove" is not true or false');
  if (!Array.isArray(hosts) || !hosts.every(isPlan)) throw invalid(file, 'its hosts are no plans');
  if (hosts.length > read.fleet.hosts.length) throw invalid(file, 'it has more plans than hosts');
  const long = hosts.find(({ actions }) => actions.length > mostActions);
  if (long !== undefined) throw invalid(file, `it has more than ${mostActions} actions for one host`);
  return { kind: 'ovs-pki-ts plan', version: 2, pkiDirectory, prove, fleet: read.fleet, hosts };
}

/** Several for each tunnel of a host that has a dozen to each other one of the largest fleet. */
const mostActions = 100_000;

/** What it says is compared with a new plan, and never carried out: the kinds of its actions are ours. */
function isPlan(value: unknown): value is HostPlan {
  if (typeof value !== 'object' || value === null || !('host' in value) || !('actions' in value)) return false;
  const { host, actions } = value;
  return (
    typeof host === 'string' &&
    Array.isArray(actions) &&
    actions.every((item) => typeof item === 'object' && item !== null && isKind(item.kind))
  );
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
 * What of an action may be another one than was shown. Of files the contents: their names tell their generation, and of a CRL the
 * newest is right. Where a link led before, too, for that may be done and not known to the IKE daemon.
 */
const mayDiffer: { readonly [Kind in ActionKind]: readonly Exclude<keyof ActionOf<Kind>, 'kind'>[] } = {
  enroll: ['existingKey'],
  place: ['content', 'crl'],
  link: ['from', 'inUse'],
  listen: ['addresses'],
  guard: [],
  cut: [],
  verify: ['certificate', 'private_key', 'ca_cert'],
  trust: ['files'],
  'refuse-strangers': ['when'],
  reread: [],
  hold: ['seconds', 'turn'],
  authenticate: ['turn', 'unless'],
  leave: ['seconds'],
  'wait-for-peer': [],
  plaintext: ['rebuilds', 'interruption'],
  other_config: [],
  bridge: [],
  port: ['was', 'interruption', 'after'],
  mark: ['was'],
  'remove-port': [],
  'loop-role': [],
  rstp: [],
  'bridge-port': [],
  address: [],
  replace: ['interruption'],
  'remove-bridge': [],
  unguard: [],
  'remove-file': [],
};

function keyOf(action: Action): string {
  const left: readonly string[] = mayDiffer[action.kind];
  return JSON.stringify(Object.fromEntries(Object.entries(action).filter(([key]) => !left.includes(key))));
}

/** What is made when the plan is applied has its names only then, and a `*` in the plan. */
function withoutGeneration(key: string): string {
  return key.replaceAll(/-[0-9a-f]{16}(?=-|\.pem)/g, '-*');
}

function invalid(file: string, reason: string, cause?: unknown): OvsPkiError {
  return new OvsPkiError('PLAN_INVALID', `${file} is no plan that can be applied: ${reason}`, {
    hint: `make it again: ovs-pki-ts plan fleet.yaml --out ${file}${/key/.test(reason) ? ' --plan-key FILE' : ''}`,
    cause,
  });
}
