/**
 * `pkcs11:` URIs (RFC 7512), which tell where in a token a key is.
 *
 * @module
 */

import { isAbsolute } from 'node:path';
import { OvsPkiError } from '../errors.js';

/** What a URI says. What it leaves out fits everything. */
export interface Pkcs11Uri {
  /** Attributes of the token: `token` (its label), `serial`, `model`, `manufacturer`. */
  readonly token: Readonly<Partial<Record<TokenAttribute, string>>>;
  /** Label of the key, CKA_LABEL. */
  readonly object?: string;
  /** CKA_ID of the key. */
  readonly id?: Uint8Array;
  /** The library that speaks to the token. */
  readonly modulePath: string;
  /** A file with the PIN. */
  readonly pinSource?: string;
}

export const tokenAttributes = ['token', 'serial', 'model', 'manufacturer'] as const;
export type TokenAttribute = (typeof tokenAttributes)[number];

const scheme = 'pkcs11:';

/** Whether a text that could be a file name is meant as a URI. */
export function isPkcs11Uri(text: string): boolean {
  return text.toLowerCase().startsWith(scheme);
}

/** Throws USAGE. */
export function parsePkcs11Uri(text: string): Pkcs11Uri {
  if (!isPkcs11Uri(text)) throw faulty('it does not begin with "pkcs11:"');
  const [path = '', query = '', ...more] = text.slice(scheme.length).split('?');
  if (more.length > 0) throw faulty('it has two question marks');
  const inPath = attributesOf(path, ';', [...tokenAttributes, 'object', 'id', 'type']);
  const inQuery = attributesOf(query, '&', ['module-path', 'pin-source']);
  if ((inPath.get('type')?.toString() ?? 'private') !== 'private') throw faulty('the key of a CA has type=private');
  const [object, id] = [inPath.get('object'), inPath.get('id')];
  const modulePath = pathIn(inQuery, 'module-path');
  if (modulePath === undefined) throw faulty('it names no library: module-path=FILE');
  const pinSource = pathIn(inQuery, 'pin-source');
  return {
    token: Object.fromEntries(
      tokenAttributes.flatMap((name) => {
        const value = inPath.get(name);
        return value === undefined ? [] : [[name, textOf(value, name)]];
      }),
    ),
    ...(object === undefined ? {} : { object: textOf(object, 'object') }),
    ...(id === undefined ? {} : { id }),
    modulePath,
    ...(pinSource === undefined ? {} : { pinSource }),
  };
}

export function formatPkcs11Uri({ token, object, id, modulePath, pinSource }: Pkcs11Uri): string {
  const path = Object.entries(token).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  if (object !== undefined) path.push(`object=${encodeURIComponent(object)}`);
  if (id !== undefined) path.push(`id=${[...id].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')}`);
  const inQuery = (file: string): string => encodeURIComponent(file).replaceAll('%2F', '/');
  const query = [`module-path=${inQuery(modulePath)}`];
  if (pinSource !== undefined) query.push(`pin-source=file:${inQuery(pinSource)}`);
  return `${scheme}${[...path, 'type=private'].join(';')}?${query.join('&')}`;
}

function attributesOf(part: string, separator: string, known: readonly string[]): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (const attribute of part === '' ? [] : part.split(separator)) {
    const equals = attribute.indexOf('=');
    const name = attribute.slice(0, Math.max(equals, 0));
    if (isPin(name)) throw faulty('a PIN does not belong into it, where others can read it');
    // What is not known could be just that which tells one token from another.
    if (!known.includes(name)) {
      // Of what is not known only a plain name is told: the rest could be a PIN.
      const what = /^[a-z-]{2,20}$/.test(name) ? name : known.find((one) => one === attribute);
      throw faulty(`it can have ${known.join(', ')} there, not ${what === undefined ? 'this' : JSON.stringify(what)}`);
    }
    if (found.has(name)) throw faulty(`it has ${name} twice`);
    found.set(name, decoded(attribute.slice(equals + 1), name));
  }
  return found;
}

/** In any writing: `PIN-VALUE`, `pin_value`, `pin`. */
function isPin(name: string): boolean {
  return /pin/i.test(name) && name !== 'pin-source';
}

function decoded(value: string, name: string): Buffer {
  if (value === '') throw faulty(`its ${name} is empty`);
  if (/%(?![0-9A-Fa-f]{2})/.test(value)) throw faulty(`a per cent sign in ${name} is written %25`);
  const bytes = Buffer.from(value).toString('latin1');
  return Buffer.from(
    bytes.replaceAll(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
}

function textOf(value: Buffer, name: string): string {
  const text = value.toString();
  if (/[\p{Cc}\ufffd]/u.test(text)) throw faulty(`its ${name} is not one line of text`);
  return text;
}

/** The place is read again later, by commands that run in other folders. */
function pathIn(query: ReadonlyMap<string, Buffer>, name: string): string | undefined {
  const value = query.get(name);
  if (value === undefined) return undefined;
  const file = textOf(value, name).replace(name === 'pin-source' ? /^file:(?:\/\/(?=\/))?/ : /^$/, '');
  if (!isAbsolute(file)) throw faulty(`its ${name} is the full path of a file`);
  return file;
}

/** Says nothing of what stands in it: that could be a PIN. */
function faulty(fault: string): OvsPkiError {
  return new OvsPkiError('USAGE', `this cannot be the URI of a key in a token: ${fault}`, {
    hint: "for example: 'pkcs11:token=LABEL?module-path=/usr/lib/softhsm/libsofthsm2.so'",
  });
}
