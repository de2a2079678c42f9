/**
 * What `show` found, as text for people.
 *
 * @module
 */

import { visible } from '../../platform/visible.js';
import type { Shown, ShownContent } from '../../usecases/certificate/show.js';
import type {
  ShownCertificate,
  ShownCrl,
  ShownKey,
  ShownPeriod,
  ShownRequest,
} from '../../usecases/certificate/shown.js';
import { periodText } from '../../usecases/check/period.js';
import { ikeDaemonLabels, ikeDaemonNames } from '../../usecases/outputs.js';
import { letters } from './letters.js';
import { dayText } from './text.js';

/** A label and what stands behind it, on one line or several. */
type Field = readonly [label: string, ...lines: string[]];

export function shownText({ file, contents }: Shown): string {
  if (contents.length === 0) return `${visible(file)}: nothing is in it\n`;
  return contents.map((content, index) => contentText(file, content, index, contents.length)).join('');
}

function contentText(file: string, content: ShownContent, index: number, count: number): string {
  const place = count === 1 ? '' : ` ${index + 1} of ${count}`;
  const kind = content.kind === 'certificate' && content.ca ? 'CA certificate' : content.kind;
  const lines = fieldsOf(content).flatMap(([label, first = '', ...rest]) => [
    `  ${label.padEnd(labelWidth)}${letters(first)}`,
    ...rest.map((line) => `  ${' '.repeat(labelWidth)}${letters(line)}`),
  ]);
  return `${visible(file)}: ${kind}${place}\n${lines.map((line) => `${line}\n`).join('')}`;
}

const labelWidth = 16;

function fieldsOf(content: ShownContent): Field[] {
  switch (content.kind) {
    case 'certificate':
      return certificateFields(content);
    case 'certification request':
      return requestFields(content);
    case 'CRL':
      return crlFields(content);
    case 'private key':
      return keyFields(content);
  }
}

function certificateFields(certificate: ShownCertificate): Field[] {
  const { notBefore, notAfter, validity, keyUsage, extKeyUsage, crlUrls = [], caUrls = [] } = certificate;
  return [
    ...nameFields(certificate),
    ['validity', validityText(validity, notBefore), `${secondText(notBefore)} to ${secondText(notAfter)}`],
    ['subject', certificate.subject],
    ['issuer', certificate.issuer],
    ['serial', certificate.serialNumber],
    ['key', certificate.key],
    ['signature', certificate.signatureAlgorithm],
    ...optional('key usage', keyUsage?.join(', ')),
    ...optional('extended usage', extKeyUsage?.join(', ')),
    ...optional('CRL at', ...crlUrls),
    ...optional('CA at', ...caUrls),
    ...fingerprintFields(certificate),
    ...optional('key identifier', certificate.subjectKeyIdentifier),
    ...optional('  of issuer', certificate.authorityKeyIdentifier),
    ['works with', ...ipsecLines(certificate)],
  ];
}

function requestFields(request: ShownRequest): Field[] {
  const { reasons } = request;
  return [
    ...nameFields(request),
    ['subject', request.subject],
    ['key', request.key],
    ['signature', request.signatureAlgorithm],
    ...fingerprintFields(request),
    ['key identifier', request.keyIdentifier],
    ['can be signed', ...(reasons.length === 0 ? ['yes'] : ['no:', ...reasons.map(({ message }) => `- ${message}`)])],
  ];
}

function crlFields(crl: ShownCrl): Field[] {
  const { thisUpdate, nextUpdate, validity } = crl;
  const until = nextUpdate === undefined ? 'with no next update' : `to ${secondText(nextUpdate)}`;
  return [
    ['issuer', crl.issuer],
    ['validity', validityText(validity, thisUpdate), `${secondText(thisUpdate)} ${until}`],
    ['revoked', `${crl.revoked} certificate${crl.revoked === 1 ? '' : 's'}`],
    ...optional('number', crl.crlNumber),
    ['signature', crl.signatureAlgorithm],
    ...fingerprintFields(crl),
    ...entryFields(crl),
  ];
}

function entryFields({ entries, revoked }: ShownCrl): Field[] {
  const lines = entries.map(({ serialNumber, revokedAt, reason, invalidityDate }) => {
    const since = invalidityDate === undefined ? '' : `, invalid since ${secondText(invalidityDate)}`;
    return `${serialNumber}  ${secondText(revokedAt)}${reason === undefined && since === '' ? '' : `  ${reason ?? 'unspecified'}${since}`}`;
  });
  const rest = revoked - entries.length;
  if (rest > 0) lines.push(`and ${rest} more: openssl crl -text`);
  const [first, ...more] = lines;
  return first === undefined ? [] : [['serials', first, ...more]];
}

function keyFields({ key, encrypted, keyIdentifier, publicKeySha256 }: ShownKey): Field[] {
  return [
    ['key', key],
    ['encrypted', encrypted ? 'yes' : 'no'],
    ['key identifier', keyIdentifier],
    ['public key', `SHA-256 ${publicKeySha256}`],
  ];
}

function nameFields({ commonName, subjectAltName }: ShownCertificate | ShownRequest): Field[] {
  return [
    ['common name', commonName === '' ? '(none)' : commonName],
    ['alternative', subjectAltName.length === 0 ? '(none)' : subjectAltName.join(', ')],
  ];
}

function fingerprintFields({ fingerprints: { sha256, sha1 } }: Exclude<ShownContent, ShownKey>): Field[] {
  return [
    ['SHA-256', sha256],
    ['SHA-1', sha1],
  ];
}

function optional(label: string, ...lines: readonly (string | undefined)[]): Field[] {
  const given = lines.filter((line) => line !== undefined);
  return given.length === 0 ? [] : [[label, ...given]];
}

function validityText({ state, seconds }: ShownPeriod, from: string): string {
  if (state === 'valid') return `valid, ${periodText(seconds)} left`;
  if (state === 'expired') return `EXPIRED ${periodText(-seconds)} ago`;
  return `NOT VALID before ${dayText(from)}, in ${periodText(seconds)}`;
}

/** `2036-11-19 04:01:54 UTC`. */
function secondText(isoTime: string): string {
  return `${isoTime.slice(0, 19).replace('T', ' ')} UTC`;
}

function ipsecLines({ ca, ipsec }: ShownCertificate): string[] {
  const what = ca ? 'OVS IPsec as ca_cert' : 'OVS IPsec';
  const all = ikeDaemonNames.map((name) => ({
    label: ikeDaemonLabels[name],
    reasons: ipsec[name].map(({ message }) => message),
  }));
  const able = all.filter(({ reasons }) => reasons.length === 0).map(({ label }) => label);
  if (able.length === all.length) return [`${what}: yes`];
  const reasons = [...new Set(all.flatMap((daemon) => daemon.reasons))].map((reason) => {
    const concerned = all.filter((daemon) => daemon.reasons.includes(reason)).map(({ label }) => label);
    return `- ${concerned.length === all.length ? '' : `with ${concerned.join(' and ')}: `}${reason}`;
  });
  return [`${what}: ${able.length === 0 ? 'no' : `with ${able.join(' and ')} only`}:`, ...reasons];
}
