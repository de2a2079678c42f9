/**
 * What a caller fills requests with: the readers of what a person types, and the defaults. They live where their
 * subject lives; callers take them from here, so that the command line knows use cases and nothing behind them.
 *
 * @module
 */

export { checkedPsk } from '../deploy/plan/psks.js';
export { lostPassphrase, passphraseFault } from '../pki/encrypted-key.js';
export { parseFileName } from '../pki/file-name.js';
export { type KeySpec, parseKeySpec } from '../pki/key-spec.js';
export { nameFault } from '../pki/name.js';
export { expandNames, parseNameFile } from '../pki/name-list.js';
export type { CertificateType } from '../pki/profile.js';
export { parseReason, parseTime } from '../pki/revocation.js';
export { defaultDays, type Life, parseDays, parseEnd, parseLife, parseMoment, parsePeriod } from '../pki/validity.js';
export { defaultPkiDirectory } from '../store/layout.js';
