/** A good path, and the parts of it that the cases change: a CA `ca`, a leaf `host` signed by it. */

import { tag } from '../../src/pki/der.js';
import { encodeInteger, encodeNull, encodeSequence, encodeText } from '../../src/pki/der-encode.js';
import { oid } from '../../src/pki/oid.js';
import {
  basicConstraints,
  buildCertificate,
  buildCrl,
  type CertificateParts,
  type CrlParts,
  extension,
  extKeyUsage,
  fixtureKey,
  hostName,
  keyUsage,
  name,
  spkiOf,
  subjectAltName,
} from '../support/x509.js';

export interface PathCase {
  readonly leaf: Uint8Array;
  /** In the order in which they stand in cacert.pem. */
  readonly authorities: readonly Uint8Array[];
  readonly crls?: readonly Uint8Array[];
}

export interface VerifyFault {
  readonly title: string;
  readonly make: () => PathCase;
  /** The rules of ours that are broken, in order; none where the path is good. */
  readonly rules: readonly string[];
  /** The rule by which we refuse what `openssl verify` accepts. */
  readonly stricter?: string;
  /** Where our reader refuses the certificate before there is anything to verify. */
  readonly unreadable?: true;
}

export const caName = name(['C', 'US'], ['O', 'Open vSwitch'], ['CN', 'ca']);
const caKey = fixtureKey(1);
export const otherKey = fixtureKey(2);
export const leafKey = fixtureKey(4);
export const serialOfLeaf = encodeInteger(0x1234_5678_9abc_def0_1234n);

export function leaf(parts: Partial<CertificateParts> = {}): Uint8Array {
  return buildCertificate({
    subject: hostName('host'),
    issuer: caName,
    spki: spkiOf(leafKey),
    signKey: caKey,
    serialNumber: serialOfLeaf,
    extensions: leafExtensions(),
    ...parts,
  });
}

export function leafExtensions(...more: readonly Uint8Array[]): Uint8Array[] {
  return [
    basicConstraints(false),
    keyUsage(0, 2),
    extKeyUsage(oid.serverAuth, oid.clientAuth),
    subjectAltName('host'),
    ...more,
  ];
}

export function authority(parts: Partial<CertificateParts> = {}): Uint8Array {
  return buildCertificate({
    subject: caName,
    issuer: caName,
    spki: spkiOf(caKey),
    signKey: caKey,
    extensions: [basicConstraints(true, 0), keyUsage(5, 6)],
    ...parts,
  });
}

export function crl(parts: Partial<CrlParts> = {}): Uint8Array {
  return buildCrl({ issuer: caName, signKey: caKey, ...parts });
}

const keyIdentifierOf = (text: string): Uint8Array => encodeText(0x80, text);
export const akid = (text: string): Uint8Array =>
  extension(oid.authorityKeyIdentifier, encodeSequence(keyIdentifierOf(text)));
export const skid = (text: string): Uint8Array =>
  extension(oid.subjectKeyIdentifier, encodeText(tag.octetString, text));
export const unknownCritical = extension('1.3.6.1.4.1.99999.1', encodeNull(), true);
export const caExtensions = (...more: readonly Uint8Array[]): Uint8Array[] => [
  basicConstraints(true, 0),
  keyUsage(5, 6),
  ...more,
];
