/**
 * A rule of fitness: what it looks at, what it finds, and what cannot be done while it finds that.
 *
 * @module
 */

import type { PlanningFacts } from '../facts/host-facts.js';
import type { IkeDaemon } from '../ike/daemon.js';
import type { Fault, RuleText } from './fault.js';

/** What cannot be done on a host: any change, bringing an identity or a CRL, a drop policy, a tunnel that is proved. */
export type Purpose = 'change' | 'identity' | 'crl' | 'guard' | 'tunnel';

/** A host as these rules see it. */
export interface FitnessView {
  readonly facts: PlanningFacts;
  /** The IKE daemon that it has or is to have. */
  readonly daemon: IkeDaemon | undefined;
  /** There are CRLs that it is to have. */
  readonly hasCrls: boolean;
}

export interface FitnessRule extends RuleText {
  /** Nothing for a rule that only warns. */
  readonly blocks: readonly Purpose[];
  /** Why a plan is refused by it; HOST_UNFIT, if not given. */
  readonly code?: 'HOST_FACT_UNKNOWN';
  readonly find: (host: FitnessView) => readonly Fault[];
}
