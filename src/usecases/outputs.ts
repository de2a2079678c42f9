/**
 * What use cases that work on hosts give back, for those who render it: the counterpart of inputs.ts.
 *
 * @module
 */

export type { Action, HostPlan } from '../deploy/action.js';
export type { HostResult } from '../deploy/apply.js';
export type { DesiredFleet } from '../deploy/desired.js';
export type { Finding } from '../deploy/findings/rule.js';
export type { EndStatus, IdentityStatus } from '../deploy/host-status.js';
