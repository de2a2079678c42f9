/** Chains of a root, an intermediate CA or none, and a leaf, of EC keys: every part in many forms, good and bad. */

import { encode, encodeInteger, encodeNamedBits, encodeSequence, encodeText } from '../../src/pki/der-encode.js';
import { oid } from '../../src/pki/oid.js';
import { ecKeyFile } from '../support/keys.js';
import {
  basicConstraints,
  buildCertificate,
  type CertificateParts,
  extension,
  extKeyUsage,
  hostName,
  inDays,
  keyUsage,
  loadKey,
  name,
  spkiOf,
  subjectAltName,
} from '../support/x509.js';

export interface Chain {
  readonly title: string;
  readonly root: Uint8Array;
  readonly between: readonly Uint8Array[];
  readonly leaf: Uint8Array;
}

type Form = readonly [title: string, extensions: readonly Uint8Array[], parts?: Partial<CertificateParts>];

const code = '1.3.6.1.5.5.7.3.3';
const [serverAuth, clientAuth, any] = [oid.serverAuth, oid.clientAuth, oid.anyExtendedKeyUsage];
const both = extKeyUsage(serverAuth, clientAuth);
const isCa = [basicConstraints(true), keyUsage(5, 6)] as const;
const namesOf = (...bases: readonly string[]): Uint8Array =>
  extension(
    oid.nameConstraints,
    encodeSequence(encode(0xa0, ...bases.map((base) => encodeSequence(encodeText(0x82, base))))),
    true,
  );
const netscape = (bit: number): Uint8Array => extension('2.16.840.1.113730.1.1', encodeNamedBits([bit]));

const roots: readonly Form[] = [
  ['a root', isCa],
  ['a root for TLS', [...isCa, both]],
  ['a root for servers', [...isCa, extKeyUsage(serverAuth)]],
  ['a root for code', [...isCa, extKeyUsage(code)]],
  ['a root for anything', [...isCa, extKeyUsage(any)]],
  ['a root that signs CRLs only', [basicConstraints(true), keyUsage(6)]],
  ['a root that allows no CA below it', [basicConstraints(true, 0), keyUsage(5, 6)]],
  ['an expired root', isCa, { notBefore: inDays(-9), notAfter: inDays(-1) }],
  ['a root of another Netscape type', [...isCa, netscape(7)]],
];

const subs: readonly (Form | undefined)[] = [
  undefined,
  ['a CA', isCa],
  ['a CA for TLS', [...isCa, both]],
  ['a CA for servers', [...isCa, extKeyUsage(serverAuth)]],
  ['a CA for clients', [...isCa, extKeyUsage(clientAuth)]],
  ['a CA for code', [...isCa, extKeyUsage(code)]],
  ['a CA for code, critical', [...isCa, extension(oid.extKeyUsage, encodeSequence(), true)]],
  ['a CA for anything', [...isCa, extKeyUsage(any)]],
  ['a CA that signs no certificates', [basicConstraints(true), keyUsage(0, 6)]],
  ['no CA', [basicConstraints(false), keyUsage(5, 6)]],
  ['a CA without basicConstraints', [keyUsage(5, 6)]],
  ['a CA for the name', [...isCa, namesOf('host')]],
  ['a CA for other names', [...isCa, namesOf('other')]],
  ['a CA that is not valid yet', isCa, { notBefore: inDays(1) }],
  ['a CA of another Netscape type', [...isCa, netscape(2)]],
];

const san = subjectAltName('host');
const leaves: readonly Form[] = [
  ['a leaf', [basicConstraints(false), keyUsage(0, 2), both, san]],
  ['a leaf for servers', [keyUsage(0), extKeyUsage(serverAuth), san]],
  ['a leaf for clients', [keyUsage(0), extKeyUsage(clientAuth), san]],
  ['a leaf for anything', [keyUsage(0), extKeyUsage(any), san]],
  ['a leaf for TLS and code', [keyUsage(0), extKeyUsage(serverAuth, clientAuth, code), san]],
  ['a leaf without purposes', [keyUsage(0), san]],
  ['a leaf whose key encrypts only', [keyUsage(3), both, san]],
  ['a leaf whose key signs CRLs', [keyUsage(6), both, san]],
  ['a leaf that is a CA', [...isCa, both, san]],
  ['an expired leaf', [keyUsage(0), both, san], { notBefore: inDays(-9), notAfter: inDays(-1) }],
  [
    'a leaf with an unknown critical extension',
    [keyUsage(0), both, san, extension('1.2.3.4', Uint8Array.of(5, 0), true)],
  ],
  ['a leaf of the Netscape type for clients', [keyUsage(0), both, san, netscape(0)]],
  ['a leaf of the Netscape type for objects', [keyUsage(0), both, san, netscape(3)]],
];

const [rootKey, subKey, leafKey] = [ecKeyFile('p256', 1), ecKeyFile('p384', 1), ecKeyFile('p256', 2)].map(loadKey);

function chain(root: Form, sub: Form | undefined, leaf: Form): Chain {
  if (rootKey === undefined || subKey === undefined || leafKey === undefined) throw new Error('a key is missing');
  const [rootName, subName] = [name(['O', 'Open vSwitch'], ['CN', 'root']), name(['O', 'Open vSwitch'], ['CN', 'sub'])];
  const by = sub === undefined ? rootKey : subKey;
  const made = ([, extensions, parts = {}]: Form, rest: Omit<CertificateParts, 'extensions'>): Uint8Array =>
    buildCertificate({ ...rest, extensions, ...parts });
  const ofRoot = { issuer: rootName, signKey: rootKey, signature: 'sha256-ecdsa' } as const;
  return {
    title: [root, sub, leaf].flatMap((form) => form?.[0] ?? []).join(', '),
    root: made(root, { ...ofRoot, subject: rootName, spki: spkiOf(rootKey) }),
    between:
      sub === undefined
        ? []
        : [made(sub, { ...ofRoot, subject: subName, spki: spkiOf(subKey), serialNumber: encodeInteger(7) })],
    leaf: made(leaf, {
      issuer: sub === undefined ? rootName : subName,
      signKey: by,
      signature: sub === undefined ? 'sha256-ecdsa' : 'sha384-ecdsa',
      subject: hostName('host'),
      spki: spkiOf(leafKey),
    }),
  };
}

const [goodRoot, goodSub, goodLeaf] = [roots[0], subs[1], leaves[0]] as [Form, Form, Form];

/** Each part in all its forms beside good ones, and the forms of two parts that are the least alike. */
export const chains: readonly Chain[] = [
  ...roots.map((root) => chain(root, undefined, goodLeaf)),
  ...roots.slice(1).map((root) => chain(root, goodSub, goodLeaf)),
  ...subs.slice(1).map((sub) => chain(goodRoot, sub, goodLeaf)),
  ...leaves.slice(1).map((leaf) => chain(goodRoot, goodSub, leaf)),
];
