/**
 * Which of several certificates is that of an issuer: by name, by key identifier, by signature.
 *
 * @module
 */

import type { Certificate } from '../certificate.js';
import { children, contextTag, equalBytes, readDer, tag } from '../der.js';
import { readInteger } from '../der-values.js';
import { type DistinguishedName, decodeName } from '../name.js';
import { oid } from '../oid.js';
import { formatSerial } from '../serial.js';
import { judgeSignature, type SignatureVerdict } from '../signature.js';
import { foldText } from './name-constraints.js';

/** More than any real path has. */
export const maximumDepth = 10;

/** Those who stand above a certificate, by name and signature, whatever the time: up to a self-signed one, or as far as they go. */
export function issuersOf(certificate: Certificate, authorities: readonly Certificate[]): Certificate[] {
  const issuers: Certificate[] = [];
  for (let current = certificate; issuers.length <= maximumDepth && !isSelfSigned(current); ) {
    const issuer = authorities.find(
      (authority) => sameName(authority.subject, current.issuer) && judgeIssuer(current, authority) === 'genuine',
    );
    if (issuer === undefined) break;
    issuers.push(issuer);
    current = issuer;
  }
  return issuers;
}

/** Whether authorityKeyIdentifier (RFC 5280, section 4.2.1.1), as far as it says something, speaks of that CA. */
export function fitsKeyIdentifier(authority: Certificate, { extensions }: Certificate): boolean {
  const extension = extensions.find(({ type }) => type === oid.authorityKeyIdentifier);
  if (extension === undefined) return true;
  const parts = children(readDer(extension.value));
  const part = (number: number, constructed: boolean) =>
    parts.find((element) => element.tag === contextTag(number, constructed));
  const [keyIdentifier, issuers, serialNumber] = [part(0, false), part(1, true), part(2, false)];
  const own = authority.subjectKeyIdentifier;
  if (keyIdentifier !== undefined && own !== undefined && !equalBytes(keyIdentifier.content, own)) return false;
  if (serialNumber !== undefined) {
    const serial = readInteger({ ...serialNumber, tag: tag.integer }, 'authorityCertSerialNumber');
    if (formatSerial(serial) !== authority.serialNumber) return false;
  }
  const directoryName = issuers && children(issuers).find((element) => element.tag === contextTag(4, true));
  const [name] = directoryName === undefined ? [] : children(directoryName);
  return name === undefined || sameName(decodeName(name, 'authorityCertIssuer'), authority.issuer);
}

export function judgeIssuer(certificate: Certificate, { publicKey }: Certificate): SignatureVerdict {
  const { signatureAlgorithm, innerSignatureAlgorithm, signatureParameters, innerAlgorithm } = certificate;
  if (signatureAlgorithm !== innerSignatureAlgorithm) return 'wrong';
  // What RSASSA-PSS is used with stands there twice, and only inside it is signed.
  if (signatureAlgorithm === oid.rsaPss && !innerAlgorithmIs(innerAlgorithm, signatureParameters)) return 'wrong';
  return judgeSignature(publicKey, certificate);
}

function innerAlgorithmIs(inner: Uint8Array, parameters: Uint8Array | undefined): boolean {
  const own = children(readDer(inner))[1]?.bytes;
  return own === undefined || parameters === undefined ? own === parameters : equalBytes(own, parameters);
}

export function isSelfIssued({ issuer, subject }: Certificate): boolean {
  return sameName(issuer, subject);
}

/** A CA of this name that names another key or certificate as its issuer is no trust anchor: it stands below one. */
export function isSelfSigned(certificate: Certificate): boolean {
  return isSelfIssued(certificate) && fitsKeyIdentifier(certificate, certificate);
}

/**
 * Comparison of names as OpenSSL makes it of RFC 5280, section 7.1: the type of string, the case of ASCII letters and
 * the amount of white space do not count.
 */
export function sameName(left: DistinguishedName, right: DistinguishedName): boolean {
  if (equalBytes(left.der, right.der)) return true;
  if (left.multiValued || right.multiValued) return false;
  const fold = ({ attributes }: DistinguishedName): string =>
    JSON.stringify(attributes.map(({ type, value }) => [type, foldText(value)]));
  return fold(left) === fold(right);
}
