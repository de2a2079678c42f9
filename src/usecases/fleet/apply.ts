/**
 * `apply`: makes the hosts what they should be, or tells what stands against it.
 *
 * @module
 */

import { type ApplyEdges, applyPlans, type HostResult, type Stage } from '../../deploy/apply/apply.js';
import type { DesiredFleet, DesiredHost, TunnelEnd } from '../../deploy/desired/desired.js';
import type { Action, HostPlan } from '../../deploy/plan/action.js';
import { OvsPkiError } from '../../errors.js';
import type { CertificateType } from '../../pki/profile.js';
import type { Renewal } from '../../pki/renewal.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { readCa } from '../../store/ca/ca.js';
import { issueInCa } from '../../store/change/issue.js';
import { type AskedHost, askHosts, closeAll } from './ask.js';
import { trustFor } from './identities.js';
import { equip, toldInstalled } from './install.js';
import { notPlanned } from './plan-file.js';
import { prepareFleet } from './prepare.js';

/** What `apply` is to make true, and what it may take for that. */
export interface ApplyRequest {
  readonly fleet: DesiredFleet;
  readonly pkiDirectory: string;
  /** Tunnels are proved to be encrypted; false wires hosts whose daemons start later. */
  readonly prove: boolean;
  /** For the tunnels that use a PSK and have no file for it; one is made where there is none. */
  readonly psk?: string;
  /** How long tunnels may take to come up. */
  readonly proofSeconds: number;
  /** Once true, nothing new is begun on any host. */
  readonly interrupted?: () => boolean;
  /** Called when a stage begins on a host. */
  readonly onProgress?: (host: string, stage: Stage) => void;
  /** Only what this plan says is done. */
  readonly written?: { readonly hosts: readonly HostPlan[] };
  /** Which good certificates are replaced; all that should be, if not given. */
  readonly renewal?: Renewal;
  /** Which actions are carried out, where not all of a plan are. */
  readonly keeps?: (action: Action) => boolean;
  /** The IKE daemons are told of the CAs again, also where their files are there. */
  readonly trustsAnew?: boolean;
  /** Tunnels that are not part of the fleet and that a new identity must not stop. */
  readonly watched?: (desired: DesiredHost) => readonly TunnelEnd[];
  /** Hosts that lack packages for OVS IPsec get them first. */
  readonly installsPackages?: boolean;
}

/** A result for each host, in the order of the fleet. Refusals of one host do not touch the others. */
export async function apply(platform: Platform, request: ApplyRequest): Promise<HostResult[]> {
  const asked = await askHosts(platform, request.fleet, true);
  try {
    if (request.installsPackages !== true) return await applyAsked(platform, asked, request);
    const { onProgress = () => undefined, interrupted = () => false } = request;
    const equipped = await equip(platform, request.fleet, asked, { onProgress, interrupted });
    const results = await applyAsked(platform, equipped.asked, request);
    return results.map((result) => toldInstalled(result, equipped.installed));
  } finally {
    closeAll(asked);
  }
}

/** The same for hosts that have been asked, with the lock held there. */
export async function applyAsked(
  platform: Platform,
  asked: readonly AskedHost[],
  request: Omit<ApplyRequest, 'fleet'>,
): Promise<HostResult[]> {
  // 1. Who is to have which certificate and which PSK.
  const { work, failed, pskOf } = await prepareFleet(platform, asked, request, 'made', request.watched);
  // 2. The plans, stage by stage.
  const edges: ApplyEdges = {
    certify: (requests) => certify(platform, request.pkiDirectory, requests),
    readKey: (file) => files.readFile(file).toString('latin1'),
    pskOf,
    now: () => platform.clock.now(),
    proofSeconds: request.proofSeconds,
    onProgress: request.onProgress ?? (() => undefined),
    interrupted: request.interrupted ?? (() => false),
    ...(request.keeps === undefined ? {} : { keeps: request.keeps }),
    refuse: (plan, isEnrolled) =>
      request.written === undefined ? undefined : staleness(request.written.hosts, plan, isEnrolled),
  };
  const results = [
    ...(await applyPlans(
      work,
      edges,
      failed.map(({ desired }) => desired.name),
    )),
    ...failed.map(({ desired, error }) => unasked(desired.name, error)),
  ];
  for (const { host, outcome, error } of results) {
    platform.log.write(`apply ${host}: ${outcome}${error === undefined ? '' : `: ${error.message} [${error.code}]`}`);
  }
  const byName = new Map(results.map((result) => [result.host, result]));
  return asked.flatMap(({ desired }) => byName.get(desired.name) ?? []);
}

/** The same rules as for `sign`: a request that comes from a host is no more trusted than one that was mailed. */
async function certify(
  platform: Platform,
  pkiDirectory: string,
  requests: Parameters<ApplyEdges['certify']>[0],
): ReturnType<ApplyEdges['certify']> {
  const results = new Map<(typeof requests)[number], Awaited<ReturnType<ApplyEdges['certify']>>[number]>();
  for (const type of new Set(requests.map(({ identity }) => identity.type))) {
    for (const days of new Set(requests.map(({ identity }) => identity.days))) {
      const chosen = requests.filter(({ identity }) => identity.type === type && identity.days === days);
      const issued = await issueFor(platform, pkiDirectory, type, days, chosen);
      for (const [index, item] of chosen.entries()) {
        const result = issued instanceof OvsPkiError ? issued : issued[index];
        if (result !== undefined) results.set(item, result);
      }
    }
  }
  return requests.map((item) => results.get(item) as Awaited<ReturnType<ApplyEdges['certify']>>[number]);
}

/** A CA that cannot sign now is the affair of those who need it: other hosts go on. */
async function issueFor(
  platform: Platform,
  pkiDirectory: string,
  type: CertificateType,
  days: number,
  requests: Parameters<ApplyEdges['certify']>[0],
): Promise<Awaited<ReturnType<ApplyEdges['certify']>> | OvsPkiError> {
  try {
    const ca = readCa(pkiDirectory, type);
    const orders = requests.map(({ host, request }) => ({ request, name: host }));
    const issued = await issueInCa(platform, ca, orders, days);
    return issued.map((result) =>
      'error' in result
        ? result.error
        : { certificate: result.certificate, authorities: trustFor(result.certificate, ca) },
    );
  } catch (error) {
    if (error instanceof OvsPkiError) return error;
    throw error;
  }
}

function unasked(host: string, error: OvsPkiError): HostResult {
  return {
    host,
    outcome: 'failed',
    actions: [],
    warnings: [],
    error,
    proofs: [],
    exchanges: 0,
    pointedBack: false,
  };
}

function staleness(written: readonly HostPlan[], plan: HostPlan, isEnrolled: boolean): OvsPkiError | undefined {
  const more = notPlanned(
    written.find(({ host }) => host === plan.host),
    plan.actions,
  );
  if (more.length === 0) return undefined;
  const state = isEnrolled ? 'it has a new key, which is not in use yet' : 'nothing was changed there';
  return new OvsPkiError('PLAN_STALE', `${plan.host} is not as it was when the plan was made; ${state}`, {
    hint: 'look at what is to be done now: ovs-pki-ts plan',
    details: { host: plan.host, notPlanned: more },
  });
}
