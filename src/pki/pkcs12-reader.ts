/**
 * PKCS #12 (RFC 7292), read with pkijs, which is loaded only then.
 *
 * @module
 */

import type { ContentInfo, PFX } from 'pkijs';
import { OvsPkiError } from '../errors.js';
import { providerOf } from './engine.js';
import { type AskPassphrase, wrongPassphrase } from './passphrase.js';

/** The DER of what is in a file, and the passphrase that opened it. Keys are as they stand there, mostly encrypted. */
export interface Pkcs12Contents {
  readonly certificates: readonly Uint8Array[];
  readonly keys: readonly { readonly der: Uint8Array; readonly encrypted: boolean }[];
  readonly passphrase: string;
}

/** Reads a file. Throws DER_INVALID, PASSPHRASE_WRONG or ENCRYPTION_UNSUPPORTED. */
export async function readPkcs12(bytes: Uint8Array, file: string, ask: AskPassphrase): Promise<Pkcs12Contents> {
  const pkijs = await import('pkijs');
  const crypto = providerOf(undefined);
  const engine = new pkijs.CryptoEngine({ name: '', crypto, subtle: crypto.subtle });
  const pfx = parsed(file, () => pkijs.PFX.fromBER(new Uint8Array(bytes)));
  const passphrase = await ask();
  const password = new Uint8Array(Buffer.from(passphrase)).buffer;
  await checkIntegrity(pfx, { checkIntegrity: pfx.macData !== undefined, password }, engine, file);
  const certificates: Uint8Array[] = [];
  const keys: { der: Uint8Array; encrypted: boolean }[] = [];
  for (const info of pfx.parsedValue?.authenticatedSafe?.safeContents ?? []) {
    const content = await contentOf(info);
    for (const { bagValue } of parsed(file, () => pkijs.SafeContents.fromBER(content)).safeBags) {
      if (bagValue instanceof pkijs.CertBag && 'valueBlock' in bagValue.certValue) {
        certificates.push(new Uint8Array(bagValue.certValue.getValue()));
      }
      const encrypted = bagValue instanceof pkijs.PKCS8ShroudedKeyBag;
      if (encrypted || bagValue instanceof pkijs.PrivateKeyInfo) {
        keys.push({ der: new Uint8Array(bagValue.toSchema().toBER()), encrypted });
      }
    }
  }
  return { certificates, keys, passphrase };

  async function contentOf({ contentType, content }: ContentInfo): Promise<ArrayBuffer> {
    if (contentType === pkijs.ContentInfo.DATA) return content.getValue();
    try {
      return await new pkijs.EncryptedData({ schema: content }).decrypt({ password }, engine);
    } catch (error) {
      throw decryptError(file, error);
    }
  }
}

async function checkIntegrity(
  pfx: PFX,
  parameters: Parameters<PFX['parseInternalValues']>[0],
  engine: Parameters<PFX['parseInternalValues']>[1],
  file: string,
): Promise<void> {
  try {
    await pfx.parseInternalValues(parameters, engine);
  } catch (error) {
    throw /Integrity/.test(messageOf(error)) ? wrongPassphrase(file, error) : damaged(file, error);
  }
}

function decryptError(file: string, cause: unknown): OvsPkiError {
  // Where there is no integrity check, it is the padding that shows a wrong passphrase.
  if (!/Unknown|Incorrect|Unsupported|algorithm/i.test(messageOf(cause))) return wrongPassphrase(file, cause);
  return new OvsPkiError('ENCRYPTION_UNSUPPORTED', `${file} is encrypted with an algorithm that is not read here`, {
    hint: `take it out with OpenSSL, then show that: openssl pkcs12 -legacy -nokeys -in ${file} -out contents.pem`,
    details: { file, reason: messageOf(cause) },
    cause,
  });
}

function parsed<T>(file: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw damaged(file, error);
  }
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
