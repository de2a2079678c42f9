/**
 * Rules about the certificate, the private key and the CA that the database of a host names.
 *
 * @module
 */

import type { Certificate } from '../../pki/certificate.js';
import { equalBytes } from '../../pki/der.js';
import { formatName } from '../../pki/name.js';
import { soonMs } from '../../pki/renewal.js';
import { dayMs, dueDays } from '../../pki/validity.js';
import { confinementFault, tolerableSkewSeconds } from '../fitness/rules.js';
import { keyHashOf } from '../plan/identity-files.js';
import {
  certificateAt,
  commonNameOf,
  configOf,
  curedByDistribute,
  daemonOf,
  dayOf,
  dnsNamesOf,
  fileAt,
  type HostView,
  methodOf,
  ownCertificate,
  type Rule,
  renewCommand,
} from './rule.js';

const roles = ['certificate', 'private_key', 'ca_cert'] as const;
type Role = (typeof roles)[number];

export const identityRules: readonly Rule[] = [
  {
    id: 'identity-incomplete',
    severity: 'error',
    meaning: 'other_config has a certificate without private_key or the reverse: ovs-monitor-ipsec ignores all of it.',
    find: (host) => {
      const set = roles.filter((role) => configOf(host)[role] !== undefined);
      if (set.length === 0 || (set.includes('certificate') && set.includes('private_key'))) return [];
      const missing = (['certificate', 'private_key'] as const).filter((role) => !set.includes(role));
      return [
        curedByDistribute(
          host,
          `other_config has ${set.join(' and ')}, not ${missing.join(' and ')}: ovs-monitor-ipsec ignores all of it`,
        ),
      ];
    },
  },
  roleRule('file-missing', 'A file that the database names does not exist.', (host, role, path) =>
    host.facts.files.get(path)?.state === 'absent'
      ? `other_config:${role} names ${path}, which does not exist`
      : undefined,
  ),
  roleRule('file-unreadable', 'A file that the database names cannot be read, or is damaged.', (host, _role, path) => {
    const fact = host.facts.files.get(path);
    return fact?.state === 'unknown' ? `${path} cannot be read: ${fact.reason}` : undefined;
  }),
  roleRule('file-wrong', 'A file that the database names holds something else.', (host, role, path) => {
    const kind = fileAt(host, path)?.kind;
    const wanted = role === 'private_key' ? 'key' : 'certificate';
    return kind === undefined || kind === wanted
      ? undefined
      : `other_config:${role} names ${path}, which holds no ${wanted === 'key' ? 'private key' : 'certificate'}`;
  }),
  ownRule('key-mismatch', 'The private key does not belong to the certificate.', (host, certificate) => {
    const path = configOf(host)['private_key'];
    const key = fileAt(host, path);
    if (key?.kind !== 'key' || key.keyHash === undefined || key.keyHash === keyHashOf(certificate)) return undefined;
    return `the private key ${path} does not belong to the certificate ${configOf(host)['certificate']}`;
  }),
  {
    id: 'key-encrypted',
    severity: 'error',
    meaning: 'The private key is encrypted with a passphrase, or damaged: no IKE daemon can use it.',
    find: (host) => {
      const path = configOf(host)['private_key'];
      const key = fileAt(host, path);
      // Without openssl no key could be read at all, which is another finding.
      if (key?.kind !== 'key' || key.keyHash !== undefined || !host.facts.programs.has('openssl')) return [];
      const what = /ENCRYPTED/.test(key.label) ? 'is encrypted with a passphrase' : 'is encrypted or damaged';
      const message = `the private key ${path} ${what}`;
      const decrypt = path === undefined ? undefined : daemonOf(host)?.commands.decryptKey(path);
      return decrypt === undefined
        ? [{ message, cure: renewCommand(host), at: 'here' }]
        : [{ message, cure: decrypt, at: 'host' }];
    },
  },
  ownRule(
    'key-not-rsa',
    'The key is not an RSA key, and strongSwan under ovs-monitor-ipsec takes no other.',
    (host, certificate) => {
      const daemon = daemonOf(host);
      return daemon?.readsEcKeys === false && certificate.publicKey.type !== 'rsa'
        ? `the key of the certificate is no RSA key, and ovs-monitor-ipsec tells ${daemon.label} that it is one`
        : undefined;
    },
  ),
  ownRule('certificate-expired', 'The certificate of the host has expired.', ({ time }, { notAfter }) =>
    notAfter < time ? `its certificate expired on ${dayOf(notAfter)}` : undefined,
  ),
  ownRule(
    'certificate-not-yet-valid',
    'The certificate is not valid yet by the clock of the host.',
    ({ time }, { notBefore }) =>
      // What is known of the clock is as old as the answer: one that was made just now is no fault.
      notBefore.getTime() - time.getTime() > tolerableSkewSeconds * 1000
        ? `its certificate is valid only from ${notBefore.toISOString()}, and its clock says ${time.toISOString()}`
        : undefined,
  ),
  {
    ...ownRule(
      'certificate-expires-soon',
      `The certificate expires within ${dueDays} days.`,
      ({ time }, { notBefore, notAfter }) =>
        notAfter >= time && notAfter.getTime() - time.getTime() < soonMs({ notBefore, notAfter }, dueDays * dayMs)
          ? `its certificate expires on ${dayOf(notAfter)}`
          : undefined,
    ),
    severity: 'warning',
  },
  {
    id: 'ca-expired',
    severity: 'error',
    meaning: 'The CA certificate of the host has expired, or is not valid yet.',
    find: (host) => {
      const path = configOf(host)['ca_cert'];
      const authority = certificateAt(host, path);
      if (authority === undefined || (authority.notAfter >= host.time && authority.notBefore <= host.time)) return [];
      const why =
        authority.notAfter < host.time
          ? `expired on ${dayOf(authority.notAfter)}`
          : `is valid only from ${authority.notBefore.toISOString()}`;
      return [
        {
          message: `the CA certificate ${path} ${why}: no peer is believed`,
          cure: 'ovs-pki-ts --dir NEW_PKI init, then distribute from there to every host',
          at: 'here',
        },
      ];
    },
  },
  ownRule(
    'certificate-of-other-ca',
    'The certificate was not signed by the CA that the database names.',
    (host, certificate) => {
      const path = configOf(host)['ca_cert'];
      const file = fileAt(host, path);
      if (file?.kind !== 'certificate' || !reliesOnCa(host)) return undefined;
      return file.certificates.some((authority) => mayHaveSigned(authority, certificate))
        ? undefined
        : `its certificate was issued by ${formatName(certificate.issuer)}, and ${path} holds another CA`;
    },
  ),
  ownRule(
    'cn-san-mismatch',
    'The common name does not stand in the subjectAltName, by which peers look for it.',
    (_host, certificate) => {
      const name = commonNameOf(certificate);
      const names = dnsNamesOf(certificate);
      if (name === undefined || names.includes(name)) return undefined;
      return `its certificate has the common name ${name} and ${names.length === 0 ? 'no subjectAltName' : `the subjectAltName ${names.join(', ')}`}: peers that ask for ${name} refuse it`;
    },
  ),
  ownRule(
    'cn-unreadable',
    'ovs-monitor-ipsec reads no common name, for it wants another part of the subject before it.',
    (_host, certificate) =>
      nameForMonitor(certificate) === undefined
        ? `ovs-monitor-ipsec reads no common name in "${formatName(certificate.subject)}": something else must stand before CN`
        : undefined,
  ),
  {
    id: 'apparmor-place',
    severity: 'error',
    meaning: 'AppArmor confines strongSwan to /etc/ipsec.d, and a file that it needs lies elsewhere.',
    find: (host) => {
      const paths = roles.flatMap((role) => configOf(host)[role] ?? []);
      const message = confinementFault(daemonOf(host), host.facts, paths);
      return message === undefined ? [] : [curedByDistribute(host, message)];
    },
  },
];

/** A rule about each of the three files. */
function roleRule(
  id: string,
  meaning: string,
  find: (host: HostView, role: Role, path: string) => string | undefined,
): Rule {
  return {
    id,
    severity: 'error',
    meaning,
    find: (host) =>
      roles.flatMap((role) => {
        const path = configOf(host)[role];
        const message = path === undefined ? undefined : find(host, role, path);
        return message === undefined ? [] : [curedByDistribute(host, message)];
      }),
  };
}

/** A rule about the certificate of the host, whose cure is a new one. */
function ownRule(
  id: string,
  meaning: string,
  find: (host: HostView, certificate: Certificate) => string | undefined,
): Rule {
  return {
    id,
    severity: 'error',
    meaning,
    find: (host) => {
      const certificate = ownCertificate(host);
      const message = certificate === undefined ? undefined : find(host, certificate);
      return message === undefined ? [] : [{ message, cure: renewCommand(host), at: 'here' }];
    },
  };
}

/** Some tunnel does, or will, for there is none yet. */
export function reliesOnCa(host: HostView): boolean {
  return host.ends.length === 0 || host.ends.some((end) => methodOf(host, end) === 'ca-signed');
}

export function mayHaveSigned(authority: Certificate, { issuer, authorityKeyIdentifier }: Certificate): boolean {
  const { subject, subjectKeyIdentifier } = authority;
  if (!equalBytes(subject.der, issuer.der)) return false;
  if (authorityKeyIdentifier === undefined || subjectKeyIdentifier === undefined) return true;
  return equalBytes(authorityKeyIdentifier, subjectKeyIdentifier);
}

/** Its regular expression over openssl's form of the subject, which begins with the last part. */
export function nameForMonitor({ subject }: Certificate): string | undefined {
  return /CN=(.+?),/.exec(formatName(subject).split(', ').reverse().join(','))?.[1];
}
