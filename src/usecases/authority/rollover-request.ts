/**
 * `rollover prepare` for a CA that another CA has signed, such as that of your company: the request for the next key goes
 * out, and its certificate comes in.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { equalBytes } from '../../pki/der.js';
import { isSameKey } from '../../pki/key-identity.js';
import type { KeySpec } from '../../pki/key-spec.js';
import { formatName } from '../../pki/name.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, readCa } from '../../store/ca/ca.js';
import { keyFileText, readCaKey } from '../../store/ca/ca-key.js';
import { isKeyInToken, readKeyUri, specOf, tokenUriOf } from '../../store/ca/token-key.js';
import { isFor, readWaiting, type WaitingKey } from '../../store/ca/waiting.js';
import { type NextCa, placeNext } from '../../store/change/rollover.js';
import { dropWaiting } from '../../store/change/waiting.js';
import { type CertificateOfFile, noKeyFor, openWaitingKey } from './ca-key.js';
import { type AuthorityFiles, type FitAuthority, readFitAuthority } from './fit-authority.js';
import { type CaRequested, makeKey, type RequestPlace, requestForNewKey } from './request.js';
import { nextKeySpec, underWay } from './rollover-prepare.js';
import { type RolloverRequest, type RolloverState, rolloverStatus } from './rollover-status.js';

/** The request for the next key of a CA. */
export interface NextRequest extends RequestPlace {
  /** Undefined for a key as the CA has one. */
  readonly keySpec?: KeySpec;
}

/**
 * Makes the next key, which waits for its certificate, and the request for it under the name of the CA.
 *
 * @throws ROLLOVER_STATE, FILE_EXISTS, KEY_ENCRYPTED, PASSPHRASE_WRONG, FILE_UNWRITABLE, or the TOKEN_ codes
 */
export async function requestRollover(platform: Platform, request: NextRequest): Promise<CaRequested> {
  const { type } = request;
  const ca = readCa(request.pkiDirectory, type);
  if (ca.other !== undefined) throw underWay(ca);
  const { subject, publicKey } = ca.certificate;
  const { keySpec = nextKeySpec(specOf(publicKey)) } = request;
  const uri = readKeyUri(ca.layout);
  return requestForNewKey(platform, request, subject, async () => {
    // The passphrase of the CA is that of its next key.
    const passphrase = uri === undefined ? (await readCaKey(platform, ca)).passphrase : undefined;
    return makeKey(platform, { type, keySpec, passphrase, pkcs11: uri === undefined ? undefined : tokenUriOf(uri) });
  });
}

/**
 * Takes the certificate of the key that waits: it follows the CA from now on, and nothing is signed with it yet.
 *
 * @throws ROLLOVER_STATE, CA_UNFIT, KEY_MISMATCH, PKI_LOCKED, KEY_ENCRYPTED, PASSPHRASE_WRONG, FILE_UNWRITABLE
 */
export async function prepareRequested(
  platform: Platform,
  request: RolloverRequest & AuthorityFiles,
): Promise<RolloverState> {
  const { pkiDirectory, type, certificateFile } = request;
  const ca = readCa(pkiDirectory, type);
  if (ca.other !== undefined) throw underWay(ca);
  const next = readFitAuthority(request, platform.clock.now());
  const waiting = readWaiting(pkiDirectory, type);
  if (isSameKey(next.certificate.publicKey, ca.certificate.publicKey)) throw sameKey(ca, certificateFile);
  if (!isFor(next.certificate, waiting)) throw noNextKey(ca, certificateFile, waiting);
  requireSameName(ca, next, certificateFile);
  const of = { certificate: next.certificate, certificateFile };
  await placeNext(platform, ca, { ...next, ...(await nextKey(platform, ca, of, waiting)) });
  dropWaiting(platform, waiting);
  return rolloverStatus(platform, request);
}

/** The key file of the next CA, with the passphrase that the CA has now: both have one. */
async function nextKey(
  platform: Platform,
  ca: Ca,
  of: CertificateOfFile,
  waiting: WaitingKey,
): Promise<Pick<NextCa, 'keyFile' | 'keyStamp'>> {
  const isInToken = isKeyInToken(ca.layout);
  if (isInToken !== isKeyInToken(waiting.layout)) throw otherPlace(ca, waiting);
  const keyStamp = files.stampOf(isInToken ? ca.layout.privateKeyUri : ca.layout.privateKey)?.stamp;
  const passphrase = isInToken ? undefined : (await readCaKey(platform, ca)).passphrase;
  const { key } = await openWaitingKey(platform, of, waiting);
  return { keyFile: 'uri' in key ? `${key.uri}\n` : keyFileText(key.pkcs8, passphrase), keyStamp };
}

/** All that the CA has signed names its issuer. */
function requireSameName({ certificate, layout }: Ca, next: FitAuthority, file: string): void {
  const [own, other] = [certificate.subject, next.certificate.subject];
  if (equalBytes(own.der, other.der)) return;
  const isEncoding = formatName(own) === formatName(other);
  const what = isEncoding ? 'writes its name in another type of string than' : 'has another name than';
  throw new OvsPkiError('CA_UNFIT', `${file} ${what} ${layout.certificate}, and a rollover keeps the name`, {
    hint: 'have the request signed with the name that it has (openssl ca: -preserveDN); a CA of another name is brought in with "import TYPE --force"',
    details: { file, subject: formatName(other), wanted: formatName(own) },
  });
}

function sameKey({ type, layout }: Ca, file: string): OvsPkiError {
  return new OvsPkiError('KEY_MISMATCH', `${file} is for the key that ${layout.folder} has already`, {
    hint: `if its certificate was renewed: ovs-pki-ts import ${type} --ca-cert ${file} --chain FILE`,
    details: { files: [file, layout.certificate] },
  });
}

function noNextKey({ type }: Ca, file: string, waiting: WaitingKey | undefined): OvsPkiError {
  if (waiting !== undefined) return noKeyFor(type, file, waiting);
  return new OvsPkiError('ROLLOVER_STATE', `no key waits for a certificate, and so not for ${file}`, {
    hint: `have the next key made, and its request signed: ovs-pki-ts rollover prepare ${type} --request FILE`,
    details: { file },
  });
}

function otherPlace({ layout }: Ca, waiting: WaitingKey): OvsPkiError {
  const [own, other] = isKeyInToken(layout) ? ['in a token', 'in a file'] : ['in a file', 'in a token'];
  return new OvsPkiError('CA_UNFIT', `the key of ${layout.folder} is ${own}, and the one that waits ${other}`, {
    hint: `make the next key where the first one is: ovs-pki-ts rollover prepare ${waiting.type} --request FILE --force`,
    details: { folder: waiting.layout.folder },
  });
}
