/**
 * What must be true of every certificate before it is signed.
 *
 * @module
 */

import { X509Certificate } from 'node:crypto';
import type { Certificate, GeneralName } from '../certificate.js';
import { equalBytes } from '../der.js';
import { describeKey, type PublicKey } from '../key.js';
import { attributeValues, nameOfCommonName } from '../name.js';
import { oid } from '../oid.js';
import { decodeAccess, decodeDistributionPoints, noPlaces, type Places, uriKind, urlFault } from '../places.js';
import { keyUsageFor, leafPurposes, type Profile, pathLengthFor } from '../profile.js';
import { parseSerial } from '../serial.js';
import { keyFindings } from './key-rules.js';
import { type Rule, unless } from './rule.js';

/** What the certificate is meant to be. */
export interface CertificateContext {
  readonly profile: Profile;
  readonly commonName: string | undefined;
  readonly publicKey: PublicKey;
  /** Absent for a self-signed certificate. */
  readonly issuerCertificate: Certificate | undefined;
  /** Where it is to say that the CRL and the certificate of its CA are. */
  readonly places?: Places;
}

type CertificateRule = Rule<Certificate, CertificateContext>;

const isCa = ({ profile }: CertificateContext): boolean => pathLengthFor(profile) !== undefined;
const sameItems = (left: readonly string[] | undefined, right: readonly string[]): boolean =>
  left !== undefined && [...left].sort().join() === [...right].sort().join();

export const certificateRules: readonly CertificateRule[] = [
  {
    id: 'version',
    citation: 'RFC 5280, section 4.1.2.1',
    check: ({ version }) => unless(version === 3, `the version is ${version}, not 3`),
  },
  {
    id: 'serial-number',
    citation: 'RFC 5280, section 4.1.2.2; CA/Browser Forum BR, section 7.1: 64 bits of chance',
    check: ({ serialNumber }) => {
      const serial = parseSerial(serialNumber);
      return unless(serial >= 1n << 64n && serial < 1n << 159n, 'the serial number is not between 2^64 and 2^159');
    },
  },
  {
    id: 'signature-algorithm',
    citation: 'RFC 5280, section 4.1.1.2',
    check: (certificate) =>
      unless(
        certificate.signatureAlgorithm === certificate.innerSignatureAlgorithm,
        'the signature algorithms inside and outside of the signed part differ',
      ),
  },
  {
    id: 'issuer-name',
    citation: 'RFC 5280, sections 4.1.2.4 and 6.1.3 (a)(4); NSS compares the bytes',
    check: ({ issuer, subject }, { issuerCertificate }) =>
      unless(
        equalBytes(issuer.der, issuerCertificate?.subject.der ?? subject.der) && issuer.attributes.length > 0,
        'the issuer name is not the subject of the CA certificate',
      ),
  },
  {
    id: 'issuer-is-ca',
    citation: 'RFC 5280, section 6.1.4 (k) to (n)',
    check: (_, { issuerCertificate: issuer }) => {
      if (issuer === undefined) return undefined;
      if (issuer.basicConstraints?.ca !== true) return 'the issuer certificate is no CA certificate';
      return unless(issuer.keyUsage?.includes('keyCertSign') ?? true, 'the issuer may not sign certificates');
    },
  },
  {
    id: 'validity-order',
    citation: 'RFC 5280, section 4.1.2.5',
    check: ({ notBefore, notAfter }) =>
      unless(notBefore < notAfter && notAfter.getUTCFullYear() <= 9999, 'the certificate ends before it begins'),
  },
  {
    id: 'validity-within-issuer',
    citation: 'a certificate that outlives its CA fails before its own end',
    check: ({ notBefore, notAfter }, { issuerCertificate: issuer }) =>
      unless(
        issuer === undefined || (notBefore >= issuer.notBefore && notAfter <= issuer.notAfter),
        'the validity is not within that of the CA certificate',
      ),
  },
  {
    id: 'subject-common-name',
    citation: 'ovs-monitor-ipsec reads its name with CN=(.+?), : one commonName, last, and something before it',
    check: ({ subject }, { commonName }) => {
      const last = subject.attributes.at(-1);
      const good =
        subject.attributes.length > 1 &&
        !subject.multiValued &&
        attributeValues(subject, oid.commonName).length === 1 &&
        last?.type === oid.commonName &&
        (commonName === undefined || last.value === commonName) &&
        !subject.attributes.some(({ value }) => value.includes('CN='));
      return unless(good, 'the subject does not end in the one commonName, with another attribute before it');
    },
  },
  {
    id: 'common-name-form',
    citation: 'RFC 5280, appendix A.1 (ub-common-name); unquoted in ipsec.conf and NSS nicknames',
    check: ({ subject }, context) => {
      const [commonName = ''] = attributeValues(subject, oid.commonName);
      return unless(
        commonName.length <= 64 && (isCa(context) || nameOfCommonName(commonName) !== undefined),
        `the common name ${JSON.stringify(commonName)} is not of a form that all programs read alike`,
      );
    },
  },
  {
    id: 'subject-alt-name',
    citation: 'ovs-vswitchd.conf.db(5), IPsec: the string in CN also set in SAN; RFC 5280, section 4.2.1.6',
    check: ({ subjectAltName, subject }, context) => {
      if (isCa(context)) return unless(subjectAltName === undefined, 'a CA certificate has a subjectAltName');
      const [commonName] = attributeValues(subject, oid.commonName);
      const [name, ...others] = subjectAltName ?? [];
      return unless(
        name?.kind === 2 && name.text === commonName && others.length === 0,
        'subjectAltName is not exactly one dNSName equal to the common name',
      );
    },
  },
  {
    id: 'basic-constraints',
    citation: 'RFC 5280, section 4.2.1.9',
    check: ({ basicConstraints: constraints, extensions }, context) =>
      unless(
        constraints?.ca === isCa(context) &&
          constraints.pathLength === pathLengthFor(context.profile) &&
          isCritical(extensions, oid.basicConstraints),
        'basicConstraints is not critical, or does not say what the profile says',
      ),
  },
  {
    id: 'key-usage',
    citation: 'RFC 5280, section 4.2.1.3',
    check: ({ keyUsage, publicKey, extensions }, { profile }) =>
      unless(
        sameItems(keyUsage, keyUsageFor(profile, publicKey)) && isCritical(extensions, oid.keyUsage),
        'keyUsage is not critical, or not what the profile says',
      ),
  },
  {
    id: 'ext-key-usage',
    citation: 'RFC 5280, section 4.2.1.12; RFC 4945, section 5.1.3.12',
    check: ({ extKeyUsage }, context) =>
      unless(
        isCa(context) ? extKeyUsage === undefined : sameItems(extKeyUsage, leafPurposes),
        'extKeyUsage is not what the profile says',
      ),
  },
  {
    id: 'key-identifiers',
    citation: 'RFC 5280, sections 4.2.1.1 and 4.2.1.2',
    check: ({ subjectKeyIdentifier: own, authorityKeyIdentifier: authority }, { issuerCertificate: issuer }) => {
      const wanted = issuer === undefined ? own : (issuer.subjectKeyIdentifier ?? authority);
      const good =
        own?.length === 20 && authority !== undefined && wanted !== undefined && equalBytes(authority, wanted);
      return unless(good, 'the key identifiers of subject and authority are missing or do not fit the issuer');
    },
  },
  {
    id: 'crl-distribution-points',
    citation: 'RFC 5280, sections 4.2.1.13 and 8: not critical, http or ldap, and the URLs of the profile',
    check: ({ extensions }, context) =>
      placesFault(
        'cRLDistributionPoints',
        extensions,
        oid.crlDistributionPoints,
        wantedPlaces(context).crlUrls,
        (value) => decodeDistributionPoints(value)?.flat(),
      ),
  },
  {
    id: 'authority-information-access',
    citation: 'RFC 5280, sections 4.2.2.1 and 8: not critical, http or ldap, and the URLs of the profile',
    check: ({ extensions }, context) =>
      placesFault('authorityInfoAccess', extensions, oid.authorityInfoAccess, wantedPlaces(context).caUrls, (value) => {
        const access = decodeAccess(value);
        return access.every(({ method }) => method === oid.caIssuers) ? access.map(({ name }) => name) : undefined;
      }),
  },
  {
    id: 'extensions-known',
    citation: 'the CA decides the extensions: nothing is copied from a request',
    check: ({ extensions }) => {
      const foreign = extensions.find(({ type }) => !profileExtensions.has(type));
      return foreign && `the extension ${foreign.type} is in no profile`;
    },
  },
  {
    id: 'public-key',
    citation: 'the key of the request, whose possession was proved, and no other',
    check: ({ publicKey }, context) =>
      unless(equalBytes(publicKey.spki, context.publicKey.spki), 'the public key is not the one of the request'),
  },
  {
    id: 'key-strength',
    citation: 'the rules for keys; that the certificate holds this key is the rule before',
    check: (_, { publicKey }) => {
      const messages = keyFindings(publicKey).map(({ message }) => message);
      return messages.length === 0 ? undefined : `${describeKey(publicKey)}: ${messages.join('; ')}`;
    },
  },
  {
    id: 'second-reader',
    citation: 'OpenSSL, which is what Open vSwitch reads certificates with, must read the same as we do',
    check: (certificate, context) => secondReaderFault(certificate, context),
  },
];

const profileExtensions: ReadonlySet<string> = new Set([
  oid.basicConstraints,
  oid.keyUsage,
  oid.extKeyUsage,
  oid.subjectAltName,
  oid.subjectKeyIdentifier,
  oid.authorityKeyIdentifier,
  oid.crlDistributionPoints,
  oid.authorityInfoAccess,
]);

/** A CA certificate says neither: they are of what it signs. */
function wantedPlaces(context: CertificateContext): Places {
  return isCa(context) ? noPlaces : (context.places ?? noPlaces);
}

function placesFault(
  title: string,
  extensions: Certificate['extensions'],
  type: string,
  wanted: readonly string[],
  read: (value: Uint8Array) => readonly GeneralName[] | undefined,
): string | undefined {
  const found = extensions.find((extension) => extension.type === type);
  if (found === undefined) return unless(wanted.length === 0, `${title} is missing`);
  const names = readNames(found.value, read);
  const fault = wanted.map(urlFault).find(Boolean);
  if (fault !== undefined) return `${title}: a URL ${fault}`;
  const good =
    !found.critical &&
    names?.length === wanted.length &&
    names.every(({ kind, text }, at) => kind === uriKind && text === wanted[at]);
  return unless(good && wanted.length > 0, `${title} is critical, or not what the profile says`);
}

function readNames(
  value: Uint8Array,
  read: (value: Uint8Array) => readonly GeneralName[] | undefined,
): readonly GeneralName[] | undefined {
  try {
    return read(value);
  } catch {
    return undefined;
  }
}

function isCritical(extensions: Certificate['extensions'], type: string): boolean {
  return extensions.find((extension) => extension.type === type)?.critical === true;
}

function secondReaderFault(certificate: Certificate, context: CertificateContext): string | undefined {
  let other: X509Certificate;
  try {
    other = new X509Certificate(certificate.der);
    const [name] = certificate.subjectAltName ?? [];
    const same =
      other.serialNumber === certificate.serialNumber &&
      other.subjectAltName === (name === undefined ? undefined : `DNS:${name.text}`) &&
      other.ca === isCa(context) &&
      Date.parse(other.validFrom) === certificate.notBefore.getTime() &&
      Date.parse(other.validTo) === certificate.notAfter.getTime();
    return unless(same, 'OpenSSL reads something else in the certificate than we do');
  } catch (error) {
    return `OpenSSL cannot read the certificate: ${error instanceof Error ? error.message : String(error)}`;
  }
}
