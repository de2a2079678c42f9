/**
 * `init`: a new PKI directory with its two CAs.
 *
 * @module
 */

import { join } from 'node:path';
import { OvsPkiError } from '../errors.js';
import type { Certificate } from '../pki/certificate.js';
import { createCertificationRequest } from '../pki/certification-request.js';
import { readDer } from '../pki/der.js';
import { requireGoodPassphrase } from '../pki/encrypted-key.js';
import {
  generateKeyPair,
  importSigningKey,
  type KeyPair,
  keyIdentifier,
  signatureAlgorithmFor,
} from '../pki/engine.js';
import { type Issuer, issueCertificate } from '../pki/issue.js';
import { decodePublicKey, describeKey, type KeySpec } from '../pki/key.js';
import { attributeValues, type DistinguishedName, encodeName } from '../pki/name.js';
import { oid } from '../pki/oid.js';
import { type CertificateType, caSubject, certificateTypes, requestSubject } from '../pki/profile.js';
import { randomSerial } from '../pki/serial.js';
import { certificateFileText } from '../pki/text.js';
import { validityFrom } from '../pki/validity.js';
import * as files from '../platform/files.js';
import type { Platform } from '../platform/index.js';
import { entriesOfCa } from '../store/audit-log.js';
import { caFolder } from '../store/layout.js';
import { keyFileText, type NewCa, requireNoPki, writePkiDirectory } from '../store/pki-directory.js';
import { type CertificateSummary, summarize } from './summary.js';

/** What `init` is to make. */
export interface InitRequest {
  readonly pkiDirectory: string;
  readonly keySpec: KeySpec;
  /** Days that the CA certificates are valid. */
  readonly days: number;
  /** Put new CAs into a directory that exists; CAs that are there are kept under another name. */
  readonly force: boolean;
  /** Encrypts the keys of the CAs; without it they are plain files, as with ovs-pki. */
  readonly passphrase?: string;
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

/** @throws PKI_EXISTS, FILE_EXISTS, FILE_NOT_FOUND, FILE_UNWRITABLE, PASSPHRASE_INVALID */
export async function init(platform: Platform, request: InitRequest): Promise<InitResult> {
  const { pkiDirectory, force } = request;
  // 1. Before minutes are spent on keys: is there room for them?
  requireNoPki(pkiDirectory, force);
  if (request.passphrase !== undefined) requireGoodPassphrase(request.passphrase);
  const place = request.offlineRoot === undefined ? undefined : rootFiles(request.offlineRoot);
  // 2. Both CAs, as values.
  const now = platform.clock.now();
  const root = place && (await makeAuthority(platform, request, 'root', now));
  const cas = await Promise.all(certificateTypes.map((type) => makeCa(platform, request, type, now, root)));
  // 3. The root, without which nothing below it could be made again, and the directory, all at once.
  if (place !== undefined && root !== undefined) {
    files.createFile(place.privateKeyFile, keyFileText(root.keys.pkcs8, request.passphrase), 0o600);
    files.createFile(place.certificateFile, certificateFileText(root.certificate));
  }
  const kept = await writePkiDirectory(platform, pkiDirectory, cas, force, now).catch((error: unknown) => {
    if (place !== undefined) for (const file of [place.privateKeyFile, place.certificateFile]) files.removeFile(file);
    throw error;
  });
  // 4. What was made.
  for (const { type, keySpec } of cas) platform.log.write(`made ${type}ca in ${pkiDirectory}, ${describeKey(keySpec)}`);
  const authorities = cas.map(({ type, certificate }) => ({
    type,
    folder: caFolder(pkiDirectory, type),
    certificate: summarize(certificate),
  }));
  const made = { pkiDirectory, authorities, kept };
  return place && root ? { ...made, root: { ...place, certificate: summarize(root.certificate) } } : made;
}

async function makeCa(
  platform: Platform,
  request: InitRequest,
  type: CertificateType,
  now: Date,
  root: MadeCa | undefined,
): Promise<NewCa> {
  const { keySpec, days, passphrase } = request;
  const { keys, certificate } = await makeAuthority(platform, request, type, now, root);
  return {
    type,
    commonName: attributeValues(certificate.subject, oid.commonName)[0] ?? '',
    days,
    keySpec,
    pkcs8: keys.pkcs8,
    passphrase,
    request: await createCertificationRequest(platform.crypto, {
      subject: careqSubject(type, now),
      dnsName: undefined,
      keys,
      spec: keySpec,
    }),
    certificate,
    chain: root === undefined ? [] : [root.certificate],
    nextSerial: randomSerial(),
    audit: entriesOfCa('init', { operator: platform.operator, at: now, type, certificate }),
  };
}

interface MadeCa {
  readonly keys: KeyPair;
  readonly certificate: Certificate;
  /** As what it signs others. */
  readonly issuer: Issuer;
}

/** A key and a certificate: signed by a root, or by itself; of the name that a new CA has, or of the one given. */
export async function makeAuthority(
  { crypto }: Platform,
  { keySpec, days, onProgress }: Pick<InitRequest, 'keySpec' | 'days' | 'onProgress'>,
  type: CertificateType | 'root',
  now: Date,
  root?: Pick<MadeCa, 'certificate' | 'issuer'>,
  subject: DistinguishedName = encodeName(caSubject(type, now)),
): Promise<MadeCa> {
  onProgress?.(type);
  const keys = await generateKeyPair(crypto, keySpec);
  const publicKey = decodePublicKey(readDer(keys.spki));
  const privateKey = { pkcs8: keys.pkcs8, spec: keySpec, publicKey };
  const own: Issuer = {
    name: subject,
    publicKey,
    keyIdentifier: keyIdentifier(publicKey),
    signingKey: await importSigningKey(crypto, privateKey, signatureAlgorithmFor(keySpec), 'the new CA key'),
    certificate: undefined,
  };
  const certificate = await issueCertificate(root?.issuer ?? own, {
    profile: type === 'root' ? 'root' : 'ca',
    subject,
    commonName: undefined,
    publicKey,
    serialNumber: randomSerial(),
    validity: validityFrom(now, days, root?.certificate),
  });
  return { keys, certificate, issuer: { ...own, certificate } };
}

/** The files of a root are never replaced: with its key everything below it would be lost. */
function rootFiles(folder: string): { readonly certificateFile: string; readonly privateKeyFile: string } {
  if (!files.isFolder(folder)) {
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
function careqSubject(type: CertificateType, now: Date) {
  const own = new Map(caSubject(type, now).map((attribute) => [attribute.type, attribute.value] as const));
  return requestSubject('').map((attribute) => ({
    type: attribute.type,
    value: attribute.type === oid.localityName ? attribute.value : (own.get(attribute.type) ?? attribute.value),
  }));
}
