/** Certificates whose path is good, and which Open vSwitch, its TLS or its IPsec cannot use or should not trust. */

import { encodeNamedBits } from '../../src/pki/der-encode.js';
import { oid } from '../../src/pki/oid.js';
import { keyForms } from '../support/key-forms.js';
import { type BadKey, badKeyFile, ecKeyFile } from '../support/keys.js';
import {
  basicConstraints,
  type CertificateParts,
  extension,
  extKeyUsage,
  generalNames,
  hostName,
  keyUsage,
  loadKey,
  name,
  spkiOf,
  subjectAltName,
} from '../support/x509.js';
import { authority, leaf, leafExtensions, type VerifyFault } from './verify-paths.js';

const withExtensions = (...extensions: readonly Uint8Array[]): Partial<CertificateParts> => ({ extensions });
const keyed = (key: BadKey): Partial<CertificateParts> => ({ spki: spkiOf(loadKey(badKeyFile(key))) });
const named = (subject: Uint8Array, ...sans: readonly string[]): Partial<CertificateParts> => ({
  subject,
  ...withExtensions(...leafExtensions().slice(0, 3), subjectAltName(...sans)),
});

const rows: readonly (readonly [title: string, rule: string, parts: Partial<CertificateParts>])[] = [
  ['no SAN', 'leaf-subject-alt-name', withExtensions(...leafExtensions().slice(0, 3))],
  ['a SAN that is not the common name', 'leaf-subject-alt-name', named(hostName('host'), 'victim')],
  ['two SANs', 'leaf-subject-alt-name', named(hostName('host'), 'host', 'victim')],
  [
    'an IP address as SAN',
    'leaf-subject-alt-name',
    withExtensions(
      ...leafExtensions().slice(0, 3),
      extension(oid.subjectAltName, generalNames([7, Uint8Array.of(192, 0, 2, 1)])),
    ),
  ],
  ['a wildcard', 'leaf-common-name', named(hostName('*'), '*')],
  ['nothing before the common name', 'leaf-common-name', named(name(['CN', 'host']), 'host')],
  ['the common name not last', 'leaf-common-name', named(name(['CN', 'host'], ['O', 'Open vSwitch']), 'host')],
  ['two common names', 'leaf-common-name', named(name(['O', 'x'], ['CN', 'host'], ['CN', 'host']), 'host')],
  ['a leaf that is a CA', 'leaf-is-no-ca', withExtensions(basicConstraints(true), ...leafExtensions().slice(1))],
  [
    'keyUsage without digitalSignature',
    'leaf-key-usage',
    withExtensions(basicConstraints(false), keyUsage(2), ...leafExtensions().slice(2)),
  ],
  [
    'extKeyUsage for TLS servers only',
    'leaf-ext-key-usage',
    withExtensions(basicConstraints(false), keyUsage(0), extKeyUsage(oid.serverAuth), subjectAltName('host')),
  ],
  [
    'extKeyUsage for code',
    'leaf-ext-key-usage',
    withExtensions(basicConstraints(false), keyUsage(0), extKeyUsage('1.3.6.1.5.5.7.3.3'), subjectAltName('host')),
  ],
  [
    'extKeyUsage for anything',
    'leaf-ext-key-usage',
    withExtensions(basicConstraints(false), keyUsage(0), extKeyUsage(oid.anyExtendedKeyUsage), subjectAltName('host')),
  ],
  [
    'a Netscape type for TLS clients only',
    'leaf-netscape-type',
    withExtensions(...leafExtensions(), extension('2.16.840.1.113730.1.1', encodeNamedBits([0]))),
  ],
  ['an EC key with a compressed point', 'key-encoding', { spki: compressedKey() }],
  ['an RSA key of 1024 bits', 'rsa-size', keyed('weak-rsa-1024')],
  ['an RSA key with exponent 3', 'rsa-exponent', keyed('weak-exponent-3')],
  ['an RSA key with a small factor', 'rsa-small-factor', keyed('weak-small-factor')],
  ['an RSA key with primes close together', 'rsa-close-primes', keyed('weak-close-primes')],
  ['an RSA key of the ROCA form', 'rsa-roca', keyed('weak-roca')],
  ['a DSA key', 'key-type', keyed('dsa')],
];

export const unfitCertificates: readonly VerifyFault[] = [
  ...rows.map(
    ([title, rule, parts]): VerifyFault => ({
      title,
      make: () => ({ leaf: leaf(parts), authorities: [authority()] }),
      rules: [rule],
      stricter: rule,
    }),
  ),
  ...(['sha1-rsa', 'md5-rsa'] as const).map(
    (signature): VerifyFault => ({
      title: `signed with ${signature}`,
      make: () => ({ leaf: leaf({ signature }), authorities: [authority()] }),
      rules: ['leaf-signature-algorithm'],
      stricter: 'leaf-signature-algorithm',
    }),
  ),
  {
    title: 'the certificate of the CA itself',
    make: () => ({ leaf: authority(), authorities: [authority()] }),
    rules: ['leaf-subject-alt-name', 'leaf-is-no-ca', 'leaf-key-usage'],
    stricter: 'leaf-is-no-ca',
  },
];

function compressedKey(): Uint8Array {
  const form = keyForms.find(({ title }) => title === 'a compressed point');
  return form?.spki(loadKey(ecKeyFile('p256', 1))) ?? Uint8Array.of();
}
