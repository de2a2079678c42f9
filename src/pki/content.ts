/**
 * What is in a file that may hold anything of X.509: PEM or DER; certificates, requests, CRLs, private keys, and the
 * PKCS #12 and CMS containers around them.
 *
 * @module
 */

import { createPrivateKey, createPublicKey } from 'node:crypto';
import { OvsPkiError, systemErrorCode } from '../errors.js';
import { type Certificate, decodeCertificate, inFile } from './certificate.js';
import { type CertificationRequest, decodeCertificationRequest } from './certification-request.js';
import { type Crl, decodeCrl } from './crl.js';
import { children, contextTag, type DerElement, readDer, sequenceOf, tag } from './der.js';
import { readOid } from './der-values.js';
import { decodePublicKey, type PublicKey } from './key.js';
import { type AskPassphrase, wrongPassphrase } from './passphrase.js';
import { decodePem, narrowed, type PemBlock } from './pem.js';
import { requireFewIterationsOfKey } from './work.js';

/** One thing that was found. Of a private key only what is public. */
export type Content =
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  | { readonly kind: 'certification request'; readonly request: CertificationRequest }
  | { readonly kind: 'CRL'; readonly crl: Crl }
  | { readonly kind: 'private key'; readonly publicKey: PublicKey; readonly encrypted: boolean };

type Form = Content['kind'] | 'PKCS #12' | 'CMS';

interface Block {
  readonly form: Form;
  readonly bytes: Uint8Array;
  /** PKCS #8, or one of the older forms. */
  readonly keyForm?: 'pkcs8' | 'pkcs1' | 'sec1' | undefined;
}

/**
 * Reads all that a file holds, in order, containers unpacked.
 *
 * @throws PEM_INVALID, DER_INVALID, KEY_INVALID, KEY_ENCRYPTED, PASSPHRASE_WRONG, ENCRYPTION_UNSUPPORTED
 */
export async function readContents(bytes: Uint8Array, file: string, passphrase: AskPassphrase): Promise<Content[]> {
  const contents: Content[] = [];
  for (const block of blocksOf(bytes, file)) contents.push(...(await contentsOf(block, file, passphrase)));
  return contents;
}

async function contentsOf(
  { form, bytes, keyForm }: Block,
  file: string,
  passphrase: AskPassphrase,
): Promise<Content[]> {
  switch (form) {
    case 'certificate':
      return [{ kind: form, certificate: inFile(file, () => decodeCertificate(bytes)) }];
    case 'certification request':
      return [{ kind: form, request: inFile(file, () => decodeCertificationRequest(bytes)) }];
    case 'CRL':
      return [{ kind: form, crl: inFile(file, () => decodeCrl(bytes)) }];
    case 'private key':
      return [await readKey(bytes, keyForm ?? 'pkcs8', file, passphrase)];
    case 'CMS':
      return inFile(file, () => signedDataContents(bytes));
    case 'PKCS #12': {
      const { readPkcs12 } = await import('./pkcs12-reader.js');
      const { certificates, keys, passphrase: opened } = await readPkcs12(bytes, file, passphrase);
      return [
        ...certificates.map((der) => ({
          kind: 'certificate' as const,
          certificate: inFile(file, () => decodeCertificate(der)),
        })),
        ...keys.map(({ der, encrypted }) => ({
          ...publicHalf(der, 'pkcs8', file, encrypted ? opened : undefined),
          encrypted,
        })),
      ];
    }
  }
}

/** What PEM labels announce. */
const labels: ReadonlyMap<string, Omit<Block, 'bytes'>> = new Map([
  ['CERTIFICATE', { form: 'certificate' }],
  ['X509 CERTIFICATE', { form: 'certificate' }],
  ['CERTIFICATE REQUEST', { form: 'certification request' }],
  ['NEW CERTIFICATE REQUEST', { form: 'certification request' }],
  ['X509 CRL', { form: 'CRL' }],
  ['PRIVATE KEY', { form: 'private key' }],
  ['ENCRYPTED PRIVATE KEY', { form: 'private key' }],
  ['RSA PRIVATE KEY', { form: 'private key', keyForm: 'pkcs1' }],
  ['EC PRIVATE KEY', { form: 'private key', keyForm: 'sec1' }],
  ['PKCS7', { form: 'CMS' }],
  ['CMS', { form: 'CMS' }],
  ['PKCS12', { form: 'PKCS #12' }],
]);

function blocksOf(bytes: Uint8Array, file: string): Block[] {
  const text = narrowed(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'));
  if (!text.includes('-----BEGIN ')) return [{ bytes, ...derForm(bytes, file) }];
  const found = decodePem(text, file);
  const known = found.flatMap(({ label, bytes: content }: PemBlock) => {
    const form = labels.get(label);
    return form === undefined ? [] : [{ ...form, bytes: content }];
  });
  if (known.length > 0) return known;
  throw unknown(
    file,
    `there is nothing in it that can be shown, only: ${[...new Set(found.map(({ label }) => label))].slice(0, 5).join(', ')}`,
  );
}

/** Which structure DER holds, by its first elements. */
function derForm(bytes: Uint8Array, file: string): Omit<Block, 'bytes'> {
  if (bytes.length === 0) throw unknown(file, 'it is empty');
  if (bytes[0] !== tag.sequence) throw unknown(file, 'it is neither PEM nor DER');
  // Only PKCS #12 comes in BER, with lengths that are not told beforehand.
  if (bytes[1] === 0x80) return { form: 'PKCS #12' };
  return inFile(file, () => {
    const [first, second, third] = sequenceOf(readDer(bytes), 'the file');
    if (first?.tag === tag.oid) return { form: 'CMS' };
    if (first?.tag === tag.sequence) {
      return third?.tag === tag.bitString ? { form: signedForm(first) } : { form: 'private key' };
    }
    const isContent = second?.tag === tag.sequence && children(second)[0]?.tag === tag.oid;
    if (isContent && third?.tag === tag.octetString) return { form: 'private key' };
    if (isContent) return { form: 'PKCS #12' };
    return { form: 'private key', keyForm: second?.tag === tag.octetString ? 'sec1' : 'pkcs1' };
  });
}

function signedForm(toBeSigned: DerElement): Form {
  const fields = children(toBeSigned);
  if (fields.some((field) => field.tag === tag.utcTime || field.tag === tag.generalizedTime)) return 'CRL';
  return fields[0]?.tag === contextTag(0, true) || fields.length > 5 ? 'certificate' : 'certification request';
}

/** The certificates and CRLs of a SignedData (RFC 5652, section 5.1). */
function signedDataContents(bytes: Uint8Array): Content[] {
  const [type, wrapped] = sequenceOf(readDer(bytes), 'the CMS structure');
  if (readOid(type, 'the type of the CMS structure') !== signedData || wrapped === undefined) {
    throw new OvsPkiError('DER_INVALID', 'the CMS structure is not one that carries certificates (SignedData)');
  }
  const fields = sequenceOf(children(wrapped)[0], 'SignedData');
  const within = (number: number): Uint8Array[] => {
    const field = fields.find((element) => element.tag === contextTag(number, true));
    // Other kinds of certificates and lists have context tags.
    return field === undefined
      ? []
      : children(field)
          .filter((item) => item.tag === tag.sequence)
          .map((item) => item.bytes);
  };
  return [
    ...within(0).map((der) => ({ kind: 'certificate' as const, certificate: decodeCertificate(der) })),
    ...within(1).map((der) => ({ kind: 'CRL' as const, crl: decodeCrl(der) })),
  ];
}

const signedData = '1.2.840.113549.1.7.2';

async function readKey(
  bytes: Uint8Array,
  form: 'pkcs8' | 'pkcs1' | 'sec1',
  file: string,
  passphrase: AskPassphrase,
): Promise<Content> {
  // EncryptedPrivateKeyInfo begins with its algorithm, PrivateKeyInfo with its version.
  const encrypted = inFile(file, () => sequenceOf(readDer(bytes), 'the private key')[0]?.tag === tag.sequence);
  if (encrypted) inFile(file, () => requireFewIterationsOfKey(file, bytes));
  return { ...publicHalf(bytes, form, file, encrypted ? await passphrase() : undefined), encrypted };
}

function publicHalf(bytes: Uint8Array, form: 'pkcs8' | 'pkcs1' | 'sec1', file: string, passphrase?: string) {
  try {
    const given = passphrase === undefined ? {} : { passphrase };
    const key = createPrivateKey({ key: Buffer.from(bytes), format: 'der', type: form, ...given });
    const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
    return { kind: 'private key' as const, publicKey: decodePublicKey(readDer(new Uint8Array(spki))) };
  } catch (error) {
    if (passphrase !== undefined && isDecryptError(error)) throw wrongPassphrase(file, error);
    throw new OvsPkiError('KEY_INVALID', `${file}: the private key cannot be read`, {
      hint: `see what OpenSSL makes of it: openssl pkey -noout -in ${file}`,
      details: { file },
      cause: error,
    });
  }
}

/** With a wrong passphrase the padding is wrong, or by chance right around what is no key. */
function isDecryptError(error: unknown): boolean {
  return /BAD_DECRYPT|BAD_PASSWORD|ASN1|DECODER|UNSUPPORTED/.test(systemErrorCode(error) ?? '');
}

function unknown(file: string, reason: string): OvsPkiError {
  return new OvsPkiError('PEM_INVALID', `${file}: ${reason}`, {
    hint: 'certificates, requests, CRLs, private keys, PKCS #12 and CMS can be shown, in PEM or DER',
    details: { file },
  });
}
