/** Requests whose signature may be good and whose content is not. All of them are signed by the key of `host`. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { children, readDer, tag } from '../../src/pki/der.js';
import {
  encode,
  encodeInteger,
  encodeNull,
  encodeOctetString,
  encodeSequence,
  encodeText,
} from '../../src/pki/der-encode.js';
import { oid } from '../../src/pki/oid.js';
import {
  attribute,
  basicConstraints,
  buildRequest,
  extension,
  extKeyUsage,
  fixtureKey,
  generalNames,
  hostName,
  keyUsage,
  name,
  type RequestParts,
  requestPem,
  spkiOf,
  subjectAltName,
} from '../support/x509.js';
import type { BadInput } from './bad-input-row.js';

export const hostKeyNumber = 3;

interface Row {
  readonly title: string;
  readonly parts: Partial<RequestParts>;
  /** What is done to the request after it was signed. */
  readonly damage?: (der: Uint8Array) => Uint8Array;
  readonly rules: readonly string[];
}

const head = [
  ['C', 'US'],
  ['O', 'Open vSwitch'],
] as const;
type SanEntry = readonly [kind: number, value: string | Uint8Array];
const sanOf = (...names: readonly SanEntry[]) => extension(oid.subjectAltName, generalNames(...names));
const asked = (...extensions: Uint8Array[]) => attribute(oid.extensionRequest, encodeSequence(...extensions));

const rows: readonly Row[] = [
  { title: 'a wrong signature', parts: {}, damage: flipLastBit, rules: ['proof-of-possession'] },
  { title: 'the key of somebody else', parts: { spki: spkiOf(fixtureKey(9)) }, rules: ['proof-of-possession'] },
  { title: 'another common name', parts: { subject: hostName('victim') }, rules: ['name-matches'] },
  { title: 'the common name in capitals', parts: { subject: hostName('HOST') }, rules: ['name-matches'] },
  {
    title: 'a SAN that is not the common name',
    parts: { extensions: [subjectAltName('victim')] },
    rules: ['subject-alt-name'],
  },
  { title: 'a second SAN', parts: { extensions: [subjectAltName('host', 'victim')] }, rules: ['subject-alt-name'] },
  { title: 'the SAN twice', parts: { extensions: [subjectAltName('host', 'host')] }, rules: ['subject-alt-name'] },
  { title: 'an empty SAN', parts: { extensions: [subjectAltName()] }, rules: ['subject-alt-name'] },
  { title: 'a wildcard SAN', parts: { extensions: [subjectAltName('*')] }, rules: ['subject-alt-name'] },
  { title: 'a SAN with NUL', parts: { extensions: [subjectAltName('host\0.victim')] }, rules: ['subject-alt-name'] },
  {
    title: 'an IP address as SAN',
    parts: { extensions: [sanOf([7, Uint8Array.of(192, 0, 2, 1)])] },
    rules: ['subject-alt-name'],
  },
  { title: 'an e-mail address as SAN', parts: { extensions: [sanOf([1, 'host'])] }, rules: ['subject-alt-name'] },
  {
    title: 'a URI as SAN',
    parts: { extensions: [sanOf([2, 'host'], [6, 'http://victim/'])] },
    rules: ['subject-alt-name'],
  },
  { title: 'keyUsage keyCertSign', parts: { extensions: [keyUsage(5)] }, rules: ['foreign-extensions'] },
  { title: 'the CA flag', parts: { extensions: [basicConstraints(true)] }, rules: ['foreign-extensions'] },
  {
    title: 'extKeyUsage codeSigning',
    parts: { extensions: [extKeyUsage('1.3.6.1.5.5.7.3.3')] },
    rules: ['foreign-extensions'],
  },
  {
    title: 'an unknown critical extension',
    parts: { extensions: [extension('1.3.6.1.4.1.99999.1', encodeNull(), true)] },
    rules: ['foreign-extensions'],
  },
  {
    title: 'two common names',
    parts: { subject: name(...head, ['CN', 'host'], ['CN', 'victim']) },
    rules: ['common-name'],
  },
  { title: 'no common name', parts: { subject: name(...head) }, rules: ['common-name'] },
  { title: 'no subject at all', parts: { subject: name() }, rules: ['common-name'] },
  {
    title: 'a multi-valued part of the subject',
    parts: {
      subject: name(...head, [
        ['OU', 'x'],
        ['CN', 'host'],
      ]),
    },
    rules: ['subject-attributes'],
  },
  {
    title: 'an e-mail address in the subject',
    parts: { subject: name(...head, ['emailAddress', 'root@victim', tag.ia5String], ['CN', 'host']) },
    rules: ['subject-attributes'],
  },
  {
    title: 'an attribute of an unknown type',
    parts: { subject: name(...head, ['1.3.6.1.4.1.99999.2', 'x'], ['CN', 'host']) },
    rules: ['subject-attributes'],
  },
  {
    title: 'another organization',
    parts: { subject: name(['C', 'US'], ['O', 'Closed vSwitch'], ['CN', 'host']) },
    rules: ['organization'],
  },
  {
    title: 'a newline in the common name',
    parts: { subject: hostName('host\nrightid=%any') },
    rules: ['common-name', 'name-matches'],
  },
  { title: 'NUL in the common name', parts: { subject: hostName('host\0') }, rules: ['common-name', 'name-matches'] },
  {
    title: 'a space at the end of the common name',
    parts: { subject: hostName('host ') },
    rules: ['common-name', 'name-matches'],
  },
  {
    title: '65 characters after id:',
    parts: { subject: hostName(`host id:${'0'.repeat(60)}`) },
    rules: ['common-name', 'name-matches'],
  },
  {
    title: 'a wildcard after id:',
    parts: { subject: hostName('host id:*') },
    rules: ['common-name', 'name-matches'],
  },
  {
    title: 'the common name in UTF-16, with another name in it',
    parts: { subject: name(...head, ['CN', '\0h\0o\0s\0x', tag.bmpString]) },
    rules: ['name-matches'],
  },
  { title: 'version 2', parts: { version: 1 }, rules: ['version'] },
  { title: 'a version below zero', parts: { version: 255 }, rules: ['version'] },
  {
    title: 'a SHA-1 signature',
    parts: { signature: 'sha1-rsa' },
    rules: ['signature-algorithm'],
  },
  { title: 'an MD5 signature', parts: { signature: 'md5-rsa' }, rules: ['signature-algorithm'] },
  { title: 'an ECDSA signature of an RSA key', parts: { signature: 'sha256-ecdsa' }, rules: ['proof-of-possession'] },
  {
    title: 'everything wrong at once',
    parts: {
      subject: name(['O', 'Evil'], ['emailAddress', 'x@y', tag.ia5String], ['CN', 'victim']),
      extensions: [subjectAltName('other'), keyUsage(5), basicConstraints(true)],
      signature: 'sha1-rsa',
      version: 2,
      spki: spkiOf(fixtureKey(1)),
    },
    rules: [
      'version',
      'signature-algorithm',
      'proof-of-possession',
      'name-matches',
      'subject-attributes',
      'organization',
      'subject-alt-name',
      'foreign-extensions',
    ],
  },
  { title: 'a plain request without extensions', parts: {}, rules: [] },
  { title: 'an id: after the name', parts: { subject: hostName('host id:4a-2f') }, rules: [] },
  { title: 'the common name first', parts: { subject: name(['CN', 'host'], ...head) }, rules: [] },
  {
    title: 'a challenge password',
    parts: { attributes: [attribute('1.2.840.113549.1.9.7', encodeText(tag.utf8String, 'secret'))] },
    rules: [],
  },
  {
    title: 'attributes of unknown types',
    parts: { attributes: [attribute('1.3.6.1.4.1.99999.3', encodeInteger(1), encodeOctetString(Buffer.from('x')))] },
    rules: [],
  },
];

const structures: readonly { title: string; damage: (der: Uint8Array) => Uint8Array }[] = [
  { title: 'bytes after its end', damage: (der) => Buffer.concat([der, Buffer.from('00ff', 'hex')]) },
  { title: 'nothing but zero bytes', damage: (der) => new Uint8Array(der.length) },
  { title: 'an indefinite length', damage: toIndefiniteLength },
  {
    title: 'a length that is not of minimal form',
    damage: (der) => Buffer.concat([Buffer.from('308300', 'hex'), der.subarray(2)]),
  },
  { title: 'a length of 4 GiB', damage: () => Buffer.from('3084ffffffff0201', 'hex') },
  { title: 'an empty sequence', damage: () => encodeSequence() },
  { title: 'sequences in sequences', damage: () => nested(20_000) },
  ...[1, 2, 4, 9, 40, 120, 330, 500].map((bytes) => ({
    title: `only its first ${bytes} bytes`,
    damage: (der: Uint8Array) => der.subarray(0, bytes),
  })),
  { title: 'all but its last byte', damage: (der) => der.subarray(0, -1) },
  {
    title: 'the same extension twice',
    damage: () => requestOf({ extensions: [subjectAltName('host'), subjectAltName('victim')] }),
  },
  {
    title: 'a second extension request with another SAN',
    damage: () => requestOf({ extensions: [subjectAltName('host')], attributes: [asked(subjectAltName('victim'))] }),
  },
  {
    title: 'an element behind its signature',
    damage: (der) => encodeSequence(...children(readDer(der)).map(({ bytes }) => bytes), encodeNull()),
  },
  {
    title: 'a common name that is not UTF-8',
    damage: () =>
      requestOf({ subject: name(['O', 'Open vSwitch'], ['CN', 'host']) }).map((byte) => (byte === 0x68 ? 0xff : byte)),
  },
  {
    title: 'an organization that is a number',
    damage: () => requestOf({ subject: name(['O', '1', tag.integer], ['CN', 'host']) }),
  },
];

export const badRequests: readonly BadInput[] = [
  ...rows.map(
    ({ title, parts, damage = (der) => der, rules }): BadInput => ({
      title: `a request: ${title}`,
      make: (folder) => writeRequest(folder, damage(requestOf(parts))),
      code: rules.length > 0 ? 'REQUEST_REFUSED' : 'accepted',
      rules,
    }),
  ),
  ...structures.map(
    ({ title, damage }): BadInput => ({
      title: `a request: ${title}`,
      make: (folder) => writeRequest(folder, damage(requestOf({}))),
      code: 'DER_INVALID',
    }),
  ),
];

function requestOf(parts: Partial<RequestParts>): Uint8Array {
  return buildRequest({ subject: hostName('host'), signKey: fixtureKey(hostKeyNumber), ...parts });
}

function writeRequest(folder: string, der: Uint8Array): void {
  writeFileSync(join(folder, 'host-req.pem'), requestPem(der));
}

function flipLastBit(der: Uint8Array): Uint8Array {
  return der.map((byte, index) => (index === der.length - 1 ? byte ^ 1 : byte));
}

/** The same structure in BER, its outermost length not given but ended by two zero bytes. */
function toIndefiniteLength(der: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(0x30, 0x80), der.subarray(4), Uint8Array.of(0, 0)]);
}

function nested(depth: number): Uint8Array {
  let bytes: Uint8Array = new Uint8Array();
  for (let level = 0; level < depth; level++) bytes = encode(tag.sequence, bytes);
  return bytes;
}
