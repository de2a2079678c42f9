/**
 * The packages that a host lacks for OVS IPsec, for those who want them installed. Their names come from the tables of this
 * program; of what the host says, only which packages it has decides.
 *
 * @module
 */

import { knownValue } from '../facts/fact.js';
import { ikeDaemonOf, type PlanningFacts } from '../facts/host-facts.js';
import { daemonNamed, usualDaemon } from '../ike/daemons.js';
import { type PackageManager, packagesThere, serviceCommand } from '../system/system.js';
import type { FitnessView } from './rule.js';
import { fitnessRules } from './rules.js';

/** What is installed on a host, and what is done there for it. */
export interface MissingPackages {
  readonly manager: PackageManager;
  /** As they are called there. */
  readonly packages: readonly string[];
  /** Packages that may go for them, and no others. */
  readonly displaced: readonly string[];
  /** Commands that start what did not run for want of them. */
  readonly starts: readonly string[];
}

/** What a host is to have, as far as packages are for it. */
interface Wish {
  readonly ikeDaemon: string;
  readonly ends: readonly unknown[];
  readonly identity: unknown;
}

/** Undefined where nothing is lacking, or where this program knows no package manager of the host. */
export function missingPackages(desired: Wish, facts: PlanningFacts): MissingPackages | undefined {
  const { system, monitor, vswitchdRuns } = facts;
  if (system.packageManager === 'other' || (desired.ends.length === 0 && desired.identity === undefined)) {
    return undefined;
  }
  const daemon = daemonNamed(desired.ikeDaemon) ?? ikeDaemonOf(facts) ?? usualDaemon(system);
  const view: FitnessView = { facts, daemon, hasCrls: desired.identity !== undefined };
  const packages = fitnessRules
    .filter(({ blocks }) => blocks.length > 0)
    .flatMap(({ find }) => find(view).flatMap((fault) => fault.packages ?? []));
  if (packages.length === 0) return undefined;
  return {
    manager: system.packageManager,
    packages: packagesThere(system, packages),
    displaced: daemon.displaces ?? [],
    starts: [
      ...(vswitchdRuns && knownValue(facts.ovsdb) !== undefined
        ? []
        : [serviceCommand(system, 'start', 'openvswitch-switch')]),
      ...(monitor.state === 'known' || facts.ownConnections.length > 0
        ? []
        : [serviceCommand(system, 'restart', 'openvswitch-ipsec')]),
    ],
  };
}
