/**
 * Would a certificate work with Open vSwitch's IPsec, with strongSwan and with libreswan? As the identity of a host,
 * or for a CA certificate as `ca_cert`.
 *
 * @module
 */

import type { Certificate } from '../certificate.js';
import { attributeValues, nameFault } from '../name.js';
import { oid } from '../oid.js';
import { formatTime } from '../text.js';
import { keyFindings } from './key-rules.js';
import { leafFindings } from './leaf-rules.js';
import { type Finding, findingsOf, type Rule } from './rule.js';

/** What a program that speaks IKE for Open vSwitch makes of certificates. */
export interface IkeReader {
  /** As it calls itself. */
  readonly label: string;
  readonly readsEcKeys: boolean;
  /** It refuses a certificate whose extKeyUsage allows neither IKE nor TLS. */
  readonly checksExtKeyUsage: boolean;
}

interface IpsecContext {
  readonly at: Date;
  readonly reader: IkeReader;
}

type IpsecRule = Rule<Certificate, IpsecContext>;

/** Why it would not work with a daemon; nothing where it would. */
export function ipsecFindings(certificate: Certificate, at: Date, reader: IkeReader): Finding[] {
  const isCa = certificate.basicConstraints?.ca === true;
  // extKeyUsage is a matter of TLS in these; what the IKE daemons make of it is a rule below.
  const general = isCa ? keyFindings(certificate.publicKey) : leafFindings(certificate).filter(isForIpsec);
  return [
    ...findingsOf(timeRules, certificate, { at, reader }),
    ...general,
    ...findingsOf(isCa ? caRules : hostRules, certificate, { at, reader }),
  ];
}

const isForIpsec = ({ rule }: Finding): boolean => rule !== 'leaf-ext-key-usage';

const timeRules: readonly IpsecRule[] = [
  {
    id: 'ipsec-validity',
    citation: 'RFC 5280, section 6.1.3 (a)(2)',
    check: ({ notBefore, notAfter }, { at }) => {
      if (at < notBefore) return `it is not valid before ${formatTime(notBefore)}`;
      return at > notAfter ? `it has expired on ${formatTime(notAfter)}` : undefined;
    },
  },
];

const hostRules: readonly IpsecRule[] = [
  {
    id: 'ipsec-unique-name',
    citation: 'the peer expects the name that remote_name says; ovs-pki req --unique',
    check: ({ subject }) => {
      const [commonName = ''] = attributeValues(subject, oid.commonName);
      return nameFault(commonName) !== undefined && / id:/.test(commonName)
        ? `the common name is ${JSON.stringify(commonName)} and not the plain name of a host: made without --unique`
        : undefined;
    },
  },
  {
    id: 'ipsec-key-type',
    citation: 'ovs-monitor-ipsec writes ": RSA FILE" into ipsec.secrets',
    check: ({ publicKey }, { reader }) =>
      !reader.readsEcKeys && publicKey.type === 'ec'
        ? `its key is an EC key, which ovs-monitor-ipsec gives to ${reader.label} as an RSA key`
        : undefined,
  },
  {
    id: 'ipsec-ext-key-usage',
    citation: 'RFC 4945, section 5.1.3.12; libreswan has NSS check for IPsec, TLS client or TLS server',
    check: ({ extKeyUsage }, { reader }) =>
      reader.checksExtKeyUsage && extKeyUsage !== undefined && !extKeyUsage.some((usage) => ikePurposes.has(usage))
        ? 'extKeyUsage allows neither IKE nor TLS'
        : undefined,
  },
];

const ikePurposes: ReadonlySet<string> = new Set([
  oid.ipsecIke,
  oid.serverAuth,
  oid.clientAuth,
  oid.anyExtendedKeyUsage,
]);

const caRules: readonly IpsecRule[] = [
  {
    id: 'ipsec-ca-key-usage',
    citation: 'RFC 5280, section 6.1.4 (n)',
    check: ({ keyUsage }) =>
      keyUsage === undefined || keyUsage.includes('keyCertSign') ? undefined : 'it may not sign certificates',
  },
];
