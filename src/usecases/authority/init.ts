/**
 * `init`: a new PKI directory with its two CAs.
 *
 * @module
 */

import { join } from 'node:path';
import { OvsPkiError } from '../../errors.js';
import { requireGoodPassphrase } from '../../pki/encrypted-key.js';
import { describeKey } from '../../pki/key.js';
import type { KeySpec } from '../../pki/key-spec.js';
import { parsePkcs11Uri } from '../../pki/pkcs11-uri.js';
import { type CertificateType, certificateTypes } from '../../pki/profile.js';
import { certificateFileText } from '../../pki/text.js';
import * as files from '../../platform/files.js';
import { isFolder } from '../../platform/folders.js';
import type { Platform } from '../../platform/index.js';
import { keyFileText } from '../../store/ca/ca-key.js';
import { makeTokenKey, type NewTokenKey } from '../../store/ca/token-key.js';
import { type NewCa, requireNoPki, writePkiDirectory } from '../../store/change/new-ca.js';
import { caFolder, caLayout } from '../../store/layout.js';
import { type CertificateSummary, summarize } from '../summary.js';
import { type CaKey, type FileKey, type MadeCa, makeAuthority, makeCa, makeFileKey, nameOf } from './new-authority.js';
import { type ProfileOptions, profilesFor } from './new-profile.js';

/** What `init` is to make. */
export interface InitRequest extends ProfileOptions {
  readonly pkiDirectory: string;
  readonly keySpec: KeySpec;
  /** Days that the CA certificates are valid. */
  readonly days: number;
  /** In place of `days`: when the validity ends. */
  readonly notAfter?: Date;
  /** Put new CAs into a directory that exists; CAs that are there are kept under another name. */
  readonly force: boolean;
  /** Encrypts the keys of the CAs; without it they are plain files, as with ovs-pki. */
  readonly passphrase?: string;
  /** A `pkcs11:` URI (RFC 7512) of a token, in which the keys of the CAs are made, and which they never leave. */
  readonly pkcs11?: string;
  /** A folder that gets the key and the certificate of a root; the CAs are intermediates below it then. */
  readonly offlineRoot?: string;
  /** Called for each CA when its making begins. */
  readonly onProgress?: (type: CertificateType | 'root') => void;
}

/** What `init` has made. */
export interface InitResult {
  readonly pkiDirectory: string;
  readonly authorities: readonly {
    readonly type: CertificateType;
    readonly folder: string;
    readonly certificate: CertificateSummary;
  }[];
  /** Where the CAs that were there before are now. */
  readonly kept: readonly string[];
  /** The root above them, if there is to be one; its key is to be kept elsewhere. */
  readonly root?: {
    readonly certificateFile: string;
    readonly privateKeyFile: string;
    readonly certificate: CertificateSummary;
  };
}

/** @throws USAGE, PROFILE_INVALID, PKI_EXISTS, VALIDITY_REFUSED, FILE_EXISTS, FILE_NOT_FOUND, FILE_UNWRITABLE, PASSPHRASE_INVALID, or the TOKEN_ codes */
export async function init(platform: Platform, request: InitRequest): Promise<InitResult> {
  const { pkiDirectory, force, pkcs11 } = request;
  // 1. Before minutes are spent on keys: is there room for them?
  requireNoPki(pkiDirectory, force);
  if (request.passphrase !== undefined) requireGoodPassphrase(request.passphrase);
  if (pkcs11 !== undefined) requireTokenForKeys(request, pkcs11);
  const place = request.offlineRoot === undefined ? undefined : rootFiles(request.offlineRoot);
  const profiles = profilesFor(pkiDirectory, request);
  // 2. Both CAs, as values.
  const now = platform.clock.now();
  const root =
    place &&
    (await makeAuthority(
      request,
      'root',
      now,
      () => makeFileKey(platform, request),
      undefined,
      nameOf(profiles, 'root', now),
    ));
  const inToken: NewTokenKey[] = [];
  const makeKey = async (type: CertificateType): Promise<CaKey> => {
    if (pkcs11 === undefined) return makeFileKey(platform, request);
    const key = await makeTokenKey(platform, pkcs11, request.keySpec, `${type}ca`);
    inToken.push(key);
    return { ...key, kept: { uri: key.uri } };
  };
  const making = certificateTypes.map((type) =>
    makeCa({ ...request, profiles }, type, now, makeKey, platform.operator, root),
  );
  try {
    // 3. The directory, all at once.
    return await writeAll(platform, request, await Promise.all(making), now, {
      profile: profiles.text,
      root: place && root && { ...place, ...root },
    });
  } catch (error) {
    await Promise.allSettled(making);
    await destroyUnused(pkiDirectory, inToken);
    throw error;
  }
}

type MadeRoot = NonNullable<ReturnType<typeof rootFiles>> & MadeCa<FileKey>;

async function writeAll(
  platform: Platform,
  { pkiDirectory, force }: InitRequest,
  cas: readonly NewCa[],
  now: Date,
  { root, profile }: { readonly root: MadeRoot | undefined; readonly profile: string | undefined },
): Promise<InitResult> {
  // 1. The root comes first: without it nothing below it could be made again.
  const rootMade: string[] = [];
  const putRoot = (file: string, text: string, mode?: number): void => {
    files.createFile(file, text, mode);
    rootMade.push(file);
  };
  let kept: string[];
  try {
    if (root !== undefined) {
      const { pkcs8, passphrase } = root.key.kept;
      putRoot(root.privateKeyFile, keyFileText(pkcs8, passphrase), 0o600);
      putRoot(root.certificateFile, certificateFileText(root.certificate));
    }
    kept = await writePkiDirectory(platform, pkiDirectory, cas, force, now, profile);
  } catch (error) {
    if (!cas.some((ca) => isInPlace(pkiDirectory, ca))) for (const file of rootMade) files.removeFile(file);
    throw error;
  }
  // 2. What was made.
  for (const { type, keySpec } of cas) platform.log.write(`made ${type}ca in ${pkiDirectory}, ${describeKey(keySpec)}`);
  const authorities = cas.map(({ type, certificate }) => ({
    type,
    folder: caFolder(pkiDirectory, type),
    certificate: summarize(certificate),
  }));
  const made = { pkiDirectory, authorities, kept };
  if (root === undefined) return made;
  const { certificateFile, privateKeyFile, certificate } = root;
  return { ...made, root: { certificateFile, privateKeyFile, certificate: summarize(certificate) } };
}

/** With --force what goes wrong can come after one of two CAs: that keeps its root. */
function isInPlace(pkiDirectory: string, { type, certificate }: NewCa): boolean {
  const file = caLayout(caFolder(pkiDirectory, type)).certificate;
  return files.exists(file) && files.readFile(file).toString('latin1').startsWith(certificateFileText(certificate));
}

/** Throws USAGE for a URI of a key, and for a passphrase. */
export function requireTokenForKeys({ passphrase }: Pick<InitRequest, 'passphrase'>, pkcs11: string): void {
  const { object, id } = parsePkcs11Uri(pkcs11);
  if (object !== undefined || id !== undefined) {
    throw new OvsPkiError('USAGE', 'new keys are made in a token, and the URI names a key that is there', {
      hint: 'leave object= and id= away; a CA whose key is there is brought in with "import TYPE --ca-key URI"',
    });
  }
  if (passphrase === undefined) return;
  throw new OvsPkiError(
    'USAGE',
    'keys in a token are not encrypted with a passphrase: the PIN of the token guards them',
    {
      hint: 'leave --encrypt-key away',
    },
  );
}

/** What went wrong may have come after a CA was in its place: that keeps its key. */
async function destroyUnused(pkiDirectory: string, keys: readonly NewTokenKey[]): Promise<void> {
  if (keys.length === 0) return;
  const places = certificateTypes.map((type) => caLayout(caFolder(pkiDirectory, type)).privateKeyUri);
  const used = places.filter(files.exists).map((file) => files.readFile(file).toString().trim());
  await Promise.allSettled(keys.filter(({ uri }) => !used.includes(uri)).map((key) => key.destroy()));
}

/** The files of a root are never replaced: with its key everything below it would be lost. */
function rootFiles(folder: string): { readonly certificateFile: string; readonly privateKeyFile: string } {
  if (!isFolder(folder)) {
    throw new OvsPkiError('FILE_NOT_FOUND', `${folder} is not a folder, and the root is to be kept there`, {
      hint: `if it is on a USB stick, mount that; or make it: mkdir -p ${folder}`,
      details: { folder },
    });
  }
  const [certificateFile, privateKeyFile] = [join(folder, 'rootca-cert.pem'), join(folder, 'rootca-privkey.pem')];
  for (const file of [certificateFile, privateKeyFile].filter(files.exists)) {
    throw new OvsPkiError('FILE_EXISTS', `${file} already exists, and is never replaced`, {
      hint: 'choose another folder for the new root',
      details: { file },
    });
  }
  return { certificateFile, privateKeyFile };
}
