/**
 * A host on its way through the stages of an apply: what it starts with, and what comes of it.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { CertificationRequest } from '../../pki/certification-request.js';
import type { HostShell } from '../../platform/ssh.js';
import { refusalOf } from '../answer/answer.js';
import type { DesiredIdentity } from '../desired/desired.js';
import type { HostFacts } from '../facts/host-facts.js';
import type { Action, HostPlan } from '../plan/action.js';
import type { Identity } from '../plan/identity-files.js';
import type { HostInput } from '../plan/input.js';
import { actionsWith } from '../plan/kinds.js';
import { planHost } from '../plan/plan.js';
import { plannedTogether } from '../plan/together.js';
import type { EndProof } from '../tunnels/proof.js';

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
  /** Which actions are carried out, where not all of a plan are. */
  readonly keeps?: (action: Action) => boolean;
  /** Why a plan may not be carried out, such as one that is not what was shown; the host may have made a key by then. */
  readonly refuse: (plan: HostPlan, isEnrolled: boolean) => OvsPkiError | undefined;
  /** Once true, nothing new is begun. */
  readonly interrupted: () => boolean;
}

/** What is being done to a host. */
export type Stage = 'install' | 'enroll' | 'prepare' | 'switch' | 'done';

/** What came of one host; JSON-safe but for its error. */
export interface HostResult {
  readonly host: string;
  readonly outcome: 'changed' | 'unchanged' | 'failed';
  readonly actions: readonly Action[];
  readonly warnings: readonly string[];
  readonly error: OvsPkiError | undefined;
  readonly proofs: readonly EndProof[];
  readonly exchanges: number;
  readonly pointedBack: boolean;
}

/** One host on its way through the stages. */
export interface Progress {
  readonly work: HostWork;
  input: HostInput;
  plan: HostPlan;
  error: OvsPkiError | undefined;
  /** After the switch, where there is something to prove. */
  facts: HostFacts | undefined;
  said: string;
  proofs: EndProof[];
  pointedBack: boolean;
  /** Changes that are in force, or may be: only what the database has refused is certainly not. */
  begun: readonly Action[];
}

/** Hosts with their plans, made together, or what stands against each. */
export function beginning(work: readonly HostWork[], edges: ApplyEdges): Progress[] {
  const alone = work.map((item) => plannedAlone(item, edges));
  const plans = plannedTogether(alone);
  return alone.map((host, index): Progress => {
    const plan = plans[index] ?? host.plan;
    return { ...host, plan, error: host.error ?? edges.refuse(plan, false) };
  });
}

function plannedAlone(work: HostWork, { keeps }: ApplyEdges): Progress {
  try {
    const plan = planHost(work.input, keeps);
    return progressWith(work, plan, obstructed(plan));
  } catch (error) {
    const { name, target } = work.input.desired;
    const none = { host: name, target, actions: [], warnings: [], obstacles: [] };
    return progressWith(work, none, refusalOf(name, error));
  }
}

/** A host for which nothing has been done yet. */
export function progressWith(work: HostWork, plan: HostPlan, error?: OvsPkiError): Progress {
  return {
    work,
    input: work.input,
    plan,
    error,
    facts: undefined,
    said: '',
    proofs: [],
    pointedBack: false,
    begun: [],
  };
}

/** All that stands against a plan, in one error with the code of the first. */
export function obstructed({ host, obstacles }: HostPlan): OvsPkiError | undefined {
  const [first] = obstacles;
  if (first === undefined) return undefined;
  return new OvsPkiError(first.code, obstacles.map(({ message }) => message).join('; '), {
    hint: [...new Set(obstacles.map(({ hint }) => hint))].join('; then: '),
    details: { host, obstacles },
  });
}

/** Does something for each host that has not failed; a refusal is noted there and touches no other. */
export async function onEach(
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
          host.error = refusalOf(nameOf(host), error);
        }
      }),
  );
}

export function resultOf(host: Progress): HostResult {
  const { plan, error, proofs, pointedBack, work } = host;
  const lasting = actionsWith(plan.actions, { lasts: true });
  return {
    host: plan.host,
    outcome: error !== undefined ? 'failed' : lasting.length === 0 ? 'unchanged' : 'changed',
    actions: plan.actions,
    warnings: plan.warnings,
    error,
    proofs,
    exchanges: work.shell.exchanges(),
    pointedBack,
  };
}

/** Whether a port is made or changed; one that is not may be concerned by another certificate all the same. */
export function isChangedPort({ plan }: Progress, port: string): boolean {
  return actionsWith(plan.actions, { proves: 'its own' }).some((action) => action.port === port);
}

/** What the operator is to know and is no failure. */
export function warn(host: Progress, warnings: readonly string[]): void {
  host.plan = { ...host.plan, warnings: [...host.plan.warnings, ...warnings] };
}

export function nameOf({ input }: Progress): string {
  return input.desired.name;
}
