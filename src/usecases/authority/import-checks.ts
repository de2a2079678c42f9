/**
 * What a CA from elsewhere must be to be brought in.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { equalBytes } from '../../pki/der.js';
import { isSameKey } from '../../pki/key-identity.js';
import { formatName } from '../../pki/name.js';
import type { CertificateType } from '../../pki/profile.js';
import type { Ca } from '../../store/ca/ca.js';
import { type ListAbove, revocationText, revokedBy } from '../../store/ca/lists-above.js';
import type { AuthorityFiles, FitAuthority } from './fit-authority.js';
import type { PastFiles } from './import-past.js';

/** Which CA `importCa` is to take, and where it is to go. */
export interface ImportRequest extends PastFiles, AuthorityFiles {
  readonly pkiDirectory: string;
  readonly type: CertificateType;
  /**
   * Its private key; or a `pkcs11:` URI (RFC 7512), for one that is in a token and stays there. Undefined for a key that waits
   * here since its request was made, and for that of a CA whose certificate is renewed.
   */
  readonly privateKeyFile?: string;
  /** A CA that is there is kept under another name; otherwise that is refused. */
  readonly force: boolean;
}

export function requireInForce(
  { type, certificateFile: file }: ImportRequest,
  authority: FitAuthority,
  lists: readonly ListAbove[],
): void {
  const revoked = revokedBy(authority, lists);
  if (revoked === undefined) return;
  const isOwn = revoked.certificate === authority.certificate;
  throw new OvsPkiError('CA_UNFIT', `${file} cannot be a CA here: ${revocationText(revoked, isOwn)}`, {
    hint: `have another one signed: ovs-pki-ts import ${type} --request FILE --subject NAME`,
    details: { file, serialNumber: revoked.certificate.serialNumber },
  });
}

/** A certificate for the next key of a CA that is here, under its name, would end the CA in place of following it. */
export function requireNotNext(
  ca: Ca | undefined,
  { type, certificateFile }: ImportRequest,
  { subject }: Certificate,
): void {
  if (ca === undefined || !equalBytes(ca.certificate.subject.der, subject.der)) return;
  throw new OvsPkiError('PKI_EXISTS', `${ca.layout.folder} is a CA of that name, with another key`, {
    hint: `let this key follow it: ovs-pki-ts rollover prepare ${type} --ca-cert ${certificateFile} --chain FILE`,
    details: { folder: ca.layout.folder },
  });
}

/**
 * The key and the name of the CA that is here, but the name in other bytes: a renewal that would begin without index and
 * CRLs. NSS compares the bytes, and would take nothing that the CA has issued any more.
 */
export function requireSameString(
  ca: Ca | undefined,
  { type, certificateFile: file }: ImportRequest,
  renewed: Certificate,
): void {
  if (ca === undefined || !isSameKey(ca.certificate.publicKey, renewed.publicKey)) return;
  const { subject } = ca.certificate;
  if (equalBytes(subject.der, renewed.subject.der) || formatName(subject) !== formatName(renewed.subject)) return;
  throw new OvsPkiError('CA_UNFIT', `${file} writes its name in another type of string than ${ca.layout.certificate}`, {
    hint: `have it signed with the name as it is (openssl ca: -preserveDN): ovs-pki-ts import ${type} --request FILE --same-key`,
    details: { file },
  });
}

/** What the CA has signed names its key by this, and nobody finds the issuer of that any more where it is another one. */
export function requireSameIdentifier(
  { certificate, layout }: Ca,
  { type, certificateFile: file }: ImportRequest,
  { subjectKeyIdentifier: renewed = new Uint8Array() }: Certificate,
): void {
  const { subjectKeyIdentifier: identifier = renewed } = certificate;
  if (equalBytes(identifier, renewed)) return;
  const what = `${file} has another key identifier than ${layout.certificate}, which what ${type}ca has signed names`;
  throw new OvsPkiError('CA_UNFIT', what, {
    hint: `have it signed with subjectKeyIdentifier=${Buffer.from(identifier).toString('hex')}, or give --force and renew all that ${type}ca has signed`,
    details: { file },
  });
}
