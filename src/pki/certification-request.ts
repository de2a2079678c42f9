/**
 * Certification requests (PKCS #10, RFC 2986).
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';
import {
  decodeExtensions,
  decodeGeneralNames,
  type Extension,
  type GeneralName,
  inFile,
  requireUnique,
} from './certificate.js';
import { children, contextTag, expectTag, sequenceOf, tag } from './der.js';
import { readInteger, readOid } from './der-values.js';
import { type KeyPair, providerOf } from './engine.js';
import { decodePublicKey, type PublicKey } from './key.js';
import type { KeySpec } from './key-spec.js';
import { attributeValues, type DistinguishedName, decodeName, encodeName, type NameAttribute } from './name.js';
import { oid } from './oid.js';
import { decodePemOf } from './pem.js';
import { signatureAlgorithmFor } from './signature-algorithm.js';
import { decodeSigned, type SignedStructure } from './signed.js';

/** A certification request (PKCS#10) that has been read, with nothing about it believed yet. */
export interface CertificationRequest extends SignedStructure {
  readonly der: Uint8Array;
  /** 1 for the only version there is. */
  readonly version: number;
  readonly subject: DistinguishedName;
  /** All commonName values of the subject, in order; a good request has one. */
  readonly commonNames: readonly string[];
  readonly publicKey: PublicKey;
  /** The types of all attributes (section 4.1). */
  readonly attributeTypes: readonly string[];
  readonly extensions: readonly Extension[];
  readonly subjectAltName: readonly GeneralName[] | undefined;
}

/** Reads a request. Throws DER_INVALID. Says nothing about whether it is a good one. */
export function decodeCertificationRequest(der: Uint8Array): CertificationRequest {
  const signed = decodeSigned(der, 'certification request');
  const [version, subjectElement, publicKey, attributes] = sequenceOf(signed.toBeSigned, 'the signed part');
  if (subjectElement === undefined || publicKey === undefined) {
    throw new OvsPkiError('DER_INVALID', 'the certification request ends too early');
  }
  const subject = decodeName(subjectElement, 'subject');
  const decoded = attributes === undefined ? [] : children(expectTag(attributes, contextTag(0, true), 'attributes'));
  const pairs = decoded.map((attribute) => {
    const [type, values] = sequenceOf(attribute, 'an attribute');
    return { type: readOid(type, 'an attribute'), values: children(expectTag(values, tag.set, 'an attribute')) };
  });
  const extensions = pairs
    .filter(({ type }) => type === oid.extensionRequest)
    .flatMap(({ values }) => values.flatMap(decodeExtensions));
  // Each list was looked at by itself; a second list is no way around it.
  requireUnique(extensions);
  const alternative = extensions.find(({ type }) => type === oid.subjectAltName);
  return {
    der,
    ...signed,
    version: Number(readInteger(version, 'version')) + 1,
    subject,
    commonNames: attributeValues(subject, oid.commonName),
    publicKey: decodePublicKey(publicKey),
    attributeTypes: pairs.map(({ type }) => type),
    extensions,
    subjectAltName: alternative && decodeGeneralNames(alternative.value),
  };
}

/** Reads the first request of a PEM file. Throws PEM_INVALID or DER_INVALID. */
export function decodeCertificationRequestPem(pem: string, file: string): CertificationRequest {
  const [block] = decodePemOf(['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST'], pem, file);
  return inFile(file, () => decodeCertificationRequest(block.bytes));
}

export interface CertificationRequestInput {
  readonly subject: readonly NameAttribute[];
  /** The dNSName to ask for; none in the request of a CA. */
  readonly dnsName: string | undefined;
  readonly keys: Pick<KeyPair, 'publicKey' | 'privateKey'>;
  readonly spec: KeySpec;
}

/** Makes a request, signed with SHA-256 (or the hash of the curve's size). The result is its DER. */
export async function createCertificationRequest(
  crypto: Crypto | undefined,
  { subject, dnsName, keys, spec }: CertificationRequestInput,
): Promise<Uint8Array> {
  const x509 = await loadX509();
  const algorithm = signatureAlgorithmFor(spec, 'SHA-256');
  const request = await x509.Pkcs10CertificateRequestGenerator.create(
    {
      // As text x509 would make it of PrintableStrings, which an ovs-pki CA takes for another organization.
      name: new x509.Name(new Uint8Array(encodeName(subject).der)),
      keys,
      signingAlgorithm:
        spec.type === 'rsa'
          ? { name: 'RSASSA-PKCS1-v1_5', hash: algorithm.hash }
          : { name: 'ECDSA', hash: algorithm.hash },
      extensions:
        dnsName === undefined ? [] : [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: dnsName }])],
    },
    providerOf(crypto),
  );
  return new Uint8Array(request.rawData);
}

/** @peculiar/x509 cannot be imported without reflect-metadata; nobody else imports either. */
async function loadX509(): Promise<typeof import('@peculiar/x509')> {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}
