/**
 * What a name that is to be renewed has now, and whether that can be renewed here.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { equalBytes } from '../../pki/der.js';
import type { FileName } from '../../pki/file-name.js';
import type { PublicKey } from '../../pki/key.js';
import { defaultKeySpec, type KeySpec } from '../../pki/key-spec.js';
import { isSignedWith } from '../../pki/signature.js';
import * as files from '../../platform/files.js';
import type { Ca } from '../../store/ca/ca.js';
import { isIssuedBy } from '../../store/ca/issued-by.js';
import { readCertificate } from '../../store/certificate-file.js';
import { expiryOf, type IndexRow } from '../../store/index/row.js';
import { findRowBySerial, findRowsByName, readIndexBytes, reasonOfColumn } from '../../store/index/scan.js';
import { type CaLayout, issuedCertificateFile } from '../../store/layout.js';
import { certificateRevoked } from '../revoked.js';
import { isKeyOf } from './replace-files.js';

export interface CurrentCertificate {
  readonly certificate: Certificate;
  readonly issuer: Ca | 'self';
}

/** A CA, and what its index says of some names; read once for all of them. */
export interface CaView {
  readonly ca: Ca;
  readonly index: Buffer;
  readonly rows: ReadonlyMap<string, readonly IndexRow[]>;
}

export function viewOf(ca: Ca, names: ReadonlySet<string>): CaView {
  const index = readIndexBytes(ca.layout.index);
  const rows = [...findRowsByName(index, names)].map(([name, placed]) => [name, placed.map(({ row }) => row)] as const);
  return { ca, index, rows: new Map(rows) };
}

/** What the index says of a certificate that belongs to a name. */
export function rowOf({ index, rows }: CaView, name: string, { serialNumber }: Certificate): IndexRow | undefined {
  const found = rows.get(name)?.find((row) => row.serialNumber === serialNumber);
  return found ?? findRowBySerial(index, serialNumber)?.row;
}

/**
 * The certificate in NAME-cert.pem, or else the newest that the CA has issued to the name.
 *
 * @throws CERTIFICATE_UNKNOWN, CERTIFICATE_REVOKED
 */
export function currentCertificate(file: FileName, view: () => CaView): CurrentCertificate {
  const { certificateFile } = file;
  const here = files.exists(certificateFile) ? readCertificate(certificateFile) : undefined;
  if (here !== undefined && isSelfSigned(here)) return { certificate: here, issuer: 'self' };
  const { ca: issuer, rows } = view();
  const certificate = here ?? newestOf(issuer.layout, rows.get(file.name) ?? []);
  if (certificate === undefined) {
    throw new OvsPkiError('CERTIFICATE_UNKNOWN', `${issuer.type}ca has issued no certificate to ${file.name}`, {
      hint: `a first one is made with: ovs-pki-ts sign ${file.typed}`,
      details: { name: file.name },
    });
  }
  if (!isIssuedBy(certificate, issuer)) {
    const other = issuer.type === 'switch' ? 'controller' : 'switch';
    throw new OvsPkiError('CERTIFICATE_UNKNOWN', `${certificateFile} is not a certificate of ${issuer.type}ca`, {
      hint: `if it is one of the other CA, say so: ovs-pki-ts renew ${file.typed} ${other}`,
      details: { name: file.name },
    });
  }
  const row = rowOf(view(), file.name, certificate);
  if (row?.state === 'R') throw certificateRevoked(file.typed, row.serialNumber, reasonOfColumn(row.revoked));
  return { certificate, issuer };
}

/**
 * A certificate goes where its key is, if that is here at all.
 *
 * @throws KEY_MISMATCH, FILE_NOT_FOUND where it has to be here
 */
export function requireOwnKey(
  { privateKeyFile, typed }: FileName,
  certificate: Certificate,
  isNeeded: boolean,
  isReplaced: boolean,
): void {
  if (!files.exists(privateKeyFile)) {
    if (!isNeeded) return;
    throw new OvsPkiError('FILE_NOT_FOUND', `${privateKeyFile} does not exist here`, {
      hint: `go where the key is; or make another one there, and have its request signed: ovs-pki-ts req -u -f ${typed}`,
      details: { file: privateKeyFile },
    });
  }
  if (isReplaced || belongs(privateKeyFile, certificate)) return;
  throw new OvsPkiError('KEY_MISMATCH', `${privateKeyFile} is not the key of the certificate of ${typed}`, {
    hint: `if the request is of this key, have it signed: ovs-pki-ts sign --force ${typed}`,
    details: { file: privateKeyFile },
  });
}

/** Of a key with a passphrase nobody can tell; who signs with it needs it without. */
export function belongs(privateKeyFile: string, certificate: Pick<Certificate, 'publicKey'>): boolean {
  try {
    return isKeyOf(privateKeyFile, certificate);
  } catch (error) {
    if (error instanceof OvsPkiError && error.code === 'KEY_ENCRYPTED') return true;
    throw error;
  }
}

/** The kind of key that a certificate has; the default where that is not made. */
export function keySpecOf(publicKey: PublicKey): KeySpec {
  if (publicKey.type === 'ec') return { type: 'ec', curve: publicKey.curve };
  return publicKey.type === 'rsa' && publicKey.bits > defaultKeySpec.bits
    ? { type: 'rsa', bits: publicKey.bits }
    : defaultKeySpec;
}

export function isSelfSigned(certificate: Certificate): boolean {
  return (
    equalBytes(certificate.issuer.der, certificate.subject.der) && isSignedWith(certificate.publicKey, certificate)
  );
}

/** The copy that the CA has of the certificate that expires last; a revoked one only where there is no other. */
function newestOf(layout: CaLayout, rows: readonly IndexRow[]): Certificate | undefined {
  const lastFirst = rows.toSorted((left, right) => expiryOf(right).getTime() - expiryOf(left).getTime());
  const revokedLast = lastFirst.toSorted((left, right) => Number(left.state === 'R') - Number(right.state === 'R'));
  return issuedCopies(layout, revokedLast).next().value;
}

/** The copies that the CA has of what rows stand for, in their order; they can be missing. */
export function* issuedCopies(layout: CaLayout, rows: readonly IndexRow[]): Generator<Certificate, undefined> {
  for (const { serialNumber } of rows) {
    const file = issuedCertificateFile(layout, serialNumber);
    if (files.exists(file)) yield readCertificate(file);
  }
}
