import test from 'ava';
import { forEachName } from '../../src/deploy/ike/daemons.js';
import { type Certificate, decodeCertificate } from '../../src/pki/certificate.js';
import { ipsecFindings } from '../../src/pki/lint/ipsec-rules.js';
import { oid } from '../../src/pki/oid.js';
import { authority, leaf } from '../cases/verify-paths.js';
import { unfitCertificates } from '../cases/verify-unfit.js';
import { badKeyFile, ecKeyFile } from '../support/keys.js';
import {
  basicConstraints,
  extKeyUsage,
  hostName,
  inDays,
  keyUsage,
  loadKey,
  spkiOf,
  subjectAltName,
} from '../support/x509.js';

interface IpsecCase {
  readonly title: string;
  readonly certificate: () => Uint8Array;
  /** The rules that are broken with both daemons, or with one. */
  readonly both?: readonly string[];
  readonly strongswan?: readonly string[];
  readonly libreswan?: readonly string[];
}

const withPurposes = (...purposes: readonly string[]) =>
  leaf({ extensions: [basicConstraints(false), keyUsage(0), extKeyUsage(...purposes), subjectAltName('host')] });
const named = (commonName: string) =>
  leaf({
    subject: hostName(commonName),
    extensions: [basicConstraints(false), keyUsage(0), subjectAltName(commonName)],
  });
/** A SubjectPublicKeyInfo of Ed25519 (RFC 8410, section 10.1). */
const ed25519 = Buffer.from(
  '302a300506032b657003210019bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1',
  'hex',
);

const cases: readonly IpsecCase[] = [
  { title: 'a good certificate', certificate: () => leaf() },
  { title: 'one that has expired', certificate: () => leaf({ notAfter: inDays(-0.1) }), both: ['ipsec-validity'] },
  { title: 'one that is not valid yet', certificate: () => leaf({ notBefore: inDays(1) }), both: ['ipsec-validity'] },
  {
    title: 'one with an EC key',
    certificate: () => leaf({ spki: spkiOf(loadKey(ecKeyFile('p256', 1))) }),
    strongswan: ['ipsec-key-type'],
  },
  { title: 'one with an Ed25519 key', certificate: () => leaf({ spki: ed25519 }), both: ['key-type'] },
  {
    title: 'one with a weak key',
    certificate: () => leaf({ spki: spkiOf(loadKey(badKeyFile('weak-rsa-1024'))) }),
    both: ['rsa-size'],
  },
  { title: 'one for TLS servers only', certificate: () => withPurposes(oid.serverAuth) },
  { title: 'one for IKE only', certificate: () => withPurposes(oid.ipsecIke) },
  { title: 'one for code', certificate: () => withPurposes('1.3.6.1.5.5.7.3.3'), libreswan: ['ipsec-ext-key-usage'] },
  { title: 'one made without --unique', certificate: () => named('host id:4f2c'), both: ['ipsec-unique-name'] },
  { title: 'one for an address', certificate: () => named('192.0.2.1'), both: ['leaf-common-name'] },
  { title: 'a CA certificate', certificate: () => authority() },
  {
    title: 'a CA certificate that has expired',
    certificate: () => authority({ notAfter: inDays(-0.1) }),
    both: ['ipsec-validity'],
  },
  {
    title: 'a CA certificate that may not sign',
    certificate: () => authority({ extensions: [basicConstraints(true), keyUsage(6)] }),
    both: ['ipsec-ca-key-usage'],
  },
  {
    title: 'a CA certificate with a weak key',
    certificate: () => authority({ spki: spkiOf(loadKey(badKeyFile('weak-rsa-1024'))) }),
    both: ['rsa-size'],
  },
];

const rulesOf = (certificate: Certificate) =>
  forEachName((daemon) => ipsecFindings(certificate, new Date(), daemon).map(({ rule }) => rule));

for (const { title, certificate, both = [], strongswan = [], libreswan = [] } of cases) {
  test(`whether ${title} works with IPsec is told for each daemon`, (t) => {
    t.deepEqual(rulesOf(decodeCertificate(certificate())), {
      strongswan: [...both, ...strongswan],
      libreswan: [...both, ...libreswan],
    });
  });
}

test('what verify finds unfit does not work with IPsec, save where only TLS would not', (t) => {
  const works = unfitCertificates.filter(({ make }) => {
    const found = rulesOf(decodeCertificate(make().leaf));
    return found.strongswan.length + found.libreswan.length === 0;
  });
  t.deepEqual(
    works.map(({ title }) => title),
    ['extKeyUsage for TLS servers only', 'extKeyUsage for anything', 'the certificate of the CA itself'],
  );
});
