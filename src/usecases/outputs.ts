/**
 * What use cases that work on hosts take and give back, for those who call and render them: the counterpart of
 * inputs.ts.
 *
 * @module
 */

export type { HostResult, Stage } from '../deploy/apply/host-run.js';
export type {
  AuthenticationMethod,
  BridgePort,
  DesiredFleet,
  DesiredHost,
  DesiredIdentity,
  HostTarget,
  LoopProtection,
  OtherTunnels,
  PlaintextPolicy,
  TunnelEnd,
  TunnelType,
} from '../deploy/desired/desired.js';
export { authenticationMethods, tunnelTypes } from '../deploy/desired/desired.js';
export type { EndState, EndStatus, HostStatus, IdentityStatus } from '../deploy/doctor/host-status.js';
export type { Finding as HostFinding } from '../deploy/doctor/rule.js';
export type { Places } from '../deploy/ike/daemon.js';
export { ikeDaemonLabels, ikeDaemonNames } from '../deploy/ike/daemon.js';
export type {
  Action,
  CrlSummary,
  GuardedTunnel,
  HostPlan,
  Interruption,
  LoopRole,
  Obstacle,
  UnknownTunnel,
} from '../deploy/plan/action.js';
export type { IdentityFiles } from '../deploy/plan/identity-files.js';
export type { Removal } from '../deploy/plan/removal.js';
export type { EndProof } from '../deploy/tunnels/proof.js';
