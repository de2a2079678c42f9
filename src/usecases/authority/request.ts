/**
 * `import --request`: a request for the certificate of a CA that another CA is to sign, such as that of your company. The key
 * is made here and waits; `import` of the certificate finds it.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { createCaRequest } from '../../pki/ca-request.js';
import { requireGoodPassphrase } from '../../pki/encrypted-key.js';
import type { SigningKey } from '../../pki/engine.js';
import { describeKey, type PublicKey } from '../../pki/key.js';
import type { KeySpec } from '../../pki/key-spec.js';
import { type DistinguishedName, formatName } from '../../pki/name.js';
import { encodePem } from '../../pki/pem.js';
import type { CertificateType } from '../../pki/profile.js';
import { parseSubject } from '../../pki/subject.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { readCa } from '../../store/ca/ca.js';
import { openIssuer } from '../../store/ca/ca-key.js';
import { destroyOwnTokenKey, makeTokenKey, readKeyUri } from '../../store/ca/token-key.js';
import { readWaiting } from '../../store/ca/waiting.js';
import type { NewCa } from '../../store/change/new-ca.js';
import { placeWaiting, waitsAlready } from '../../store/change/waiting.js';
import { requireTokenForKeys } from './init.js';
import { makeFileKey } from './new-authority.js';

/** Where the request goes. */
export interface RequestPlace {
  readonly pkiDirectory: string;
  readonly type: CertificateType;
  /** The name of a file, or who takes the text. */
  readonly out: string | ((content: string) => void);
  /** Replaces the file, and gives up the key that waits already. */
  readonly force: boolean;
}

/** The request that is to be made. */
export interface CaRequestOrder extends RequestPlace {
  /** `/C=DE/O=Company/CN=OVS CA`; with `sameKey` the name is that of the CA. */
  readonly subject?: string;
  /** For the key that the CA has, whose certificate is to be renewed. */
  readonly sameKey?: boolean;
  readonly keySpec: KeySpec;
  /** Encrypts the key. */
  readonly passphrase?: string;
  /** A `pkcs11:` URI (RFC 7512) of a token, in which the key is made. */
  readonly pkcs11?: string;
}

/** A request that was made. */
export interface CaRequested {
  readonly type: CertificateType;
  readonly outcome: 'requested';
  readonly out: string | undefined;
  /** Where the key waits; undefined where it is that of the CA. */
  readonly folder?: string;
  readonly subject: string;
  /** Such as `RSA 3072` or `EC P-256`. */
  readonly key: string;
  /** Another key has waited, and is gone. */
  readonly replaced: boolean;
}

/** @throws USAGE, FILE_EXISTS, PKI_NOT_FOUND, KEY_ENCRYPTED, PASSPHRASE_INVALID, FILE_UNWRITABLE, or the TOKEN_ codes */
export async function requestCa(platform: Platform, order: CaRequestOrder): Promise<CaRequested> {
  const { type, pkcs11, keySpec, passphrase } = order;
  if (order.sameKey === true) return requestForSameKey(platform, order);
  if (order.subject === undefined) throw noSubject(type);
  const subject = parseSubject(order.subject);
  if (passphrase !== undefined) requireGoodPassphrase(passphrase);
  if (pkcs11 !== undefined) requireTokenForKeys(order, pkcs11);
  return requestForNewKey(platform, order, subject, () => makeKey(platform, { type, keySpec, passphrase, pkcs11 }));
}

/** A key that was just made. */
export interface NewKey {
  readonly publicKey: PublicKey;
  readonly signingKey: SigningKey;
  readonly kept: NewCa['key'];
  readonly destroy?: () => Promise<void>;
}

/** In a file, or in a token. */
export async function makeKey(
  platform: Platform,
  {
    type,
    keySpec,
    passphrase,
    pkcs11,
  }: {
    readonly type: CertificateType;
    readonly keySpec: KeySpec;
    readonly passphrase: string | undefined;
    readonly pkcs11: string | undefined;
  },
): Promise<NewKey> {
  if (pkcs11 === undefined)
    return makeFileKey(platform, { keySpec, ...(passphrase === undefined ? {} : { passphrase }) });
  const key = await makeTokenKey(platform, pkcs11, keySpec, `${type}ca`);
  return { ...key, kept: { uri: key.uri } };
}

/** The key waits before its request leaves: what is signed has a key. */
export async function requestForNewKey(
  platform: Platform,
  { pkiDirectory, type, out, force }: RequestPlace,
  subject: DistinguishedName,
  make: () => Promise<NewKey>,
): Promise<CaRequested> {
  // 1. Is there room?
  const before = readWaiting(pkiDirectory, type);
  if (before !== undefined && !force) throw waitsAlready(pkiDirectory, type);
  requireRoom(out, force);
  // 2. The key and its request, in the PKI directory.
  const uriBefore = before && readKeyUri(before.layout);
  const key = await make();
  let request: Uint8Array;
  try {
    request = await createCaRequest({ subject, publicKey: key.publicKey, signingKey: key.signingKey });
    placeWaiting(platform, pkiDirectory, type, { key: key.kept, request }, force);
  } catch (error) {
    await key.destroy?.();
    throw error;
  }
  if (uriBefore !== undefined) await destroyOwnTokenKey(platform, uriBefore);
  // 3. The copy that goes out.
  putOut(out, request, force);
  const { folder } = readWaiting(pkiDirectory, type)?.layout ?? {};
  return {
    ...made(type, out, subject, key.publicKey),
    ...(folder === undefined ? {} : { folder }),
    replaced: before !== undefined,
  };
}

async function requestForSameKey(platform: Platform, order: CaRequestOrder): Promise<CaRequested> {
  const { pkiDirectory, type, out, force } = order;
  if (order.subject !== undefined || order.passphrase !== undefined || order.pkcs11 !== undefined) {
    throw new OvsPkiError('USAGE', 'a CA that is renewed with the same key keeps its name and the place of its key', {
      hint: `ovs-pki-ts import ${type} --request FILE --same-key`,
    });
  }
  const ca = readCa(pkiDirectory, type);
  requireRoom(out, force);
  const { signingKey } = await openIssuer(platform, ca);
  const { subject, publicKey } = ca.certificate;
  putOut(out, await createCaRequest({ subject, publicKey, signingKey }), force);
  platform.log.write(`made a request for the key of ${type}ca`);
  return { ...made(type, out, subject, publicKey), replaced: false };
}

function made(
  type: CertificateType,
  out: RequestPlace['out'],
  subject: DistinguishedName,
  publicKey: PublicKey,
): Omit<CaRequested, 'replaced'> {
  const file = typeof out === 'string' ? out : undefined;
  return { type, outcome: 'requested', out: file, subject: formatName(subject), key: describeKey(publicKey) };
}

function requireRoom(out: RequestPlace['out'], force: boolean): void {
  if (typeof out !== 'string' || force || !files.exists(out)) return;
  throw new OvsPkiError('FILE_EXISTS', `${out} already exists`, {
    hint: 'choose another name, or replace it with --force',
    details: { file: out },
  });
}

function putOut(out: RequestPlace['out'], der: Uint8Array, force: boolean): void {
  const pem = encodePem('CERTIFICATE REQUEST', der);
  if (typeof out !== 'string') out(pem);
  else if (force) files.replaceFile(out, pem);
  else files.createFile(out, pem);
}

function noSubject(type: CertificateType): OvsPkiError {
  return new OvsPkiError('USAGE', 'a request for a CA needs the name of the CA', {
    hint: `ovs-pki-ts import ${type} --request FILE --subject /C=DE/O=Company/CN=OVS-CA; or --same-key for the key that the CA has`,
  });
}
