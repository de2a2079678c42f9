/**
 * `verify NAME [TYPE]`: is this a certificate of our CA, valid now, and fit for Open vSwitch?
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { type Certificate, decodeCertificatePem } from '../../pki/certificate.js';
import type { Crl } from '../../pki/crl.js';
import { equalBytes } from '../../pki/der.js';
import { parseFileName } from '../../pki/file-name.js';
import { leafFindings } from '../../pki/lint/leaf-rules.js';
import type { Finding } from '../../pki/lint/rule.js';
import { pathFindings } from '../../pki/path/path.js';
import type { CertificateType } from '../../pki/profile.js';
import { isSignedWith } from '../../pki/signature.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, readCa, trustedBy } from '../../store/ca/ca.js';
import { readCrls } from '../../store/ca/crls.js';
import { readRetired } from '../../store/ca/retired.js';
import { type History, readHistory, revocationOf } from '../../store/history/known.js';
import type { CaLayout } from '../../store/layout.js';
import { type CertificateSummary, orRefused, type Refused, summarize } from '../summary.js';

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
  let known: History | undefined;
  const history = (): History | undefined => {
    known ??= files.exists(ca.layout.index) ? readHistory(ca, platform.clock.now()) : undefined;
    return known;
  };
  return Promise.all(request.names.map((name) => orRefused(name, () => verifyOne(platform, ca, crls, history, name))));
}

async function verifyOne(
  { clock }: Platform,
  ca: Ca,
  crls: readonly Crl[],
  history: () => History | undefined,
  name: string,
): Promise<Verified> {
  const { certificateFile: file } = parseFileName(name);
  const certificate = decodeCertificatePem(read(file, name, ca.type).toString('latin1'), file);
  const authorities = trustedBy(ca);
  const found = await pathFindings({ certificate, authorities, crls, at: clock.now() });
  const retired = found.some(({ rule }) => noIssuer.includes(rule)) ? retiredIssuer(ca, certificate) : undefined;
  const path = retired === undefined ? found : [retired, ...found.filter(({ rule }) => !noIssuer.includes(rule))];
  // Serial numbers mean something only among certificates of this CA.
  const isOurs = !path.some(({ rule }) => rule === 'issuer' || rule === 'signature');
  const index = isOurs ? indexFindings(ca.layout, history(), certificate.serialNumber) : [];
  const reasons = [...path, ...index, ...leafFindings(certificate)];
  return {
    name,
    outcome: reasons.length === 0 ? 'valid' : 'invalid',
    file,
    certificate: summarize(certificate),
    reasons,
  };
}

/** What is found where nobody who is trusted has signed a certificate. */
const noIssuer: readonly string[] = ['issuer', 'key-identifier', 'signature'];

/** A rollover is over, and this certificate was left behind: it says nothing of what became of it that it was ours. */
function retiredIssuer(ca: Ca, certificate: Certificate): Finding | undefined {
  const issuer = readRetired(ca).find(
    ({ subject, publicKey }) => equalBytes(subject.der, certificate.issuer.der) && isSignedWith(publicKey, certificate),
  );
  if (issuer === undefined) return undefined;
  const message = `the key that has signed the certificate is retired: that of the CA certificate ${issuer.serialNumber}`;
  return { rule: 'ca-retired', citation: 'ovs-pki-ts rollover', message };
}

/** Who gives the name of a file is told which name it takes. */
function read(file: string, name: string, type: CertificateType): Buffer {
  if (files.exists(file)) return files.readFile(file);
  const stem = /^(.+)-cert\.pem$/.exec(name)?.[1];
  throw new OvsPkiError('FILE_NOT_FOUND', `${file} does not exist`, {
    hint:
      stem === undefined
        ? `verify takes the NAME of a NAME-cert.pem; what a file holds is shown by: ovs-pki-ts show ${name}`
        : `verify takes the NAME of a NAME-cert.pem: ovs-pki-ts verify ${stem} ${type}`,
    details: { file },
  });
}

function indexFindings(layout: CaLayout, history: History | undefined, serialNumber: string): Finding[] {
  const found = history && revocationOf(history, layout, serialNumber);
  if (found === undefined) return [];
  const { source } = found;
  const where = source === layout.index ? 'index.txt' : source;
  return [{ rule: 'revoked-in-index', citation: 'openssl-ca(1)', message: `the certificate is revoked in ${where}` }];
}
