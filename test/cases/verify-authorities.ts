/** CAs that a TLS library refuses, and `openssl verify` only where it is told the purpose and the security level. */

import { encodeInteger } from '../../src/pki/der.js';
import { oid } from '../../src/pki/oid.js';
import { badKeyFile } from '../support/keys.js';
import { basicConstraints, extKeyUsage, fixtureKey, keyUsage, loadKey, name, spkiOf } from '../support/x509.js';
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

function shortKey(): PathCase {
  const key = loadKey(badKeyFile('weak-rsa-1024'));
  return { leaf: leaf({ signKey: key }), authorities: [authority({ spki: spkiOf(key), signKey: key })] };
}

const refused = (title: string, make: () => PathCase, rule: 'ca-ext-key-usage' | 'ca-key'): VerifyFault => ({
  title,
  make,
  rules: [rule],
  stricter: rule,
});

export const unfitAuthorities: readonly VerifyFault[] = [
  refused('an intermediate CA for code', () => throughSubFor(codeSigning), 'ca-ext-key-usage'),
  refused('a root for TLS servers only', rootFor(oid.serverAuth), 'ca-ext-key-usage'),
  refused('a root for any purpose, which OpenSSL does not take', rootFor(oid.anyExtendedKeyUsage), 'ca-ext-key-usage'),
  refused('a CA of 1024 bits', shortKey, 'ca-key'),
  { title: 'a root for TLS servers and clients', make: rootFor(oid.serverAuth, oid.clientAuth), rules: [] },
];
