/**
 * What a CA that is imported has done before: its index, its last CRL, the certificates that it has issued.
 *
 * @module
 */

import { join } from 'node:path';
import type { Certificate } from '../../pki/certificate.js';
import type { Crl } from '../../pki/crl.js';
import { equalBytes } from '../../pki/der.js';
import { verifySignature } from '../../pki/engine.js';
import * as files from '../../platform/files.js';
import { isFolder } from '../../platform/folders.js';
import type { CaPast } from '../../store/change/new-ca.js';
import { readIndex } from '../../store/index/row.js';
import { contentsOf } from './issuer-crl.js';

/** Where it is written. */
export interface PastFiles {
  /** An index.txt of `openssl ca`, easy-rsa or ovs-pki. */
  readonly indexFile?: string;
  /** Its last CRL and those of the CAs above it, PEM or DER. */
  readonly crlFile?: string;
  /** A folder such as newcerts/, or a file; what another CA has signed is passed over. */
  readonly certificatesFrom?: string;
}

/**
 * Undefined where nothing is told of it.
 *
 * @throws PKI_CORRUPT, CA_UNFIT, FILE_NOT_FOUND and what is wrong with a file
 */
export async function readPast(
  certificate: Certificate,
  { indexFile, certificatesFrom }: PastFiles,
  crl: Crl | undefined,
): Promise<CaPast | undefined> {
  if (indexFile === undefined && crl === undefined && certificatesFrom === undefined) return undefined;
  const rows = indexFile === undefined ? [] : readIndex(indexFile);
  const places = certificatesFrom === undefined ? [] : filesIn(certificatesFrom);
  const found = (await Promise.all(places.map(contentsOf))).flat();
  const certificates = new Map<string, Certificate>();
  for (const item of found) {
    if (item.kind === 'certificate' && isIssuedBy(item.certificate, certificate)) {
      certificates.set(item.certificate.serialNumber, item.certificate);
    }
  }
  return { rows, crl, certificates: [...certificates.values()] };
}

function filesIn(place: string): string[] {
  if (!isFolder(place)) return [place];
  return files.list(place).flatMap((name) => {
    const file = join(place, name);
    return /\.(pem|crt|cer|der)$/i.test(name) && !isFolder(file) ? [file] : [];
  });
}

function isIssuedBy(leaf: Certificate, { subject, publicKey }: Certificate): boolean {
  return (
    equalBytes(leaf.issuer.der, subject.der) &&
    verifySignature(publicKey, leaf.signatureAlgorithm, leaf.toBeSigned.bytes, leaf.signature)
  );
}
