/**
 * What a CA that is imported has done before: its index, its last CRL, the certificates that it has issued.
 *
 * @module
 */

import { join } from 'node:path';
import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { type Content, readContents } from '../../pki/content.js';
import { type Crl, isCrlOf } from '../../pki/crl.js';
import { equalBytes } from '../../pki/der.js';
import { verifySignature } from '../../pki/engine.js';
import * as files from '../../platform/files.js';
import { isFolder } from '../../platform/folders.js';
import type { CaPast } from '../../store/change/new-ca.js';
import { readIndex } from '../../store/index/row.js';

/** Where it is written. */
export interface PastFiles {
  /** An index.txt of `openssl ca`, easy-rsa or ovs-pki. */
  readonly indexFile?: string;
  /** Its last CRL, PEM or DER. */
  readonly crlFile?: string;
  /** A folder such as newcerts/, or a file; what another CA has signed is passed over. */
  readonly certificatesFrom?: string;
}

/**
 * Undefined where nothing is told of it.
 *
 * @throws PKI_CORRUPT, CA_UNFIT, FILE_NOT_FOUND and what is wrong with a file
 */
export async function readPast(certificate: Certificate, from: PastFiles): Promise<CaPast | undefined> {
  const { indexFile, crlFile, certificatesFrom } = from;
  if (indexFile === undefined && crlFile === undefined && certificatesFrom === undefined) return undefined;
  const rows = indexFile === undefined ? [] : readIndex(indexFile);
  const crl = crlFile === undefined ? undefined : await crlOf(certificate, crlFile);
  const places = certificatesFrom === undefined ? [] : filesIn(certificatesFrom);
  const found = (await Promise.all(places.map(itemsIn))).flat();
  const certificates = new Map<string, Certificate>();
  for (const item of found) {
    if (item.kind === 'certificate' && isIssuedBy(item.certificate, certificate)) {
      certificates.set(item.certificate.serialNumber, item.certificate);
    }
  }
  return { rows, crl, certificates: [...certificates.values()] };
}

async function crlOf(certificate: Certificate, file: string): Promise<Crl> {
  const crls = (await itemsIn(file)).flatMap((item) => (item.kind === 'CRL' ? [item.crl] : []));
  const own = crls.filter((crl) => isCrlOf(certificate, crl));
  const [newest] = own.sort((left, right) => right.thisUpdate.getTime() - left.thisUpdate.getTime());
  if (newest !== undefined) return newest;
  throw new OvsPkiError('CA_UNFIT', `${file} holds no CRL that the key of this CA has signed`, {
    hint: `see whose it is: openssl crl -noout -issuer -in ${file}`,
    details: { file },
  });
}

function filesIn(place: string): string[] {
  if (!isFolder(place)) return [place];
  return files.list(place).flatMap((name) => {
    const file = join(place, name);
    return /\.(pem|crt|cer|der)$/i.test(name) && !isFolder(file) ? [file] : [];
  });
}

async function itemsIn(file: string): Promise<readonly Content[]> {
  return readContents(files.readFile(file), file, () => Promise.reject(encrypted(file)));
}

function isIssuedBy(leaf: Certificate, { subject, publicKey }: Certificate): boolean {
  return (
    equalBytes(leaf.issuer.der, subject.der) &&
    verifySignature(publicKey, leaf.signatureAlgorithm, leaf.toBeSigned.bytes, leaf.signature)
  );
}

function encrypted(file: string): OvsPkiError {
  return new OvsPkiError('KEY_ENCRYPTED', `${file} is encrypted: a CRL or a certificate is not`, {
    hint: `look at it with: ovs-pki-ts show ${file}`,
    details: { file },
  });
}
