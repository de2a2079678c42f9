/**
 * PKCS #12 (RFC 7292), read with pkijs, which is loaded only then.
 *
 * @module
 */

import { createPrivateKey } from 'node:crypto';
import type { AlgorithmIdentifier, EncryptedData, PFX } from 'pkijs';
import { OvsPkiError } from '../errors.js';
import { inFile } from './certificate.js';
import { readDer } from './der.js';
import { providerOf } from './engine.js';
import { oid } from './oid.js';
import { type AskPassphrase, wrongPassphrase } from './passphrase.js';
import { iterationsOf, requireFewIterations, requireModestStructure } from './work.js';

/** The DER of what is in a file, and the passphrase that opened it. Keys are as they stand there, mostly encrypted. */
export interface Pkcs12Contents {
  readonly certificates: readonly Uint8Array[];
  readonly keys: readonly { readonly der: Uint8Array; readonly encrypted: boolean }[];
  readonly passphrase: string;
}

/** Reads a file. Throws DER_INVALID, PASSPHRASE_WRONG or ENCRYPTION_UNSUPPORTED. */
export async function readPkcs12(bytes: Uint8Array, file: string, ask: AskPassphrase): Promise<Pkcs12Contents> {
  inFile(file, () => requireModestStructure(bytes));
  const pkijs = await import('pkijs');
  let pfx: PFX;
  try {
    pfx = pkijs.PFX.fromBER(new Uint8Array(bytes));
  } catch (error) {
    throw damaged(file, error);
  }
  const iterations = BigInt(pfx.macData?.iterations ?? 1);
  requireFewIterations(file, iterations, 'its integrity check');
  // Many files have an empty password, which nobody has to be asked for; some have none at all.
  if (pfx.macData === undefined) {
    const contents = await unpackUnchecked(pkijs, bytes, file);
    if (contents !== undefined) return { ...contents, passphrase: '' };
  }
  const isOpen = pfx.macData !== undefined && iterations <= mostForNothing && (await opensWith(pkijs, bytes, ''));
  const passphrase = isOpen ? '' : await ask();
  try {
    return { ...(await unpack(pkijs, pfx, passphrase, file)), passphrase };
  } catch (error) {
    // What is damaged makes pkijs throw whatever comes up.
    throw error instanceof OvsPkiError ? error : damaged(file, error);
  }
}

/** A check that costs a fraction of a second. */
const mostForNothing = 100_000n;

async function opensWith(pkijs: typeof import('pkijs'), bytes: Uint8Array, passphrase: string): Promise<boolean> {
  const crypto = providerOf(undefined);
  const engine = new pkijs.CryptoEngine({ name: '', crypto, subtle: crypto.subtle });
  const password = new Uint8Array(Buffer.from(passphrase)).buffer;
  try {
    await pkijs.PFX.fromBER(new Uint8Array(bytes)).parseInternalValues({ checkIntegrity: true, password }, engine);
    return true;
  } catch {
    return false;
  }
}

/** What is in a file without an integrity check, where all of it opens with an empty password; undefined where not. */
async function unpackUnchecked(pkijs: typeof import('pkijs'), bytes: Uint8Array, file: string) {
  try {
    const contents = await unpack(pkijs, pkijs.PFX.fromBER(new Uint8Array(bytes)), '', file, mostForNothing);
    for (const { der } of contents.keys.filter(({ encrypted }) => encrypted)) {
      createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8', passphrase: '' });
    }
    return contents;
  } catch (error) {
    if (error instanceof OvsPkiError && error.code === 'ENCRYPTION_UNSUPPORTED') throw error;
    return undefined;
  }
}

async function unpack(
  pkijs: typeof import('pkijs'),
  pfx: PFX,
  passphrase: string,
  file: string,
  most?: bigint,
): Promise<Omit<Pkcs12Contents, 'passphrase'>> {
  const crypto = providerOf(undefined);
  const engine = new pkijs.CryptoEngine({ name: '', crypto, subtle: crypto.subtle });
  const password = new Uint8Array(Buffer.from(passphrase)).buffer;
  await pfx.parseInternalValues({ checkIntegrity: pfx.macData !== undefined, password }, engine).catch((error) => {
    throw /Integrity/.test(messageOf(error)) ? wrongPassphrase(file, error) : error;
  });
  const certificates: Uint8Array[] = [];
  const keys: { der: Uint8Array; encrypted: boolean }[] = [];
  let iterations = 0n;
  const count = (algorithm: AlgorithmIdentifier): void => {
    iterations += iterationsOf(readDer(new Uint8Array(algorithm.toSchema().toBER())));
    requireFewIterations(file, iterations, 'its encryption');
    if (most !== undefined && iterations > most) throw wrongPassphrase(file, undefined);
  };
  for (const { contentType, content } of pfx.parsedValue?.authenticatedSafe?.safeContents ?? []) {
    const decrypt = async () => {
      const data = new pkijs.EncryptedData({ schema: content });
      const { contentEncryptionAlgorithm: algorithm } = data.encryptedContentInfo;
      count(algorithm);
      const isLegacy = algorithm.algorithmId === oid.pbeWithSha1AndTripleDes;
      return isLegacy ? decryptLegacy(data, passphrase, file) : data.decrypt({ password }, engine);
    };
    const isPlain = contentType === pkijs.ContentInfo.DATA;
    const inner: ArrayBuffer = isPlain
      ? content.getValue()
      : await decrypt().catch((error) => failDecrypting(file, error));
    requireModestStructure(new Uint8Array(inner));
    for (const { bagValue } of pkijs.SafeContents.fromBER(inner).safeBags) {
      if (bagValue instanceof pkijs.CertBag && 'getValue' in bagValue.certValue)
        certificates.push(new Uint8Array(bagValue.certValue.getValue()));
      const encrypted = bagValue instanceof pkijs.PKCS8ShroudedKeyBag;
      if (encrypted) count(bagValue.encryptionAlgorithm);
      if (encrypted || bagValue instanceof pkijs.PrivateKeyInfo) {
        keys.push({ der: new Uint8Array(bagValue.toSchema().toBER()), encrypted });
      }
    }
  }
  return { certificates, keys };
}

async function decryptLegacy(data: EncryptedData, passphrase: string, file: string): Promise<ArrayBuffer> {
  const { decryptPbes1, readPbes1Parameters } = await import('./pbes1.js');
  const { encryptedContentInfo: info } = data;
  const used = readPbes1Parameters(
    readDer(new Uint8Array(info.contentEncryptionAlgorithm.algorithmParams.toBER())),
    file,
  );
  const content = await decryptPbes1(new Uint8Array(info.getEncryptedContent()), passphrase, used);
  return new Uint8Array(content).buffer;
}

function failDecrypting(file: string, cause: unknown): never {
  if (cause instanceof OvsPkiError) throw cause;
  // Where there is no integrity check, it is the padding that shows a wrong passphrase.
  if (!/Unknown|Incorrect|Unsupported|algorithm/i.test(messageOf(cause))) throw wrongPassphrase(file, cause);
  throw new OvsPkiError('ENCRYPTION_UNSUPPORTED', `${file} is encrypted with an algorithm that is not read here`, {
    hint: `take it out with OpenSSL, then show that: openssl pkcs12 -legacy -nokeys -in ${file} -out contents.pem`,
    details: { file, reason: messageOf(cause) },
    cause,
  });
}

function damaged(file: string, cause: unknown): OvsPkiError {
  return new OvsPkiError('DER_INVALID', `${file}: the PKCS #12 structure is damaged`, {
    hint: 'copy the file again from where it was made, whole',
    details: { file },
    cause,
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
