/**
 * Certificates and paths, good and faulty. Each row changes one thing of a good path: a CA `ca`, a leaf `host` signed
 * by it. `openssl verify` and ours must agree on each, save those that say which rule of ours is stricter.
 */

import { tag } from '../../src/pki/der.js';
import {
  encode,
  encodeBoolean,
  encodeInteger,
  encodeNull,
  encodeSequence,
  encodeText,
} from '../../src/pki/der-encode.js';
import { oid } from '../../src/pki/oid.js';
import { ecKeyFile } from '../support/keys.js';
import {
  basicConstraints,
  type CertificateParts,
  extension,
  extKeyUsage,
  fixtureKey,
  hostName,
  inDays,
  keyUsage,
  loadKey,
  name,
  spkiOf,
  subjectAltName,
} from '../support/x509.js';
import {
  akid,
  authority,
  caExtensions,
  caName,
  crl,
  leaf,
  leafExtensions,
  leafKey,
  otherKey,
  type PathCase,
  skid,
  unknownCritical,
  type VerifyFault,
} from './verify-paths.js';

const subKey = fixtureKey(3);

const path =
  (leafParts: Partial<CertificateParts>, caParts: Partial<CertificateParts> = {}) =>
  (): PathCase => ({
    leaf: leaf(leafParts),
    authorities: [authority(caParts)],
  });
const constrained = (
  permitted: readonly string[],
  excluded: readonly string[],
  leading = 0x82,
): Partial<CertificateParts> => {
  const trees = (number: number, bases: readonly string[]): Uint8Array[] =>
    bases.length === 0
      ? []
      : [encode(0xa0 + number, ...bases.map((base) => encodeSequence(encodeText(leading, base))))];
  const value = encodeSequence(...trees(0, permitted), ...trees(1, excluded));
  return { extensions: [basicConstraints(true, 0), keyUsage(5, 6), extension(oid.nameConstraints, value, true)] };
};
const akidOf = (issuer: Uint8Array, serial: number): Uint8Array =>
  extension(
    oid.authorityKeyIdentifier,
    encodeSequence(encode(0xa1, encode(0xa4, issuer)), encode(0x82, encodeInteger(serial).subarray(2))),
  );
const dotted = (text: string): Partial<CertificateParts> => ({
  subject: hostName(text),
  extensions: [basicConstraints(false), keyUsage(0), extKeyUsage(oid.serverAuth, oid.clientAuth), subjectAltName(text)],
});

/** A CA `sub` below `ca`, which allows so many CAs below it, and a leaf that `sub` has signed. */
const throughSub =
  (pathLength: number | undefined, parts: Partial<CertificateParts> = {}, crls: readonly Uint8Array[] = []) =>
  (): PathCase => {
    const subName = name(['O', 'Open vSwitch'], ['CN', 'sub']);
    const sub = authority({ subject: subName, spki: spkiOf(subKey), serialNumber: encodeInteger(77), ...parts });
    const root = authority({ extensions: [basicConstraints(true, pathLength), keyUsage(5, 6)] });
    return { leaf: leaf({ issuer: subName, signKey: subKey }), authorities: [root, sub], crls };
  };
const subName = name(['O', 'Open vSwitch'], ['CN', 'sub']);

export const verifyFaults: readonly VerifyFault[] = [
  { title: 'a good path', make: path({}), rules: [] },
  { title: 'an expired leaf', make: path({ notBefore: inDays(-9), notAfter: inDays(-1) }), rules: ['validity'] },
  { title: 'a leaf that is not valid yet', make: path({ notBefore: inDays(1) }), rules: ['validity'] },
  { title: 'an expired CA', make: path({}, { notBefore: inDays(-9), notAfter: inDays(-1) }), rules: ['validity'] },
  { title: 'a CA that is not valid yet', make: path({}, { notBefore: inDays(1) }), rules: ['validity'] },
  {
    title: 'an expired leaf of an expired CA',
    make: path({ notBefore: inDays(-9), notAfter: inDays(-1) }, { notBefore: inDays(-9), notAfter: inDays(-1) }),
    rules: ['validity', 'validity'],
  },
  { title: 'a signature by another CA of the same name', make: path({ signKey: otherKey }), rules: ['signature'] },
  {
    title: 'a damaged signature',
    make: () => ({ leaf: flipLastBit(leaf()), authorities: [authority()] }),
    rules: ['signature'],
  },
  { title: 'a CA of another name', make: path({ issuer: name(['CN', 'other']) }), rules: ['issuer'] },
  {
    title: 'a self-signed leaf',
    make: path({ issuer: hostName('host'), signKey: leafKey }),
    rules: ['issuer'],
  },
  {
    title: 'another signature algorithm inside than outside',
    make: path({ innerSignature: 'sha512-rsa' }),
    rules: ['signature'],
  },
  {
    title: 'a CA without the CA flag',
    make: path({}, { extensions: [basicConstraints(false), keyUsage(5)] }),
    rules: ['ca-flag'],
  },
  {
    title: 'a CA without basicConstraints',
    make: path({}, { extensions: [keyUsage(0)] }),
    rules: ['ca-flag', 'key-usage'],
  },
  {
    title: 'a CA whose keyUsage alone tells that it is one',
    make: path({}, { extensions: [keyUsage(5, 6)] }),
    rules: ['ca-flag'],
    stricter: 'ca-flag',
  },
  {
    title: 'a CA of version 1',
    make: path({}, { version: 0, extensions: [] }),
    rules: ['ca-flag'],
    stricter: 'ca-flag',
  },
  {
    title: 'a CA that may not sign certificates',
    make: path({}, { extensions: [basicConstraints(true), keyUsage(6)] }),
    rules: ['key-usage'],
  },
  { title: 'a CA without keyUsage', make: path({}, { extensions: [basicConstraints(true, 0)] }), rules: [] },
  { title: 'a CA between, allowed', make: throughSub(1), rules: [] },
  { title: 'a CA between, not limited', make: throughSub(undefined), rules: [] },
  { title: 'a CA between, one more than pathLen allows', make: throughSub(0), rules: ['path-length'] },
  {
    title: 'a CA between that is none',
    make: throughSub(1, { extensions: [basicConstraints(false), keyUsage(0)] }),
    rules: ['ca-flag', 'key-usage'],
  },
  {
    title: 'a CA between that has expired',
    make: throughSub(1, { notBefore: inDays(-9), notAfter: inDays(-1) }),
    rules: ['validity'],
  },
  {
    title: 'a CA between and no trust anchor',
    make: () => ({ ...throughSub(1)(), authorities: throughSub(1)().authorities.slice(1) }),
    rules: ['issuer'],
  },
  {
    title: 'a CA between that is revoked',
    make: throughSub(1, {}, [crl({ revoked: [encodeInteger(77)] }), crl({ issuer: subName, signKey: subKey })]),
    rules: ['revoked'],
    stricter: 'revoked',
  },
  {
    title: 'a CA between with a CRL of its own, and none of the CA above',
    make: throughSub(1, {}, [crl({ issuer: subName, signKey: subKey })]),
    rules: [],
  },
  {
    title: 'an unknown critical extension of the leaf',
    make: path({ extensions: leafExtensions(unknownCritical) }),
    rules: ['critical-extension'],
  },
  {
    title: 'an unknown critical extension of the CA',
    make: path({}, { extensions: caExtensions(unknownCritical) }),
    rules: ['critical-extension'],
  },
  {
    title: 'an unknown extension that is not critical',
    make: path({ extensions: leafExtensions(extension('1.3.6.1.4.1.99999.1', encodeNull())) }),
    rules: [],
  },
  {
    title: 'critical certificate policies',
    make: path({
      extensions: leafExtensions(
        extension('2.5.29.32', Buffer.from('300630040602 2a03'.replace(' ', ''), 'hex'), true),
      ),
    }),
    rules: ['critical-extension'],
    stricter: 'critical-extension',
  },
  { title: 'a permitted name', make: path(dotted('h.example.org'), constrained(['example.org'], [])), rules: [] },
  {
    title: 'a name that is not permitted',
    make: path({}, constrained(['example.org'], [])),
    rules: ['name-constraints'],
  },
  {
    title: 'an excluded name',
    make: path(dotted('h.example.org'), constrained([], ['example.org'])),
    rules: ['name-constraints'],
  },
  {
    title: 'a name that only ends like the permitted one',
    make: path(dotted('hexample.org'), constrained(['example.org'], [])),
    rules: ['name-constraints'],
  },
  {
    title: 'a constraint with a dot before it',
    make: path(dotted('h.example.org'), constrained(['.example.org'], [])),
    rules: [],
  },
  {
    title: 'the name itself under a constraint with a dot before it',
    make: path(dotted('example.org'), constrained(['.example.org'], [])),
    rules: ['name-constraints'],
  },
  {
    title: 'a constraint on e-mail addresses, of which there are none',
    make: path({}, constrained(['example.org'], [], 0x81)),
    rules: [],
  },
  {
    title: 'a root that signed itself with SHA-1',
    make: path({}, { signature: 'sha1-rsa' }),
    rules: [],
  },
  {
    title: 'a CA between that is signed with SHA-1',
    make: throughSub(1, { signature: 'sha1-rsa' }),
    rules: ['ca-signature-algorithm'],
    stricter: 'ca-signature-algorithm',
  },
  {
    title: 'key identifiers that fit',
    make: path({ extensions: leafExtensions(akid('good')) }, { extensions: caExtensions(skid('good')) }),
    rules: [],
  },
  {
    title: 'key identifiers that do not fit',
    make: path({ extensions: leafExtensions(akid('bad')) }, { extensions: caExtensions(skid('good')) }),
    rules: ['key-identifier'],
  },
  {
    title: 'a key identifier that names the issuer by its own issuer and serial number',
    make: path({ extensions: leafExtensions(akidOf(caName, 9)) }, { serialNumber: encodeInteger(9) }),
    rules: ['second-opinion'],
    stricter: 'second-opinion',
  },
  {
    title: 'a key identifier with another serial number',
    make: path({ extensions: leafExtensions(akidOf(caName, 8)) }, { serialNumber: encodeInteger(9) }),
    rules: ['key-identifier'],
  },
  {
    title: 'a key identifier with another issuer',
    make: path({ extensions: leafExtensions(akidOf(hostName('x'), 9)) }, { serialNumber: encodeInteger(9) }),
    rules: ['key-identifier'],
  },
  {
    title: 'the issuer in another case',
    make: path({ issuer: name(['C', 'us'], ['O', 'OPEN  vswitch '], ['CN', 'CA']) }),
    rules: [],
  },
  {
    title: 'the issuer in another string type',
    make: path({
      issuer: name(
        ['C', 'US', tag.printableString],
        ['O', 'Open vSwitch', tag.printableString],
        ['CN', 'ca', tag.ia5String],
      ),
    }),
    rules: [],
  },
  {
    title: 'the issuer in another case of a letter with an accent',
    make: path({ issuer: name(['CN', 'É']) }, { subject: name(['CN', 'é']), issuer: name(['CN', 'é']) }),
    rules: ['issuer'],
  },
  {
    title: 'the issuer with its parts grouped in another way',
    make: path(
      {
        issuer: name([
          ['O', 'Open vSwitch'],
          ['CN', 'ca'],
        ]),
      },
      { subject: name(['O', 'Open vSwitch'], ['CN', 'ca']), issuer: name(['O', 'Open vSwitch'], ['CN', 'ca']) },
    ),
    rules: ['issuer'],
  },
  {
    title: 'a serial number below zero',
    make: path({ serialNumber: encode(tag.integer, Uint8Array.of(0x81)) }),
    rules: [],
  },
  { title: 'the serial number 0', make: path({ serialNumber: encodeInteger(0) }), rules: [] },
  {
    title: 'GeneralizedTime before 2050',
    make: path({ notAfter: encodeText(tag.generalizedTime, '20490101000000Z') }),
    rules: [],
  },
  {
    title: 'a time without seconds',
    make: path({ notAfter: encodeText(tag.utcTime, '4901010000Z') }),
    rules: ['DER_INVALID'],
    unreadable: true,
  },
  {
    title: 'a day that does not exist',
    make: path({ notAfter: encodeText(tag.utcTime, '490230000000Z') }),
    rules: ['DER_INVALID'],
    unreadable: true,
  },
  {
    title: 'an extension that stands there twice',
    make: path({ extensions: leafExtensions(subjectAltName('victim')) }),
    rules: ['DER_INVALID'],
    unreadable: true,
  },
  {
    title: 'a CA flag that is written out as false',
    make: path({
      extensions: [
        extension(oid.basicConstraints, encodeSequence(encodeBoolean(false)), true),
        ...leafExtensions().slice(1),
      ],
    }),
    rules: [],
  },
  {
    title: 'EC keys for both',
    make: () => {
      const [ca, host] = [loadKey(ecKeyFile('p384', 1)), loadKey(ecKeyFile('p256', 1))];
      return {
        leaf: leaf({ spki: spkiOf(host), signKey: ca, signature: 'sha384-ecdsa' }),
        authorities: [authority({ spki: spkiOf(ca), signKey: ca, signature: 'sha384-ecdsa' })],
      };
    },
    rules: [],
  },
];

function flipLastBit(der: Uint8Array): Uint8Array {
  return der.map((byte, index) => (index === der.length - 1 ? byte ^ 1 : byte));
}
