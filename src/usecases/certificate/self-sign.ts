/**
 * `self-sign NAME`: a certificate for a request, signed with its own key.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { decodeCertificationRequestPem } from '../../pki/certification-request.js';
import { importSigningKey, keyIdentifier } from '../../pki/engine.js';
import { parseFileName } from '../../pki/file-name.js';
import { issueCertificate } from '../../pki/issue/certificate.js';
import { decodePrivateKey, type PrivateKey, type PublicKey } from '../../pki/key.js';
import { isSameKey } from '../../pki/key-identity.js';
import { requestFindings } from '../../pki/lint/request-rules.js';
import { attributeValues, encodeName } from '../../pki/name.js';
import { oid } from '../../pki/oid.js';
import { requestSubject } from '../../pki/profile.js';
import { randomSerial } from '../../pki/serial.js';
import { isSignedWith } from '../../pki/signature.js';
import { signatureAlgorithmFor } from '../../pki/signature-algorithm.js';
import { certificateFileText } from '../../pki/text.js';
import { type Life, validityFrom } from '../../pki/validity.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { refusal } from '../../store/change/refusals.js';
import { type CertificateSummary, orRefused, type Refused, summarize } from '../summary.js';
import { requireFree } from './req.js';

/** What `selfSign` is to sign: the requests of these names, each with its own key. */
export interface SelfSignRequest {
  readonly names: readonly string[];
  readonly days: number;
  /** In place of `days`: when the validity ends. */
  readonly notAfter?: Date;
  readonly force: boolean;
}

/** The certificate that was made for one name. */
export interface SelfSigned {
  readonly name: string;
  readonly outcome: 'self-signed';
  readonly certificateFile: string;
  readonly certificate: CertificateSummary;
}

/** A result for each name, in the order given; a refusal of one does not touch the others. */
export async function selfSign(platform: Platform, request: SelfSignRequest): Promise<(SelfSigned | Refused)[]> {
  return Promise.all(request.names.map((name) => orRefused(name, () => selfSignOne(platform, request, name))));
}

async function selfSignOne(platform: Platform, order: SelfSignRequest, name: string): Promise<SelfSigned> {
  const { force } = order;
  // 1. The request, its key, and a free place.
  const file = parseFileName(name);
  const read = (place: string): string => files.readFile(place).toString('latin1');
  const request = decodeCertificationRequestPem(read(file.requestFile), file.requestFile);
  const privateKey = decodePrivateKey(read(file.privateKeyFile), file.privateKeyFile);
  if (!force) requireFree(file.certificateFile);
  // 2. Do they belong together, and is the request a good one?
  const { publicKey } = request;
  if (privateKey.publicKey !== undefined && !isSameKey(privateKey.publicKey, publicKey)) {
    throw new OvsPkiError('KEY_MISMATCH', `${file.privateKeyFile} is not the key of ${file.requestFile}`, {
      hint: `make both anew: ovs-pki-ts req --unique --force ${name}`,
      details: { name },
    });
  }
  const reasons = requestFindings(request, {
    name: file.name,
    possessionProved: isSignedWith(publicKey, request),
    caOrganization: attributeValues(request.subject, oid.organizationName)[0],
    keyCertifiedFor: undefined,
    keyRevoked: undefined,
    isCaKey: false,
  });
  if (reasons.length > 0) throw refusal(name, reasons);
  // 3. The certificate and its file.
  const commonName = request.commonNames[0] as string;
  const certificate = await issueSelfSigned(
    platform,
    { privateKey, publicKey, commonName, life: order },
    file.privateKeyFile,
  );
  (force ? files.replaceFile : files.createFile)(file.certificateFile, certificateFileText(certificate));
  platform.log.write(`self-signed ${file.certificateFile}, serial ${certificate.serialNumber}`);
  return { name, outcome: 'self-signed', certificateFile: file.certificateFile, certificate: summarize(certificate) };
}

/** Whose certificate is to be made, with which key. */
export interface SelfSignInput {
  readonly privateKey: PrivateKey;
  readonly publicKey: PublicKey;
  readonly commonName: string;
  readonly life: Life;
}

/** A certificate that is signed with the key that it certifies. */
export async function issueSelfSigned(
  { crypto, clock }: Platform,
  { privateKey, publicKey, commonName, life }: SelfSignInput,
  keyFile: string,
): Promise<Certificate> {
  const subject = encodeName(requestSubject(commonName));
  const algorithm = signatureAlgorithmFor(privateKey.spec, 'SHA-256');
  return issueCertificate(
    {
      name: subject,
      publicKey,
      keyIdentifier: keyIdentifier(publicKey),
      signingKey: await importSigningKey(crypto, privateKey, algorithm, keyFile),
      certificate: undefined,
    },
    {
      profile: 'self-signed',
      subject,
      commonName,
      publicKey,
      serialNumber: randomSerial(),
      validity: validityFrom(clock.now(), life),
    },
  );
}
