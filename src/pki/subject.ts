/**
 * Names as a person types them: `/C=DE/O=Company/CN=OVS CA` as for `openssl req -subj`, or
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

/** The whole name of a CA. Throws USAGE for what is no such name. */
export function parseSubject(text: string): DistinguishedName {
  return encodeName(readSubject(text, (fault) => unreadable(text, fault, '/C=DE/O=Company/CN=Company OVS CA')));
}

/**
 * What stands before the common name, in that order, in the names of the CAs of a PKI directory and of all that they sign.
 *
 * @param refuse makes the error of what is wrong with it
 */
export function parseSubjectBase(text: string, refuse: (fault: string) => OvsPkiError): NameAttribute[] {
  const attributes = readSubject(text, refuse);
  for (const { type, value } of attributes) {
    const word = attributeShortNames.get(type) ?? type;
    if (type === oid.commonName)
      throw refuse('the common name (CN) is that of each CA and of each host, and is not given');
    if (!baseTypes.includes(type)) throw refuse(`${word} cannot stand in it; C, ST, L, O and OU can`);
    if (type !== oid.organizationalUnitName && attributes.filter((other) => other.type === type).length > 1) {
      throw refuse(`${word} stands in it more than once, and only OU can`);
    }
    // ovs-monitor-ipsec looks for the common name with CN=(.+?), in the whole subject.
    if (value.trim() !== value) throw refuse(`${word} begins or ends with a space`);
    if (value.includes('CN='))
      throw refuse(`${word} has "CN=" in its value, which ovs-monitor-ipsec takes for the common name`);
  }
  return attributes;
}

/** `/C=DE/O=Company`, which {@link parseSubjectBase} reads as the same attributes. */
export function formatSubjectBase(attributes: readonly NameAttribute[]): string {
  return attributes
    .map(({ type, value }) => `/${attributeShortNames.get(type) ?? type}=${value.replaceAll(/[\\/+]/g, '\\$&')}`)
    .join('');
}

/** What an ovs-pki CA takes in requests, but for the common name. */
export const baseTypes: readonly string[] = [
  oid.countryName,
  oid.stateOrProvinceName,
  oid.localityName,
  oid.organizationName,
  oid.organizationalUnitName,
];

export function subjectOptionFault(text: string): (fault: string) => OvsPkiError {
  return (fault) => unreadable(text, fault, '/C=DE/ST=Bavaria/O=Company/OU=Network');
}

function readSubject(text: string, refuse: (fault: string) => OvsPkiError): NameAttribute[] {
  const isSlashed = text.startsWith('/');
  const parts = split(isSlashed ? text.slice(1) : text, isSlashed ? '/' : ',');
  return parts.map((part) => attributeOf(isSlashed ? part : part.trim(), refuse));
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

function attributeOf(part: string, refuse: (fault: string) => OvsPkiError): NameAttribute {
  const [, word = '', escaped = ''] = /^([A-Za-z]+)\s*=\s*(.*)$/su.exec(part) ?? [];
  const [type] = [...attributeShortNames].find(([, name]) => name.toLowerCase() === word.toLowerCase()) ?? [];
  if (type === undefined) {
    const known = [...attributeShortNames.values()].join(', ');
    const fault = part === '' ? 'a part of it is empty' : `${JSON.stringify(part)} is not TYPE=VALUE`;
    throw refuse(`${fault}; types are ${known}`);
  }
  if (/(?<!\\)(?:\\\\)*\+/.test(escaped)) throw refuse('a plus sign in a value is written as \\+');
  const value = escaped.replaceAll(/\\(.)/gsu, '$1');
  const fault = valueFault(type, value);
  if (fault !== undefined) throw refuse(`${word} ${fault}`);
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

function unreadable(text: string, fault: string, example: string): OvsPkiError {
  return new OvsPkiError('USAGE', `--subject ${JSON.stringify(text)}: ${fault}`, {
    hint: `write it so: --subject '${example}'`,
  });
}
