/** A row of the table of what can go wrong while two hosts get new certificates. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorCode } from '../../src/errors.js';
import type { Fault } from '../support/fleet/faults.js';
import type { Fleet } from '../support/fleet/fleet.js';
import type { HostState } from '../support/fleet/operator.js';

/** What a fault is done to. */
export interface Scene {
  readonly fleet: Fleet;
  /** The operator's. */
  readonly folder: string;
}

export interface DeployFault {
  readonly title: string;
  /** How both hosts stand before; `old` unless told otherwise. */
  readonly begin?: 'bare' | 'old';
  /** Who logs in on host_1; root unless told otherwise. */
  readonly user?: string;
  /** Whether certificates lie in the operator's folder, or the hosts are enrolled. */
  readonly here?: 'certificates' | 'nothing';
  /** `apply --skip-proof` unless told otherwise. */
  readonly args?: readonly string[];
  /** Makes the fault, and gives what takes its cause away. */
  readonly make: (scene: Scene) => Promise<() => Promise<unknown>>;
  readonly exitStatus?: number;
  /** The code of each error, in order. */
  readonly codes: readonly ErrorCode[];
  /** What the errors say, and what cure the hints name. */
  readonly says: RegExp;
  readonly hints: RegExp;
  /** How the hosts stand after the fault: unless told otherwise as before it, and the other one as it should be. */
  readonly leaves?: { readonly host_1?: HostState; readonly host_2?: HostState };
  /** After it host_2 has no port of a tunnel that nobody answers. */
  readonly tunnelWaits?: boolean;
}

/** A fault of host_1. */
export const onHost1 = (fault: Fault) => (scene: Scene) => fault(scene.fleet, 'host_1');

/** A script on host_1, and one that takes it away. */
export const scriptOnHost1 =
  (script: string, cure = 'true') =>
  async ({ fleet }: Scene) => {
    await fleet.must('host_1', script);
    return () => fleet.must('host_1', cure);
  };

/** Changes a file of the operator, until it is changed back. */
export async function edited(
  folder: string,
  name: string,
  edit: (text: string) => string,
): Promise<() => Promise<unknown>> {
  const file = join(folder, name);
  const before = readFileSync(file, 'latin1');
  writeFileSync(file, edit(before));
  return async () => writeFileSync(file, before);
}
