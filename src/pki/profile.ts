/**
 * Profiles: what certificates of each type hold. The CA decides this; a request has no say in it.
 *
 * @module
 */

import { type KeyUsage, keyUsageNames } from './certificate.js';
import { contextTag } from './der.js';
import {
  encode,
  encodeBoolean,
  encodeInteger,
  encodeNamedBits,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  encodeText,
} from './der-encode.js';
import type { PublicKey } from './key.js';
import type { NameAttribute } from './name.js';
import { oid } from './oid.js';
import { encodeCaIssuers, encodeDistributionPoints, noPlaces, type Places } from './places.js';

/** The two CAs of an ovs-pki directory, named by what they certify. */
export type CertificateType = 'switch' | 'controller';
export const certificateTypes: readonly CertificateType[] = ['controller', 'switch'];

/** What kind of certificate is made: `ca` signs end entities, `root` one level of such CAs. */
export type Profile = CertificateType | 'ca' | 'root' | 'self-signed';

/** pathLenConstraint of a CA certificate; undefined for an end entity. */
export function pathLengthFor(profile: Profile): number | undefined {
  if (profile === 'root') return 1;
  return profile === 'ca' ? 0 : undefined;
}

/** Both ends of a TLS connection, and IKE: Open vSwitch uses one certificate for all of them. */
export const leafPurposes = [oid.serverAuth, oid.clientAuth, oid.ipsecIke] as const;

/** organizationName where no CA decides it, and of every request of ovs-pki. */
export const organization = 'Open vSwitch';

/** What stands before the common name, where a profile says that. */
export type SubjectBase = readonly NameAttribute[] | undefined;

/** Subject of a CA, as `ovs-pki init` makes it; the time makes it differ from the CA of any other init. */
export function caSubject(type: CertificateType | 'root', madeAt: Date, base: SubjectBase): NameAttribute[] {
  // toUTCString has one form in every locale: Sun, 22 Nov 2026 02:52:21 GMT
  const [, day, month, year, time] = madeAt.toUTCString().split(' ');
  const standard = [
    { type: oid.countryName, value: 'US' },
    { type: oid.stateOrProvinceName, value: 'CA' },
    { type: oid.organizationName, value: organization },
    { type: oid.organizationalUnitName, value: `${type}ca` },
  ];
  return [
    ...(base ?? standard),
    { type: oid.commonName, value: `OVS ${type}ca CA Certificate (${year} ${month} ${day} ${time})` },
  ];
}

/** Subject of a request, as `ovs-pki req` makes it, or as the profile has it. */
export function requestSubject(commonName: string, base?: SubjectBase): NameAttribute[] {
  if (base !== undefined) return [...base, { type: oid.commonName, value: commonName }];
  return [
    { type: oid.countryName, value: 'US' },
    { type: oid.stateOrProvinceName, value: 'CA' },
    { type: oid.localityName, value: 'Palo Alto' },
    { type: oid.organizationName, value: organization },
    { type: oid.organizationalUnitName, value: 'Open vSwitch certifier' },
    { type: oid.commonName, value: commonName },
  ];
}

/**
 * Subject of an end entity certificate. The common name comes last and others before it: that is the only order from
 * which ovs-monitor-ipsec can read it.
 */
export function leafSubject(
  commonName: string,
  caOrganization: string | undefined,
  base: SubjectBase,
): NameAttribute[] {
  if (base !== undefined) return requestSubject(commonName, base);
  return requestSubject(commonName)
    .filter(({ type }) => type !== oid.localityName)
    .map((attribute) =>
      attribute.type === oid.organizationName ? { ...attribute, value: caOrganization ?? organization } : attribute,
    );
}

export function keyUsageFor(profile: Profile, publicKey: PublicKey): KeyUsage[] {
  if (pathLengthFor(profile) !== undefined) return ['keyCertSign', 'cRLSign'];
  return publicKey.type === 'rsa' ? ['digitalSignature', 'keyEncipherment'] : ['digitalSignature'];
}

export interface ExtensionInput {
  readonly profile: Profile;
  readonly publicKey: PublicKey;
  /** The one dNSName, equal to the common name; not for CAs. */
  readonly dnsName: string | undefined;
  readonly subjectKeyIdentifier: Uint8Array;
  readonly authorityKeyIdentifier: Uint8Array;
  /** Of end entities. */
  readonly places: Places;
}

/** The Extensions of a certificate (RFC 5280, section 4.2), as a SEQUENCE. */
export function encodeExtensions(input: ExtensionInput): Uint8Array {
  const pathLength = pathLengthFor(input.profile);
  const isCa = pathLength !== undefined;
  const extensions = [
    extension(oid.basicConstraints, true, encodeBasicConstraints(pathLength)),
    extension(
      oid.keyUsage,
      true,
      encodeNamedBits(keyUsageFor(input.profile, input.publicKey).map((usage) => keyUsageNames.indexOf(usage))),
    ),
  ];
  if (!isCa) extensions.push(extension(oid.extKeyUsage, false, encodeSequence(...leafPurposes.map(encodeOid))));
  if (input.dnsName !== undefined) {
    const name = encodeText(contextTag(2, false), input.dnsName);
    extensions.push(extension(oid.subjectAltName, false, encodeSequence(name)));
  }
  extensions.push(
    extension(oid.subjectKeyIdentifier, false, encodeOctetString(input.subjectKeyIdentifier)),
    extension(
      oid.authorityKeyIdentifier,
      false,
      encodeSequence(encode(contextTag(0, false), input.authorityKeyIdentifier)),
    ),
  );
  const { crlUrls, caUrls } = isCa ? noPlaces : input.places;
  if (crlUrls.length > 0)
    extensions.push(extension(oid.crlDistributionPoints, false, encodeDistributionPoints(crlUrls)));
  if (caUrls.length > 0) extensions.push(extension(oid.authorityInfoAccess, false, encodeCaIssuers(caUrls)));
  return encodeSequence(...extensions);
}

/** What the request of a CA asks for: to be one that signs end entities. Who signs it decides. */
export function encodeCaRequestExtensions(publicKey: PublicKey): Uint8Array {
  const usages = keyUsageFor('ca', publicKey).map((usage) => keyUsageNames.indexOf(usage));
  return encodeSequence(
    extension(oid.basicConstraints, true, encodeBasicConstraints(pathLengthFor('ca'))),
    extension(oid.keyUsage, true, encodeNamedBits(usages)),
  );
}

function encodeBasicConstraints(pathLength: number | undefined): Uint8Array {
  return pathLength === undefined ? encodeSequence() : encodeSequence(encodeBoolean(true), encodeInteger(pathLength));
}

function extension(type: string, critical: boolean, value: Uint8Array): Uint8Array {
  const parts = critical ? [encodeBoolean(true)] : [];
  return encodeSequence(encodeOid(type), ...parts, encodeOctetString(value));
}
