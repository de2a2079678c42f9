/**
 * The profile of a PKI directory that is made: by the options of `init`, or by the profile.conf that is there.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { newUrl, type OwnProfile, ownProfileText, parseOwnProfile } from '../../pki/own-profile.js';
import { type CertificateType, certificateTypes } from '../../pki/profile.js';
import { parseSubjectBase, subjectOptionFault } from '../../pki/subject.js';
import { readOwnProfile } from '../../store/ca/profile.js';
import { profileFile } from '../../store/layout.js';

/** What certificates are to have that those of ovs-pki do not. */
export interface ProfileOptions {
  /** What stands before the common name in the CAs and in all that they sign, such as `/C=DE/O=Company`; it goes into profile.conf. */
  readonly subject?: string;
  /** Where the CRL of a CA is found, in DER; `{ca}` in it stands for switchca or controllerca. It goes into profile.conf. */
  readonly crlUrl?: string;
  /** Where the certificate of a CA is found, as `crlUrl`. */
  readonly caUrl?: string;
}

/** The profiles of both CAs, and the file that says so where it is new. */
export interface Profiles extends Readonly<Record<CertificateType, OwnProfile>> {
  readonly text: string | undefined;
}

/** What is said now, and else what a profile.conf that is there says. @throws USAGE, PROFILE_INVALID, FILE_UNREADABLE */
export function profilesFor(pkiDirectory: string, said: ProfileOptions): Profiles {
  const options = profileOptions.filter(({ key }) => said[key] !== undefined);
  if (options.length > 0) {
    requireAllSaid(pkiDirectory, options);
    const text = profileText(said);
    const read = (type: CertificateType): OwnProfile => parseOwnProfile(Buffer.from(text), 'profile.conf', type);
    return { switch: read('switch'), controller: read('controller'), text };
  }
  return {
    switch: readOwnProfile(pkiDirectory, 'switch'),
    controller: readOwnProfile(pkiDirectory, 'controller'),
    text: undefined,
  };
}

const profileOptions = [
  { key: 'subject', option: '--subject', of: ({ subject }: OwnProfile) => subject },
  { key: 'crlUrl', option: '--crl-url', of: ({ crlUrls }: OwnProfile) => crlUrls },
  { key: 'caUrl', option: '--ca-url', of: ({ caUrls }: OwnProfile) => caUrls },
] as const;

function profileText({ subject, crlUrl, caUrl }: ProfileOptions): string {
  requireUrl('--crl-url', crlUrl, '.crl');
  requireUrl('--ca-url', caUrl, '.cer');
  return ownProfileText({
    subject: subject === undefined ? undefined : parseSubjectBase(subject, subjectOptionFault(subject)),
    crlUrl,
    caUrl,
  });
}

function requireUrl(option: string, url: string | undefined, suffix: string): void {
  if (url === undefined) return;
  newUrl(url, 'switch', 'both', (fault) => {
    const hint = `as in ${option}='http://pki.example.net/{ca}${suffix}'`;
    return new OvsPkiError('USAGE', `${option}: ${fault}`, { hint });
  });
}

/** A profile that is there is replaced as a whole: what it has besides would be gone without a word. Throws USAGE. */
function requireAllSaid(pkiDirectory: string, said: readonly (typeof profileOptions)[number][]): void {
  let profiles: OwnProfile[];
  try {
    profiles = certificateTypes.map((type) => readOwnProfile(pkiDirectory, type));
  } catch {
    return; // It says nothing that counts, and is put aside.
  }
  const lost = profileOptions.filter((one) => !said.includes(one) && profiles.some((profile) => one.of(profile)));
  if (lost.length === 0) return;
  const file = profileFile(pkiDirectory);
  throw new OvsPkiError(
    'USAGE',
    `${file} says more than ${said.map(({ option }) => option).join(' and ')}, and would be replaced`,
    {
      hint: `give ${lost.map(({ option }) => option).join(' and ')}, too; or edit ${file}, and leave ${said.length === 1 ? 'that option' : 'these options'} away`,
      details: { file },
    },
  );
}
