/**
 * The first step of a rollover: a new key for a CA, which is trusted and does not sign yet.
 *
 * @module
 */

import { join } from 'node:path';
import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { importSigningKey, keyIdentifier } from '../../pki/engine.js';
import type { Issuer } from '../../pki/issue/certificate.js';
import { defaultKeySpec, type KeySpec, minimumRsaBits } from '../../pki/key-spec.js';
import { signatureAlgorithmFor } from '../../pki/signature-algorithm.js';
import type { Life } from '../../pki/validity.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, readCa } from '../../store/ca/ca.js';
import { keyFileText, openKeyFile, readCaKey } from '../../store/ca/ca-key.js';
import { makeTokenKey, readKeyUri, specOf, tokenUriOf } from '../../store/ca/token-key.js';
import { readCertificate } from '../../store/certificate-file.js';
import { placeNext } from '../../store/change/rollover.js';
import { makeAuthority, makeFileKey } from './new-authority.js';
import { type RolloverRequest, type RolloverState, rolloverStatus } from './rollover-status.js';

/** The CA that is to follow. */
export interface RolloverPreparation extends RolloverRequest {
  readonly days: number;
  /** In place of `days`: when the validity ends. */
  readonly notAfter?: Date;
  /** Undefined for a key as the CA has one. */
  readonly keySpec?: KeySpec;
  /** The folder of the root that `init --offlineRoot` has made, for a CA that is below one. */
  readonly offlineRoot?: string;
}

/**
 * Makes the CA that is to follow: another key, the same name. Nothing is signed with it yet.
 *
 * @throws ROLLOVER_STATE, CA_UNFIT, PKI_LOCKED, KEY_ENCRYPTED, PASSPHRASE_WRONG, FILE_UNWRITABLE
 */
export async function prepareRollover(platform: Platform, request: RolloverPreparation): Promise<RolloverState> {
  const ca = readCa(request.pkiDirectory, request.type);
  if (ca.other !== undefined) throw underWay(ca);
  const root = await rootOf(platform, ca, request.offlineRoot);
  const uri = readKeyUri(ca.layout);
  await (uri === undefined
    ? prepareFile(platform, ca, request, root)
    : prepareInToken(platform, ca, request, root, uri));
  return rolloverStatus(platform, request);
}

/** Nothing but this of what was asked. */
function lifeOf({ days, notAfter }: RolloverPreparation): Life {
  return { days, ...(notAfter && { notAfter }) };
}

type Root = Awaited<ReturnType<typeof rootOf>>;

/** The key as the CA has one now tells the kind of the next, and the passphrase. */
async function prepareFile(platform: Platform, ca: Ca, request: RolloverPreparation, root: Root): Promise<void> {
  const keyStamp = files.stampOf(ca.layout.privateKey)?.stamp;
  const { privateKey, passphrase } = await readCaKey(platform, ca);
  const { keySpec = nextKeySpec(privateKey.spec), type } = request;
  const makeKey = () => makeFileKey(platform, { keySpec, ...(passphrase === undefined ? {} : { passphrase }) });
  const now = platform.clock.now();
  const { key, certificate } = await makeAuthority(lifeOf(request), type, now, makeKey, root, ca.certificate.subject);
  const keyFile = keyFileText(key.kept.pkcs8, passphrase);
  await placeNext(platform, ca, { certificate, chain: ca.chain, keyFile, keyStamp });
}

/** The kind of key that the CA has; a key that is too short is why there is a rollover. */
export function nextKeySpec(spec: KeySpec): KeySpec {
  return spec.type === 'rsa' && spec.bits < minimumRsaBits ? defaultKeySpec : spec;
}

/** A key in the same token, which has none of it afterwards where nothing comes of this. */
async function prepareInToken(
  platform: Platform,
  ca: Ca,
  request: RolloverPreparation,
  root: Root,
  uri: string,
): Promise<void> {
  const keyStamp = files.stampOf(ca.layout.privateKeyUri)?.stamp;
  const { keySpec = nextKeySpec(specOf(ca.certificate.publicKey)), type } = request;
  const now = platform.clock.now();
  const made = await makeTokenKey(platform, tokenUriOf(uri), keySpec, `${type}ca`);
  try {
    const makeKey = async () => ({ ...made, kept: { uri: made.uri } });
    const { certificate } = await makeAuthority(lifeOf(request), type, now, makeKey, root, ca.certificate.subject);
    await placeNext(platform, ca, { certificate, chain: ca.chain, keyFile: `${made.uri}\n`, keyStamp });
  } catch (error) {
    await made.destroy();
    throw error;
  }
}

/** Who signs the next certificate of the CA; undefined where that is the CA itself. */
async function rootOf(
  platform: Platform,
  { type, certificate, chain, layout }: Ca,
  folder: string | undefined,
): Promise<{ certificate: Certificate; issuer: Issuer } | undefined> {
  const [above] = chain;
  if (above === undefined) {
    if (folder === undefined) return undefined;
    throw new OvsPkiError('CA_UNFIT', `${layout.certificate} signed itself: there is no root above it`, {
      hint: 'leave --offline-root away; a CA below a root is made with "init --offline-root"',
      details: { file: layout.certificate },
    });
  }
  if (folder === undefined) {
    throw new OvsPkiError('CA_UNFIT', `${layout.certificate} was signed by another CA, whose key is not here`, {
      hint: `have it sign the next key: ovs-pki-ts rollover prepare ${type} --request FILE; or, below a root of "init --offline-root": --offline-root DIR`,
      details: { file: layout.certificate },
    });
  }
  const [file, keyFile] = [join(folder, 'rootca-cert.pem'), join(folder, 'rootca-privkey.pem')];
  const root = readCertificate(file);
  if (Buffer.compare(root.der, above.der) !== 0) {
    throw new OvsPkiError('CA_UNFIT', `${file} is not what has signed ${layout.certificate}`, {
      hint: `look at both: openssl x509 -noout -subject -issuer -serial -in ${file}`,
      details: { file, issuer: certificate.issuer.attributes },
    });
  }
  const { privateKey } = await openKeyFile(platform, keyFile);
  const signingKey = await importSigningKey(
    platform.crypto,
    privateKey,
    signatureAlgorithmFor(privateKey.spec),
    keyFile,
  );
  const { subject: name, publicKey } = root;
  const issuer = {
    name,
    publicKey,
    keyIdentifier: root.subjectKeyIdentifier ?? keyIdentifier(publicKey),
    signingKey,
    certificate: root,
  };
  return { certificate: root, issuer };
}

export function underWay({ type, layout }: Ca): OvsPkiError {
  return new OvsPkiError('ROLLOVER_STATE', `a rollover of ${type}ca is under way`, {
    hint: `see where it is: ovs-pki-ts rollover status ${type}; to give it up: ovs-pki-ts rollover back ${type}`,
    details: { folder: layout.folder },
  });
}
