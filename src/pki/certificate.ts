/**
 * Certificates, read (RFC 5280, section 4).
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';
import { children, contextTag, type DerElement, expectTag, readDer, sequenceOf, tag } from './der.js';
import { namedBits, readBoolean, readInteger, readOid, readTime } from './der-values.js';
import { decodePublicKey, type PublicKey } from './key.js';
import { type DistinguishedName, decodeName } from './name.js';
import { oid } from './oid.js';
import { decodePemOf } from './pem.js';
import { formatSerial, type SerialNumber } from './serial.js';
import { decodeSigned, type SignedStructure } from './signed.js';
import type { Validity } from './validity.js';

/** One extension, as it stands in a certificate or request. */
export interface Extension {
  readonly type: string;
  readonly critical: boolean;
  /** The DER inside extnValue. */
  readonly value: Uint8Array;
}

/** A GeneralName: its context tag number (2 is dNSName) and its content; `text` for the kinds that are text. */
/** One name of a subjectAltName. */
export interface GeneralName {
  readonly kind: number;
  readonly content: Uint8Array;
  readonly text: string;
}

/** Names of the bits of keyUsage (RFC 5280, section 4.2.1.3), bit 0 first. */
export const keyUsageNames = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;
export type KeyUsage = (typeof keyUsageNames)[number];

/** A certificate that has been read; `der` is what it was read from. */
export interface Certificate extends SignedStructure, Validity {
  readonly der: Uint8Array;
  /** 1, 2 or 3. */
  readonly version: number;
  readonly serialNumber: SerialNumber;
  /** The algorithm named inside the signed part, which must be the one outside. */
  readonly innerSignatureAlgorithm: string;
  /** The DER of the whole AlgorithmIdentifier there. */
  readonly innerAlgorithm: Uint8Array;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  readonly publicKey: PublicKey;
  readonly extensions: readonly Extension[];
  readonly basicConstraints: { readonly ca: boolean; readonly pathLength: number | undefined } | undefined;
  readonly keyUsage: readonly KeyUsage[] | undefined;
  readonly extKeyUsage: readonly string[] | undefined;
  readonly subjectAltName: readonly GeneralName[] | undefined;
  readonly subjectKeyIdentifier: Uint8Array | undefined;
  /** The keyIdentifier of authorityKeyIdentifier. */
  readonly authorityKeyIdentifier: Uint8Array | undefined;
}

/** Reads a certificate. Throws DER_INVALID. */
export function decodeCertificate(der: Uint8Array): Certificate {
  const signed = decodeSigned(der, 'certificate');
  const fields = sequenceOf(signed.toBeSigned, 'the signed part of the certificate');
  const versioned = fields[0]?.tag === contextTag(0, true) ? fields.shift() : undefined;
  const [serialNumber, algorithm, issuer, validity, subject, publicKey, ...rest] = fields;
  if (issuer === undefined || subject === undefined || publicKey === undefined) {
    throw new OvsPkiError('DER_INVALID', 'the certificate ends too early');
  }
  const [notBefore, notAfter] = sequenceOf(validity, 'validity');
  const wrapped = rest.find((field) => field.tag === contextTag(3, true));
  const extensions = wrapped === undefined ? [] : decodeExtensions(children(wrapped)[0]);
  return {
    der,
    ...signed,
    version: versioned === undefined ? 1 : Number(readInteger(children(versioned)[0], 'version')) + 1,
    serialNumber: formatSerial(readInteger(serialNumber, 'serialNumber')),
    innerSignatureAlgorithm: readOid(sequenceOf(algorithm, 'signature')[0], 'signature'),
    innerAlgorithm: (algorithm as DerElement).bytes,
    issuer: decodeName(issuer, 'issuer'),
    subject: decodeName(subject, 'subject'),
    notBefore: readTime(notBefore, 'notBefore'),
    notAfter: readTime(notAfter, 'notAfter'),
    publicKey: decodePublicKey(publicKey),
    extensions,
    ...decodeKnownExtensions(extensions),
  };
}

/** Reads the first certificate of a PEM file. Throws PEM_INVALID or DER_INVALID. */
export function decodeCertificatePem(pem: string, file: string): Certificate {
  return decodeCertificatesPem(pem, file)[0];
}

/** Reads all certificates of a PEM file, of which there must be one. */
export function decodeCertificatesPem(pem: string, file: string): [Certificate, ...Certificate[]] {
  const decode = ({ bytes }: { bytes: Uint8Array }): Certificate => inFile(file, () => decodeCertificate(bytes));
  const [first, ...rest] = decodePemOf(['CERTIFICATE', 'X509 CERTIFICATE'], pem, file);
  return [decode(first), ...rest.map(decode)];
}

/** Reads the Extensions of a certificate or of a request. A type that stands twice is DER_INVALID. */
export function decodeExtensions(element: DerElement | undefined): Extension[] {
  const extensions = sequenceOf(element, 'extensions').map((extension): Extension => {
    const parts = sequenceOf(extension, 'an extension');
    const critical = parts[1]?.tag === tag.boolean ? readBoolean(parts[1], 'critical') : false;
    return {
      type: readOid(parts[0], 'the type of an extension'),
      critical,
      value: expectTag(parts.at(-1), tag.octetString, 'the value of an extension').content,
    };
  });
  requireUnique(extensions);
  return extensions;
}

/** Throws DER_INVALID for a type that stands twice: readers differ in which of the two they take. */
export function requireUnique(extensions: readonly Extension[]): void {
  const types = new Set(extensions.map((extension) => extension.type));
  if (types.size < extensions.length) throw new OvsPkiError('DER_INVALID', 'an extension stands there twice');
}

/** Reads GeneralNames (RFC 5280, section 4.2.1.6). */
export function decodeGeneralNames(value: Uint8Array): GeneralName[] {
  return sequenceOf(readDer(value), 'subjectAltName').map(generalName);
}

/** Runs a decoder and puts the name of the file before what it complains about. */
export function inFile<T>(file: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof OvsPkiError) || error.code !== 'DER_INVALID') throw error;
    throw new OvsPkiError('DER_INVALID', `${file}: ${error.message}`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      details: { file },
      cause: error,
    });
  }
}

/** One GeneralName, from its element. */
export function generalName(element: DerElement): GeneralName {
  return {
    kind: element.tag & 0x1f,
    content: element.content,
    text: Buffer.from(element.content).toString('latin1'),
  };
}

function decodeKnownExtensions(extensions: readonly Extension[]) {
  const find = (type: string): Uint8Array | undefined => extensions.find((extension) => extension.type === type)?.value;
  const decode = <T>(type: string, decoder: (value: Uint8Array) => T): T | undefined => {
    const value = find(type);
    return value === undefined ? undefined : decoder(value);
  };
  return {
    basicConstraints: decode(oid.basicConstraints, decodeBasicConstraints),
    keyUsage: decode(oid.keyUsage, (value) => {
      const bits = namedBits(readDer(value), 'keyUsage');
      return keyUsageNames.filter((_, bit) => bits[bit] === true);
    }),
    extKeyUsage: decode(oid.extKeyUsage, (value) =>
      sequenceOf(readDer(value), 'extKeyUsage').map((purpose) => readOid(purpose, 'extKeyUsage')),
    ),
    subjectAltName: decode(oid.subjectAltName, decodeGeneralNames),
    subjectKeyIdentifier: decode(
      oid.subjectKeyIdentifier,
      (value) => expectTag(readDer(value), tag.octetString, 'subjectKeyIdentifier').content,
    ),
    authorityKeyIdentifier: decode(
      oid.authorityKeyIdentifier,
      (value) =>
        sequenceOf(readDer(value), 'authorityKeyIdentifier').find((part) => part.tag === contextTag(0, false))?.content,
    ),
  };
}

function decodeBasicConstraints(value: Uint8Array): { ca: boolean; pathLength: number | undefined } {
  const parts = sequenceOf(readDer(value), 'basicConstraints');
  const ca = parts[0]?.tag === tag.boolean ? readBoolean(parts.shift() as DerElement, 'cA') : false;
  const length = parts.length > 0 ? Number(readInteger(parts[0], 'pathLenConstraint')) : undefined;
  if (length !== undefined && (length < 0 || !Number.isSafeInteger(length))) {
    throw new OvsPkiError('DER_INVALID', 'pathLenConstraint is no length');
  }
  return { ca, pathLength: length };
}
