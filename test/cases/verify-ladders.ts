/**
 * Chains that are built to be taken: constraints on names of every kind, CAs of one name, policies, identifiers that lead
 * elsewhere, old versions and old hashes, circles, and two ways of which one is bad.
 */

import { tag } from '../../src/pki/der.js';
import {
  encode,
  encodeInteger,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  encodeText,
} from '../../src/pki/der-encode.js';
import { oid } from '../../src/pki/oid.js';
import { badKeyFile, ecKeyFile } from '../support/keys.js';
import {
  basicConstraints,
  buildCertificate,
  type CertificateParts,
  extension,
  extKeyUsage,
  fixtureKey,
  hostName,
  inDays,
  keyUsage,
  loadKey,
  name,
  type SignatureName,
  spkiOf,
  subjectAltName,
} from '../support/x509.js';
import type { Chain } from './verify-chains.js';

type Key = ReturnType<typeof loadKey>;

interface Rung extends Partial<CertificateParts> {
  readonly extensions: readonly Uint8Array[];
  readonly key?: Key;
}

const keys = [
  loadKey(ecKeyFile('p256', 1)),
  loadKey(ecKeyFile('p384', 1)),
  loadKey(ecKeyFile('p384', 2)),
  fixtureKey(1),
];
const [rootKey, subKey, thirdKey, otherKey] = keys as [Key, Key, Key, Key];
const leafKey = loadKey(ecKeyFile('p256', 2));
const common = (text: string): Uint8Array => name(['O', 'Open vSwitch'], ['CN', text]);
const names = ['root', 'sub', 'third', 'fourth'].map(common);
const isCa = [basicConstraints(true), keyUsage(5, 6)] as const;
const allows = (length: number) => [basicConstraints(true, length), keyUsage(5, 6)] as const;
const leafOf = (...more: readonly Uint8Array[]): readonly Uint8Array[] => [
  ...[basicConstraints(false), keyUsage(0, 2), extKeyUsage(oid.serverAuth, oid.clientAuth), subjectAltName('host')],
  ...more,
];
const signatureOf = ({ asymmetricKeyType, asymmetricKeyDetails }: Key): SignatureName => {
  if (asymmetricKeyType === 'rsa') return 'sha256-rsa';
  return asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'sha384-ecdsa' : 'sha256-ecdsa';
};

/** From the root down to the leaf; each is signed by the one before, and has a key and a name of its own, if it does not say. */
function ladder(title: string, rungs: readonly Rung[], more: readonly Uint8Array[] = []): Chain {
  const made = rungs.map(({ key, ...rung }, index) => {
    const isLeaf = index === rungs.length - 1;
    const above = rungs[Math.max(0, index - 1)] as Rung;
    const signKey = rung.signKey ?? above.key ?? (keys[Math.max(0, index - 1)] as Key);
    return buildCertificate({
      subject: isLeaf ? hostName('host') : (names[index] as Uint8Array),
      issuer: above.subject ?? (names[Math.max(0, index - 1)] as Uint8Array),
      spki: spkiOf(key ?? (isLeaf ? leafKey : (keys[index] as Key))),
      signature: signatureOf(signKey),
      serialNumber: encodeInteger(index + 5),
      ...rung,
      signKey,
    });
  });
  const [root = new Uint8Array(), ...rest] = made;
  return { title, root, between: [...rest.slice(0, -1), ...more], leaf: rest.at(-1) ?? root };
}

const root: Rung = { extensions: isCa };
const sub: Rung = { extensions: isCa };
const leaf: Rung = { extensions: leafOf() };

const base = (kind: number, content: Uint8Array, ...bounds: readonly Uint8Array[]): Uint8Array =>
  encodeSequence(encode(kind, content), ...bounds);
const constraints = (
  permitted: readonly Uint8Array[],
  excluded: readonly Uint8Array[],
  critical = true,
): Uint8Array => {
  const tree = (number: number, bases: readonly Uint8Array[]) => (bases.length === 0 ? [] : [encode(number, ...bases)]);
  const value = encodeSequence(...tree(0xa0, permitted), ...tree(0xa1, excluded));
  return extension(oid.nameConstraints, value, critical);
};
const text = (value: string): Uint8Array => Buffer.from(value, 'latin1');
const us = name(['C', 'US'], ['ST', 'CA']);
const shouted = name(['C', 'us'], ['ST', 'ca ']);
const de = name(['C', 'DE']);

/** What a constraint of each kind is on. */
const bases: readonly (readonly [title: string, base: Uint8Array])[] = [
  ['the name of the host', base(0x82, text('host'))],
  ['the name in capitals', base(0x82, text('HOST'))],
  ['the name with a dot before it', base(0x82, text('.host'))],
  ['no DNS name, which is all', base(0x82, text(''))],
  ['another DNS name', base(0x82, text('example.org'))],
  ['a DNS name that ends like it', base(0x82, text('ost'))],
  ['the subject', base(0xa4, us)],
  ['the subject in other letters', base(0xa4, shouted)],
  ['another subject', base(0xa4, de)],
  ['no subject, which is all', base(0xa4, encodeSequence())],
  ['an IPv4 network', base(0x87, Buffer.from('c0000200ffffff00', 'hex'))],
  ['no network', base(0x87, Buffer.from('c00002', 'hex'))],
  ['an e-mail domain', base(0x81, text('example.org'))],
  ['a URI', base(0x86, text('.example.org'))],
  [
    'another kind of name',
    base(0xa0, Buffer.concat([encodeOid('1.2.3'), encode(0xa0, encodeText(tag.utf8String, 'x'))])),
  ],
  ['a registered number', base(0x88, Buffer.from('2a03', 'hex'))],
  ['the name from depth 1', base(0x82, text('host'), encode(0x80, Uint8Array.of(1)))],
  ['the name down to depth 0', base(0x82, text('host'), encode(0x81, Uint8Array.of(0)))],
];

const policy = (...ids: readonly string[]): Uint8Array =>
  extension(oid.certificatePolicies, encodeSequence(...ids.map((id) => encodeSequence(encodeOid(id)))));
const any = '2.5.29.32.0';
const demands = (explicit: number | undefined, mapping?: number): Uint8Array => {
  const part = (number: number, value: number | undefined) =>
    value === undefined ? [] : [encode(number, Uint8Array.of(value))];
  return extension(oid.policyConstraints, encodeSequence(...part(0x80, explicit), ...part(0x81, mapping)), true);
};
const noAny = (depth: number): Uint8Array => extension(oid.inhibitAnyPolicy, encodeInteger(depth), true);
const maps = extension(
  oid.policyMappings,
  encodeSequence(encodeSequence(encodeOid('1.2.3'), encodeOid('1.2.4'))),
  true,
);

const policies: readonly (readonly [title: string, sub: readonly Uint8Array[], leaf: readonly Uint8Array[]])[] = [
  ['a policy demanded at once, of a leaf with none', [demands(0)], []],
  ['a policy demanded one below, of a leaf with none', [demands(1)], []],
  ['a policy demanded far below', [demands(5)], []],
  ['a policy demanded, and there', [policy('1.2.3'), demands(0)], [policy('1.2.3')]],
  ['a policy demanded, and another there', [policy('1.2.3'), demands(0)], [policy('1.2.4')]],
  ['any policy inhibited, and used', [policy('1.2.3'), demands(0), noAny(0)], [policy(any)]],
  ['a policy mapped', [policy('1.2.3'), maps, demands(0)], [policy('1.2.4')]],
  ['a policy mapped where that is inhibited', [policy('1.2.3'), maps, demands(0, 0)], [policy('1.2.4')]],
  ['an empty demand', [extension(oid.policyConstraints, encodeSequence(), true)], []],
  ['a demand below zero', [demands(0x80)], []],
  ['a policy twice', [policy('1.2.3', '1.2.3')], []],
];

const unknown = (critical: boolean): Uint8Array =>
  extension('1.2.3.4.5', encodeOctetString(Uint8Array.of(1)), critical);
const keyId = (id: string): Uint8Array => extension(oid.subjectKeyIdentifier, encodeText(tag.octetString, id));
const issuerId = (id: string): Uint8Array =>
  extension(oid.authorityKeyIdentifier, encodeSequence(encodeText(0x80, id)));
const issuerNamed = (subject: Uint8Array, serial: number): Uint8Array => {
  const parts = [encode(0xa1, encode(0xa4, subject)), encode(0x82, encodeInteger(serial).subarray(2))];
  return extension(oid.authorityKeyIdentifier, encodeSequence(...parts));
};
const expired = { notBefore: inDays(-9), notAfter: inDays(-1) };
const early = { notBefore: inDays(1) };
const long = encode(tag.integer, new Uint8Array(21).fill(0x11));
const below = encode(tag.integer, Uint8Array.of(0x81));

/** One thing that can be at each of the three places. */
const everywhere: readonly (readonly [
  title: string,
  change: Omit<Partial<Rung>, 'extensions'>,
  more?: Uint8Array[],
])[] = [
  ['expired', expired],
  ['not valid yet', early],
  ['with an unknown critical extension', {}, [unknown(true)]],
  ['with an unknown extension', {}, [unknown(false)]],
  ['with an extension twice', {}, [unknown(false), unknown(false)]],
  ['with a serial number below zero', { serialNumber: below }],
  ['with the serial number 0', { serialNumber: encodeInteger(0) }],
  ['with a serial number of 21 octets', { serialNumber: long }],
  ['of version 1', { version: 0 }],
  ['of version 2', { version: 1 }],
  ['of version 4', { version: 3 }],
  ['with another key identifier than the one below names', {}, [keyId('other')]],
  ['that names another key of its issuer', {}, [issuerId('other')]],
  ['that names another certificate of its issuer', {}, [issuerNamed(common('other'), 99)]],
  ['with another algorithm inside', { innerSignature: 'sha512-ecdsa' }],
];

const ends = everywhere.flatMap(([what, change, more = []]) =>
  ['root', 'CA', 'leaf'].map((place, index) => {
    const own = index === 0 ? root : index === 1 ? sub : leaf;
    const changed = { ...own, ...change, extensions: [...own.extensions, ...more] };
    // What is below a CA with a key identifier names the one that it should have.
    const rungs = [root, sub, leaf].map((rung, at) => {
      const isBelow = what.startsWith('with another key identifier') && at === index + 1;
      if (at === index) return changed;
      return isBelow ? { ...rung, extensions: [...rung.extensions, issuerId('wanted')] } : rung;
    });
    return ladder(`a ${place} ${what}`, rungs);
  }),
);

const certificate = (
  subject: Uint8Array,
  issuer: Uint8Array,
  own: Key,
  by: Key,
  parts: Partial<CertificateParts> = {},
) =>
  buildCertificate({
    subject,
    issuer,
    spki: spkiOf(own),
    signKey: by,
    signature: signatureOf(by),
    extensions: isCa,
    ...parts,
  });
const [rootName, subName] = [common('root'), common('sub')];
const weak = loadKey(badKeyFile('weak-rsa-1024'));
/** Below the one of this name, with its name and a key of its own: self-issued, and not self-signed. Identifiers tell them apart. */
const again: Rung = { extensions: [...isCa, keyId('again'), issuerId('first')], subject: rootName };
const underAgain = (extensions: readonly Uint8Array[]): Rung => ({ extensions: [...extensions, issuerId('again')] });
const first = (extensions: readonly Uint8Array[]): Rung => ({
  extensions: [...extensions, keyId('first')],
  subject: rootName,
});

const ways: readonly Chain[] = [
  ladder('a root that allows no CA below it, and one of its own name', [first(allows(0)), again, underAgain(leafOf())]),
  ladder('such a root, its own name, and another', [first(allows(0)), again, underAgain(isCa), leaf]),
  ladder('a root that allows one CA, its own name, and another', [first(allows(1)), again, underAgain(isCa), leaf]),
  ladder('a root that allows one CA, and two', [{ extensions: allows(1) }, sub, sub, leaf]),
  ladder('a CA that allows none below it, and one of its own name', [
    { ...root, subject: common('top') },
    first(allows(0)),
    again,
    underAgain(leafOf()),
  ]),
  ladder('a CA that allows none below it, and another', [root, { extensions: allows(0) }, sub, leaf]),
  ladder('a path length without the CA flag', [root, { extensions: [basicConstraints(false, 3), keyUsage(5)] }, leaf]),
  ladder('a CA by its keyUsage in version 1', [root, { extensions: [keyUsage(5)], version: 0 }, leaf]),
  ladder('a leaf of a leaf', [root, { extensions: leafOf() }, leaf]),
  ladder('a leaf of a leaf of version 1', [root, { extensions: [], version: 0 }, leaf]),
  ladder('a CA of 1024 bits', [root, { ...sub, key: weak }, leaf]),
  ...(['sha1-rsa', 'md5-rsa'] as const).flatMap((signature) => [
    ladder(`a CA signed with ${signature}`, [{ ...root, key: otherKey }, { ...sub, signature }, leaf]),
    ladder(`a CA of the root's name signed with ${signature}`, [
      { ...first(isCa), key: otherKey },
      { ...again, signature },
      underAgain(leafOf()),
    ]),
    ladder(`a leaf signed with ${signature}`, [root, { ...sub, key: otherKey }, { ...leaf, signature }]),
  ]),
  {
    title: 'no root: two CAs that sign each other',
    root: certificate(rootName, subName, rootKey, subKey),
    between: [certificate(subName, rootName, subKey, rootKey)],
    leaf: certificate(hostName('host'), subName, leafKey, subKey, { extensions: leafOf() }),
  },
  {
    title: 'no root: a CA of its own name that another key has signed',
    root: certificate(rootName, rootName, rootKey, subKey, { extensions: [...isCa, keyId('own'), issuerId('other')] }),
    between: [],
    leaf: certificate(hostName('host'), rootName, leafKey, rootKey, { extensions: leafOf() }),
  },
  {
    title: 'no root: a CA that is not self-signed',
    root: certificate(subName, rootName, subKey, rootKey),
    between: [],
    leaf: certificate(hostName('host'), subName, leafKey, subKey, { extensions: leafOf() }),
  },
];

/** A second certificate of the CA between, for the same key. */
const cross = (title: string, first: Rung, second: Partial<CertificateParts>): Chain =>
  ladder(
    title,
    [root, first, leaf],
    [certificate(subName, rootName, subKey, rootKey, { serialNumber: encodeInteger(99), ...second })],
  );
const narrow = [...isCa, constraints([], [base(0x82, text('host'))])];

const crossed: readonly Chain[] = [
  cross('two CAs of one key, the first expired', { ...sub, ...expired }, {}),
  cross('two CAs of one key, the second expired', sub, expired),
  cross('two CAs of one key, both expired', { ...sub, ...expired }, expired),
  cross('two CAs of one key, the first for other names', { extensions: narrow }, {}),
  cross('two CAs of one key, the second for other names', sub, { extensions: narrow }),
  cross('two CAs of one key, the first no CA', { extensions: [basicConstraints(false)] }, {}),
  cross('two CAs of one key, the second no CA', sub, { extensions: [basicConstraints(false)] }),
  cross('two CAs of one name, the second of another key', sub, { spki: spkiOf(thirdKey) }),
  ladder(
    'a CA between that another root has signed too',
    [root, sub, leaf],
    [
      certificate(common('other'), common('other'), thirdKey, thirdKey),
      certificate(subName, common('other'), subKey, thirdKey),
    ],
  ),
  ladder(
    'a root that another root has signed too, and that is gone',
    [root, sub, leaf],
    [certificate(rootName, common('gone'), rootKey, thirdKey)],
  ),
];

export const ladders: readonly Chain[] = [
  ladder('a root, a CA and a leaf', [root, sub, leaf]),
  ...bases.flatMap(([title, one]) => [
    ladder(`permitted: ${title}`, [root, { extensions: [...isCa, constraints([one], [])] }, leaf]),
    ladder(`excluded: ${title}`, [root, { extensions: [...isCa, constraints([], [one])] }, leaf]),
  ]),
  ladder('excluded by the root', [{ extensions: narrow }, sub, leaf]),
  ladder('excluded, not critical', [
    root,
    { extensions: [...isCa, constraints([], [base(0x82, text('host'))], false)] },
    leaf,
  ]),
  ladder('permitted and excluded', [
    root,
    { extensions: [...isCa, constraints([base(0x82, text(''))], [base(0x82, text('host'))])] },
    leaf,
  ]),
  ladder('constraints of nothing', [
    root,
    { extensions: [...isCa, extension(oid.nameConstraints, encodeSequence(), true)] },
    leaf,
  ]),
  ladder('the subject of a CA below is excluded', [
    root,
    { extensions: [...isCa, constraints([], [base(0xa4, name(['O', 'Open vSwitch'], ['CN', 'third']))])] },
    sub,
    leaf,
  ]),
  ladder('the subject of a CA of its own name is excluded', [
    first([...isCa, constraints([], [base(0xa4, rootName)])]),
    again,
    underAgain(leafOf()),
  ]),
  ...policies.flatMap(([title, ofSub, ofLeaf]) => [
    ladder(`${title}, by a CA`, [root, { extensions: [...isCa, ...ofSub] }, { extensions: leafOf(...ofLeaf) }]),
    ladder(`${title}, by the root`, [{ extensions: [...isCa, ...ofSub] }, sub, { extensions: leafOf(...ofLeaf) }]),
  ]),
  ...ends,
  ...ways,
  ...crossed,
];
