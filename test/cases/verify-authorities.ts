/** CAs that a TLS library refuses, and `openssl verify` only where it is told the purpose and the security level. */

import { encode, encodeInteger, encodeSequence } from '../../src/pki/der-encode.js';
import { oid } from '../../src/pki/oid.js';
import { badKeyFile } from '../support/keys.js';
import {
  basicConstraints,
  extension,
  extKeyUsage,
  fixtureKey,
  keyUsage,
  loadKey,
  name,
  spkiOf,
} from '../support/x509.js';
import { authority, caExtensions, leaf, type PathCase, type VerifyFault } from './verify-paths.js';

const codeSigning = '1.3.6.1.5.5.7.3.3';

const rootFor =
  (...purposes: readonly string[]) =>
  (): PathCase => ({
    leaf: leaf(),
    authorities: [authority({ extensions: caExtensions(extKeyUsage(...purposes)) })],
  });

/** A leaf of a CA `sub` for that purpose, below the CA. */
function throughSubFor(purpose: string): PathCase {
  const [subName, subKey] = [name(['O', 'Open vSwitch'], ['CN', 'sub']), fixtureKey(3)];
  const root = authority({ extensions: [basicConstraints(true), keyUsage(5, 6)] });
  const extensions = caExtensions(extKeyUsage(purpose));
  const sub = authority({ subject: subName, spki: spkiOf(subKey), serialNumber: encodeInteger(77), extensions });
  return { leaf: leaf({ issuer: subName, signKey: subKey }), authorities: [root, sub] };
}

/** A leaf of a CA `sub` that demands a policy at once. */
function throughDemanding(): PathCase {
  const [subName, subKey] = [name(['O', 'Open vSwitch'], ['CN', 'sub']), fixtureKey(3)];
  const demand = extension(oid.policyConstraints, encodeSequence(encode(0x80, Uint8Array.of(0))), true);
  const root = authority({ extensions: [basicConstraints(true), keyUsage(5, 6)] });
  const parts = { serialNumber: encodeInteger(77), extensions: caExtensions(demand) };
  return {
    leaf: leaf({ issuer: subName, signKey: subKey }),
    authorities: [root, authority({ subject: subName, spki: spkiOf(subKey), ...parts })],
  };
}

function shortKey(): PathCase {
  const key = loadKey(badKeyFile('weak-rsa-1024'));
  return { leaf: leaf({ signKey: key }), authorities: [authority({ spki: spkiOf(key), signKey: key })] };
}

const refused = (title: string, make: () => PathCase, rule: 'ca-ext-key-usage' | 'ca-key' | 'policy'): VerifyFault => ({
  title,
  make,
  rules: [rule],
  stricter: rule,
});

export const unfitAuthorities: readonly VerifyFault[] = [
  refused('an intermediate CA for code', () => throughSubFor(codeSigning), 'ca-ext-key-usage'),
  refused('a root for TLS servers only', rootFor(oid.serverAuth), 'ca-ext-key-usage'),
  refused('a root for any purpose, which OpenSSL does not take', rootFor(oid.anyExtendedKeyUsage), 'ca-ext-key-usage'),
  refused('a CA that demands a policy', throughDemanding, 'policy'),
  refused('a CA of 1024 bits', shortKey, 'ca-key'),
  { title: 'a root for TLS servers and clients', make: rootFor(oid.serverAuth, oid.clientAuth), rules: [] },
];
