/**
 * `export NAME`: a certificate with the CAs above it, and its key where that is wanted, in one file for other programs.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { type Certificate, decodeCertificatePem } from '../../pki/certificate.js';
import { equalBytes } from '../../pki/der.js';
import { requireGoodPassphrase } from '../../pki/encrypted-key.js';
import { isKeyPair } from '../../pki/engine.js';
import { parseFileName } from '../../pki/file-name.js';
import { decodePrivateKey, type PrivateKey } from '../../pki/key.js';
import { issuersOf } from '../../pki/path/issuer.js';
import { encodePem } from '../../pki/pem.js';
import { encodePkcs7 } from '../../pki/pkcs7.js';
import { encodePkcs12 } from '../../pki/pkcs12.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, readCa, trustedBy, typesIn } from '../../store/ca/ca.js';
import { isIssuedBy } from '../../store/ca/issued-by.js';
import { findRowBySerial, readIndexBytes } from '../../store/index/scan.js';
import { type CertificateSummary, summarize } from '../summary.js';
import { requireFree } from './req.js';

/** PKCS#12 with the key; PKCS#7 without; the certificates as PEM, the host's first. */
export const exportFormats = ['p12', 'p7b', 'chain'] as const;
/** One of them. */
export type ExportFormat = (typeof exportFormats)[number];

/** What `exportCertificate` is to write. */
export interface ExportRequest {
  readonly pkiDirectory: string;
  readonly name: string;
  readonly format: ExportFormat;
  /** NAME.p12, NAME.p7b or NAME-chain.pem by default. */
  readonly out?: string | ((content: Uint8Array) => void);
  /** Gives the password of a PKCS#12 file; asked for when all else is known to be right. */
  readonly password: (file: string) => Promise<string>;
  readonly force: boolean;
  /** A PKCS#12 file for readers that know nothing newer than SHA-1 and Triple DES. */
  readonly legacy?: boolean;
}

/** What was written. */
export interface Exported {
  readonly name: string;
  readonly outcome: 'exported';
  readonly format: ExportFormat;
  readonly file: string;
  readonly hasKey: boolean;
  /** From the certificate of the host to the last CA. */
  readonly certificates: readonly CertificateSummary[];
  /** Nobody is to trust the certificate. */
  readonly isRevoked: boolean;
}

const suffixes: Readonly<Record<ExportFormat, string>> = { p12: '.p12', p7b: '.p7b', chain: '-chain.pem' };

/** @throws FILE_NOT_FOUND, FILE_EXISTS, KEY_MISMATCH, KEY_ENCRYPTED, ISSUER_NOT_FOUND, PASSPHRASE_INVALID */
export async function exportCertificate(platform: Platform, request: ExportRequest): Promise<Exported> {
  const { name, format } = request;
  // 1. The certificate, its key, and those who signed it.
  const { certificateFile, privateKeyFile } = parseFileName(name);
  const read = (file: string): string => files.readFile(file).toString('latin1');
  const certificate = decodeCertificatePem(read(certificateFile), certificateFile);
  const hasKey = format === 'p12';
  const privateKey =
    hasKey || files.exists(privateKeyFile) ? decodePrivateKey(read(privateKeyFile), privateKeyFile) : undefined;
  if (privateKey !== undefined && !(await isKeyPair(privateKey, certificate.publicKey, privateKeyFile))) {
    throw mismatch(privateKeyFile, certificateFile);
  }
  const isSelfSigned = equalBytes(certificate.issuer.der, certificate.subject.der);
  const issued = isSelfSigned ? { chain: [], isRevoked: false } : issuedBy(request, certificate, certificateFile);
  const certificates = [certificate, ...issued.chain];
  // 2. A free place.
  const { out = `${name}${suffixes[format]}` } = request;
  const file = typeof out === 'string' ? out : 'standard output';
  if (typeof out === 'string' && !request.force) requireFree(file);
  // 3. The file.
  const content = await contentOf(request, file, certificates, privateKey);
  if (typeof out !== 'string') out(Buffer.from(content as string));
  else (request.force ? files.replaceFile : files.createFile)(file, content, hasKey ? 0o600 : 0o666);
  platform.log.write(`exported ${name} as ${format} to ${file}, ${hasKey ? 'with' : 'without'} its key`);
  return {
    name,
    outcome: 'exported',
    format,
    file,
    hasKey,
    certificates: certificates.map(summarize),
    isRevoked: issued.isRevoked,
  };
}

async function contentOf(
  { name, format, password, legacy = false }: ExportRequest,
  file: string,
  certificates: readonly Certificate[],
  privateKey: PrivateKey | undefined,
): Promise<string | Uint8Array> {
  const [certificate, ...chain] = certificates;
  if (format === 'chain') return certificates.map(({ der }) => encodePem('CERTIFICATE', der)).join('');
  if (format === 'p7b') return encodePem('PKCS7', encodePkcs7(certificates));
  if (certificate === undefined || privateKey === undefined) throw new Error('a p12 file has a key and a certificate');
  const secret = await password(file);
  requireGoodPassphrase(secret);
  const friendlyName = parseFileName(name).name;
  const input = { friendlyName, pkcs8: privateKey.pkcs8, certificate, chain, password: secret };
  if (!legacy) return encodePkcs12(input);
  const { encodeLegacyPkcs12 } = await import('../../pki/pkcs12-legacy.js');
  return encodeLegacyPkcs12(input);
}

function mismatch(keyFile: string, file: string): OvsPkiError {
  return new OvsPkiError('KEY_MISMATCH', `${keyFile} is not the key of ${file}`, {
    hint: `compare the two: openssl pkey -pubout -in ${keyFile}; openssl x509 -pubkey -noout -in ${file}`,
    details: { files: [keyFile, file] },
  });
}

/** The CAs of the PKI directory that signed it, and what they say of it now. */
function issuedBy(
  { pkiDirectory, name }: ExportRequest,
  certificate: Certificate,
  file: string,
): { readonly chain: readonly Certificate[]; readonly isRevoked: boolean } {
  const authorities = typesIn(pkiDirectory).map((type) => readCa(pkiDirectory, type));
  const chain = issuersOf(certificate, authorities.flatMap(trustedBy));
  if (chain.length > 0) return { chain, isRevoked: authorities.some((ca) => isRevokedBy(ca, certificate)) };
  throw new OvsPkiError('ISSUER_NOT_FOUND', `no CA in ${pkiDirectory} has signed ${file}`, {
    hint: `name the PKI directory of its CA with --dir; see why: ovs-pki-ts --dir ${pkiDirectory} verify ${name}`,
    details: { name, directory: pkiDirectory },
  });
}

function isRevokedBy(ca: Ca, certificate: Certificate): boolean {
  if (!isIssuedBy(certificate, ca)) return false;
  return findRowBySerial(readIndexBytes(ca.layout.index), certificate.serialNumber)?.row.state === 'R';
}
