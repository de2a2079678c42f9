/**
 * Names: of hosts, as people type them, and distinguished names, as X.509 writes them.
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';
import { children, type DerElement, expectTag, sequenceOf, tag } from './der.js';
import { encodeOid, encodeSequence, encodeSetOf, encodeText } from './der-encode.js';
import { readOid, readText } from './der-values.js';
import { attributeShortNames, oid } from './oid.js';

/** Upper bound of a common name in characters: ub-common-name of RFC 5280, appendix A.1. */
export const maximumCommonName = 64;

/** One attribute of a name, such as the common name: its object identifier and its text. */
export interface NameAttribute {
  readonly type: string;
  readonly value: string;
}

/** A distinguished name: its exact bytes, which is what issuers are compared by, and its attributes in order. */
export interface DistinguishedName {
  readonly der: Uint8Array;
  readonly attributes: readonly NameAttribute[];
  /** True where some relative distinguished name holds several attributes. */
  readonly multiValued: boolean;
}

/**
 * What is wrong with the name of a host, in a sentence; undefined for a good one. The alphabet is what Open vSwitch,
 * ovs-monitor-ipsec, strongSwan and libreswan all take as a plain name: nothing is quoted on the way there, and a name
 * in the form of an address is read as one.
 */
export function nameFault(name: string): string | undefined {
  if (name === '') return 'a name cannot be empty';
  if (!/^[A-Za-z0-9._-]+$/.test(name)) {
    return 'a name may hold only letters, digits, dot, underscore and hyphen (A-Z a-z 0-9 . _ -)';
  }
  if (name.length > maximumCommonName) return `a name has at most ${maximumCommonName} characters, not ${name.length}`;
  if (/^[.-]/.test(name)) return 'a name cannot begin with a dot or a hyphen';
  if (/^[0-9.]+\.[0-9.]*(-[0-9.]*)?$/.test(name)) {
    return 'a name in the form of an IP address is taken for the address, not for a name, by the IKE daemons';
  }
  return undefined;
}

/**
 * What strongSwan, libreswan and NSS compare of a name: letters of either case are one, and dots at its end do not count.
 * Names that are the same there are one name to all that a certificate is for.
 */
export function comparedName(commonName: string): string {
  return (nameOfCommonName(commonName) ?? commonName).toLowerCase().replace(/\.{1,64}$/, '');
}

/**
 * The common name of a request as ovs-pki forms it: the name alone, or with ` id:` and something unique.
 * Throws NAME_INVALID where the result is too long.
 */
export function commonNameOf(name: string, unique: string | undefined): string {
  const commonName = unique === undefined ? name : `${name} id:${unique}`;
  if (commonName.length > maximumCommonName) {
    throw new OvsPkiError(
      'NAME_INVALID',
      `${name}: the common name "${commonName}" has ${commonName.length} characters, and ${maximumCommonName} is the most`,
      { hint: `if the name is unique by itself, take it as it is: --unique ${name}`, details: { name } },
    );
  }
  return commonName;
}

/** The host name inside a common name: what stands before ` id:`. Undefined where it is not of either form. */
export function nameOfCommonName(commonName: string): string | undefined {
  const match = /^([^ ]+)( id:[A-Za-z0-9: -]+)?$/.exec(commonName);
  const name = match?.[1];
  return name !== undefined && commonName.length <= maximumCommonName && nameFault(name) === undefined
    ? name
    : undefined;
}

/** Builds a distinguished name of the types of string that OpenSSL writes: mostly UTF8String. */
export function encodeName(attributes: readonly NameAttribute[]): DistinguishedName {
  const der = encodeSequence(
    ...attributes.map(({ type, value }) =>
      encodeSetOf(encodeSequence(encodeOid(type), encodeText(stringTypes.get(type) ?? tag.utf8String, value))),
    ),
  );
  return { der, attributes, multiValued: false };
}

/** Attributes that are not a UTF8String (RFC 5280, appendix A.1). */
const stringTypes: ReadonlyMap<string, number> = new Map([
  [oid.countryName, tag.printableString],
  [oid.serialNumber, tag.printableString],
  [oid.emailAddress, tag.ia5String],
  [oid.domainComponent, tag.ia5String],
]);

export function decodeName(element: DerElement, what: string): DistinguishedName {
  const attributes: NameAttribute[] = [];
  let multiValued = false;
  for (const rdn of sequenceOf(element, what)) {
    const pairs = children(expectTag(rdn, tag.set, what));
    multiValued ||= pairs.length !== 1;
    for (const pair of pairs) {
      const [type, value] = sequenceOf(pair, what);
      if (value === undefined) throw new OvsPkiError('DER_INVALID', `${what}: an attribute has no value`);
      attributes.push({ type: readOid(type, what), value: readText(value, what) });
    }
  }
  return { der: element.bytes, attributes, multiValued };
}

/** The values of all attributes of one type, in order. */
export function attributeValues(name: DistinguishedName, type: string): string[] {
  return name.attributes.filter((attribute) => attribute.type === type).map((attribute) => attribute.value);
}

/** `C=US, O=Open vSwitch` as `openssl ca` prints names, or with another equals sign, as `openssl req` does. */
export function formatName(name: DistinguishedName, equals: '=' | ' = ' = '='): string {
  return name.attributes
    .map(({ type, value }) => `${attributeShortNames.get(type) ?? type}${equals}${escapeValue(value)}`)
    .join(', ');
}

/** `/C=US/O=Open vSwitch`: the form of the last column of an index.txt, as OpenSSL 3 writes it. */
export function formatOneLine(name: DistinguishedName): string {
  return name.attributes
    .map(
      ({ type, value }) =>
        `/${attributeShortNames.get(type) ?? type}=${escapeBytes(value.replaceAll(/[/+]/g, '\\$&'))}`,
    )
    .join('');
}

/** The last common name in that form; empty where there is none. A slash inside a value cannot be told from the next name. */
export function commonNameOfOneLine(text: string): string {
  const start = text.lastIndexOf('/CN=');
  if (start < 0) return '';
  const value = text.slice(start + 4);
  const end = value.search(/\/[A-Za-z0-9.]+=/);
  return end < 0 ? value : value.slice(0, end);
}

/** A name of that form as `formatName` writes it; what cannot be read as one stays as it is. */
export function formatNameOfOneLine(text: string): string {
  const [before, ...parts] = text.split(/(?<!\\)\//);
  const attributes = parts.map((part) => /^([A-Za-z0-9.]+)=(.*)$/s.exec(part) ?? []);
  if (before !== '' || attributes.some(([whole]) => whole === undefined)) return text;
  return attributes.map(([, type = '', value = '']) => `${type}=${withCommasEscaped(value)}`).join(', ');
}

/** Slashes and plus signs are escaped there, and bytes in the same way. */
function withCommasEscaped(value: string): string {
  const parts = value.split(/(\\x[0-9A-F]{2})/);
  const plain = parts.map((part, at) => (at % 2 === 1 ? part : escapeValueText(part.replaceAll(/\\([/+])/g, '$1'))));
  return escapeEnds(plain.join(''));
}

function escapeValue(value: string): string {
  return escapeEnds(escapeBytes(escapeValueText(value)));
}

function escapeValueText(value: string): string {
  return value.replaceAll(/[,+"\\<>;]/g, '\\$&');
}

function escapeEnds(value: string): string {
  return value.replace(/^[ #]/, '\\$&').replace(/ $/, '\\ ');
}

function escapeBytes(value: string): string {
  return value.replaceAll(/[^\x20-\x7e]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}
