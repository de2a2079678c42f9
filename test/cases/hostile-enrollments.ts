/** What a hostile host answers when it is to make a key: for a request to the CA, or a certificate that signs itself. */

import type { KeyObject } from 'node:crypto';
import type { ErrorCode } from '../../src/errors.js';
import { tag } from '../../src/pki/der.js';
import { encode, encodeSequence } from '../../src/pki/der-encode.js';
import { oid } from '../../src/pki/oid.js';
import type { Answer } from '../support/hostile.js';
import { keyForms } from '../support/key-forms.js';
import { badKeyFile, ecKeyFile } from '../support/keys.js';
import {
  basicConstraints,
  buildCertificate,
  buildRequest,
  type CertificateParts,
  certificatePem,
  extension,
  extKeyUsage,
  fixtureKey,
  hostName,
  inDays,
  keyUsage,
  loadKey,
  name,
  type RequestParts,
  requestPem,
  spkiOf,
  subjectAltName,
} from '../support/x509.js';

/** What a host says of its key: the text in the section `request`, and where it has put the key if not where it must. */
export interface Said {
  readonly pem?: string;
  readonly key?: KeyObject;
  readonly place?: string;
  readonly answer?: Omit<Answer, 'when'>;
}

export interface EnrollmentAttack {
  readonly what: string;
  readonly says: (host: string) => Said;
  /**
   * Why it gets no certificate; undefined where it gets one, for its own name and key. `either`: of two with one key the one
   * whose answer comes first gets it.
   */
  readonly code?: ErrorCode | 'either';
}

const rsa = (): KeyObject => fixtureKey(3);
const ec = (): KeyObject => loadKey(ecKeyFile('p256', 1));
const escapes = '\u001b[2J\u009b31m\u202e';
const giant = encode(tag.oid, new Uint8Array(270_000).fill(0xff));

export function requestOf(host: string, key: KeyObject, more: Partial<RequestParts> = {}): string {
  const parts = { subject: hostName(host), signKey: key, extensions: [subjectAltName(host)], ...more };
  return requestPem(buildRequest(parts));
}

const compressed = (key: KeyObject): Uint8Array =>
  keyForms.find(({ title }) => title === 'a compressed point')?.spki(key) ?? new Uint8Array();
const withEc = (more: (host: string) => Partial<RequestParts>) => (host: string) => ({
  key: ec(),
  pem: requestOf(host, ec(), { signature: 'sha256-ecdsa', ...more(host) }),
});
const withRsa = (more: (host: string) => Partial<RequestParts>) => (host: string) => ({
  key: rsa(),
  pem: requestOf(host, rsa(), more(host)),
});
const good = (number: number) => (host: string) => ({
  key: fixtureKey(number),
  pem: requestOf(host, fixtureKey(number)),
});

export const requestAttacks: readonly EnrollmentAttack[] = [
  {
    what: 'the request of another host',
    says: withRsa(() => ({ subject: hostName('good_1') })),
    code: 'REQUEST_REFUSED',
  },
  {
    what: 'a request for the name of another host beside its own',
    says: withRsa((host) => ({ extensions: [subjectAltName(host, 'good_1')] })),
    code: 'REQUEST_REFUSED',
  },
  {
    what: 'a request for two common names',
    says: withRsa((host) => ({ subject: name(['O', 'Open vSwitch'], ['CN', host], ['CN', 'good_1']) })),
    code: 'REQUEST_REFUSED',
  },
  {
    what: 'a request for a name of escapes',
    says: withRsa(() => ({ subject: hostName(escapes) })),
    code: 'REQUEST_REFUSED',
  },
  {
    what: 'a request to be a CA',
    says: withRsa((host) => ({ extensions: [subjectAltName(host), basicConstraints(true)] })),
    code: 'REQUEST_REFUSED',
  },
  { what: 'a compressed key', says: withEc(() => ({ spki: compressed(ec()) })), code: 'REQUEST_REFUSED' },
  {
    what: 'the key of another host',
    says: (host) => ({ key: fixtureKey(1), pem: requestOf(host, rsa(), { spki: spkiOf(fixtureKey(1)) }) }),
    code: 'REQUEST_REFUSED',
  },
  { what: 'a key of 1024 bits', says: (host) => weak(host), code: 'REQUEST_REFUSED' },
  {
    what: 'a giant object identifier in a request',
    says: withRsa(() => ({ subject: encodeSequence(giant) })),
    code: 'DER_INVALID',
  },
  { what: 'the key that the next one has too', says: good(4), code: 'either' },
  { what: 'the key that the one before has too', says: good(4), code: 'either' },
  {
    what: 'garbage after the request',
    says: (host) => ({ key: fixtureKey(5), pem: `${requestOf(host, fixtureKey(5))}\n$(touch pwned)\n${escapes}\n` }),
  },
  {
    what: 'two requests',
    says: (host) => ({ key: fixtureKey(6), pem: requestOf(host, fixtureKey(6)) + requestOf('good_1', fixtureKey(6)) }),
  },
  { what: 'a certificate in place of a request', says: (host) => certificateOf(host), code: 'PEM_INVALID' },
  { what: 'no request', says: () => ({ key: rsa(), pem: '' }), code: 'PEM_INVALID' },
  { what: 'a key at a place that is a command', says: placed('$(touch pwned)'), code: 'HOST_ANSWER_INVALID' },
  {
    what: 'a key at the place of another host',
    says: placed('/etc/ipsec.d/private/good_1-privkey.pem'),
    code: 'HOST_ANSWER_INVALID',
  },
  { what: 'a megabyte of places', says: placed('/x'.repeat(5e5)), code: 'HOST_ANSWER_INVALID' },
  { what: 'an end when it is to make a key', says: () => ({ answer: { exit: 255 } }), code: 'HOST_CONNECTION_LOST' },
  { what: 'a signal when it is to make a key', says: () => ({ answer: { signal: 9 } }), code: 'HOST_CONNECTION_LOST' },
  { what: 'silence when it is to make a key', says: () => ({ answer: { silent: true } }), code: 'HOST_TIMEOUT' },
  {
    what: 'endless words when it is to make a key',
    says: () => ({ answer: { flood: { to: 'stdout', bytes: 1e12 } } }),
    code: 'HOST_STEP_FAILED',
  },
  {
    what: 'a failure in escapes',
    says: () => ({ answer: { status: 1, err: `${escapes}\n`.repeat(1000) } }),
    code: 'HOST_STEP_FAILED',
  },
];

function weak(host: string): Said {
  const key = loadKey(badKeyFile('weak-rsa-1024'));
  return { key, pem: requestOf(host, key) };
}

function placed(place: string) {
  return (host: string): Said => ({ place, key: rsa(), pem: requestOf(host, rsa()) });
}

/** A certificate that signs itself, as openssl makes it by our profile. */
export function certificateOf(host: string, key: KeyObject = rsa(), more: Partial<CertificateParts> = {}): Said {
  const parts: CertificateParts = {
    ...{ subject: hostName(host), issuer: hostName(host), spki: spkiOf(key), signKey: key },
    extensions: [
      basicConstraints(false),
      keyUsage(0, 2),
      extKeyUsage(oid.serverAuth, oid.clientAuth),
      subjectAltName(host),
    ],
    ...more,
  };
  return { key, pem: certificatePem(buildCertificate(parts)) };
}

const bad = (more: (host: string) => Partial<CertificateParts>) => (host: string) =>
  certificateOf(host, rsa(), more(host));
const usual = [basicConstraints(false), keyUsage(0, 2), extKeyUsage(oid.serverAuth, oid.clientAuth)];

export const certificateAttacks: readonly EnrollmentAttack[] = [
  { what: 'the certificate of another host', says: () => certificateOf('good_1'), code: 'IDENTITY_UNFIT' },
  {
    what: 'a certificate for another host beside itself',
    says: bad((host) => ({ extensions: [...usual, subjectAltName(host, 'good_1')] })),
    code: 'IDENTITY_UNFIT',
  },
  {
    what: 'a certificate that another host is to have issued',
    says: bad(() => ({ issuer: hostName('good_1') })),
    code: 'IDENTITY_UNFIT',
  },
  {
    what: 'a certificate with the key of another host',
    says: bad(() => ({ spki: spkiOf(fixtureKey(1)) })),
    code: 'IDENTITY_UNFIT',
  },
  {
    what: 'a certificate that is a CA',
    says: bad((host) => ({ extensions: [basicConstraints(true), ...usual.slice(1), subjectAltName(host)] })),
    code: 'IDENTITY_UNFIT',
  },
  { what: 'a certificate that has expired', says: bad(() => ({ notAfter: inDays(-0.1) })), code: 'IDENTITY_UNFIT' },
  {
    what: 'a certificate with a giant object identifier',
    says: bad((host) => ({
      extensions: [...usual, subjectAltName(host), encodeSequence(giant, encode(tag.octetString))],
    })),
    code: 'DER_INVALID',
  },
  {
    what: 'a certificate with an extension of 300 kB',
    says: bad((host) => ({ extensions: [...usual, subjectAltName(host), extension('1.2.3.4', new Uint8Array(3e5))] })),
    code: 'DER_INVALID',
  },
  {
    what: 'two certificates',
    says: (host) => ({ key: rsa(), pem: `${certificateOf(host).pem}${certificateOf('good_1').pem}` }),
  },
  {
    what: 'a request in place of a certificate',
    says: (host) => ({ key: rsa(), pem: requestOf(host, rsa()) }),
    code: 'PEM_INVALID',
  },
];
