/**
 * Certificates, requests and CRLs made by hand, field by field, so that any of them can be wrong. The signature is
 * made by OpenSSL (node:crypto), not by the code under test.
 */

import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { contextTag, tag } from '../../src/pki/der.js';
import {
  encode,
  encodeBitString,
  encodeBoolean,
  encodeInteger,
  encodeNamedBits,
  encodeNull,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  encodeSetOf,
  encodeText,
  encodeTime,
} from '../../src/pki/der-encode.js';
import { oid } from '../../src/pki/oid.js';
import { encodePem } from '../../src/pki/pem.js';
import { readPem, rsaKeyFile } from './keys.js';

export type SignatureName = keyof typeof signatures;

export const signatures = {
  'sha256-rsa': { oid: oid.sha256WithRsa, hash: 'sha256' },
  'sha384-rsa': { oid: oid.sha384WithRsa, hash: 'sha384' },
  'sha512-rsa': { oid: oid.sha512WithRsa, hash: 'sha512' },
  'sha1-rsa': { oid: '1.2.840.113549.1.1.5', hash: 'sha1' },
  'md5-rsa': { oid: '1.2.840.113549.1.1.4', hash: 'md5' },
  'sha256-ecdsa': { oid: oid.ecdsaWithSha256, hash: 'sha256' },
  'sha384-ecdsa': { oid: oid.ecdsaWithSha384, hash: 'sha384' },
  'sha512-ecdsa': { oid: oid.ecdsaWithSha512, hash: 'sha512' },
  'sha256-dsa': { oid: '2.16.840.1.101.3.4.3.2', hash: 'sha256' },
  ed25519: { oid: oid.ed25519, hash: undefined },
} as const;

/** A private key of the fixtures. */
export function loadKey(file: string): KeyObject {
  return createPrivateKey(readPem(file));
}

export function fixtureKey(number: number): KeyObject {
  return loadKey(rsaKeyFile(number));
}

export function spkiOf(key: KeyObject): Uint8Array {
  return createPublicKey(key).export({ type: 'spki', format: 'der' });
}

/** A SubjectPublicKeyInfo of an RSA key that need not be one. */
export function rsaSpki(modulus: bigint, exponent: bigint): Uint8Array {
  const key = encodeSequence(encodeInteger(modulus), encodeInteger(exponent));
  return encodeSequence(encodeSequence(encodeOid(oid.rsaEncryption), encodeNull()), encodeBitString(key));
}

/** The numbers of an RSA key. */
export function rsaNumbers(key: KeyObject): { modulus: bigint; exponent: bigint } {
  const { n = '', e = '' } = key.export({ format: 'jwk' });
  const toNumber = (text: string): bigint => BigInt(`0x${Buffer.from(text, 'base64url').toString('hex')}`);
  return { modulus: toNumber(n), exponent: toNumber(e) };
}

/** One attribute of a name: its type (short or dotted), its value, and the string type if not UTF8String. */
export type Attribute = readonly [type: string, value: string, stringType?: number];

const types: Readonly<Record<string, string>> = {
  C: oid.countryName,
  ST: oid.stateOrProvinceName,
  L: oid.localityName,
  O: oid.organizationName,
  OU: oid.organizationalUnitName,
  CN: oid.commonName,
  emailAddress: '1.2.840.113549.1.9.1',
};

/** A name; an inner list is a relative distinguished name of several attributes. */
export function name(...parts: readonly (Attribute | readonly Attribute[])[]): Uint8Array {
  const rdns = parts.map((part) => (typeof part[0] === 'string' ? [part as Attribute] : (part as Attribute[])));
  return encodeSequence(
    ...rdns.map((rdn) =>
      encodeSetOf(
        ...rdn.map(([type, value, stringType = tag.utf8String]) =>
          encodeSequence(encodeOid(types[type] ?? type), encodeText(stringType, value)),
        ),
      ),
    ),
  );
}

/** The subject that ovs-pki gives a request or a certificate. */
export function hostName(commonName: string): Uint8Array {
  return name(['C', 'US'], ['ST', 'CA'], ['O', 'Open vSwitch'], ['OU', 'Open vSwitch certifier'], ['CN', commonName]);
}

export function extension(type: string, value: Uint8Array, critical = false): Uint8Array {
  const flag = critical ? [encodeBoolean(true)] : [];
  return encodeSequence(encodeOid(type), ...flag, encodeOctetString(value));
}

/** GeneralNames by the number of their kind: 1 rfc822Name, 2 dNSName, 6 URI, 7 iPAddress. */
export function generalNames(...names: readonly (readonly [kind: number, value: string | Uint8Array])[]): Uint8Array {
  return encodeSequence(
    ...names.map(([kind, value]) =>
      encode(contextTag(kind, false), typeof value === 'string' ? Buffer.from(value, 'latin1') : value),
    ),
  );
}

export function subjectAltName(...dnsNames: readonly string[]): Uint8Array {
  return extension(oid.subjectAltName, generalNames(...dnsNames.map((text) => [2, text] as const)));
}

export function basicConstraints(ca: boolean, pathLength?: number): Uint8Array {
  const length = pathLength === undefined ? [] : [encodeInteger(pathLength)];
  return extension(oid.basicConstraints, encodeSequence(...(ca ? [encodeBoolean(true)] : []), ...length), true);
}

export function keyUsage(...bits: readonly number[]): Uint8Array {
  return extension(oid.keyUsage, encodeNamedBits(bits), true);
}

export function extKeyUsage(...purposes: readonly string[]): Uint8Array {
  return extension(oid.extKeyUsage, encodeSequence(...purposes.map(encodeOid)));
}

interface Signing {
  readonly signKey: KeyObject;
  readonly signature?: SignatureName;
}

export interface RequestParts extends Signing {
  readonly subject: Uint8Array;
  /** The key that is asked to be certified, if not the one that signs. */
  readonly spki?: Uint8Array;
  readonly version?: number;
  readonly extensions?: readonly Uint8Array[];
  /** Attributes after the extension request. */
  readonly attributes?: readonly Uint8Array[];
}

export function attribute(type: string, ...values: readonly Uint8Array[]): Uint8Array {
  return encodeSequence(encodeOid(type), encodeSetOf(...values));
}

export function buildRequest(parts: RequestParts): Uint8Array {
  const { subject, spki, version = 0, extensions = [], attributes = [], signKey } = parts;
  const asked = extensions.length > 0 ? [attribute(oid.extensionRequest, encodeSequence(...extensions))] : [];
  const toBeSigned = encodeSequence(
    encodeInteger(version),
    subject,
    spki ?? spkiOf(signKey),
    encode(contextTag(0, true), ...asked, ...attributes),
  );
  return signed(toBeSigned, parts);
}

export interface CertificateParts extends Signing {
  readonly subject: Uint8Array;
  readonly issuer: Uint8Array;
  readonly spki: Uint8Array;
  /** The number in the field: 2, which is version 3, unless told otherwise; 0 leaves the field out. */
  readonly version?: 0 | 1 | 2 | 3;
  readonly serialNumber?: Uint8Array;
  readonly notBefore?: Uint8Array;
  readonly notAfter?: Uint8Array;
  readonly extensions?: readonly Uint8Array[];
  /** The algorithm inside the signed part, if not the one outside. */
  readonly innerSignature?: SignatureName;
}

/** Days from now, as certificates write them. */
export function inDays(days: number): Uint8Array {
  return encodeTime(new Date(Date.now() + days * 86_400_000));
}

/** A TBSCertificate. */
export function buildToBeSigned(parts: CertificateParts): Uint8Array {
  const { version = 2, extensions = [], signature = 'sha256-rsa', innerSignature = signature } = parts;
  return encodeSequence(
    ...(version === 0 ? [] : [encode(contextTag(0, true), encodeInteger(version))]),
    parts.serialNumber ?? encodeInteger(0x4123_4567_89ab_cdefn * 2n ** 64n + 7n),
    algorithmIdentifier(innerSignature),
    parts.issuer,
    encodeSequence(parts.notBefore ?? inDays(-1), parts.notAfter ?? inDays(100)),
    parts.subject,
    parts.spki,
    ...(extensions.length === 0 ? [] : [encode(contextTag(3, true), encodeSequence(...extensions))]),
  );
}

export function buildCertificate(parts: CertificateParts): Uint8Array {
  return signed(buildToBeSigned(parts), parts);
}

export interface CrlParts extends Signing {
  readonly issuer: Uint8Array;
  readonly revoked?: readonly Uint8Array[];
  readonly thisUpdate?: Uint8Array;
  /** `none` leaves it out. */
  readonly nextUpdate?: Uint8Array | 'none';
  readonly extensions?: readonly Uint8Array[];
  /** The number in the field: 1, which is version 2, unless told otherwise; 0 leaves the field out. */
  readonly version?: 0 | 1;
  /** The algorithm inside the signed part, if not the one outside. */
  readonly innerSignature?: SignatureName;
  /** In place of the list that `revoked` makes. */
  readonly entries?: Uint8Array;
}

/** A TBSCertList. */
export function buildCrlToBeSigned(parts: CrlParts): Uint8Array {
  const { issuer, revoked = [], extensions = [], signature = 'sha256-rsa', innerSignature = signature } = parts;
  const entries = revoked.map((serialNumber) => encodeSequence(serialNumber, inDays(-0.5)));
  const list = parts.entries ?? (entries.length === 0 ? undefined : encodeSequence(...entries));
  return encodeSequence(
    ...(parts.version === 0 ? [] : [encodeInteger(1)]),
    algorithmIdentifier(innerSignature),
    issuer,
    parts.thisUpdate ?? inDays(-1),
    ...(parts.nextUpdate === 'none' ? [] : [parts.nextUpdate ?? inDays(30)]),
    ...(list === undefined ? [] : [list]),
    ...(extensions.length === 0 ? [] : [encode(contextTag(0, true), encodeSequence(...extensions))]),
  );
}

export function buildCrl(parts: CrlParts): Uint8Array {
  return signed(buildCrlToBeSigned(parts), parts);
}

export const requestPem = (der: Uint8Array): string => encodePem('CERTIFICATE REQUEST', der);
export const certificatePem = (der: Uint8Array): string => encodePem('CERTIFICATE', der);
export const crlPem = (der: Uint8Array): string => encodePem('X509 CRL', der);

export function algorithmIdentifier(signature: SignatureName): Uint8Array {
  const parameters = signature.endsWith('-rsa') ? [encodeNull()] : [];
  return encodeSequence(encodeOid(signatures[signature].oid), ...parameters);
}

function signed(toBeSigned: Uint8Array, { signKey, signature = 'sha256-rsa' }: Signing): Uint8Array {
  const bits = sign(signatures[signature].hash, toBeSigned, signKey);
  return encodeSequence(toBeSigned, algorithmIdentifier(signature), encodeBitString(bits));
}
