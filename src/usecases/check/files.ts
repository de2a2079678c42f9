/**
 * The files that `check` looks at: those that are named, or the certificates that lie here.
 *
 * @module
 */

import { basename, join } from 'node:path';
import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { readContents } from '../../pki/content.js';
import type { Crl } from '../../pki/crl.js';
import * as files from '../../platform/files.js';
import { isExposed, type KeyMatch, keyMatch } from './key-match.js';

/** A file that was read, and the key beside it. */
export interface CheckedFile {
  readonly file: string;
  readonly certificates: readonly Certificate[];
  readonly crls: readonly Crl[];
  readonly key: KeyMatch | 'none';
  readonly isKeyExposed: boolean;
  /** What else is in it. */
  readonly others: readonly string[];
}

/** Each NAME-cert.pem in a folder. */
export function certificatesIn(folder: string): string[] {
  return files
    .list(folder)
    .filter((name) => name.endsWith('-cert.pem'))
    .map((name) => (folder === '.' ? name : join(folder, name)));
}

/** Throws what the reading of a file throws. */
export async function readChecked(file: string): Promise<CheckedFile> {
  if (!files.exists(file)) {
    throw new OvsPkiError('FILE_NOT_FOUND', `${file} does not exist`, {
      hint: 'check takes switch, controller, or files such as host_1-cert.pem; without any of them it looks at everything',
      details: { file },
    });
  }
  const contents = await readContents(files.readFile(file), file, () => Promise.reject(needsPassphrase(file)));
  const certificates = contents.flatMap((item) => (item.kind === 'certificate' ? [item.certificate] : []));
  const crls = contents.flatMap((item) => (item.kind === 'CRL' ? [item.crl] : []));
  const others = contents.flatMap(({ kind }) => (kind === 'certificate' || kind === 'CRL' ? [] : [kind]));
  const key = keyBeside(file, certificates[0]);
  return { file, certificates, crls, key, isKeyExposed: key !== 'none' && isExposed(keyFileBeside(file)), others };
}

export function keyFileBeside(file: string): string {
  return file.replace(/-cert\.pem$/, '-privkey.pem');
}

function keyBeside(file: string, certificate: Certificate | undefined): KeyMatch | 'none' {
  const keyFile = keyFileBeside(file);
  if (certificate === undefined || keyFile === file || !files.exists(keyFile)) return 'none';
  return keyMatch(certificate, keyFile);
}

function needsPassphrase(file: string): OvsPkiError {
  return new OvsPkiError('KEY_ENCRYPTED', `${file} is encrypted, and check asks for no passphrase`, {
    hint: `look at it with: ovs-pki-ts show ${basename(file)}`,
    details: { file },
  });
}
