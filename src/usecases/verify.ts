/**
 * `verify NAME [TYPE]`: is this a certificate of our CA, valid now, and fit for Open vSwitch?
 *
 * @module
 */

import { join } from 'node:path';
import { OvsPkiError } from '../errors.js';
import { decodeCertificatePem } from '../pki/certificate.js';
import { type Crl, decodeCrlsPem } from '../pki/crl.js';
import { leafFindings } from '../pki/lint/leaf-rules.js';
import type { Finding } from '../pki/lint/rule.js';
import { parseFileName } from '../pki/name.js';
import { pathFindings } from '../pki/path.js';
import type { CertificateType } from '../pki/profile.js';
import * as files from '../platform/files.js';
import type { Platform } from '../platform/index.js';
import { findIndexRow } from '../store/index-txt.js';
import type { CaLayout } from '../store/layout.js';
import { type Ca, readCa } from '../store/pki-directory.js';
import { type CertificateSummary, orRefused, type Refused, summarize } from './summary.js';

/** What `verify` is to check: the certificates of these names against this CA. */
export interface VerifyRequest {
  readonly pkiDirectory: string;
  readonly names: readonly string[];
  readonly type: CertificateType;
}

/** Whether one certificate is valid. */
export interface Verified {
  readonly name: string;
  readonly outcome: 'valid' | 'invalid';
  readonly file: string;
  readonly certificate: CertificateSummary;
  /** All reasons why it is not valid. */
  readonly reasons: readonly Finding[];
}

/**
 * A result for each name, in the order given.
 *
 * @throws PKI_NOT_FOUND, PKI_CORRUPT
 */
export async function verify(platform: Platform, request: VerifyRequest): Promise<(Verified | Refused)[]> {
  const ca = readCa(request.pkiDirectory, request.type);
  const crls = readCrls(ca.layout);
  return Promise.all(request.names.map((name) => orRefused(name, () => verifyOne(platform, ca, crls, name))));
}

async function verifyOne({ clock }: Platform, ca: Ca, crls: readonly Crl[], name: string): Promise<Verified> {
  const { certificateFile: file } = parseFileName(name);
  const certificate = decodeCertificatePem(files.readFile(file).toString('latin1'), file);
  const authorities = [ca.certificate, ...ca.chain];
  const path = await pathFindings({ certificate, authorities, crls, at: clock.now() });
  // Serial numbers mean something only among certificates of this CA.
  const isOurs = !path.some(({ rule }) => rule === 'issuer' || rule === 'signature');
  const index = isOurs ? indexFindings(ca.layout, certificate.serialNumber) : [];
  const reasons = [...path, ...index, ...leafFindings(certificate)];
  return {
    name,
    outcome: reasons.length === 0 ? 'valid' : 'invalid',
    file,
    certificate: summarize(certificate),
    reasons,
  };
}

/** `crl.pem` and `crl/*.pem`: where `openssl ca -gencrl` is told to put lists. */
function readCrls(layout: CaLayout): Crl[] {
  const inFolder = files.list(layout.crlFolder).filter((name) => name.endsWith('.pem'));
  const places = [layout.crl, ...inFolder.map((name) => join(layout.crlFolder, name))];
  return places.filter(files.exists).flatMap((file) => {
    try {
      return decodeCrlsPem(files.readFile(file).toString('latin1'), file);
    } catch (error) {
      if (!(error instanceof OvsPkiError)) throw error;
      throw new OvsPkiError('PKI_CORRUPT', error.message, {
        hint: file === layout.crl ? 'make the list again: ovs-pki-ts crl' : `take it away: rm ${file}`,
        details: { file },
        cause: error,
      });
    }
  });
}

function indexFindings({ index }: CaLayout, serialNumber: string): Finding[] {
  if (!files.exists(index)) return [];
  if (findIndexRow(index, serialNumber)?.state !== 'R') return [];
  return [{ rule: 'revoked-in-index', citation: 'openssl-ca(1)', message: 'the certificate is revoked in index.txt' }];
}
