/**
 * The name that an operator types: of the files NAME-req.pem and NAME-cert.pem, in a folder or not.
 *
 * @module
 */

import { basename } from 'node:path';
import { OvsPkiError } from '../errors.js';
import { nameFault } from './name.js';

/** Where the files of a name are, and the name itself: `keys/host_1` is `host_1` with its files in `keys`. */
export interface FileName {
  /** What was typed. */
  readonly typed: string;
  /** The name proper, which becomes the common name. */
  readonly name: string;
  readonly privateKeyFile: string;
  readonly requestFile: string;
  readonly certificateFile: string;
}

/** Checks a name as it is typed and gives the names of its files. Throws NAME_INVALID. */
export function parseFileName(typed: string): FileName {
  const name = basename(typed);
  const fault = typed.endsWith('/') ? 'a name cannot end with a slash' : (nameFault(name) ?? folderFault(typed));
  if (fault !== undefined) {
    throw new OvsPkiError('NAME_INVALID', `${JSON.stringify(typed)}: ${fault}`, {
      hint: 'choose a name such as host_1 or the system-id of the host',
      details: { name: typed },
    });
  }
  return {
    typed,
    name,
    privateKeyFile: `${typed}-privkey.pem`,
    requestFile: `${typed}-req.pem`,
    certificateFile: `${typed}-cert.pem`,
  };
}

function folderFault(typed: string): string | undefined {
  return typed.includes('\0') ? 'a folder cannot have NUL in its name' : undefined;
}
