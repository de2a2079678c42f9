/**
 * Requests of other programs (keytool, certreq, routers, appliances), of which only the public key is taken. What else stands
 * there is read as far as it can be, for being told of.
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';
import { decodeExtensions, decodeGeneralNames, inFile } from './certificate.js';
import { children, type DerElement, sequenceOf, tag } from './der.js';
import { readOid } from './der-values.js';
import { generalNameText } from './extension-text.js';
import { decodePublicKey, type PublicKey } from './key.js';
import { decodeName, formatName } from './name.js';
import { extensionNames, oid } from './oid.js';
import { decodePemOf } from './pem.js';
import { decodeSigned, type SignedStructure } from './signed.js';

/** What is taken from a request, and what is not. */
export interface ForeignRequest extends SignedStructure {
  readonly publicKey: PublicKey;
  /** What it asks for besides, as text. */
  readonly leftOut: readonly string[];
}

/** Reads a request, PEM or DER. Throws PEM_INVALID or DER_INVALID. */
export function decodeForeignRequest(text: string, file: string): ForeignRequest {
  const [block] = decodePemOf(['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST'], text, file);
  return inFile(file, () => {
    const signed = decodeSigned(block.bytes, 'certification request');
    const [, subject, publicKey, attributes] = sequenceOf(signed.toBeSigned, 'the signed part');
    if (publicKey === undefined) throw new OvsPkiError('DER_INVALID', 'the certification request ends too early');
    return {
      ...signed,
      publicKey: decodePublicKey(publicKey),
      leftOut: [...subjectText(subject), ...(attributes === undefined ? [] : attributeTexts(attributes))],
    };
  });
}

function subjectText(subject: DerElement | undefined): string[] {
  return attempt(() => {
    const text = subject === undefined ? '' : formatName(decodeName(subject, 'subject'));
    return text === '' ? [] : [`the subject ${text}`];
  }, 'a subject that cannot be read');
}

function attributeTexts(attributes: DerElement): string[] {
  return attempt(
    () => children(attributes).flatMap((attribute) => attempt(() => attributeText(attribute), 'an attribute')),
    'attributes that cannot be read',
  );
}

function attributeText(attribute: DerElement): string[] {
  const [type, values] = sequenceOf(attribute, 'an attribute');
  const name = readOid(type, 'an attribute');
  if (!extensionRequests.has(name) || values === undefined) return [attributeNames.get(name) ?? `attribute ${name}`];
  return children(values).flatMap((list) =>
    children(list).flatMap((extension) => attempt(() => extensionText(extension), 'an extension that cannot be read')),
  );
}

function extensionText(element: DerElement): string[] {
  const [type] = sequenceOf(element, 'an extension');
  const name = readOid(type, 'an extension');
  const title = extensionNames.get(name)?.replace('X509v3 ', '') ?? `extension ${name}`;
  if (name !== oid.subjectAltName) return [title];
  return attempt(() => {
    const [{ value } = { value: new Uint8Array() }] = decodeExtensions({ ...element, ...wrapped(element) });
    return [`${title} ${decodeGeneralNames(value).map(generalNameText).join(', ')}`];
  }, title);
}

/** The one extension as the list that it would stand in. */
function wrapped({ bytes }: DerElement): Pick<DerElement, 'tag' | 'content'> {
  return { tag: tag.sequence, content: bytes };
}

/** Whatever stands there, it is only told of. */
function attempt(read: () => string[], otherwise: string): string[] {
  try {
    return read();
  } catch (error) {
    if (error instanceof OvsPkiError) return [otherwise];
    throw error;
  }
}

/** PKCS #9, and the identifier that Microsoft had before. */
const extensionRequests: ReadonlySet<string> = new Set([oid.extensionRequest, '1.3.6.1.4.1.311.2.1.14']);

const attributeNames: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.9.7', 'challengePassword'],
  ['1.2.840.113549.1.9.2', 'unstructuredName'],
  ['1.2.840.113549.1.9.8', 'unstructuredAddress'],
  ['1.3.6.1.4.1.311.13.2.3', 'the version of Windows'],
  ['1.3.6.1.4.1.311.13.2.2', 'the cryptographic provider of Windows'],
  ['1.3.6.1.4.1.311.21.20', 'the client of Windows'],
]);
