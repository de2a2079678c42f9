/**
 * Where who relies on a certificate finds the CRL and the certificate of its CA: cRLDistributionPoints and the caIssuers of
 * authorityInfoAccess (RFC 5280, sections 4.2.1.13 and 4.2.2.1).
 *
 * @module
 */

import { type Certificate, type GeneralName, generalName } from './certificate.js';
import { children, contextTag, readDer, sequenceOf } from './der.js';
import { encode, encodeOid, encodeSequence, encodeText } from './der-encode.js';
import { readOid } from './der-values.js';
import { oid } from './oid.js';

/** The URLs of a profile. */
export interface Places {
  readonly crlUrls: readonly string[];
  readonly caUrls: readonly string[];
}

export const noPlaces: Places = { crlUrls: [], caUrls: [] };

/** What is wrong with a URL, in words that follow it; undefined for a good one. */
export function urlFault(url: string): string | undefined {
  if (/^(https|ldaps):/i.test(url))
    return 'would need a certificate to be checked for the check of a certificate: http or ldap is used there';
  if (!/^(?:http:\/\/[^/?]|ldap:\/\/)/i.test(url)) return 'is not an http or ldap URL';
  if (url.length > 1024) return 'has more than 1024 characters';
  if (!/^[A-Za-z0-9\-._~:/?[\]@!$&'()*+,;=%]+$/.test(url))
    return 'has a character that does not stand in a URL: write it as %XX, and no # in it';
  if (!URL.canParse(url)) return 'is not a URL';
  return /^ldap:/i.test(url) && !/^ldap:\/\/[^/?]*\/[^?]+\?[A-Za-z]/i.test(url)
    ? 'has no distinguished name and attribute, as in ldap://host/CN=ca?certificateRevocationList;binary'
    : undefined;
}

/** One point for each URL, as `openssl` makes them. */
export function encodeDistributionPoints(urls: readonly string[]): Uint8Array {
  return encodeSequence(
    ...urls.map((url) => encodeSequence(encode(contextTag(0, true), encode(contextTag(0, true), encodeUrl(url))))),
  );
}

export function encodeCaIssuers(urls: readonly string[]): Uint8Array {
  return encodeSequence(...urls.map((url) => encodeSequence(encodeOid(oid.caIssuers), encodeUrl(url))));
}

/** Of each point the names; undefined where one has another form than a list of full names alone. */
export function decodeDistributionPoints(value: Uint8Array): GeneralName[][] | undefined {
  const points = sequenceOf(readDer(value), 'cRLDistributionPoints').map((point) => {
    const [name, ...more] = children(point);
    const [full] = name?.tag === contextTag(0, true) ? children(name) : [];
    return full?.tag === contextTag(0, true) && more.length === 0 ? children(full).map(generalName) : undefined;
  });
  return points.includes(undefined) ? undefined : points.flatMap((names) => (names === undefined ? [] : [names]));
}

/** What stands in authorityInfoAccess, in its order. */
export function decodeAccess(value: Uint8Array): { readonly method: string; readonly name: GeneralName }[] {
  return sequenceOf(readDer(value), 'authorityInfoAccess').flatMap((description) => {
    const [method, location] = sequenceOf(description, 'an access description');
    return location === undefined ? [] : [{ method: readOid(method, 'an access method'), name: generalName(location) }];
  });
}

/** The URLs that a certificate says; what has another form is passed over. A key is missing where there is none. */
export function placesIn({ extensions }: Pick<Certificate, 'extensions'>): Partial<Places> {
  const urls = (type: string, read: (value: Uint8Array) => readonly GeneralName[]): string[] => {
    const value = extensions.find((extension) => extension.type === type)?.value;
    try {
      return value === undefined ? [] : read(value).flatMap(({ kind, text }) => (kind === uriKind ? [text] : []));
    } catch {
      return [];
    }
  };
  const crlUrls = urls(oid.crlDistributionPoints, (value) => decodeDistributionPoints(value)?.flat() ?? []);
  const caUrls = urls(oid.authorityInfoAccess, (value) =>
    decodeAccess(value).flatMap(({ method, name }) => (method === oid.caIssuers ? [name] : [])),
  );
  return { ...(crlUrls.length > 0 && { crlUrls }), ...(caUrls.length > 0 && { caUrls }) };
}

/** uniformResourceIdentifier among the GeneralNames. */
export const uriKind = 6;

function encodeUrl(url: string): Uint8Array {
  return encodeText(contextTag(uriKind, false), url);
}
