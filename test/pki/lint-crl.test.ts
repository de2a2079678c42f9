import test from 'ava';
import { decodeCertificate } from '../../src/pki/certificate.js';
import { tag } from '../../src/pki/der.js';
import { encode, encodeInteger, encodeOctetString, encodeSequence, encodeText } from '../../src/pki/der-encode.js';
import { type CrlContext, crlRules } from '../../src/pki/lint/crl-rules.js';
import { crlFindings, lintCrl } from '../../src/pki/lint/lint.js';
import { oid } from '../../src/pki/oid.js';
import {
  algorithmIdentifier,
  basicConstraints,
  buildCertificate,
  buildCrlToBeSigned,
  type CertificateParts,
  type CrlParts,
  extension,
  fixtureKey,
  inDays,
  keyUsage,
  name,
  spkiOf,
} from '../support/x509.js';

const caName = name(['C', 'US'], ['O', 'Open vSwitch'], ['CN', 'ca']);
const identifier = Buffer.alloc(20, 1);
const authority = (bytes: Uint8Array): Uint8Array =>
  extension(oid.authorityKeyIdentifier, encodeSequence(Uint8Array.of(0x80, bytes.length), bytes));
const number = (value: bigint, critical = false): Uint8Array =>
  extension(oid.crlNumber, encodeInteger(value), critical);

const caCertificate = (parts: Partial<CertificateParts> = {}) =>
  decodeCertificate(
    buildCertificate({
      subject: caName,
      issuer: caName,
      spki: spkiOf(fixtureKey(1)),
      signKey: fixtureKey(1),
      notAfter: inDays(200),
      extensions: [
        basicConstraints(true, 0),
        keyUsage(5, 6),
        extension(oid.subjectKeyIdentifier, encodeOctetString(identifier)),
      ],
      ...parts,
    }),
  );

const good: CrlParts = {
  issuer: caName,
  signKey: fixtureKey(1),
  revoked: [encodeInteger(0x4101n), encodeInteger(0x4102n)],
  extensions: [authority(identifier), number(7n)],
};
const context: CrlContext = { issuerCertificate: caCertificate(), lastNumber: 6n, revoked: new Set(['4101', '4102']) };

/** One entry, for a certificate that has to be in the list, with these extensions. */
const entry = (...extensions: Uint8Array[]): { parts: Partial<CrlParts>; context: Partial<CrlContext> } => ({
  parts: {
    entries: encodeSequence(encodeSequence(encodeInteger(0x4101n), inDays(-1), encodeSequence(...extensions))),
  },
  context: { revoked: new Set(['4101']) },
});
const reason = (code: number, critical = false): Uint8Array =>
  extension(oid.reasonCode, encode(tag.enumerated, Uint8Array.of(code)), critical);

interface Fixture {
  readonly parts?: Partial<CrlParts>;
  readonly context?: Partial<CrlContext>;
}

/** Each breaks the rule of its name, and no other. */
const fixtures: Readonly<Record<string, readonly Fixture[]>> = {
  version: [{ parts: { version: 0 } }],
  'signature-algorithm': [{ parts: { innerSignature: 'sha1-rsa' } }],
  'issuer-name': [
    { parts: { issuer: name(['C', 'US'], ['O', 'Open vSwitch'], ['CN', 'CA']) } },
    { parts: { issuer: name() } },
  ],
  'issuer-signs-crls': [
    {
      context: {
        issuerCertificate: caCertificate({
          extensions: [
            basicConstraints(true, 0),
            keyUsage(5),
            extension(oid.subjectKeyIdentifier, encodeOctetString(identifier)),
          ],
        }),
      },
    },
  ],
  'update-order': [
    { parts: { nextUpdate: 'none' } },
    { parts: { thisUpdate: inDays(3), nextUpdate: inDays(2) } },
    { parts: { thisUpdate: inDays(3), nextUpdate: inDays(3) } },
  ],
  'update-within-issuer': [{ parts: { nextUpdate: inDays(201) } }],
  'crl-number': [
    { parts: { extensions: [authority(identifier)] } },
    { parts: { extensions: [authority(identifier), number(7n, true)] } },
    { parts: { extensions: [authority(identifier), number(6n)] } },
    {
      parts: {
        extensions: [authority(identifier), extension(oid.crlNumber, encode(tag.integer, Uint8Array.of(0xff)))],
      },
      context: { lastNumber: undefined },
    },
    { parts: { extensions: [authority(identifier), number(1n << 159n)] } },
  ],
  'authority-key-identifier': [
    { parts: { extensions: [number(7n)] } },
    { parts: { extensions: [authority(Buffer.alloc(20, 9)), number(7n)] } },
  ],
  'extensions-known': [
    { parts: { extensions: [authority(identifier), number(7n), extension('2.5.29.28', encodeSequence(), true)] } },
    { parts: { extensions: [authority(identifier), number(7n), extension('2.5.29.27', encodeInteger(1))] } },
  ],
  'entries-absent': [{ parts: { entries: encodeSequence() }, context: { revoked: new Set() } }],
  'entries-unique': [{ parts: { revoked: [0x4101n, 0x4102n, 0x4101n].map((serial) => encodeInteger(serial)) } }],
  'entry-extensions': [
    entry(reason(0)),
    entry(reason(7)),
    entry(reason(8)),
    entry(reason(1, true)),
    entry(extension('2.5.29.29', encodeSequence())),
    entry(extension(oid.invalidityDate, encodeText(tag.utcTime, '260101000000Z'))),
  ],
  'nothing-forgotten': [
    { parts: { revoked: [encodeInteger(0x4101n)] } },
    { parts: { revoked: [] } },
    { context: { revoked: new Set(['4101', '4102', '00f0']) } },
  ],
};

const broken = ({ parts = {}, context: other = {} }: Fixture): string[] =>
  crlFindings(buildCrlToBeSigned({ ...good, ...parts }), algorithmIdentifier('sha256-rsa'), {
    ...context,
    ...other,
  }).map(({ rule }) => rule);

test('A good CRL breaks no rule', (t) => {
  t.deepEqual(broken({}), []);
  t.deepEqual(broken({ parts: { revoked: [] }, context: { revoked: new Set(), lastNumber: undefined } }), []);
  t.deepEqual(
    broken(entry(reason(1), extension(oid.invalidityDate, encodeText(tag.generalizedTime, '20260101000000Z')))),
    [],
  );
});

test('Every rule for CRLs has a citation and a bad sample', (t) => {
  t.deepEqual(
    Object.keys(fixtures),
    crlRules.map(({ id }) => id),
  );
  for (const { citation } of crlRules) t.regex(citation, /RFC|cannot be verified/);
});

for (const [id, samples] of Object.entries(fixtures)) {
  test(`CRLs: a bad sample breaks the rule ${id}, and no other`, (t) => {
    for (const sample of samples) t.deepEqual(broken(sample), [id]);
  });
}

test('What breaks a rule is not signed, and the error has each finding', (t) => {
  const error = t.throws(
    () => lintCrl(buildCrlToBeSigned({ ...good, version: 0, revoked: [] }), algorithmIdentifier('sha256-rsa'), context),
    { code: 'LINT_FAILED' },
  );
  t.is(
    error?.message,
    'the CRL would break 2 rules: the version is 1, not 2; it does not have the serial number 4101, which is revoked',
  );
});
