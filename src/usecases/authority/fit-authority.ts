/**
 * The certificate of a CA that another CA has signed, and those above it: would what it signs be valid?
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { type Certificate, decodeCertificatesPem } from '../../pki/certificate.js';
import { keyFindings } from '../../pki/lint/key-rules.js';
import type { Finding } from '../../pki/lint/rule.js';
import { authorityPath } from '../../pki/path/path.js';
import * as files from '../../platform/files.js';

/** The files that a CA comes in. */
export interface AuthorityFiles {
  /** PEM; what stands behind the first certificate counts as chain. */
  readonly certificateFile: string;
  /** The certificates above it, in any order. */
  readonly chainFile?: string;
}

/** A CA, and what stands above it, the root last. */
export interface FitAuthority {
  readonly certificate: Certificate;
  readonly chain: readonly Certificate[];
}

/** Throws CA_UNFIT with all reasons, FILE_NOT_FOUND, PEM_INVALID and what else is wrong with a file. */
export function readFitAuthority({ certificateFile, chainFile }: AuthorityFiles, at: Date): FitAuthority {
  const [certificate, ...behind] = certificatesIn(certificateFile);
  const given = [...behind, ...(chainFile === undefined ? [] : certificatesIn(chainFile))];
  const { path, findings } = authorityPath({ certificate, authorities: [certificate, ...given], at });
  const reasons = [...findings, ...certificateFindings(certificate)];
  if (reasons.length > 0) throw unfit(certificateFile, reasons);
  return { certificate, chain: path.slice(1) };
}

/** At least one. Throws FILE_NOT_FOUND, PEM_INVALID, DER_INVALID. */
export function certificatesIn(file: string): [Certificate, ...Certificate[]] {
  return decodeCertificatesPem(files.readFile(file).toString('latin1'), file);
}

function certificateFindings({ publicKey, subject, subjectKeyIdentifier }: Certificate): Finding[] {
  const findings = [...keyFindings(publicKey)];
  if (subject.attributes.length === 0) {
    findings.push({ rule: 'subject', citation: 'RFC 5280, section 4.1.2.6', message: 'its subject is empty' });
  }
  // Without it "openssl ca" makes no certificate and no list in the directory.
  if (subjectKeyIdentifier === undefined) {
    const message = 'it has no subjectKeyIdentifier';
    findings.push({ rule: 'key-identifier', citation: 'RFC 5280, section 4.2.1.2', message });
  }
  return findings;
}

function unfit(file: string, reasons: readonly Finding[]): OvsPkiError {
  const isIncomplete = reasons.some(({ rule }) => rule === 'issuer');
  const list = reasons.map(({ message }) => message).join('; ');
  return new OvsPkiError('CA_UNFIT', `${file} cannot be a CA here: ${list}`, {
    hint: isIncomplete
      ? 'give the certificates above it, up to a root that signed itself: --chain FILE'
      : `see what is in it: openssl x509 -noout -text -in ${file}`,
    details: { file, reasons },
  });
}
