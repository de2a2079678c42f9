/**
 * `init`: a new PKI directory with its two CAs.
 *
 * @module
 */

import { join } from 'node:path';
import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { createCertificationRequest } from '../../pki/certification-request.js';
import { readDer } from '../../pki/der.js';
import { requireGoodPassphrase } from '../../pki/encrypted-key.js';
import {
  generateKeyPair,
  importSigningKey,
  keyIdentifier,
  type SigningKey,
  signatureAlgorithmFor,
} from '../../pki/engine.js';
import { type Issuer, issueCertificate } from '../../pki/issue/certificate.js';
import { decodePublicKey, describeKey, type KeySpec, type PublicKey } from '../../pki/key.js';
import { type DistinguishedName, encodeName, type NameAttribute } from '../../pki/name.js';
import { oid } from '../../pki/oid.js';
import type { OwnProfile } from '../../pki/own-profile.js';
import { parsePkcs11Uri } from '../../pki/pkcs11-uri.js';
import { type CertificateType, caSubject, certificateTypes, requestSubject } from '../../pki/profile.js';
import { randomSerial } from '../../pki/serial.js';
import { certificateFileText } from '../../pki/text.js';
import { dayMs, type Life, validityFrom } from '../../pki/validity.js';
import * as files from '../../platform/files.js';
import { isFolder } from '../../platform/folders.js';
import type { Platform } from '../../platform/index.js';
import { keyFileText } from '../../store/ca/ca.js';
import { makeTokenKey, type NewTokenKey } from '../../store/ca/token-key.js';
import { type NewCa, requireNoPki, writePkiDirectory } from '../../store/change/new-ca.js';
import { entriesOfCa } from '../../store/journal/audit-log.js';
import { caFolder, caLayout } from '../../store/layout.js';
import { type CertificateSummary, summarize } from '../summary.js';
import { type ProfileOptions, type Profiles, profilesFor } from './new-profile.js';

/** What `init` is to make. */
export interface InitRequest extends ProfileOptions {
  readonly pkiDirectory: string;
  readonly keySpec: KeySpec;
  /** Days that the CA certificates are valid. */
  readonly days: number;
  /** In place of `days`: when the validity ends. */
  readonly notAfter?: Date;
  /** Put new CAs into a directory that exists; CAs that are there are kept under another name. */
  readonly force: boolean;
  /** Encrypts the keys of the CAs; without it they are plain files, as with ovs-pki. */
  readonly passphrase?: string;
  /** A `pkcs11:` URI (RFC 7512) of a token, in which the keys of the CAs are made, and which they never leave. */
  readonly pkcs11?: string;
  /** A folder that gets the key and the certificate of a root; the CAs are intermediates below it then. */
  readonly offlineRoot?: string;
  /** Called for each CA when its making begins. */
  readonly onProgress?: (type: CertificateType | 'root') => void;
}

/** What `init` has made. */
export interface InitResult {
  readonly pkiDirectory: string;
  readonly authorities: readonly {
    readonly type: CertificateType;
    readonly folder: string;
    readonly certificate: CertificateSummary;
  }[];
  /** Where the CAs that were there before are now. */
  readonly kept: readonly string[];
  /** The root above them, if there is to be one; its key is to be kept elsewhere. */
  readonly root?: {
    readonly certificateFile: string;
    readonly privateKeyFile: string;
    readonly certificate: CertificateSummary;
  };
}

/** @throws USAGE, PROFILE_INVALID, PKI_EXISTS, VALIDITY_REFUSED, FILE_EXISTS, FILE_NOT_FOUND, FILE_UNWRITABLE, PASSPHRASE_INVALID, or the TOKEN_ codes */
export async function init(platform: Platform, request: InitRequest): Promise<InitResult> {
  const { pkiDirectory, force, pkcs11 } = request;
  // 1. Before minutes are spent on keys: is there room for them?
  requireNoPki(pkiDirectory, force);
  if (request.passphrase !== undefined) requireGoodPassphrase(request.passphrase);
  if (pkcs11 !== undefined) requireTokenForKeys(request, pkcs11);
  const place = request.offlineRoot === undefined ? undefined : rootFiles(request.offlineRoot);
  const profiles = profilesFor(pkiDirectory, request);
  // 2. Both CAs, as values.
  const now = platform.clock.now();
  const root =
    place &&
    (await makeAuthority(
      request,
      'root',
      now,
      () => makeFileKey(platform, request),
      undefined,
      nameOf(profiles, 'root', now),
    ));
  const inToken: NewTokenKey[] = [];
  const makeKey = async (type: CertificateType): Promise<CaKey> => {
    if (pkcs11 === undefined) return makeFileKey(platform, request);
    const key = await makeTokenKey(platform, pkcs11, request.keySpec, `${type}ca`);
    inToken.push(key);
    return { ...key, kept: { uri: key.uri } };
  };
  const making = certificateTypes.map((type) =>
    makeCa({ ...request, profiles }, type, now, makeKey, platform.operator, root),
  );
  try {
    // 3. The directory, all at once.
    return await writeAll(platform, request, await Promise.all(making), now, {
      profile: profiles.text,
      root: place && root && { ...place, ...root },
    });
  } catch (error) {
    await Promise.allSettled(making);
    await destroyUnused(pkiDirectory, inToken);
    throw error;
  }
}

function nameOf(profiles: Profiles, type: CertificateType | 'root', now: Date): DistinguishedName {
  return encodeName(caSubject(type, now, profiles[type === 'root' ? 'switch' : type].subject));
}

type MadeRoot = NonNullable<ReturnType<typeof rootFiles>> & MadeCa<FileKey>;

async function writeAll(
  platform: Platform,
  { pkiDirectory, force }: InitRequest,
  cas: readonly NewCa[],
  now: Date,
  { root, profile }: { readonly root: MadeRoot | undefined; readonly profile: string | undefined },
): Promise<InitResult> {
  // 1. The root comes first: without it nothing below it could be made again.
  const rootMade: string[] = [];
  const putRoot = (file: string, text: string, mode?: number): void => {
    files.createFile(file, text, mode);
    rootMade.push(file);
  };
  let kept: string[];
  try {
    if (root !== undefined) {
      const { pkcs8, passphrase } = root.key.kept;
      putRoot(root.privateKeyFile, keyFileText(pkcs8, passphrase), 0o600);
      putRoot(root.certificateFile, certificateFileText(root.certificate));
    }
    kept = await writePkiDirectory(platform, pkiDirectory, cas, force, now, profile);
  } catch (error) {
    if (!cas.some((ca) => isInPlace(pkiDirectory, ca))) for (const file of rootMade) files.removeFile(file);
    throw error;
  }
  // 2. What was made.
  for (const { type, keySpec } of cas) platform.log.write(`made ${type}ca in ${pkiDirectory}, ${describeKey(keySpec)}`);
  const authorities = cas.map(({ type, certificate }) => ({
    type,
    folder: caFolder(pkiDirectory, type),
    certificate: summarize(certificate),
  }));
  const made = { pkiDirectory, authorities, kept };
  if (root === undefined) return made;
  const { certificateFile, privateKeyFile, certificate } = root;
  return { ...made, root: { certificateFile, privateKeyFile, certificate: summarize(certificate) } };
}

/** With --force what goes wrong can come after one of two CAs: that keeps its root. */
function isInPlace(pkiDirectory: string, { type, certificate }: NewCa): boolean {
  const file = caLayout(caFolder(pkiDirectory, type)).certificate;
  return files.exists(file) && files.readFile(file).toString('latin1').startsWith(certificateFileText(certificate));
}

/** The key of a new CA: where it is kept, and what it signs with. */
interface CaKey {
  readonly publicKey: PublicKey;
  readonly signingKey: SigningKey;
  /** Signs the request for its certificate. */
  readonly request: (subject: readonly NameAttribute[]) => Promise<Uint8Array>;
  readonly kept: NewCa['key'];
}

interface FileKey extends CaKey {
  readonly kept: { readonly pkcs8: Uint8Array; readonly passphrase: string | undefined };
}

/** A key that is kept in a file, encrypted where there is a passphrase. */
export async function makeFileKey(
  { crypto }: Platform,
  { keySpec: spec, passphrase }: Pick<InitRequest, 'keySpec' | 'passphrase'>,
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

async function makeCa(
  request: InitRequest & { readonly profiles: Profiles },
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

interface MadeCa<Key> {
  readonly key: Key;
  readonly certificate: Certificate;
  /** As what it signs others. */
  readonly issuer: Issuer;
}

/** A key and a certificate: signed by a root, or by itself. */
export async function makeAuthority<Key extends CaKey>(
  { onProgress, ...life }: Life & Pick<InitRequest, 'onProgress'>,
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

/** Throws USAGE for a URI of a key, and for a passphrase. */
export function requireTokenForKeys({ passphrase }: Pick<InitRequest, 'passphrase'>, pkcs11: string): void {
  const { object, id } = parsePkcs11Uri(pkcs11);
  if (object !== undefined || id !== undefined) {
    throw new OvsPkiError('USAGE', 'new keys are made in a token, and the URI names a key that is there', {
      hint: 'leave object= and id= away; a CA whose key is there is brought in with "import TYPE --ca-key URI"',
    });
  }
  if (passphrase === undefined) return;
  throw new OvsPkiError(
    'USAGE',
    'keys in a token are not encrypted with a passphrase: the PIN of the token guards them',
    {
      hint: 'leave --encrypt-key away',
    },
  );
}

/** What went wrong may have come after a CA was in its place: that keeps its key. */
async function destroyUnused(pkiDirectory: string, keys: readonly NewTokenKey[]): Promise<void> {
  if (keys.length === 0) return;
  const places = certificateTypes.map((type) => caLayout(caFolder(pkiDirectory, type)).privateKeyUri);
  const used = places.filter(files.exists).map((file) => files.readFile(file).toString().trim());
  await Promise.allSettled(keys.filter(({ uri }) => !used.includes(uri)).map((key) => key.destroy()));
}

/** The files of a root are never replaced: with its key everything below it would be lost. */
function rootFiles(folder: string): { readonly certificateFile: string; readonly privateKeyFile: string } {
  if (!isFolder(folder)) {
    throw new OvsPkiError('FILE_NOT_FOUND', `${folder} is not a folder, and the root is to be kept there`, {
      hint: `if it is on a USB stick, mount that; or make it: mkdir -p ${folder}`,
      details: { folder },
    });
  }
  const [certificateFile, privateKeyFile] = [join(folder, 'rootca-cert.pem'), join(folder, 'rootca-privkey.pem')];
  for (const file of [certificateFile, privateKeyFile].filter(files.exists)) {
    throw new OvsPkiError('FILE_EXISTS', `${file} already exists, and is never replaced`, {
      hint: 'choose another folder for the new root',
      details: { file },
    });
  }
  return { certificateFile, privateKeyFile };
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
