/**
 * The name of a CA as a person types it: `/C=DE/O=Company/CN=OVS CA` as for `openssl req -subj`, or
 * `C=DE, O=Company, CN=OVS CA` as `show` prints it.
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';
import { type DistinguishedName, encodeName, maximumCommonName, type NameAttribute } from './name.js';
import { attributeShortNames, oid } from './oid.js';

/** Upper bounds in characters: RFC 5280, appendix A.1. */
const bounds: ReadonlyMap<string, number> = new Map([
  [oid.commonName, maximumCommonName],
  [oid.organizationName, 64],
  [oid.organizationalUnitName, 64],
  [oid.stateOrProvinceName, 128],
  [oid.localityName, 128],
]);
const longest = 255;

/** Throws USAGE for what is no such name. */
export function parseSubject(text: string): DistinguishedName {
  const isSlashed = text.startsWith('/');
  const parts = split(isSlashed ? text.slice(1) : text, isSlashed ? '/' : ',');
  const attributes = parts.map((part) => attributeOf(isSlashed ? part : part.trim(), text));
  return encodeName(attributes);
}

/** At each separator without a backslash before it. */
function split(text: string, separator: string): string[] {
  const parts = [''];
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    if (character === separator) parts.push('');
    else parts[parts.length - 1] += character === '\\' ? text.slice(at, ++at + 1) : character;
  }
  return parts;
}

function attributeOf(part: string, text: string): NameAttribute {
  const [, word = '', escaped = ''] = /^([A-Za-z]+)\s*=\s*(.*)$/su.exec(part) ?? [];
  const [type] = [...attributeShortNames].find(([, name]) => name.toLowerCase() === word.toLowerCase()) ?? [];
  if (type === undefined) {
    const known = [...attributeShortNames.values()].join(', ');
    throw unreadable(text, part === '' ? 'a part of it is empty' : `${JSON.stringify(part)} is not TYPE=VALUE`, known);
  }
  if (/(?<!\\)(?:\\\\)*\+/.test(escaped)) throw unreadable(text, 'a plus sign in a value is written as \\+');
  const value = escaped.replaceAll(/\\(.)/gsu, '$1');
  const fault = valueFault(type, value);
  if (fault !== undefined) throw unreadable(text, `${word} ${fault}`);
  return { type, value: type === oid.countryName ? value.toUpperCase() : value };
}

function valueFault(type: string, value: string): string | undefined {
  if (value === '') return 'has no value';
  if (/\p{C}/u.test(value)) return 'has a character that cannot be printed';
  if (type === oid.countryName && !/^[A-Za-z]{2}$/.test(value)) return 'is a country of two letters, such as DE';
  if (isAscii(type) && !/^[\x20-\x7e]*$/.test(value)) return 'has a letter that is not of ASCII';
  const most = bounds.get(type) ?? longest;
  return [...value].length > most ? `has more than ${most} characters` : undefined;
}

function isAscii(type: string): boolean {
  return type === oid.domainComponent || type === oid.emailAddress || type === oid.serialNumber;
}

function unreadable(text: string, fault: string, known?: string): OvsPkiError {
  return new OvsPkiError('USAGE', `--subject ${JSON.stringify(text)}: ${fault}`, {
    hint: `write it so: --subject '/C=DE/O=Company/CN=Company OVS CA'${known === undefined ? '' : `; types are ${known}`}`,
  });
}
