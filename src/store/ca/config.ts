/**
 * The file with which `openssl ca` and ovs-pki work in the folder of a CA: ca.cnf.
 *
 * @module
 */

import type { Certificate } from '../../pki/certificate.js';
import { tag } from '../../pki/der.js';
import { encodeOid, encodeSequence, encodeText } from '../../pki/der-encode.js';
import type { KeySpec } from '../../pki/key-spec.js';
import { attributeValues, maximumCommonName } from '../../pki/name.js';
import { oid } from '../../pki/oid.js';
import { configValue, nameLines } from '../../pki/openssl-config.js';
import { type OwnProfile, ownProfileMark } from '../../pki/own-profile.js';
import { type CertificateType, organization, requestSubject } from '../../pki/profile.js';
import { signatureAlgorithmFor } from '../../pki/signature-algorithm.js';
import { fillTemplate } from '../../platform/templates.js';

/** What of a CA is in its file. */
export interface Configured {
  readonly type: CertificateType;
  /** How long `openssl ca` makes certificates valid. */
  readonly days: number;
  readonly keySpec: KeySpec;
  readonly certificate: Certificate;
  readonly profile: OwnProfile;
}

export function configText(configured: Configured): string {
  const { type, days, keySpec, certificate, profile } = configured;
  const commonName = attributeValues(certificate.subject, oid.commonName)[0] ?? `${type}ca`;
  const mark = ownProfileMark(profile);
  return fillTemplate('ca.cnf', {
    mark: mark === undefined ? '' : `${markLine}${mark}\n`,
    encoding:
      profile.subject === undefined ? '' : 'string_mask             = utf8only\nutf8                    = yes\n',
    // Where the name comes from elsewhere, it could have what openssl reads as a variable or the end of the line.
    subject: nameLines(
      ofCa(type, profile, commonName.replaceAll(/[^A-Za-z0-9 ().:_-]/g, '.').slice(0, maximumCommonName)),
      columns,
    ),
    days: String(days),
    digest: signatureAlgorithmFor(keySpec).hash.toLowerCase().replace('-', ''),
    policy: policyLines(configured),
    places: placeLines(profile),
  });
}

/** The profile that a file was made for; undefined for that of ovs-pki. */
export function markOf(text: string): string | undefined {
  return text
    .split('\n')
    .find((line) => line.startsWith(markLine))
    ?.slice(markLine.length);
}

/** How long `openssl ca` makes certificates valid by such a file. */
export function daysOf(text: string): number | undefined {
  const [, days] = /^default_days\s*=\s*([0-9]{1,7})\s*$/m.exec(text) ?? [];
  return days === undefined ? undefined : Number(days);
}

const markLine = '# Made for profile.conf: ';
const columns = 23;

function ofCa(type: CertificateType, { subject }: OwnProfile, commonName: string) {
  return requestSubject(commonName, subject).map((attribute) =>
    subject === undefined && attribute.type === oid.organizationalUnitName
      ? { ...attribute, value: `${type}ca` }
      : attribute,
  );
}

/**
 * What `openssl ca` takes of a request, in the order that it has in the certificate: that of the profile first, then what
 * requests of ovs-pki have, which are signed here, too.
 */
function policyLines({ certificate, profile }: Configured): string {
  // openssl compares bytes, and a request of ovs-pki has just this organization.
  const own = encodeSequence(encodeOid(oid.organizationName), encodeText(tag.utf8String, organization));
  const [wanted = organization] = (profile.subject ?? []).flatMap(({ type, value }) =>
    type === oid.organizationName ? [value] : [],
  );
  const isOwn = wanted === organization && Buffer.from(certificate.subject.der).includes(Buffer.from(own));
  const types = new Set([...(profile.subject ?? []).map(({ type }) => type), ...policyNames.keys()]);
  if (!profile.subject?.some(({ type }) => type === oid.localityName)) types.delete(oid.localityName);
  return [...types]
    .map((type) => {
      const rule = type === oid.organizationName && isOwn ? 'match' : 'optional';
      return `${(policyNames.get(type) ?? type).padEnd(columns)} = ${rule}\n`;
    })
    .concat(`${'commonName'.padEnd(columns)} = supplied\n`)
    .join('');
}

/** Each URL in a section of its own: elsewhere openssl takes a comma for the end of it. */
function placeLines({ crlUrls = [], caUrls = [] }: OwnProfile): string {
  const points = crlUrls.map((url, at) => ({ url, point: `crl_point_${at + 1}` }));
  const line = (key: string, value: string): string => `${key.padEnd(columns)} = ${value}\n`;
  return [
    ...(points.length === 0 ? [] : [line('crlDistributionPoints', points.map(({ point }) => point).join(', '))]),
    ...(caUrls.length === 0 ? [] : [line('authorityInfoAccess', '@ca_places')]),
    ...points.flatMap(({ url, point }) => [
      `\n[ ${point} ]\n${line('fullname', `@${point}_name`)}`,
      `\n[ ${point}_name ]\n${line('URI', configValue(url))}`,
    ]),
    ...(caUrls.length === 0 ? [] : ['\n[ ca_places ]\n']),
    ...caUrls.map((url, at) => line(`caIssuers;URI.${at + 1}`, configValue(url))),
  ].join('');
}

const policyNames: ReadonlyMap<string, string> = new Map([
  [oid.countryName, 'countryName'],
  [oid.stateOrProvinceName, 'stateOrProvinceName'],
  [oid.localityName, 'localityName'],
  [oid.organizationName, 'organizationName'],
  [oid.organizationalUnitName, 'organizationalUnitName'],
]);
