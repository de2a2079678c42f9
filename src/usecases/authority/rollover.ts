/**
 * `rollover`: another key for a CA, under the same name. Here what happens in the PKI directory; `rollover-fleet.ts` takes it
 * to the hosts.
 *
 * @module
 */

import { join } from 'node:path';
import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { importSigningKey, keyIdentifier, signatureAlgorithmFor } from '../../pki/engine.js';
import type { Issuer } from '../../pki/issue/certificate.js';
import { defaultKeySpec, type KeySpec, minimumRsaBits } from '../../pki/key.js';
import { commonNameOfOneLine, formatOneLine } from '../../pki/name.js';
import type { CertificateType } from '../../pki/profile.js';
import type { Life } from '../../pki/validity.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, keyFileText, openIssuer, openKeyFile, readCa, readCaKey } from '../../store/ca/ca.js';
import { isOfOther } from '../../store/ca/issued-by.js';
import { type RolloverPhase, rolloverPhase } from '../../store/ca/phase.js';
import {
  destroyOwnTokenKey,
  isKeyInToken,
  makeTokenKey,
  readKeyUri,
  specOf,
  tokenUriOf,
} from '../../store/ca/token-key.js';
import { readWaiting } from '../../store/ca/waiting.js';
import { readCertificate } from '../../store/certificate-file.js';
import { makeCrls } from '../../store/change/crl.js';
import { dropNext, letNewSign, letOldSign, placeNext, retireOld } from '../../store/change/rollover.js';
import { dropWaiting } from '../../store/change/waiting.js';
import { requireHistory } from '../../store/history/contradictions.js';
import { indexRows, indexTimeMs } from '../../store/index/row.js';
import { issuedCertificateFile } from '../../store/layout.js';
import { type CertificateSummary, summarize } from '../summary.js';
import { defaultCrlDays } from './crl.js';
import { makeAuthority, makeFileKey } from './init.js';

/** Which CA it is about. */
export interface RolloverRequest {
  readonly pkiDirectory: string;
  readonly type: CertificateType;
}

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

/** How far a rollover has got. */
export interface RolloverState {
  readonly type: CertificateType;
  /** `none`: there is no rollover; `prepared`: the old CA signs; `switched`: the new one does. */
  readonly phase: 'none' | 'prepared' | 'switched';
  /** The CA that signs. */
  readonly signing: CertificateSummary;
  /** The other one, which hosts trust as well. */
  readonly other?: CertificateSummary;
  /** Its file, for hosts that get their files in another way. */
  readonly otherFile?: string;
  /** The request of the next key, which waits for its certificate. */
  readonly requestFile?: string;
  /** Names whose last certificate in force was signed by the other CA. */
  readonly lagging: readonly string[];
  /** The key of the CA that has ended, in its token: it was not made here, and was left there. */
  readonly keyLeft?: string;
}

/** @throws PKI_NOT_FOUND, PKI_CORRUPT */
export async function rolloverStatus(platform: Platform, request: RolloverRequest): Promise<RolloverState> {
  const ca = readCa(request.pkiDirectory, request.type);
  const waiting = readWaiting(request.pkiDirectory, request.type);
  return {
    type: ca.type,
    phase: rolloverPhase(ca.layout) ?? 'none',
    signing: summarize(ca.certificate),
    ...(ca.other === undefined
      ? {}
      : { other: summarize(ca.other.certificate), otherFile: ca.other.layout.certificate }),
    ...(waiting === undefined ? {} : { requestFile: waiting.layout.request }),
    lagging: laggingNames(ca, platform.clock.now()),
  };
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

/**
 * Lets the new CA sign. That all hosts trust it has to be seen to before.
 *
 * @throws ROLLOVER_STATE, PKI_LOCKED, FILE_UNWRITABLE; what `crl` throws, where there are lists to be made
 */
export async function switchRollover(platform: Platform, request: RolloverRequest): Promise<RolloverState> {
  const ca = readCa(request.pkiDirectory, request.type);
  await openForLists(platform, ca, 'prepared', [ca, ca.other]);
  if (rolloverPhase(ca.layout) === 'prepared') await requireKeyOf(platform, ca.other);
  await letNewSign(platform, ca);
  return withLists(platform, request);
}

/**
 * Undoes the last step: the old CA signs again; or, where the new one does not sign, it is given up, as is a key that waits for
 * its certificate.
 *
 * @throws ROLLOVER_STATE, ROLLOVER_LAGS where a certificate of the new CA is in force that would be trusted no more
 */
export async function undoRollover(platform: Platform, request: RolloverRequest): Promise<RolloverState> {
  const ca = readCa(request.pkiDirectory, request.type);
  const phase = rolloverPhase(ca.layout);
  if (phase === undefined && (await giveUpWaiting(platform, request))) return rolloverStatus(platform, request);
  if (phase === 'switched') {
    await openForLists(platform, ca, 'switched', [ca, ca.other]);
    await requireKeyOf(platform, ca.other);
    await letOldSign(platform, ca);
  } else {
    requireNobodyLags(ca, platform.clock.now());
    await openForLists(platform, ca, 'prepared', [ca]);
    return withoutOther(platform, ca, request, () => dropNext(platform, ca));
  }
  return withLists(platform, request);
}

/** A key that waits for its certificate is what a rollover begins with. */
async function giveUpWaiting(platform: Platform, { pkiDirectory, type }: RolloverRequest): Promise<boolean> {
  const waiting = readWaiting(pkiDirectory, type);
  if (waiting === undefined) return false;
  const uri = readKeyUri(waiting.layout);
  dropWaiting(platform, waiting);
  if (uri !== undefined) await destroyOwnTokenKey(platform, uri);
  return true;
}

/**
 * Ends a rollover: the key of the old CA is destroyed, and its certificate kept for telling hosts not to trust it.
 *
 * @throws ROLLOVER_STATE, ROLLOVER_LAGS unless `force` is given
 */
export async function retireRollover(
  platform: Platform,
  request: RolloverRequest & { readonly force: boolean },
): Promise<RolloverState> {
  const ca = readCa(request.pkiDirectory, request.type);
  if (rolloverPhase(ca.layout) === 'switched' && !request.force) requireNobodyLags(ca, platform.clock.now());
  await openForLists(platform, ca, 'switched', [ca]);
  return withoutOther(platform, ca, request, () => retireOld(platform, ca));
}

/** A key in a token goes after its CA: until then it could still be wanted. */
async function withoutOther(
  platform: Platform,
  { other }: Ca,
  request: RolloverRequest,
  end: () => Promise<void>,
): Promise<RolloverState> {
  const uri = other === undefined ? undefined : readKeyUri(other.layout);
  // A run that is killed between the two leaves the key in the token, which this line tells of.
  if (uri !== undefined) platform.log.write(`retiring the key ${uri}`);
  await end();
  const isGone = uri === undefined || (await destroyOwnTokenKey(platform, uri));
  const state = await withLists(platform, request);
  return isGone ? state : { ...state, keyLeft: uri };
}

/** Nothing is signed any more where the CA that is to sign has lost its key. One that is encrypted is not opened for this. */
async function requireKeyOf(platform: Platform, ca: Ca | undefined): Promise<void> {
  if (ca === undefined || isKeyInToken(ca.layout)) return;
  await readCaKey({ ...platform, passphrase: undefined }, ca).catch((error: unknown) => {
    if (!(error instanceof OvsPkiError) || error.code !== 'KEY_ENCRYPTED') throw error;
  });
}

/** A passphrase or PIN that is not at hand is to stop a step before it, and not between it and its lists. */
async function openForLists(
  platform: Platform,
  ca: Ca,
  phase: RolloverPhase,
  signers: readonly (Ca | undefined)[],
): Promise<void> {
  if (rolloverPhase(ca.layout) !== phase || !files.exists(ca.layout.crl)) return;
  const now = platform.clock.now();
  requireHistory(ca, now);
  for (const signer of signers) {
    if (signer !== undefined && signer.certificate.notAfter >= now) await openIssuer(platform, signer);
  }
}

/** Where there is a list, there is one of each CA that signs or has signed. */
async function withLists(platform: Platform, request: RolloverRequest): Promise<RolloverState> {
  const ca = readCa(request.pkiDirectory, request.type);
  if (files.exists(ca.layout.crl)) await makeCrls(platform, ca, defaultCrlDays);
  return rolloverStatus(platform, request);
}

/** The names whose last certificate in force was signed by the CA that does not sign now: that is what they use. */
function laggingNames(ca: Ca, now: Date): string[] {
  if (ca.other === undefined) return [];
  const own = formatOneLine(ca.certificate.subject);
  const last = new Map<string, string>();
  for (const { state, expires, subject, serialNumber } of indexRows(ca.layout.index)) {
    if (state !== 'V' || subject === own || indexTimeMs(expires) < now.getTime()) continue;
    last.set(commonNameOfOneLine(subject), issuedCertificateFile(ca.layout, serialNumber));
  }
  return [...last].flatMap(([name, copy]) =>
    !files.exists(copy) || isOfOther(readCertificate(copy), ca) ? [name] : [],
  );
}

function requireNobodyLags(ca: Ca, now: Date): void {
  const lagging = laggingNames(ca, now);
  if (lagging.length === 0) return;
  const some = `${lagging.slice(0, 5).join(', ')}${lagging.length > 5 ? ` and ${lagging.length - 5} more` : ''}`;
  throw new OvsPkiError('ROLLOVER_LAGS', `these have no certificate of the CA that signs now: ${some}`, {
    hint: `renew them: ovs-pki-ts apply; ovs-pki-ts renew --due${ca.type === 'switch' ? '' : ` ${ca.type}`}; or revoke those that are gone`,
    details: { lagging },
  });
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
