/**
 * Folders of one issuer: a company's CA that was imported for both types, and what an earlier import of the same CA has
 * put aside. They have one name and one key, so to all who read CRLs they are one CA.
 *
 * @module
 */

import { basename, dirname, join } from 'node:path';
import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { equalBytes } from '../../pki/der.js';
import * as files from '../../platform/files.js';
import { type Ca, generationsOf } from '../ca/ca.js';
import { readCertificate } from '../certificate-file.js';
import { type CaLayout, caLayout } from '../layout.js';

/** The other folders of the PKI directory with a CA of this name and key; those in use first. */
export function foldersOfIssuer(ca: Ca): CaLayout[] {
  const { folder } = ca.layout;
  const directory = dirname(folder);
  return files
    .list(directory)
    .filter((name) => /^(switch|controller)ca(\.old-[\w-]+)?$/.test(name) && name !== basename(folder))
    .sort((left, right) => left.length - right.length)
    .map((name) => caLayout(join(directory, name)))
    .filter((layout) => generationsOf(ca).some(({ certificate }) => isSameIssuer(certificate, certificateIn(layout))));
}

/** Whether it is in use, and not put aside. */
export function isInUse({ folder }: CaLayout): boolean {
  return /^(switch|controller)ca$/.test(basename(folder));
}

export function isSameIssuer(one: Certificate, other: Certificate | undefined): boolean {
  return (
    other !== undefined &&
    equalBytes(one.subject.der, other.subject.der) &&
    equalBytes(one.publicKey.spki, other.publicKey.spki)
  );
}

/** What cannot be read is the affair of its own type. */
function certificateIn({ certificate }: CaLayout): Certificate | undefined {
  try {
    return readCertificate(certificate);
  } catch (error) {
    if (error instanceof OvsPkiError) return undefined;
    throw error;
  }
}
