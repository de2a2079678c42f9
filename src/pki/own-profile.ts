/**
 * profile.conf of a PKI directory: what its certificates have that those of ovs-pki do not. A line is `KEY = VALUE`, a comment
 * begins with `#`, and what stands below `[switch]` or `[controller]` is for that CA alone.
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';
import { digestHex } from './digest.js';
import type { NameAttribute } from './name.js';
import { type Places, urlFault } from './places.js';
import type { CertificateType } from './profile.js';
import { formatSubjectBase, parseSubjectBase } from './subject.js';

/** What differs for one CA; nothing does where all of it is missing. */
export interface OwnProfile {
  /** What stands before the common name, in place of the names of ovs-pki. */
  readonly subject?: readonly NameAttribute[];
  /** Where its CRL is found; said in what it signs. */
  readonly crlUrls?: readonly string[];
  /** Where its certificate is found. */
  readonly caUrls?: readonly string[];
}

/** A file of this size is no profile. */
const maximumProfileBytes = 65_536;

type Scope = CertificateType | 'both';

/** One line that says something. */
interface Entry {
  readonly scope: Scope;
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

/** @throws PROFILE_INVALID */
export function parseOwnProfile(bytes: Uint8Array, file: string, type: CertificateType): OwnProfile {
  const entries = readEntries(bytes, file);
  // What is wrong in the part of the other CA is wrong, too.
  const profiles = new Map((['switch', 'controller'] as const).map((name) => [name, profileOf(entries, file, name)]));
  return profiles.get(type) ?? {};
}

/** What a new file says; URLs may have `{ca}` in them. */
export interface NewProfile {
  readonly subject?: readonly NameAttribute[] | undefined;
  readonly crlUrl?: string | undefined;
  readonly caUrl?: string | undefined;
}

/** The file that `init` writes; what is not said stands there as an example. */
export function ownProfileText({ subject, crlUrl, caUrl }: NewProfile): string {
  const line = (key: string, value: string | undefined, example: string): string =>
    value === undefined ? `# ${key} = ${example}` : `${key} = ${value}`;
  return `# What the certificates of these CAs have. After a change: ovs-pki-ts check --repair, which
# brings ca.cnf up to date. What stands below [switch] or [controller] is for that CA alone.

# Before the common name, in this order: C, ST, L, O, OU.
${line('subject', subject && formatSubjectBase(subject), '/C=DE/ST=Bavaria/O=Company/OU=Network')}

# Where the CRL and the certificate of the CA are found, in DER; {ca} stands for switchca or controllerca.
${line('crl-url', crlUrl, 'http://pki.example.net/{ca}.crl')}
${line('ca-url', caUrl, 'http://pki.example.net/{ca}.cer')}
`;
}

/** What ca.cnf bears as the mark of the profile that it was made for; undefined for that of ovs-pki. */
export function ownProfileMark({ subject, crlUrls, caUrls }: OwnProfile): string | undefined {
  if (subject === undefined && crlUrls === undefined && caUrls === undefined) return undefined;
  const urls = crlUrls === undefined && caUrls === undefined ? [] : [crlUrls ?? [], caUrls ?? []];
  const said = JSON.stringify([subject?.map(({ type, value }) => [type, value]) ?? null, ...urls]);
  return digestHex('sha256', new TextEncoder().encode(said)).slice(0, 16);
}

function readEntries(bytes: Uint8Array, file: string): Entry[] {
  if (bytes.length > maximumProfileBytes) throw invalid(file, undefined, 'it is too long for a profile');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw invalid(file, undefined, 'it is not text in UTF-8', error);
  }
  let scope: Scope = 'both';
  return text.split(/\r?\n/).flatMap((raw, at): Entry[] => {
    const [line, number] = [raw.trim(), at + 1];
    if (line === '' || line.startsWith('#')) return [];
    const [, section] = /^\[\s*(.*?)\s*\]$/.exec(line) ?? [];
    if (section !== undefined) {
      if (section !== 'switch' && section !== 'controller')
        throw invalid(
          file,
          number,
          `the section ${JSON.stringify(section.slice(0, 40))} is neither [switch] nor [controller]`,
        );
      scope = section;
      return [];
    }
    const [, key, value] = /^([a-z-]+)\s*=\s*(.*)$/u.exec(line) ?? [];
    if (key === undefined || value === undefined) throw invalid(file, number, 'it is not KEY = VALUE');
    if (!keys.includes(key))
      throw invalid(file, number, `${JSON.stringify(key.slice(0, 40))} is not a key; keys are ${keys.join(', ')}`);
    return [{ scope, key, value, line: number }];
  });
}

const keys: readonly string[] = ['subject', 'crl-url', 'ca-url'];

const mostUrls = 4;

/** What is said of the CA alone takes the place of what is said of both. */
function profileOf(entries: readonly Entry[], file: string, type: CertificateType): OwnProfile {
  const own = (key: string): readonly Entry[] => {
    const all = entries.filter((entry) => entry.key === key);
    const alone = all.filter(({ scope }) => scope === type);
    return alone.length > 0 ? alone : all.filter(({ scope }) => scope === 'both');
  };
  const [subject, again] = own('subject');
  if (again !== undefined) throw invalid(file, again.line, 'there is a subject already');
  const [crlUrls, caUrls] = (['crl-url', 'ca-url'] as const).map((key) => {
    const all = own(key);
    const tooMany = all[mostUrls];
    if (tooMany !== undefined) throw invalid(file, tooMany.line, `there are ${mostUrls} of ${key} already`);
    return all.map(({ value, line, scope }) => newUrl(value, type, scope, (fault) => invalid(file, line, fault)));
  });
  return {
    ...(subject && { subject: parseSubjectBase(subject.value, (fault) => invalid(file, subject.line, fault)) }),
    ...(crlUrls && crlUrls.length > 0 && { crlUrls }),
    ...(caUrls && caUrls.length > 0 && { caUrls }),
  };
}

/** A URL of a certificate of this type. The two CAs differ: what is said for both has `{ca}` in it. */
export function newUrl(
  text: string,
  type: CertificateType,
  scope: Scope,
  refuse: (fault: string) => OvsPkiError,
): string {
  const url = text.replaceAll('{ca}', `${type}ca`);
  const own = scope === 'both' && url === text ? 'is the same for both CAs: put {ca} in it' : undefined;
  const fault = urlFault(url) ?? own;
  if (fault !== undefined) throw refuse(`${JSON.stringify(text.slice(0, 200))} ${fault}`);
  return url;
}

/** What certificates say of where to look. */
export function placesOf({ crlUrls = [], caUrls = [] }: OwnProfile): Places {
  return { crlUrls, caUrls };
}

function invalid(file: string, line: number | undefined, fault: string, cause?: unknown): OvsPkiError {
  const place = line === undefined ? file : `${file}, line ${line}`;
  return new OvsPkiError('PROFILE_INVALID', `${place}: ${fault}`, {
    hint: `put that right; or go without it, with the names of ovs-pki: mv ${file} ${file}.bad`,
    details: { file, ...(line === undefined ? {} : { line }) },
    cause,
  });
}
