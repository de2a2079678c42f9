/**
 * Carries out the plans of many hosts, stage by stage: trust and keys are everywhere before anything points to them,
 * both ends of a tunnel are wired before it is proved, and what fails its proof is pointed back to what it had.
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';
import type { Certificate } from '../pki/certificate.js';
import type { CertificationRequest } from '../pki/certification-request.js';
import type { HostShell } from '../platform/ssh.js';
import type { Action, HostPlan } from './action.js';
import type { DesiredIdentity, TunnelEnd } from './desired.js';
import type { HostFacts } from './host-facts.js';
import { daemonFor, type HostInput, placesFor } from './host-input.js';
import type { Identity } from './identity.js';
import { planHost } from './plan.js';
import { identityPaths } from './plan-identity.js';
import { type EndProof, proveEnd } from './proof.js';
import { restoreTransaction } from './restore.js';
import { databaseOf, enrollHost, prepareHost, removeFiles, restoreHost, switchHost, withMark } from './run-host.js';
import { isChange, transactionFor } from './transaction.js';

/** A host with its open shell and all that its plan is made from. */
export interface HostWork {
  readonly shell: HostShell;
  readonly input: HostInput;
}

export interface ApplyEdges {
  /** Signs what hosts have enrolled with, in the order given; refused requests are errors. */
  readonly certify: (
    requests: readonly {
      readonly host: string;
      readonly identity: DesiredIdentity;
      readonly request: CertificationRequest;
    }[],
  ) => Promise<(Pick<Identity, 'certificate' | 'authorities'> | OvsPkiError)[]>;
  /** Reads a private key that has to travel; PEM. */
  readonly readKey: (file: string) => string;
  /** The PSK of a tunnel end. */
  readonly pskOf: (host: string, port: string) => string;
  readonly now: () => Date;
  /** How long tunnels may take to come up. */
  readonly proofSeconds: number;
  readonly onProgress: (host: string, stage: Stage) => void;
  /** Why a plan may not be carried out, such as one that is not what was shown. */
  readonly refuse: (plan: HostPlan) => OvsPkiError | undefined;
  /** Once true, nothing new is begun. */
  readonly interrupted: () => boolean;
}

export type Stage = 'enroll' | 'prepare' | 'switch' | 'done';

export interface HostResult {
  readonly host: string;
  readonly outcome: 'changed' | 'unchanged' | 'failed';
  readonly actions: readonly Action[];
  readonly warnings: readonly string[];
  readonly error: OvsPkiError | undefined;
  readonly proofs: readonly EndProof[];
  readonly exchanges: number;
  /** After the change; undefined where the host could not be asked any more. */
  readonly facts: HostFacts | undefined;
  readonly pointedBack: boolean;
}

/** One host on its way through the stages. */
interface Progress {
  readonly work: HostWork;
  input: HostInput;
  plan: HostPlan;
  error: OvsPkiError | undefined;
  facts: HostFacts | undefined;
  said: string;
  proofs: EndProof[];
  pointedBack: boolean;
  isSwitched: boolean;
}

/** @param unasked hosts of the fleet that could not even be asked: no tunnel leads to them yet */
export async function applyPlans(
  work: readonly HostWork[],
  edges: ApplyEdges,
  unasked: readonly string[],
): Promise<HostResult[]> {
  const hosts = work.map((item): Progress => beginning(item, edges));
  // 1. Hosts without a key make one; what they ask for is signed in one go.
  await enroll(hosts, edges);
  // 2. Trust, certificates and keys beside the old ones, and the drop policy in the kernel.
  await onEach(hosts, edges, 'prepare', prepareOne(edges));
  // 3. One transaction a host, where all that it rests on is in place; then the tunnels come up.
  leaveOutFailedPeers(hosts, unasked);
  await onEach(hosts, edges, 'switch', switchOne(edges));
  // 4. The proof; who fails it is pointed back.
  prove(hosts);
  await pointBack(hosts, edges);
  // 5. The old generation goes last.
  await onEach(hosts, edges, 'done', cleanOne);
  return hosts.map(resultOf);
}

function beginning(work: HostWork, { refuse }: ApplyEdges): Progress {
  const plan = planHost(work.input);
  const { facts } = work.input;
  return {
    work,
    input: work.input,
    plan,
    error: obstructed(plan) ?? refuse(plan),
    facts,
    said: '',
    proofs: [],
    pointedBack: false,
    isSwitched: false,
  };
}

/** All that stands against a plan, in one error with the code of the first. */
function obstructed({ host, obstacles }: HostPlan): OvsPkiError | undefined {
  const [first] = obstacles;
  if (first === undefined) return undefined;
  return new OvsPkiError(first.code, obstacles.map(({ message }) => message).join('; '), {
    hint: [...new Set(obstacles.map(({ hint }) => hint))].join('; then: '),
    details: { host, obstacles },
  });
}

async function onEach(
  hosts: readonly Progress[],
  edges: ApplyEdges,
  stage: Stage,
  action: (host: Progress) => Promise<void>,
): Promise<void> {
  await Promise.all(
    hosts
      .filter(({ error }) => error === undefined)
      .map(async (host) => {
        if (stage !== 'done' && edges.interrupted()) {
          host.error = new OvsPkiError('INTERRUPTED', `${nameOf(host)}: interrupted before the stage "${stage}"`, {
            hint: 'run the command again: it goes on where it stopped',
          });
          return;
        }
        edges.onProgress(nameOf(host), stage);
        try {
          await action(host);
        } catch (error) {
          host.error = asRefusal(error);
        }
      }),
  );
}

async function enroll(hosts: readonly Progress[], edges: ApplyEdges): Promise<void> {
  const enrolling = hosts.filter(({ input }) => input.identity === 'enroll');
  const requests: { host: Progress; keyFile: string; identity: DesiredIdentity; request: CertificationRequest }[] = [];
  await onEach(enrolling, edges, 'enroll', async (host) => {
    const { identity } = host.input.desired;
    const action = host.plan.actions.find((item) => item.kind === 'enroll');
    if (identity === undefined || action?.kind !== 'enroll') return;
    const made = await enrollHost(host.work.shell, nameOf(host), action, identity.days);
    if ('certificate' in made) setIdentity(host, made.certificate, [], made.keyFile);
    else requests.push({ host, identity, ...made });
  });
  const certified =
    requests.length === 0 ? [] : await edges.certify(requests.map((item) => ({ ...item, host: nameOf(item.host) })));
  for (const [index, { host, keyFile }] of requests.entries()) {
    const result = certified[index];
    if (result === undefined || result instanceof OvsPkiError) host.error = result;
    else setIdentity(host, result.certificate, result.authorities, keyFile);
  }
  tellPeers(hosts);
  for (const host of hosts) if (host.error === undefined) host.plan = planHost(host.input);
}

function setIdentity(
  host: Progress,
  certificate: Certificate,
  authorities: readonly Certificate[],
  path: string,
): void {
  host.input = { ...host.input, identity: { certificate, authorities, key: { kind: 'on-host', path } } };
}

/** Who trusts a self-signed certificate needs it, also when it was made a moment ago. */
function tellPeers(hosts: readonly Progress[]): void {
  const byName = new Map(hosts.map((host) => [nameOf(host), host.input.identity]));
  for (const host of hosts) {
    const peers = new Map(host.input.peers);
    for (const [peer, certificate] of peers) {
      const identity = byName.get(peer);
      if (certificate === 'enroll' && identity !== undefined && identity !== 'enroll')
        peers.set(peer, identity.certificate);
    }
    host.input = { ...host.input, peers };
  }
}

function prepareOne(edges: ApplyEdges): (host: Progress) => Promise<void> {
  return async ({ work, input, plan }) => {
    const places = plan.actions.filter((action) => action.kind === 'place');
    const guards = plan.actions.filter((action) => action.kind === 'guard');
    const mark = plan.actions.filter((action) => action.kind === 'plaintext');
    const { identity } = input;
    const isNewIdentity = plan.actions.some(({ kind }) => kind === 'other_config');
    if (places.length === 0 && guards.length === 0 && mark.length === 0 && !isNewIdentity) return;
    await prepareHost(work.shell, plan.host, {
      places,
      keys: new Map(
        places.flatMap(({ path, source }) => (source === undefined ? [] : [[path, edges.readKey(source)]])),
      ),
      identity:
        identity === undefined || identity === 'enroll' || !isNewIdentity ? undefined : identityPaths(input, identity),
      daemon: daemonFor(input),
      guards,
      plaintext: mark.length === 0 ? undefined : transactionFor(mark, databaseOf(plan.host, input.facts), () => ''),
    });
  };
}

/** A tunnel whose other end could not be prepared is left for later; all else of its host goes on. */
function leaveOutFailedPeers(hosts: readonly Progress[], unasked: readonly string[]): void {
  const failed = new Set([...unasked, ...hosts.filter(({ error }) => error !== undefined).map(nameOf)]);
  if (failed.size === 0) return;
  for (const host of hosts) {
    const left = host.plan.actions.filter((action) => action.kind === 'port' && failed.has(action.peer));
    if (host.error !== undefined || left.length === 0) continue;
    host.plan = {
      ...host.plan,
      actions: host.plan.actions.filter((action) => !left.includes(action)),
      warnings: [
        ...host.plan.warnings,
        ...left.map(
          (action) =>
            `${nameOf(host)}: the tunnel to ${'peer' in action ? action.peer : ''} waits until that host can be wired`,
        ),
      ],
    };
    const { desired } = host.input;
    const ends = desired.ends.filter(({ peer }) => !failed.has(peer));
    host.input = { ...host.input, desired: { ...desired, ends } };
  }
}

function switchOne(edges: ApplyEdges): (host: Progress) => Promise<void> {
  return async (host) => {
    const { work, input, plan } = host;
    const changes = plan.actions.filter(isChange).filter(({ kind }) => kind !== 'plaintext');
    const addresses = plan.actions.filter(({ kind }) => kind === 'address');
    if (changes.length === 0 && addresses.length === 0) return;
    const database = afterGuard(host);
    const transaction =
      changes.length === 0 ? undefined : transactionFor(changes, database, (port) => edges.pskOf(plan.host, port));
    host.isSwitched = true;
    const { facts, said } = await switchHost(work.shell, plan.host, {
      transaction,
      addresses,
      ends: input.prove ? endsToProve(host) : [],
      seconds: edges.proofSeconds,
      folders: Object.values(placesFor(input)),
      now: edges.now,
    });
    host.facts = facts;
    host.said = said;
  };
}

function afterGuard({ input, plan }: Progress): ReturnType<typeof databaseOf> {
  const database = databaseOf(plan.host, input.facts);
  const guard = plan.actions.find((action) => action.kind === 'plaintext');
  return guard === undefined ? database : withMark(database, guard.to);
}

/** With a new identity ovs-monitor-ipsec rebuilds every tunnel of the host. */
function endsToProve({ input: { desired, watched }, plan }: Progress): TunnelEnd[] {
  const isNewIdentity = plan.actions.some(({ kind }) => kind === 'other_config');
  const ports = new Set(plan.actions.flatMap((action) => (action.kind === 'port' ? [action.port] : [])));
  return [...desired.ends.filter(({ port }) => isNewIdentity || ports.has(port)), ...(isNewIdentity ? watched : [])];
}

function prove(hosts: readonly Progress[]): void {
  for (const host of hosts) {
    if (!host.isSwitched || !host.input.prove) continue;
    const { identity } = host.input;
    const certificate = identity === undefined || identity === 'enroll' ? undefined : identity.certificate;
    host.proofs = endsToProve(host).map((end) =>
      proveEnd({
        host: host.input.desired,
        end,
        facts: host.error === undefined ? host.facts : undefined,
        certificate,
      }),
    );
  }
}

async function pointBack(hosts: readonly Progress[], edges: ApplyEdges): Promise<void> {
  const failedTunnels = new Set(
    hosts.flatMap((host) => host.proofs.filter(({ encrypted }) => !encrypted).map(({ port }) => tunnelOf(host, port))),
  );
  await Promise.all(
    hosts.map(async (host) => {
      const failed = host.proofs.filter(({ port }) => failedTunnels.has(tunnelOf(host, port)));
      if (failed.length === 0) return;
      const isWhole = failed.length === host.proofs.length;
      const changes = host.plan.actions.filter(isChange);
      const ports = new Set(failed.map(({ port }) => port));
      const transaction = restoreTransaction(changes, host.input.facts, host.facts ?? host.input.facts, isWhole, ports);
      host.error ??= proofFailed(host, failed);
      try {
        const guards = host.plan.actions.flatMap((action) =>
          action.kind === 'guard' && ports.has(action.port) ? [action] : [],
        );
        await restoreHost(host.work.shell, nameOf(host), transaction, guards);
        host.pointedBack = true;
      } catch (error) {
        const { message } = asRefusal(error);
        host.error = new OvsPkiError('HOST_PROOF_FAILED', `${host.error.message}; and ${message}`, {
          hint: host.error.hint ?? '',
          details: host.error.details,
        });
      }
      edges.onProgress(nameOf(host), 'done');
    }),
  );
}

/** The same text at both ends. */
function tunnelOf(host: Progress, port: string): string {
  const end = [...host.input.desired.ends, ...host.input.watched].find((item) => item.port === port);
  const addresses = [end?.localIp ?? '', end?.remoteIp ?? ''].sort();
  return [...addresses, end?.type].join(' ');
}

function proofFailed(host: Progress, failed: readonly EndProof[]): OvsPkiError {
  const reasons = failed.flatMap(({ port, reasons }) => reasons.map((reason) => `${port}: ${reason}`));
  const because = reasons.length === 0 ? 'the other end of its tunnel is not encrypted' : reasons.join('; ');
  const said = host.said === '' ? '' : ` (the IKE daemon: ${host.said.split('\n').slice(-2).join(' ')})`;
  return new OvsPkiError('HOST_PROOF_FAILED', `${nameOf(host)}: ${because}${said}`, {
    hint: `what it had is in force again; find the cause with: ovs-pki-ts doctor --to ${host.input.desired.target.destination}`,
    details: { host: nameOf(host), reasons },
  });
}

async function cleanOne({ work, input, plan }: Progress): Promise<void> {
  const paths = plan.actions.flatMap((action) => (action.kind === 'remove-file' ? [action.path] : []));
  if (paths.length > 0) await removeFiles(work.shell, input.desired.name, paths);
}

function resultOf(host: Progress): HostResult {
  const { plan, error, proofs, facts, pointedBack, work } = host;
  return {
    host: plan.host,
    outcome: error !== undefined ? 'failed' : plan.actions.length === 0 ? 'unchanged' : 'changed',
    actions: plan.actions,
    warnings: plan.warnings,
    error,
    proofs,
    exchanges: work.shell.exchanges(),
    facts,
    pointedBack,
  };
}

function nameOf({ input }: Progress): string {
  return input.desired.name;
}

function asRefusal(error: unknown): OvsPkiError {
  if (error instanceof OvsPkiError) return error;
  throw error;
}
