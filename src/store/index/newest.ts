/**
 * The newest certificate of a name.
 *
 * @module
 */

import { commonNameOfOneLine } from '../../pki/name.js';
import { certificateTypes } from '../../pki/profile.js';
import * as files from '../../platform/files.js';
import { type CaLayout, caFolder, caLayout, issuedCertificateFile } from '../layout.js';
import { type IndexRow, indexRows, indexTimeMs } from './row.js';

/**
 * The CA's copy of the certificate of a name that ends last, or undefined. One that is not revoked comes before one
 * that is; both CAs are looked at.
 *
 * @throws PKI_CORRUPT
 */
export function newestOfName(pkiDirectory: string, commonName: string): string | undefined {
  let best: { readonly layout: CaLayout; readonly row: IndexRow } | undefined;
  for (const type of certificateTypes) {
    const layout = caLayout(caFolder(pkiDirectory, type));
    if (!files.exists(layout.index)) continue;
    for (const row of indexRows(layout.index)) {
      if (commonNameOfOneLine(row.subject) === commonName && (best === undefined || isNewer(row, best.row))) {
        best = { layout, row };
      }
    }
  }
  return best && issuedCertificateFile(best.layout, best.row.serialNumber);
}

function isNewer(row: IndexRow, than: IndexRow): boolean {
  const [revoked, thanRevoked] = [row.state === 'R', than.state === 'R'];
  if (revoked !== thanRevoked) return thanRevoked;
  return indexTimeMs(row.expires) >= indexTimeMs(than.expires);
}
