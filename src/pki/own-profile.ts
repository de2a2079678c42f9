/**
 * profile.conf of a PKI directory: what its certificates have that those of ovs-pki do not. A line is `KEY = VALUE`, a comment
 * begins with `#`, and what stands below `[switch]` or `[controller]` is for that CA alone.
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';
import { digestHex } from './digest.js';
import type { NameAttribute } from './name.js';
import type { CertificateType } from './profile.js';
import { formatSubjectBase, parseSubjectBase } from './subject.js';

/** What differs for one CA; nothing does where all of it is missing. */
export interface OwnProfile {
  /** What stands before the common name, in place of the names of ovs-pki. */
  readonly subject?: readonly NameAttribute[];
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

/** The file that `init` writes. */
export function ownProfileText(subject: readonly NameAttribute[]): string {
  return `# What the certificates of these CAs have. After a change: ovs-pki-ts check --repair, which
# brings ca.cnf up to date. What stands below [switch] or [controller] is for that CA alone.

# Before the common name, in this order: C, ST, L, O, OU.
subject = ${formatSubjectBase(subject)}
`;
}

/** What ca.cnf bears as the mark of the profile that it was made for; undefined for that of ovs-pki. */
export function ownProfileMark(profile: OwnProfile): string | undefined {
  if (profile.subject === undefined) return undefined;
  const said = JSON.stringify([profile.subject.map(({ type, value }) => [type, value])]);
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

const keys: readonly string[] = ['subject'];

/** What is said of the CA alone takes the place of what is said of both. */
function profileOf(entries: readonly Entry[], file: string, type: CertificateType): OwnProfile {
  const own = (key: string): readonly Entry[] => {
    const all = entries.filter((entry) => entry.key === key);
    const alone = all.filter(({ scope }) => scope === type);
    return alone.length > 0 ? alone : all.filter(({ scope }) => scope === 'both');
  };
  const [subject, again] = own('subject');
  if (again !== undefined) throw invalid(file, again.line, 'there is a subject already');
  if (subject === undefined) return {};
  return { subject: parseSubjectBase(subject.value, (fault) => invalid(file, subject.line, fault)) };
}

function invalid(file: string, line: number | undefined, fault: string, cause?: unknown): OvsPkiError {
  const place = line === undefined ? file : `${file}, line ${line}`;
  return new OvsPkiError('PROFILE_INVALID', `${place}: ${fault}`, {
    hint: `put that right; or go without it, with the names of ovs-pki: mv ${file} ${file}.bad`,
    details: { file, ...(line === undefined ? {} : { line }) },
    cause,
  });
}
