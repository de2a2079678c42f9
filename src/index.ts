/**
 * PKI and certificates for Open vSwitch, as a library. Every function does what the command of its name does, takes
 * the edges of the program (clock, log, WebCrypto provider) first, and neither prompts nor prints.
 *
 * ```ts
 * import { init, nodePlatform, reqSign } from 'ovs-pki-ts';
 *
 * const platform = nodePlatform();
 * await init(platform, { pkiDirectory: 'pki', keySpec: { type: 'rsa', bits: 3072 }, days: 3650, force: false });
 * ```
 *
 * @module
 */

export { type ErrorCode, type ErrorOptions, errorTable, OvsPkiError } from './errors.js';
export {
  type Certificate,
  decodeCertificate,
  decodeCertificatePem,
  type Extension,
  type GeneralName,
} from './pki/certificate.js';
export {
  type CertificationRequest,
  decodeCertificationRequest,
  decodeCertificationRequestPem,
} from './pki/certification-request.js';
export type { DerElement } from './pki/der.js';
export { type Curve, defaultKeySpec, type KeySpec, type PublicKey } from './pki/key.js';
export type { IkeDaemonName, IpsecFindings } from './pki/lint/ipsec-rules.js';
export type { Finding } from './pki/lint/rule.js';
export { type DistinguishedName, type NameAttribute, nameFault } from './pki/name.js';
export { expandNames } from './pki/name-list.js';
export type { CertificateType } from './pki/profile.js';
export type { Renewal } from './pki/renewal.js';
export type { ReasonCode } from './pki/revocation.js';
export { defaultDays } from './pki/validity.js';
export { type Clock, fixedClock, systemClock } from './platform/clock.js';
export { nodePlatform, type Platform } from './platform/index.js';
export { type Log, openLog, silentLog } from './platform/log.js';
export { type ApplyRequest, apply } from './usecases/apply.js';
export {
  type CheckedAuthority,
  type CheckReason,
  type CheckRequest,
  type CheckResult,
  type CheckRule,
  check,
  checkRules,
  type Deadlines,
  type NewestCertificate,
} from './usecases/check.js';
export { type ConnectHost, type ConnectRequest, connectedFleet } from './usecases/connect.js';
export { type CrlMade, type CrlRequest, crl, defaultCrlDays } from './usecases/crl.js';
export type { Signed } from './usecases/deliver.js';
export { type DistributeRequest, distribute } from './usecases/distribute.js';
export { type DoctorResult, doctor } from './usecases/doctor.js';
export type { ExamineRequest, UnaskedHost } from './usecases/examine.js';
export {
  type Exported,
  type ExportFormat,
  type ExportRequest,
  exportCertificate,
  exportFormats,
} from './usecases/export.js';
export { type FingerprintRequest, type FingerprintResult, fingerprint } from './usecases/fingerprint.js';
export { type Imported, type ImportRequest, importCa } from './usecases/import.js';
export { type InitRequest, type InitResult, init } from './usecases/init.js';
export { defaultPkiDirectory } from './usecases/inputs.js';
export { inventoryInit, readFleet } from './usecases/inventory.js';
export { type Listed, type ListRequest, type ListState, list } from './usecases/list.js';
export * from './usecases/outputs.js';
export { changePassphrase, type PassphraseChanged, type PassphraseRequest } from './usecases/passphrase.js';
export { type PlannedHost, type PlanRequest, plan } from './usecases/plan.js';
export { type RemoveRequest, remove } from './usecases/remove.js';
export { type Renewed, type RenewRequest, renew } from './usecases/renew.js';
export { type ReqRequest, type RequestMade, req } from './usecases/req.js';
export { type ReqSignRequest, type RequestSigned, reqSign } from './usecases/req-sign.js';
export { type Revoked, type RevokedCertificate, type RevokeRequest, revoke } from './usecases/revoke.js';
export {
  prepareRollover,
  type RolloverPreparation,
  type RolloverRequest,
  type RolloverState,
  retireRollover,
  rolloverStatus,
  switchRollover,
  undoRollover,
} from './usecases/rollover.js';
export {
  backOnHosts,
  distributeRollover,
  type FleetRolloverRequest,
  type FleetRolloverResult,
  type HostRollover,
  retireOnHosts,
  rolloverOnHosts,
  switchOnHosts,
} from './usecases/rollover-fleet.js';
export { type SelfSigned, type SelfSignRequest, selfSign } from './usecases/self-sign.js';
export { type SetupRequest, type SetupResult, setup } from './usecases/setup.js';
export { type Shown, type ShowRequest, show } from './usecases/show.js';
export type {
  Fingerprints,
  ShownCertificate,
  ShownContent,
  ShownCrl,
  ShownKey,
  ShownPeriod,
  ShownRequest,
} from './usecases/shown-content.js';
export { type SignRequest, sign } from './usecases/sign.js';
export { type StatusResult, status } from './usecases/status.js';
export type { CertificateSummary, Refused, Skipped } from './usecases/summary.js';
export { type Verified, type VerifyRequest, verify } from './usecases/verify.js';
