/**
 * What is wrong with a file of a CA, as an error of the PKI directory.
 *
 * @module
 */

import { basename, dirname } from 'node:path';
import { OvsPkiError } from '../../errors.js';
import { certificateTypes } from '../../pki/profile.js';
import * as files from '../../platform/files.js';
import { isFolder } from '../../platform/folders.js';
import { type CaLayout, caFolder, requestFolderBeside } from '../layout.js';

/** Reads a file of a CA; what is wrong with it is an error of the PKI directory. */
export function reading<T>(layout: CaLayout, file: string, decode: (text: string) => T): T {
  try {
    return decode(files.readFile(file).toString('latin1'));
  } catch (error) {
    throw asPkiError(layout, file, error);
  }
}

function waitingHint({ folder }: CaLayout): string {
  const type = basename(folder).slice(0, -'ca'.length);
  return `its key waits for its certificate (${requestFolderBeside(folder)}): ovs-pki-ts import ${type} --ca-cert FILE --chain FILE`;
}

/** Where something is left of a PKI, `init` alone would be refused. */
function missingHint(layout: CaLayout): string {
  if (files.exists(requestFolderBeside(layout.folder))) return waitingHint(layout);
  const isLeft = certificateTypes.some((type) => files.exists(caFolder(dirname(layout.folder), type)));
  return isLeft
    ? `put ${layout.certificate} back from a backup, or name another place with --dir; only where all is lost, make two new CAs: ovs-pki-ts init --force (what is here is kept under another name)`
    : 'make a PKI with "ovs-pki-ts init", or name the place of one with --dir';
}

function putBack(file: string): string {
  const folder = dirname(file);
  return `${isFolder(folder) ? '' : `mkdir -m 700 ${folder} && `}install -m 600 BACKUP ${file}`;
}

export function asPkiError(layout: CaLayout, file: string, error: unknown): unknown {
  if (!(error instanceof OvsPkiError)) return error;
  const details = { ...error.details, file };
  if (error.code === 'FILE_NOT_FOUND' && error.details['file'] === file && file !== layout.certificate) {
    return new OvsPkiError('PKI_NOT_FOUND', `the key of the CA is not here: ${error.message}`, {
      hint: `put it back from where it is kept, for as long as something is signed: ${putBack(file)}; without it only a new CA can sign`,
      details,
      cause: error,
    });
  }
  if (error.code === 'FILE_NOT_FOUND' && error.details['file'] === file) {
    return new OvsPkiError('PKI_NOT_FOUND', `${layout.folder} is not a CA: ${error.message}`, {
      hint: missingHint(layout),
      details,
      cause: error,
    });
  }
  if (error.code === 'FILE_UNREADABLE' && error.details['systemError'] === undefined) {
    return new OvsPkiError('FILE_UNREADABLE', error.message, {
      hint: `take away what is there, see ls -ld ${file}, and put ${file} back from a backup`,
      details,
      cause: error,
    });
  }
  if (error.code === 'PEM_INVALID' || error.code === 'DER_INVALID' || error.code === 'KEY_INVALID') {
    return new OvsPkiError('PKI_CORRUPT', error.message, {
      hint: `put ${file} back from a backup`,
      details,
      cause: error,
    });
  }
  return error;
}
