/**
 * Certificate revocation lists, read (RFC 5280, section 5).
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';
import { type Certificate, decodeExtensions, type Extension, inFile } from './certificate.js';
import { children, contextTag, type DerElement, eachChild, equalBytes, readDer, sequenceOf, tag } from './der.js';
import { readInteger, readOid, readTime } from './der-values.js';
import { type DistinguishedName, decodeName } from './name.js';
import { oid } from './oid.js';
import { decodePemOf } from './pem.js';
import { formatSerial, type SerialNumber } from './serial.js';
import { isSignedWith } from './signature.js';
import { decodeSigned, type SignedStructure } from './signed.js';

/** All that a CRL says but for its entries. */
export interface CrlFrame extends SignedStructure {
  readonly der: Uint8Array;
  readonly version: number;
  /** That of the signed part. */
  readonly innerSignatureAlgorithm: string;
  readonly issuer: DistinguishedName;
  readonly thisUpdate: Date;
  /** Absent where the list does not say when the next will come. */
  readonly nextUpdate: Date | undefined;
  readonly crlNumber: bigint | undefined;
  /** The keyIdentifier of authorityKeyIdentifier. */
  readonly authorityKeyIdentifier: Uint8Array | undefined;
  readonly extensions: readonly Extension[];
  /** revokedCertificates; absent where there is none. */
  readonly entries: DerElement | undefined;
}

export interface Crl extends CrlFrame {
  /** When each certificate was revoked. */
  readonly revoked: ReadonlyMap<SerialNumber, Date>;
}

/** Reads a list. Throws DER_INVALID. */
export function decodeCrl(der: Uint8Array): Crl {
  const frame = decodeCrlFrame(der);
  return { ...frame, revoked: frame.entries === undefined ? new Map() : revokedIn(frame.entries) };
}

/** Reads what stands around the entries. Throws DER_INVALID. */
export function decodeCrlFrame(der: Uint8Array): CrlFrame {
  const signed = decodeSigned(der, 'CRL');
  const fields = sequenceOf(signed.toBeSigned, 'the signed part of the CRL');
  const version = fields[0]?.tag === tag.integer ? Number(readInteger(fields.shift(), 'the version')) + 1 : 1;
  const [algorithm, issuer, thisUpdate, ...rest] = fields;
  if (issuer === undefined) throw new OvsPkiError('DER_INVALID', 'the CRL ends too early');
  const isTime = (identifier: number | undefined): boolean =>
    identifier === tag.utcTime || identifier === tag.generalizedTime;
  const nextUpdate = isTime(rest[0]?.tag) ? readTime(rest.shift(), 'nextUpdate') : undefined;
  const entries = rest[0]?.tag === tag.sequence ? rest.shift() : undefined;
  const wrapped = rest.find((field) => field.tag === contextTag(0, true));
  const extensions = wrapped === undefined ? [] : decodeExtensions(children(wrapped)[0]);
  const contentOf = (wanted: string) => extensions.find(({ type }) => type === wanted)?.value;
  const [number, authority] = [oid.crlNumber, oid.authorityKeyIdentifier].map(contentOf);
  return {
    der,
    ...signed,
    version,
    innerSignatureAlgorithm: readOid(sequenceOf(algorithm, 'the algorithm of the CRL')[0], 'the algorithm of the CRL'),
    issuer: decodeName(issuer, 'the issuer of the CRL'),
    thisUpdate: readTime(thisUpdate, 'thisUpdate'),
    nextUpdate,
    crlNumber: number && readInteger(readDer(number), 'cRLNumber'),
    authorityKeyIdentifier:
      authority &&
      sequenceOf(readDer(authority), 'authorityKeyIdentifier').find((part) => part.tag === contextTag(0, false))
        ?.content,
    extensions,
    entries,
  };
}

/** One entry after the other: a CRL may have a million. */
function revokedIn(entries: DerElement): Map<SerialNumber, Date> {
  const revoked = new Map<SerialNumber, Date>();
  for (const entry of eachChild(entries)) {
    const [serialNumber, date] = sequenceOf(entry, 'an entry of the CRL');
    revoked.set(formatSerial(readInteger(serialNumber, 'a serial number')), readTime(date, 'revocationDate'));
  }
  return revoked;
}

/** Whether a CA has signed a list with the key of this certificate. */
export function isCrlOf({ subject, publicKey }: Certificate, crl: Crl): boolean {
  return equalBytes(crl.issuer.der, subject.der) && isSignedWith(publicKey, crl);
}

/** The newest of the lists that a CA has signed with the key of this certificate. */
export function newestCrlOf(issuer: Certificate, crls: readonly Crl[]): Crl | undefined {
  return crls
    .filter((crl) => isCrlOf(issuer, crl))
    .sort((left, right) => right.thisUpdate.getTime() - left.thisUpdate.getTime())[0];
}

/** Reads all lists of a PEM file. Throws PEM_INVALID or DER_INVALID. */
export function decodeCrlsPem(pem: string, file: string): [Crl, ...Crl[]] {
  const [first, ...more] = decodePemOf(['X509 CRL'], pem, file);
  const decode = ({ bytes }: typeof first): Crl => inFile(file, () => decodeCrl(bytes));
  return [decode(first), ...more.map(decode)];
}
