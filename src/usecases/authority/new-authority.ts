/**
 * The key and the certificate of a new CA or root, as values.
 *
 * @module
 */

import type { Certificate } from '../../pki/certificate.js';
import { createCertificationRequest } from '../../pki/certification-request.js';
import { readDer } from '../../pki/der.js';
import { generateKeyPair, importSigningKey, keyIdentifier, type SigningKey } from '../../pki/engine.js';
import { type Issuer, issueCertificate } from '../../pki/issue/certificate.js';
import { decodePublicKey, type PublicKey } from '../../pki/key.js';
import type { KeySpec } from '../../pki/key-spec.js';
import { type DistinguishedName, encodeName, type NameAttribute } from '../../pki/name.js';
import { oid } from '../../pki/oid.js';
import type { OwnProfile } from '../../pki/own-profile.js';
import { type CertificateType, caSubject, requestSubject } from '../../pki/profile.js';
import { randomSerial } from '../../pki/serial.js';
import { signatureAlgorithmFor } from '../../pki/signature-algorithm.js';
import { dayMs, type Life, validityFrom } from '../../pki/validity.js';
import type { Platform } from '../../platform/index.js';
import type { NewCa } from '../../store/change/new-ca.js';
import { entriesOfCa } from '../../store/journal/audit-log.js';
import type { Profiles } from './new-profile.js';

/** Which key a CA or a root is to have, and how long it is to be valid. */
export interface AuthorityRequest extends Life {
  readonly keySpec: KeySpec;
  /** Encrypts a key that is kept in a file. */
  readonly passphrase?: string;
  /** Called when the making begins. */
  readonly onProgress?: (type: CertificateType | 'root') => void;
}

/** The key of a new CA: where it is kept, and what it signs with. */
export interface CaKey {
  readonly publicKey: PublicKey;
  readonly signingKey: SigningKey;
  /** Signs the request for its certificate. */
  readonly request: (subject: readonly NameAttribute[]) => Promise<Uint8Array>;
  readonly kept: NewCa['key'];
}

export interface FileKey extends CaKey {
  readonly kept: { readonly pkcs8: Uint8Array; readonly passphrase: string | undefined };
}

/** A key that is kept in a file, encrypted where there is a passphrase. */
export async function makeFileKey(
  { crypto }: Platform,
  { keySpec: spec, passphrase }: Pick<AuthorityRequest, 'keySpec' | 'passphrase'>,
): Promise<FileKey> {
  const keys = await generateKeyPair(crypto, spec);
  const { pkcs8 } = keys;
  const publicKey = decodePublicKey(readDer(keys.spki));
  const privateKey = { pkcs8, spec, publicKey };
  return {
    publicKey,
    signingKey: await importSigningKey(crypto, privateKey, signatureAlgorithmFor(spec), 'the new CA key'),
    request: (subject) => createCertificationRequest(crypto, { subject, dnsName: undefined, keys, spec }),
    kept: { pkcs8, passphrase },
  };
}

export interface MadeCa<Key> {
  readonly key: Key;
  readonly certificate: Certificate;
  /** As what it signs others. */
  readonly issuer: Issuer;
}

/** A key and a certificate: signed by a root, or by itself. */
export async function makeAuthority<Key extends CaKey>(
  { onProgress, ...life }: Life & Pick<AuthorityRequest, 'onProgress'>,
  type: CertificateType | 'root',
  now: Date,
  makeKey: () => Promise<Key>,
  root: Pick<MadeCa<CaKey>, 'certificate' | 'issuer'> | undefined,
  subject: DistinguishedName,
): Promise<MadeCa<Key>> {
  onProgress?.(type);
  const key = await makeKey();
  const { publicKey, signingKey } = key;
  const own: Issuer = {
    name: subject,
    publicKey,
    keyIdentifier: keyIdentifier(publicKey),
    signingKey,
    certificate: undefined,
  };
  const certificate = await issueCertificate(root?.issuer ?? own, {
    profile: type === 'root' ? 'root' : 'ca',
    subject,
    commonName: undefined,
    publicKey,
    serialNumber: randomSerial(),
    validity: validityFrom(now, life, root?.certificate),
  });
  return { key, certificate, issuer: { ...own, certificate } };
}

export function nameOf(profiles: Profiles, type: CertificateType | 'root', now: Date): DistinguishedName {
  return encodeName(caSubject(type, now, profiles[type === 'root' ? 'switch' : type].subject));
}

export async function makeCa(
  request: AuthorityRequest & { readonly profiles: Profiles },
  type: CertificateType,
  now: Date,
  makeKey: (type: CertificateType) => Promise<CaKey>,
  operator: string,
  root: MadeCa<CaKey> | undefined,
): Promise<NewCa> {
  const { keySpec, profiles } = request;
  const subject = nameOf(profiles, type, now);
  const { key, certificate } = await makeAuthority(request, type, now, () => makeKey(type), root, subject);
  const profile = profiles[type];
  return {
    type,
    // openssl takes whole days only.
    days: Math.max(1, Math.ceil((certificate.notAfter.getTime() - now.getTime()) / dayMs)),
    keySpec,
    profile,
    key: key.kept,
    request: await key.request(careqSubject(type, now, profile)),
    certificate,
    chain: root === undefined ? [] : [root.certificate],
    nextSerial: randomSerial(),
    audit: entriesOfCa('init', { operator, at: now, type, certificate }),
  };
}

/** The request of a CA names a locality, which its certificate then lacks: the policy of `openssl ca` drops it. */
function careqSubject(type: CertificateType, now: Date, { subject }: OwnProfile): NameAttribute[] {
  if (subject !== undefined) return caSubject(type, now, subject);
  const own = new Map(caSubject(type, now, undefined).map((attribute) => [attribute.type, attribute.value] as const));
  return requestSubject('').map((attribute) => ({
    type: attribute.type,
    value: attribute.type === oid.localityName ? attribute.value : (own.get(attribute.type) ?? attribute.value),
  }));
}
