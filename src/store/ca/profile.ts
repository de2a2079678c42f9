/**
 * The profile of a PKI directory, which a person may have written.
 *
 * @module
 */

import { dirname } from 'node:path';
import { asRefusal, type OvsPkiError } from '../../errors.js';
import { type OwnProfile, parseOwnProfile } from '../../pki/own-profile.js';
import type { CertificateType } from '../../pki/profile.js';
import * as files from '../../platform/files.js';
import { profileFile } from '../layout.js';
import type { Ca } from './ca.js';

/** Where there is no such file, nothing differs from ovs-pki. @throws PROFILE_INVALID, FILE_UNREADABLE */
export function readOwnProfile(pkiDirectory: string, type: CertificateType): OwnProfile {
  const file = profileFile(pkiDirectory);
  if (!files.exists(file)) return {};
  return parseOwnProfile(files.readFile(file), file, type);
}

/** The profile of a CA, or what is wrong with it. */
export function profileOrFault(ca: Ca): OwnProfile | OvsPkiError {
  try {
    return profileOf(ca);
  } catch (error) {
    return asRefusal(error);
  }
}

/** The profile of a CA. @throws PROFILE_INVALID, FILE_UNREADABLE */
export function profileOf({ layout, type }: Ca): OwnProfile {
  return readOwnProfile(dirname(layout.folder), type);
}
