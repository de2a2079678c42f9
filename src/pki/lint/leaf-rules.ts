/**
 * What makes a certificate of whatever origin fit for Open vSwitch, its TLS and its IPsec. Certificates of ovs-pki
 * keep these rules.
 *
 * @module
 */

import type { Certificate } from '../certificate.js';
import { equalBytes } from '../der.js';
import { verifySignature } from '../engine.js';
import { attributeValues, nameOfCommonName } from '../name.js';
import { oid } from '../oid.js';
import { signatureName, weakHashOf } from '../signature.js';
import { keyFindings } from './key-rules.js';
import { type Finding, findingsOf, type Rule } from './rule.js';

const leafRules: readonly Rule<Certificate, undefined>[] = [
  {
    id: 'leaf-common-name',
    citation: 'ovs-monitor-ipsec reads its own name with CN=(.+?), from the subject',
    check: ({ subject }) => {
      const commonNames = attributeValues(subject, oid.commonName);
      if (commonNames.length !== 1) return `the subject has ${commonNames.length} common names, not one`;
      if (subject.attributes.length < 2) return 'nothing stands before the common name in the subject';
      if (subject.attributes.at(-1)?.type !== oid.commonName) return 'the common name is not the last in the subject';
      return nameOfCommonName(commonNames[0] as string) === undefined
        ? `the common name ${JSON.stringify(commonNames[0])} is not of a form that all programs read alike`
        : undefined;
    },
  },
  {
    id: 'leaf-subject-alt-name',
    citation: 'ovs-vswitchd.conf.db(5), IPsec: X.509 version 3 with the string in CN also set in SAN',
    check: ({ subjectAltName, subject }) => {
      const [commonName] = attributeValues(subject, oid.commonName);
      if (subjectAltName === undefined) return 'there is no subjectAltName, without which IPsec does not work';
      const [name, ...others] = subjectAltName;
      return name?.kind === 2 && name.text === commonName && others.length === 0
        ? undefined
        : 'subjectAltName is not exactly one dNSName equal to the common name';
    },
  },
  {
    id: 'leaf-is-no-ca',
    citation: 'RFC 5280, section 4.2.1.9',
    check: ({ basicConstraints }) =>
      basicConstraints?.ca === true ? 'it is a CA certificate, which no host should have' : undefined,
  },
  {
    id: 'leaf-key-usage',
    citation: 'RFC 5280, section 4.2.1.3; RFC 4945, section 5.1.3.2',
    check: ({ keyUsage }) =>
      keyUsage === undefined || keyUsage.includes('digitalSignature') ? undefined : 'its key may not sign',
  },
  {
    id: 'leaf-ext-key-usage',
    citation: 'RFC 5280, section 4.2.1.12',
    check: ({ extKeyUsage }) => {
      if (extKeyUsage === undefined) return undefined;
      // anyExtendedKeyUsage is not enough for OpenSSL, which is the TLS of Open vSwitch.
      return extKeyUsage.includes(oid.serverAuth) && extKeyUsage.includes(oid.clientAuth)
        ? undefined
        : 'extKeyUsage does not allow both TLS server and client';
    },
  },
  {
    id: 'leaf-netscape-type',
    citation: 'nsCertType, which OpenSSL still obeys: x509v3_config(5)',
    check: ({ extensions }) => {
      const type = extensions.find((extension) => extension.type === netscapeType);
      // A BIT STRING of one byte: the tag, the length, the bits that are not used, then SSL client and SSL server.
      return type === undefined || ((type.value[3] ?? 0) & 0xc0) === 0xc0
        ? undefined
        : 'its Netscape type does not allow both TLS server and client';
    },
  },
  {
    id: 'leaf-signature-algorithm',
    citation: 'RFC 9155: no MD5, no SHA-1',
    check: (certificate) =>
      weakHashOf(certificate) === undefined ? undefined : `it is signed with ${signatureName(certificate)}`,
  },
];

const netscapeType = '2.16.840.1.113730.1.1';

/**
 * Everything that makes a certificate unfit to be that of a host. Who signs itself can write any name into it: it is believed
 * when it has this one, and its own signature.
 */
export function hostFindings(certificate: Certificate, name: string): Finding[] {
  return [...leafFindings(certificate), ...findingsOf(hostRules, certificate, name)];
}

/** The same for one that signs itself: no CA speaks for it, so nobody else may seem to have signed it. */
export function selfSignedFindings(certificate: Certificate, name: string): Finding[] {
  return [...findingsOf(selfSignedRules, certificate, name), ...hostFindings(certificate, name)];
}

const selfSignedRules: readonly Rule<Certificate, string>[] = [
  {
    id: 'host-self-signed',
    citation: 'RFC 5280, section 3.2: issuer and subject of a self-signed certificate are the same entity',
    check: ({ subject, issuer }) => (equalBytes(subject.der, issuer.der) ? undefined : 'it is not self-signed'),
  },
];

const hostRules: readonly Rule<Certificate, string>[] = [
  {
    id: 'host-name',
    citation: 'ovs-vswitchd.conf.db(5), IPsec: remote_name is the string in CN',
    check: ({ subject, issuer }, name) => {
      const [commonName = ''] = attributeValues(subject, oid.commonName);
      const found = equalBytes(subject.der, issuer.der) ? commonName : nameOfCommonName(commonName);
      return found === name ? undefined : `its common name is ${JSON.stringify(commonName)}, and not ${name}`;
    },
  },
  {
    id: 'host-self-signature',
    citation: 'RFC 5280, section 3.2: the signature of a self-signed certificate is verified with its own key',
    check: ({ subject, issuer, publicKey, ...signed }) => {
      if (!equalBytes(subject.der, issuer.der)) return undefined;
      const { signatureAlgorithm, innerSignatureAlgorithm, toBeSigned, signature } = signed;
      const isSame = signatureAlgorithm === innerSignatureAlgorithm;
      return isSame && verifySignature(publicKey, signatureAlgorithm, toBeSigned.bytes, signature)
        ? undefined
        : 'it names itself as its issuer, and its own key has not signed it';
    },
  },
];

/** Everything that makes a certificate unfit, whosever it is. */
export function leafFindings(certificate: Certificate): Finding[] {
  return [...findingsOf(leafRules, certificate, undefined), ...keyFindings(certificate.publicKey)];
}
