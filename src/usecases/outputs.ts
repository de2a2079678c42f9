/**
 * What use cases that work on hosts take and give back, for those who call and render them: the counterpart of
 * inputs.ts.
 *
 * @module
 */

export type { Action, CrlSummary, GuardedTunnel, HostPlan, Obstacle } from '../deploy/action.js';
export type {
  AuthenticationMethod,
  DesiredFleet,
  DesiredHost,
  DesiredIdentity,
  HostTarget,
  IkeDaemon,
  Places,
  PlaintextPolicy,
  TunnelEnd,
  TunnelType,
} from '../deploy/desired.js';
export { authenticationMethods, ikeDaemons, tunnelTypes } from '../deploy/desired.js';
export type { Finding as HostFinding } from '../deploy/findings/rule.js';
export type { EndState, EndStatus, HostStatus, IdentityStatus } from '../deploy/host-status.js';
export type { HostResult, Stage } from '../deploy/progress.js';
export type { EndProof } from '../deploy/proof.js';
export type { Removal } from '../deploy/removal.js';
