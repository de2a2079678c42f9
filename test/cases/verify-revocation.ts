/** Revocation lists, and two CAs of one name: good and faulty. */

import { encodeInteger } from '../../src/pki/der-encode.js';
import { basicConstraints, type CrlParts, inDays, keyUsage, name, spkiOf } from '../support/x509.js';
import {
  akid,
  authority,
  caExtensions,
  crl,
  leaf,
  leafExtensions,
  otherKey,
  type PathCase,
  serialOfLeaf,
  skid,
  unknownCritical,
  type VerifyFault,
} from './verify-paths.js';

const revocation =
  (...crls: readonly Partial<CrlParts>[]) =>
  (): PathCase => ({
    leaf: leaf(),
    authorities: [authority()],
    crls: crls.map(crl),
  });

export const revocationFaults: readonly VerifyFault[] = [
  { title: 'a CRL that does not name the leaf', make: revocation({}), rules: [] },
  { title: 'a revoked leaf', make: revocation({ revoked: [encodeInteger(5), serialOfLeaf] }), rules: ['revoked'] },
  {
    title: 'a CRL that is out of date',
    make: revocation({ thisUpdate: inDays(-9), nextUpdate: inDays(-1) }),
    rules: ['crl-expired'],
  },
  { title: 'a CRL that is not valid yet', make: revocation({ thisUpdate: inDays(1) }), rules: ['crl-not-yet-valid'] },
  { title: 'a CRL signed by another key', make: revocation({ signKey: otherKey }), rules: ['crl-signature'] },
  {
    title: 'a revoked leaf in a CRL that is out of date',
    make: revocation({ revoked: [serialOfLeaf], thisUpdate: inDays(-9), nextUpdate: inDays(-1) }),
    rules: ['crl-expired', 'revoked'],
  },
  {
    title: 'a CRL with an unknown critical extension',
    make: revocation({ extensions: [unknownCritical] }),
    rules: ['crl-extension'],
  },
  {
    title: 'a CRL of a CA that may not sign CRLs',
    make: () => ({
      leaf: leaf(),
      authorities: [authority({ extensions: [basicConstraints(true, 0), keyUsage(5)] })],
      crls: [crl()],
    }),
    rules: ['crl-sign'],
  },
  {
    title: 'CRLs of this CA and of another',
    make: revocation({}, { issuer: name(['CN', 'other']), signKey: otherKey, revoked: [serialOfLeaf] }),
    rules: [],
  },
  {
    title: 'two CAs of one name, the leaf signed by the second, and no key identifiers',
    make: () => ({ leaf: leaf({ signKey: otherKey }), authorities: [authority(), rolledOver()] }),
    rules: ['signature'],
  },
  {
    title: 'two CAs of one name, the leaf signed by the second, with key identifiers',
    make: () => ({
      leaf: leaf({ signKey: otherKey, extensions: leafExtensions(akid('second')) }),
      authorities: [authority({ extensions: caExtensions(skid('first')) }), rolledOver(skid('second'))],
    }),
    rules: [],
  },
  {
    title: 'two CAs of one name, the first of them expired',
    make: () => ({
      leaf: leaf({ signKey: otherKey }),
      authorities: [authority({ notBefore: inDays(-9), notAfter: inDays(-1) }), rolledOver()],
    }),
    rules: [],
  },
  {
    title: 'two CAs of one name, each with a CRL, and the leaf revoked by its own',
    make: () => ({
      leaf: leaf({ signKey: otherKey, extensions: leafExtensions(akid('second')) }),
      authorities: [authority({ extensions: caExtensions(skid('first')) }), rolledOver(skid('second'))],
      crls: [
        crl({ thisUpdate: inDays(-0.5), extensions: [akid('first')] }),
        crl({ signKey: otherKey, revoked: [serialOfLeaf], extensions: [akid('second')] }),
      ],
    }),
    rules: ['revoked'],
  },
  {
    title: 'two CAs of one name, each with a CRL, and the leaf in neither',
    make: () => ({
      leaf: leaf({ signKey: otherKey, extensions: leafExtensions(akid('second')) }),
      authorities: [authority({ extensions: caExtensions(skid('first')) }), rolledOver(skid('second'))],
      crls: [
        crl({ thisUpdate: inDays(-0.5), extensions: [akid('first')] }),
        crl({ signKey: otherKey, extensions: [akid('second')] }),
      ],
    }),
    rules: [],
  },
];

function rolledOver(...more: readonly Uint8Array[]): Uint8Array {
  return authority({ signKey: otherKey, spki: spkiOf(otherKey), extensions: caExtensions(...more) });
}
