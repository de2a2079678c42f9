import type { KeyObject } from 'node:crypto';
import test from 'ava';
import { decodeCertificate } from '../../src/pki/certificate.js';
import { decodeCertificationRequest } from '../../src/pki/certification-request.js';
import { readDer, tag } from '../../src/pki/der.js';
import { encodeInteger, encodeNull, encodeOctetString, encodeSequence } from '../../src/pki/der-encode.js';
import { decodePublicKey } from '../../src/pki/key.js';
import { type CertificateContext, certificateRules } from '../../src/pki/lint/certificate-rules.js';
import { keyRules } from '../../src/pki/lint/key-rules.js';
import { leafFindings } from '../../src/pki/lint/leaf-rules.js';
import { lintFindings } from '../../src/pki/lint/lint.js';
import { type RequestContext, requestFindings } from '../../src/pki/lint/request-rules.js';
import { findingsOf } from '../../src/pki/lint/rule.js';
import { oid } from '../../src/pki/oid.js';
import { encodeCaIssuers, encodeDistributionPoints, noPlaces, type Places } from '../../src/pki/places.js';
import { leaf } from '../cases/verify-paths.js';
import { unfitCertificates } from '../cases/verify-unfit.js';
import { type KeyForm, keyForms } from '../support/key-forms.js';
import { type BadKey, badKeyFile, ecKeyFile } from '../support/keys.js';
import {
  algorithmIdentifier,
  basicConstraints,
  buildCertificate,
  buildRequest,
  buildToBeSigned,
  type CertificateParts,
  extension,
  extKeyUsage,
  fixtureKey,
  hostName,
  inDays,
  keyUsage,
  loadKey,
  name,
  type RequestParts,
  spkiOf,
  subjectAltName,
} from '../support/x509.js';

const caName = name(['C', 'US'], ['O', 'Open vSwitch'], ['CN', 'ca']);
const caIdentifier = Buffer.alloc(20, 1);
const keyIdentifiers = (own: Uint8Array, authority: Uint8Array): Uint8Array[] => [
  extension(oid.subjectKeyIdentifier, encodeOctetString(own)),
  extension(
    oid.authorityKeyIdentifier,
    encodeSequence(Buffer.concat([Uint8Array.of(0x80, authority.length), authority])),
  ),
];
const basic = basicConstraints(false);
const usage = keyUsage(0, 2);
const purposes = extKeyUsage(oid.serverAuth, oid.clientAuth, oid.ipsecIke);
const san = subjectAltName('host');
const identifiers = keyIdentifiers(Buffer.alloc(20, 2), caIdentifier);

const good: CertificateParts = {
  subject: hostName('host'),
  issuer: caName,
  spki: spkiOf(fixtureKey(2)),
  signKey: fixtureKey(1),
  extensions: [basic, usage, purposes, san, ...identifiers],
};
const goodCa = (parts: Partial<CertificateParts> = {}) =>
  decodeCertificate(
    buildCertificate({
      subject: caName,
      issuer: caName,
      spki: spkiOf(fixtureKey(1)),
      signKey: fixtureKey(1),
      notBefore: inDays(-2),
      notAfter: inDays(200),
      extensions: [basicConstraints(true, 0), keyUsage(5, 6), ...keyIdentifiers(caIdentifier, caIdentifier)],
      ...parts,
    }),
  );

interface Fixture {
  readonly parts?: Partial<CertificateParts>;
  readonly context?: Partial<CertificateContext>;
  /** Further rules that cannot but be broken with it. */
  readonly also?: readonly string[];
}

const someTime = inDays(50);
const someUrl = 'http://pki.example/a.crl';
const withMore = (...more: readonly Uint8Array[]): Partial<CertificateParts> => ({
  extensions: [...(good.extensions ?? []), ...more],
});

/** What is not what the profile says: missing, not asked for, another, one too few, critical, https, not a list of points. */
function placesFixtures(
  key: keyof Places,
  type: string,
  encode: (urls: readonly string[]) => Uint8Array,
): readonly Fixture[] {
  const wanted = (...urls: string[]): Partial<CertificateContext> => ({ places: { ...noPlaces, [key]: urls } });
  const said = (...urls: string[]): Partial<CertificateParts> => withMore(extension(type, encode(urls)));
  return [
    { context: wanted(someUrl) },
    { parts: said(someUrl) },
    { parts: said(`${someUrl}x`), context: wanted(someUrl) },
    { parts: said(someUrl), context: wanted(someUrl, `${someUrl}2`) },
    { parts: withMore(extension(type, encode([someUrl]), true)), context: wanted(someUrl) },
    { parts: said('https://pki.example/'), context: wanted('https://pki.example/') },
    { parts: withMore(extension(type, encodeSequence(encodeNull()))), context: wanted(someUrl) },
  ];
}

/** Each breaks the rule of its name. */
const certificateFixtures: Readonly<Record<string, readonly Fixture[]>> = {
  version: [{ parts: { version: 1 } }, { parts: { version: 3 } }],
  'serial-number': [
    { parts: { serialNumber: encodeInteger(1) } },
    { parts: { serialNumber: encodeInteger(1n << 159n) } },
    { parts: { serialNumber: Uint8Array.of(2, 1, 0x81) } },
  ],
  'signature-algorithm': [{ parts: { innerSignature: 'sha1-rsa' } }],
  'issuer-name': [
    { parts: { issuer: name(['C', 'US'], ['O', 'Open vSwitch'], ['CN', 'CA']) } },
    { parts: { issuer: name() } },
  ],
  'issuer-is-ca': [
    {
      context: {
        issuerCertificate: goodCa({ extensions: [keyUsage(5), ...keyIdentifiers(caIdentifier, caIdentifier)] }),
      },
    },
    {
      context: {
        issuerCertificate: goodCa({
          extensions: [basicConstraints(true), keyUsage(6), ...keyIdentifiers(caIdentifier, caIdentifier)],
        }),
      },
    },
  ],
  'validity-order': [{ parts: { notBefore: someTime, notAfter: someTime } }],
  'validity-within-issuer': [{ parts: { notAfter: inDays(201) } }, { parts: { notBefore: inDays(-3) } }],
  'subject-common-name': [
    { parts: { subject: name(['CN', 'host']) } },
    { parts: { subject: name(['CN', 'host'], ['O', 'x']) } },
    { parts: { subject: name(['O', 'x'], ['CN', 'host'], ['CN', 'host']) } },
    {
      parts: {
        subject: name(
          ['O', 'x'],
          [
            ['CN', 'host'],
            ['OU', 'x'],
          ],
        ),
      },
    },
    { parts: { subject: name(['O', 'CN=victim'], ['CN', 'host']) } },
    { context: { commonName: 'other' } },
  ],
  'common-name-form': [
    {
      parts: { subject: hostName('h*'), extensions: [basic, usage, purposes, subjectAltName('h*'), ...identifiers] },
      context: { commonName: 'h*' },
    },
  ],
  'subject-alt-name': [
    { parts: { extensions: [basic, usage, purposes, ...identifiers] } },
    { parts: { extensions: [basic, usage, purposes, subjectAltName('victim'), ...identifiers] } },
    {
      parts: { extensions: [basic, usage, purposes, subjectAltName('host', 'x'), ...identifiers] },
      also: ['second-reader'],
    },
  ],
  'basic-constraints': [
    { parts: { extensions: [usage, purposes, san, ...identifiers] } },
    { parts: { extensions: [basicConstraints(true), usage, purposes, san, ...identifiers] }, also: [] },
    {
      parts: { extensions: [extension(oid.basicConstraints, encodeSequence()), usage, purposes, san, ...identifiers] },
    },
  ],
  'key-usage': [
    { parts: { extensions: [basic, keyUsage(0, 2, 5), purposes, san, ...identifiers] } },
    { parts: { extensions: [basic, purposes, san, ...identifiers] } },
  ],
  'ext-key-usage': [
    { parts: { extensions: [basic, usage, san, ...identifiers] } },
    { parts: { extensions: [basic, usage, extKeyUsage(oid.anyExtendedKeyUsage), san, ...identifiers] } },
  ],
  'key-identifiers': [
    { parts: { extensions: [basic, usage, purposes, san] } },
    {
      parts: { extensions: [basic, usage, purposes, san, ...keyIdentifiers(Buffer.alloc(20, 2), Buffer.alloc(20, 3))] },
    },
    { parts: { extensions: [basic, usage, purposes, san, ...keyIdentifiers(Buffer.alloc(4, 2), caIdentifier)] } },
  ],
  'extensions-known': [
    { parts: { extensions: [...(good.extensions ?? []), extension('2.5.29.32', encodeSequence())] } },
    { parts: { extensions: [...(good.extensions ?? []), extension('1.2.3.4', encodeNull())] } },
  ],
  'crl-distribution-points': placesFixtures('crlUrls', oid.crlDistributionPoints, encodeDistributionPoints),
  'authority-information-access': [
    ...placesFixtures('caUrls', oid.authorityInfoAccess, encodeCaIssuers),
    {
      parts: withMore(
        extension(
          oid.authorityInfoAccess,
          Buffer.from(encodeCaIssuers([someUrl]).map((byte, at) => (at === 13 ? byte - 1 : byte))),
        ),
      ),
      context: { places: { crlUrls: [], caUrls: [someUrl] } },
    },
  ],
  'public-key': [{ parts: { spki: spkiOf(fixtureKey(5)) } }],
  'key-strength': [
    {
      parts: { spki: spkiOf(loadKey(badKeyFile('weak-rsa-1024'))) },
      context: { publicKey: publicKeyOf(loadKey(badKeyFile('weak-rsa-1024'))) },
    },
  ],
  // A name that holds a comma: OpenSSL writes it quoted, and what it would show is not what we read.
  'second-reader': [
    {
      parts: {
        subject: hostName('h,DNS:x'),
        extensions: [basic, usage, purposes, subjectAltName('h,DNS:x'), ...identifiers],
      },
      context: { commonName: 'h,DNS:x' },
      also: ['common-name-form'],
    },
  ],
};

test('A good certificate breaks no rule', (t) => {
  t.deepEqual(brokenBy({}), []);
  const places = { crlUrls: [someUrl, 'ldap://h/CN=a?certificateRevocationList;binary'], caUrls: [someUrl] };
  const parts = withMore(
    extension(oid.crlDistributionPoints, encodeDistributionPoints(places.crlUrls)),
    extension(oid.authorityInfoAccess, encodeCaIssuers(places.caUrls)),
  );
  t.deepEqual(brokenBy({ parts, context: { places } }), []);
});

for (const { id } of certificateRules) {
  test(`Certificates: a bad fixture breaks the rule ${id}`, (t) => {
    const fixtures = certificateFixtures[id] ?? [];
    t.true(fixtures.length > 0, 'there is no fixture');
    for (const [index, fixture] of fixtures.entries()) {
      t.deepEqual(brokenBy(fixture).sort(), [id, ...(fixture.also ?? [])].sort(), `fixture ${index}`);
    }
  });
}

const keyFixtures: Readonly<Record<string, BadKey | KeyForm['title']>> = {
  'key-encoding': 'a compressed point',
  'key-type': 'dsa',
  'rsa-size': 'weak-rsa-1024',
  'rsa-exponent': 'weak-exponent-3',
  'rsa-small-factor': 'weak-small-factor',
  'rsa-close-primes': 'weak-close-primes',
  'rsa-roca': 'weak-roca',
};

for (const { id } of keyRules) {
  test(`Keys: a bad fixture breaks the rule ${id}, and no other`, (t) => {
    const form = keyForms.find(({ title }) => title === keyFixtures[id]);
    const key =
      form === undefined
        ? publicKeyOf(loadKey(badKeyFile(keyFixtures[id] as BadKey)))
        : decodePublicKey(readDer(form.spki(loadKey(ecKeyFile('p256', 1)))));
    t.deepEqual(
      findingsOf(keyRules, key, undefined).map(({ rule }) => rule),
      [id],
    );
  });
}

test('Good keys break no rule', (t) => {
  for (let number = 1; number <= 12; number++) {
    t.deepEqual(findingsOf(keyRules, publicKeyOf(fixtureKey(number)), undefined), []);
  }
});

/** Each row breaks its rule and no other. */
const requestFixtures: Readonly<Record<string, { parts?: Partial<RequestParts>; context?: Partial<RequestContext> }>> =
  {
    version: { parts: { version: 2 } },
    'signature-algorithm': { parts: { signature: 'sha1-rsa' } },
    'proof-of-possession': { context: { possessionProved: false } },
    'common-name': { parts: { subject: name(['O', 'Open vSwitch']) } },
    'name-matches': { context: { name: 'victim' } },
    namesake: { context: { namesake: 'HOST' } },
    'subject-attributes': {
      parts: { subject: name(['O', 'Open vSwitch'], ['emailAddress', 'x@y', tag.ia5String], ['CN', 'host']) },
    },
    organization: { parts: { subject: name(['O', 'other'], ['CN', 'host']) } },
    'subject-alt-name': { parts: { extensions: [subjectAltName('victim')] } },
    'foreign-extensions': { parts: { extensions: [keyUsage(5)] } },
    'key-already-certified': { context: { keyCertifiedFor: 'other' } },
    'key-revoked': { context: { keyRevoked: 'keyCompromise' } },
    'ca-key': { context: { isCaKey: true } },
    'key-type': { parts: { spki: spkiOf(loadKey(badKeyFile('dsa'))) } },
  };

test('A good request breaks no rule', (t) => {
  t.deepEqual(requestRulesBrokenBy({}, {}), []);
  t.deepEqual(requestRulesBrokenBy({ extensions: [san] }, {}), []);
});

for (const [id, { parts = {}, context = {} }] of Object.entries(requestFixtures)) {
  test(`Requests: a bad fixture breaks the rule ${id}, and no other`, (t) => {
    t.deepEqual(requestRulesBrokenBy(parts, context), [id]);
  });
}

test('Every rule for requests has a fixture', (t) => {
  const everythingWrong = requestRulesBrokenBy(
    {
      version: 2,
      signature: 'sha1-rsa',
      subject: name(['O', 'other'], ['emailAddress', 'x', tag.ia5String], ['CN', 'h'], ['CN', 'g']),
      extensions: [subjectAltName('victim'), keyUsage(5)],
      spki: spkiOf(loadKey(badKeyFile('dsa'))),
    },
    {
      possessionProved: false,
      name: 'x',
      keyCertifiedFor: 'other',
      keyRevoked: 'superseded',
      isCaKey: true,
      namesake: 'G',
    },
  );
  t.deepEqual(everythingWrong, Object.keys(requestFixtures));
});

test('Leaves: each bad fixture breaks its rule, and a good one none', (t) => {
  t.deepEqual(leafFindings(decodeCertificate(leaf())), []);
  for (const { title, make, stricter } of unfitCertificates) {
    const broken = leafFindings(decodeCertificate(make().leaf)).map(({ rule }) => rule);
    t.true(broken.includes(stricter ?? ''), title);
  }
});

function brokenBy({ parts = {}, context = {} }: Fixture): string[] {
  const toBeSigned = buildToBeSigned({ ...good, ...parts });
  return lintFindings(toBeSigned, algorithmIdentifier('sha256-rsa'), {
    profile: 'switch',
    commonName: 'host',
    publicKey: publicKeyOf(fixtureKey(2)),
    issuerCertificate: goodCa(),
    ...context,
  }).map(({ rule }) => rule);
}

function requestRulesBrokenBy(parts: Partial<RequestParts>, context: Partial<RequestContext>): string[] {
  const der = buildRequest({ subject: hostName('host'), signKey: fixtureKey(2), ...parts });
  return requestFindings(decodeCertificationRequest(der), {
    name: 'host',
    possessionProved: true,
    caOrganization: 'Open vSwitch',
    keyCertifiedFor: undefined,
    keyRevoked: undefined,
    isCaKey: false,
    ...context,
  }).map(({ rule }) => rule);
}

function publicKeyOf(key: KeyObject) {
  return decodePublicKey(readDer(spkiOf(key)));
}
