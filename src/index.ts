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
export type { PublicKey } from './pki/key.js';
export { type Curve, defaultKeySpec, type KeySpec } from './pki/key-spec.js';
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
export { type CrlCopy, type CrlMade, type CrlRequest, crl, defaultCrlDays } from './usecases/authority/crl.js';
export type { AuthorityFiles } from './usecases/authority/fit-authority.js';
export { type Imported, importCa } from './usecases/authority/import.js';
export type { ImportRequest } from './usecases/authority/import-checks.js';
export { type InitRequest, type InitResult, init } from './usecases/authority/init.js';
export {
  type CrlImportRequest,
  type CrlsImported,
  type ImportedCrl,
  importCrls,
} from './usecases/authority/issuer-crl.js';
export { changePassphrase, type PassphraseChanged, type PassphraseRequest } from './usecases/authority/passphrase.js';
export { type CaRequested, type CaRequestOrder, type RequestPlace, requestCa } from './usecases/authority/request.js';
export { retireRollover, switchRollover, undoRollover } from './usecases/authority/rollover.js';
export { prepareRollover, type RolloverPreparation } from './usecases/authority/rollover-prepare.js';
export { type NextRequest, prepareRequested, requestRollover } from './usecases/authority/rollover-request.js';
export { type RolloverRequest, type RolloverState, rolloverStatus } from './usecases/authority/rollover-status.js';
export type { Signed } from './usecases/certificate/deliver.js';
export {
  type Exported,
  type ExportFormat,
  type ExportRequest,
  exportCertificate,
  exportFormats,
} from './usecases/certificate/export.js';
export { type FingerprintRequest, type FingerprintResult, fingerprint } from './usecases/certificate/fingerprint.js';
export { type Listed, type ListRequest, type ListState, list } from './usecases/certificate/list.js';
export { renew } from './usecases/certificate/renew.js';
export type { Renewed, RenewRequest } from './usecases/certificate/renewal.js';
export { type ReqRequest, type RequestMade, req } from './usecases/certificate/req.js';
export { type ReqSignRequest, type RequestSigned, reqSign } from './usecases/certificate/req-sign.js';
export { type Revoked, type RevokedCertificate, type RevokeRequest, revoke } from './usecases/certificate/revoke.js';
export { type SelfSigned, type SelfSignRequest, selfSign } from './usecases/certificate/self-sign.js';
export { type SetupRequest, type SetupResult, setup } from './usecases/certificate/setup.js';
export { type Shown, type ShowRequest, show } from './usecases/certificate/show.js';
export type {
  Fingerprints,
  IpsecFindings,
  ShownCertificate,
  ShownContent,
  ShownCrl,
  ShownEntry,
  ShownKey,
  ShownPeriod,
  ShownRequest,
} from './usecases/certificate/shown.js';
export type { IkeDaemonName } from './usecases/certificate/shown-content.js';
export { type SignRequest, sign } from './usecases/certificate/sign.js';
export { type Verified, type VerifyRequest, verify } from './usecases/certificate/verify.js';
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
} from './usecases/check/check.js';
export {
  type Contradiction,
  type ContradictionKind,
  type Repaired,
  type RepairRequest,
  repair,
} from './usecases/check/repair.js';
export type { NameWithoutHost } from './usecases/check/without-host.js';
export { type ApplyRequest, apply } from './usecases/fleet/apply.js';
export { type ConnectHost, type ConnectRequest, connectedFleet } from './usecases/fleet/connect.js';
export { type DistributeRequest, distribute } from './usecases/fleet/distribute.js';
export { type DoctorResult, doctor } from './usecases/fleet/doctor.js';
export type { ExamineRequest, UnaskedHost } from './usecases/fleet/examine.js';
export { inventoryInit, readFleet } from './usecases/fleet/inventory.js';
export { type PlannedHost, type PlanRequest, plan } from './usecases/fleet/plan.js';
export { type RemoveRequest, remove } from './usecases/fleet/remove.js';
export {
  backOnHosts,
  distributeRollover,
  type FleetRolloverRequest,
  type FleetRolloverResult,
  type HostRollover,
  retireOnHosts,
  rolloverOnHosts,
  switchOnHosts,
} from './usecases/fleet/rollover.js';
export { type StatusResult, status } from './usecases/fleet/status.js';
export { defaultPkiDirectory } from './usecases/inputs.js';
export * from './usecases/outputs.js';
export type { CertificateSummary, Refused, Skipped } from './usecases/summary.js';
