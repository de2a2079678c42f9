/**
 * The CRLs of a CA, where `openssl ca -gencrl` is told to put them: `crl.pem` and `crl/*.pem`.
 *
 * @module
 */

import { join } from 'node:path';
import { OvsPkiError } from '../../errors.js';
import { type Crl, decodeCrlsPem, newestCrlOf } from '../../pki/crl.js';
import * as files from '../../platform/files.js';
import type { CaLayout } from '../layout.js';
import type { Ca } from './ca.js';

/** The newest list that the CA has signed with the key that it has now. Throws PKI_CORRUPT. */
export function newestCrl({ certificate, layout }: Pick<Ca, 'certificate' | 'layout'>): Crl | undefined {
  return newestCrlOf(certificate, readCrls(layout));
}

/** Throws PKI_CORRUPT. */
export function readCrls(layout: CaLayout, places: readonly string[] = crlFiles(layout)): Crl[] {
  return places.flatMap((file) => {
    try {
      return decodeCrlsPem(files.readFile(file).toString('latin1'), file);
    } catch (error) {
      if (!(error instanceof OvsPkiError)) throw error;
      // Who makes lists holds the lock of the CA, and who reads them does not.
      if (!files.exists(file)) return [];
      throw new OvsPkiError('PKI_CORRUPT', error.message, {
        hint: file === layout.crl ? 'make the list again: ovs-pki-ts crl' : `take it away: rm ${file}`,
        details: { file },
        cause: error,
      });
    }
  });
}

/** The files that hold them. */
export function crlFiles({ crl, crlFolder }: CaLayout): string[] {
  const inFolder = files.list(crlFolder).filter((name) => name.endsWith('.pem'));
  return [crl, ...inFolder.map((name) => join(crlFolder, name))].filter(files.exists);
}
