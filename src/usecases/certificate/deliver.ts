/**
 * The last step of `sign` and `req+sign`: certificates that were issued go into their files.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import type { FileName } from '../../pki/file-name.js';
import type { CertificateType } from '../../pki/profile.js';
import { certificateFileText } from '../../pki/text.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import type { Ca } from '../../store/ca/ca.js';
import type { IssueResult } from '../../store/change/issue.js';
import { issuedCertificateFile } from '../../store/layout.js';
import { type CertificateSummary, type Refused, summarize } from '../summary.js';

/** The certificate that was made for one name. */
export interface Signed {
  readonly name: string;
  readonly outcome: 'signed';
  readonly type: CertificateType;
  readonly certificateFile: string;
  readonly certificate: CertificateSummary;
}

/** Writes what was issued for each item; the results are in the order of the items. */
export async function deliver(
  platform: Platform,
  ca: Ca,
  items: readonly { readonly name: string; readonly file: FileName }[],
  issued: readonly IssueResult[],
  force: boolean,
): Promise<(Signed | Refused)[]> {
  const targets = issued.flatMap((result, index) => {
    const file = items[index]?.file.certificateFile ?? '';
    return 'error' in result ? [] : [{ file, content: certificateFileText(result.certificate), replace: force }];
  });
  const failures = (await files.writeFiles(targets)).values();
  return items.map(({ name, file: { certificateFile } }, index) => {
    const result = issued[index] as IssueResult;
    if ('error' in result) return refused(platform, name, result.error);
    const { certificate } = result;
    const failure = failures.next().value;
    if (failure !== undefined) return refused(platform, name, notWritten(ca, certificate, certificateFile, failure));
    platform.log.write(`signed ${certificateFile} by ${ca.type}ca, serial ${certificate.serialNumber}`);
    return { name, outcome: 'signed', type: ca.type, certificateFile, certificate: summarize(certificate) };
  });
}

function refused({ log }: Platform, name: string, error: OvsPkiError): Refused {
  log.write(`refused ${name}: ${error.message} [${error.code}]`);
  return { name, outcome: 'refused', error };
}

/** The certificate is not lost: the CA has it. */
export function notWritten(ca: Ca, { serialNumber }: Certificate, file: string, cause: OvsPkiError): OvsPkiError {
  return new OvsPkiError(cause.code, `the certificate was issued, but ${cause.message}`, {
    hint: `the CA has a copy of it: cp ${issuedCertificateFile(ca.layout, serialNumber)} ${file}`,
    details: cause.details,
    cause,
  });
}
