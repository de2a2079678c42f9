/**
 * A CA of a PKI directory as it is read: its certificate, and its key where something is to be signed.
 *
 * @module
 */

import { basename, dirname, join } from 'node:path';
import { OvsPkiError } from '../../errors.js';
import { type Certificate, decodeCertificatesPem } from '../../pki/certificate.js';
import { equalBytes } from '../../pki/der.js';
import { decodeEncryptedPrivateKey, encodeEncryptedPrivateKey } from '../../pki/encrypted-key.js';
import { importSigningKey, keyIdentifier, type SigningKey, signatureAlgorithmFor } from '../../pki/engine.js';
import type { Issuer } from '../../pki/issue/certificate.js';
import { decodePrivateKey, encodePrivateKey, type PrivateKey } from '../../pki/key.js';
import { isSameKey } from '../../pki/key-identity.js';
import { attributeValues } from '../../pki/name.js';
import { oid } from '../../pki/oid.js';
import { type CertificateType, certificateTypes } from '../../pki/profile.js';
import * as files from '../../platform/files.js';
import { isFolder } from '../../platform/folders.js';
import type { Platform } from '../../platform/index.js';
import { type CaLayout, caFolder, caLayout, generationLayout, requestFolderBeside } from '../layout.js';
import { type RolloverPhase, rolloverPhase } from './phase.js';
import { isKeyInToken, readKeyUri, tokenSigningKey } from './token-key.js';

/** A CA of a PKI directory whose certificate has been read. */
export interface Ca {
  readonly type: CertificateType;
  readonly layout: CaLayout;
  readonly certificate: Certificate;
  /** What stands in cacert.pem after the CA's own certificate. */
  readonly chain: readonly Certificate[];
  readonly organization: string | undefined;
  /** Of cacert.pem when it was read. */
  readonly stamp: string | undefined;
  /** While the key of the CA is rolled over: the other of the two, which does not sign now. */
  readonly other?: Ca;
}

/** Throws PKI_NOT_FOUND unless there is a folder. */
export function requirePkiDirectory(pkiDirectory: string): void {
  if (isFolder(pkiDirectory)) return;
  const there = files.exists(pkiDirectory);
  throw new OvsPkiError('PKI_NOT_FOUND', `${pkiDirectory} ${there ? 'is not a directory' : 'does not exist'}`, {
    hint: 'make a PKI with "ovs-pki-ts init", or name the place of one with --dir',
    details: { directory: pkiDirectory },
  });
}

/** The types whose CA is there: beside one that was imported there need be no other. Both, where there is none. */
export function typesIn(pkiDirectory: string): readonly CertificateType[] {
  requirePkiDirectory(pkiDirectory);
  const there = certificateTypes.filter((type) => files.exists(caFolder(pkiDirectory, type)));
  return there.length === 0 ? certificateTypes : there;
}

/** Reads the certificate of a CA. Throws PKI_NOT_FOUND or PKI_CORRUPT. */
export function readCa(pkiDirectory: string, type: CertificateType): Ca {
  requirePkiDirectory(pkiDirectory);
  const layout = caLayout(caFolder(pkiDirectory, type));
  const phase = rolloverPhase(layout);
  try {
    const ca = readGenerations(layout, type, phase);
    if (rolloverPhase(layout) === phase) return ca;
  } catch (error) {
    if (rolloverPhase(layout) === phase) throw error;
  }
  // A step of a rollover was made between two of the files.
  return readCa(pkiDirectory, type);
}

function readGenerations(layout: CaLayout, type: CertificateType, phase: RolloverPhase | undefined): Ca {
  const ca = readCaAt(layout, type);
  if (phase === undefined) return ca;
  const other = readCaAt(generationLayout(layout, phase === 'prepared' ? 'new' : 'old'), type);
  // Its list has a file of its own, beside that of the one that signs.
  const crl = generationCrlFile(layout, other.certificate);
  return { ...ca, other: { ...other, layout: { ...other.layout, crl } } };
}

/**
 * What hosts are to trust: the CA and what stands above it, and during a rollover the same of the other one. The older of
 * the two comes first: where a certificate does not tell the key of its issuer, as those made with OpenSSL before 3.0,
 * OpenSSL takes the first CA of that name.
 */
export function trustedBy({ other, ...signing }: Ca): [Certificate, ...Certificate[]] {
  if (other?.layout.certificate === generationLayout(signing.layout, 'old').certificate) {
    return trustedBy({ ...other, other: signing });
  }
  const { certificate, chain } = signing;
  const more = [...chain, ...(other === undefined ? [] : [other.certificate, ...other.chain])];
  const isNew = (item: Certificate, at: number): boolean =>
    more.findIndex(({ der }) => equalBytes(der, item.der)) === at && !equalBytes(item.der, certificate.der);
  return [certificate, ...more.filter(isNew)];
}

/** The CA that signs, and during a rollover the other one. */
export function generationsOf(ca: Ca): [Ca, ...Ca[]] {
  return ca.other === undefined ? [ca] : [ca, ca.other];
}

/** The list of the one of two CAs that does not sign; readers of lists find it there. */
export function generationCrlFile({ crlFolder }: CaLayout, certificate: Certificate): string {
  return join(crlFolder, `${keyIdentifierHex(certificate)}.pem`);
}

/** The key identifier of a CA, hexadecimal: what tells two of one name apart. */
export function keyIdentifierHex({ subjectKeyIdentifier, publicKey }: Certificate): string {
  return Buffer.from(subjectKeyIdentifier ?? keyIdentifier(publicKey)).toString('hex');
}

function readCaAt(layout: CaLayout, type: CertificateType): Ca {
  const stamp = files.stampOf(layout.certificate)?.stamp;
  const [certificate, ...chain] = reading(layout, layout.certificate, (pem) =>
    decodeCertificatesPem(pem, layout.certificate),
  );
  return {
    type,
    layout,
    certificate,
    chain,
    organization: attributeValues(certificate.subject, oid.organizationName)[0],
    stamp,
  };
}

/** Between the reading of the CA and the lock, `init --force` can have put another one in its place. */
export function requireSameCa({ layout, stamp }: Ca): void {
  if (files.stampOf(layout.certificate)?.stamp === stamp) return;
  throw new OvsPkiError('KEY_MISMATCH', `${layout.folder} was replaced while it was waited for; nothing was done`, {
    hint: 'run the command again, if the new CA is the one that is meant',
    details: { folder: layout.folder },
  });
}

/**
 * Reads and imports the key of a CA, or opens the token that has it. This is done once for each {@link Ca} that was read.
 *
 * @throws PKI_CORRUPT, KEY_MISMATCH, KEY_ENCRYPTED, PASSPHRASE_WRONG, KEY_TYPE_UNSUPPORTED, or the TOKEN_ codes
 */
export function openIssuer(platform: Platform, ca: Ca): Promise<Issuer> {
  const known = issuers.get(ca);
  if (known !== undefined) return known;
  const issuer = readIssuer(platform, ca);
  issuers.set(ca, issuer);
  return issuer;
}

const issuers = new WeakMap<Ca, Promise<Issuer>>();

async function readIssuer(platform: Platform, ca: Ca): Promise<Issuer> {
  const { certificate, layout } = ca;
  const uri = readKeyUri(layout);
  return {
    name: certificate.subject,
    publicKey: certificate.publicKey,
    keyIdentifier: certificate.subjectKeyIdentifier ?? keyIdentifier(certificate.publicKey),
    signingKey:
      uri === undefined
        ? await fileSigningKey(platform, ca)
        : (await tokenSigningKey(platform, uri, certificate.publicKey)).signingKey,
    certificate,
  };
}

async function fileSigningKey(platform: Platform, ca: Ca): Promise<SigningKey> {
  const { privateKey } = await readCaKey(platform, ca);
  const algorithm = signatureAlgorithmFor(privateKey.spec);
  return importSigningKey(platform.crypto, privateKey, algorithm, ca.layout.privateKey);
}

/** A private key and the passphrase that opened it, if it has one. */
export interface OpenedKey {
  readonly privateKey: PrivateKey;
  readonly passphrase: string | undefined;
}

/** Reads the key of a CA, opened where it is encrypted. Throws what {@link openIssuer} throws, or KEY_IN_TOKEN. */
export async function readCaKey(platform: Platform, ca: Ca): Promise<OpenedKey> {
  const { layout, certificate } = ca;
  const file = layout.privateKey;
  if (isKeyInToken(layout)) {
    throw new OvsPkiError('KEY_IN_TOKEN', `the key of ${layout.folder} is in a token, which does not give it away`, {
      hint: `see in which: cat ${layout.privateKeyUri}; its PIN is changed with the tool of the token`,
      details: { file: layout.privateKeyUri },
    });
  }
  // Both keys of a rollover have one passphrase, which is asked for once.
  const { privateKey: named } = caLayout(layout.folder);
  const opened = await openKeyFile(platform, file, named).catch((error: unknown) => {
    requireSameCa(ca);
    throw asPkiError(layout, file, error);
  });
  const { publicKey } = opened.privateKey;
  if (publicKey !== undefined && !isSameKey(publicKey, certificate.publicKey)) {
    requireSameCa(ca);
    throw new OvsPkiError('KEY_MISMATCH', `${file} is not the key of ${layout.certificate}`, {
      hint: 'put the two back from the same backup',
      details: { file },
    });
  }
  return opened;
}

/** Reads a private key file, and asks for the passphrase of an encrypted one, by the name that people know it by. */
export async function openKeyFile({ passphrase }: Platform, file: string, named = file): Promise<OpenedKey> {
  const pem = files.readFile(file).toString('latin1');
  try {
    return { privateKey: decodePrivateKey(pem, file), passphrase: undefined };
  } catch (error) {
    if (!(error instanceof OvsPkiError) || error.code !== 'KEY_ENCRYPTED' || passphrase === undefined) throw error;
  }
  const given = await passphrase(named);
  return { privateKey: decodeEncryptedPrivateKey(pem, given, file), passphrase: given };
}

/** A private key file: encrypted where there is a passphrase. */
export function keyFileText(pkcs8: Uint8Array, passphrase: string | undefined): string {
  return passphrase === undefined ? encodePrivateKey(pkcs8) : encodeEncryptedPrivateKey(pkcs8, passphrase);
}

/** Reads a file of a CA; what is wrong with it is an error of the PKI directory. */
function reading<T>(layout: CaLayout, file: string, decode: (text: string) => T): T {
  try {
    return decode(files.readFile(file).toString('latin1'));
  } catch (error) {
    throw asPkiError(layout, file, error);
  }
}

function waitingHint({ folder }: CaLayout): string {
  const type = basename(folder).slice(0, -'ca'.length);
  return `its key waits for its certificate (${requestFolderBeside(folder)}): ovs-pki-ts import ${type} --ca-cert FILE --chain FILE`;
}

/** Where something is left of a PKI, `init` alone would be refused. */
function missingHint(layout: CaLayout): string {
  if (files.exists(requestFolderBeside(layout.folder))) return waitingHint(layout);
  const isLeft = certificateTypes.some((type) => files.exists(caFolder(dirname(layout.folder), type)));
  return isLeft
    ? `put ${layout.certificate} back from a backup, or name another place with --dir; only where all is lost, make two new CAs: ovs-pki-ts init --force (what is here is kept under another name)`
    : 'make a PKI with "ovs-pki-ts init", or name the place of one with --dir';
}

function putBack(file: string): string {
  const folder = dirname(file);
  return `${isFolder(folder) ? '' : `mkdir -m 700 ${folder} && `}install -m 600 BACKUP ${file}`;
}

function asPkiError(layout: CaLayout, file: string, error: unknown): unknown {
  if (!(error instanceof OvsPkiError)) return error;
  const details = { ...error.details, file };
  if (error.code === 'FILE_NOT_FOUND' && error.details['file'] === file && file !== layout.certificate) {
    return new OvsPkiError('PKI_NOT_FOUND', `the key of the CA is not here: ${error.message}`, {
      hint: `put it back from where it is kept, for as long as something is signed: ${putBack(file)}; without it only a new CA can sign`,
      details,
      cause: error,
    });
  }
  if (error.code === 'FILE_NOT_FOUND' && error.details['file'] === file) {
    return new OvsPkiError('PKI_NOT_FOUND', `${layout.folder} is not a CA: ${error.message}`, {
      hint: missingHint(layout),
      details,
      cause: error,
    });
  }
  if (error.code === 'FILE_UNREADABLE' && error.details['systemError'] === undefined) {
    return new OvsPkiError('FILE_UNREADABLE', error.message, {
      hint: `take away what is there, see ls -ld ${file}, and put ${file} back from a backup`,
      details,
      cause: error,
    });
  }
  if (error.code === 'PEM_INVALID' || error.code === 'DER_INVALID' || error.code === 'KEY_INVALID') {
    return new OvsPkiError('PKI_CORRUPT', error.message, {
      hint: `put ${file} back from a backup`,
      details,
      cause: error,
    });
  }
  return error;
}
