/**
 * A CA of a PKI directory as it is read: its certificate, those above it, and the other one during a rollover.
 *
 * @module
 */

import { join } from 'node:path';
import { OvsPkiError } from '../../errors.js';
import { type Certificate, decodeCertificatesPem } from '../../pki/certificate.js';
import { equalBytes } from '../../pki/der.js';
import { keyIdentifier } from '../../pki/engine.js';
import { attributeValues } from '../../pki/name.js';
import { oid } from '../../pki/oid.js';
import { type CertificateType, certificateTypes } from '../../pki/profile.js';
import * as files from '../../platform/files.js';
import { isFolder } from '../../platform/folders.js';
import { type CaLayout, caFolder, caLayout, generationLayout } from '../layout.js';
import { reading } from './ca-faults.js';
import { type RolloverPhase, rolloverPhase } from './phase.js';

/** A CA of a PKI directory whose certificate has been read. */
export interface Ca {
  readonly type: CertificateType;
  readonly layout: CaLayout;
  readonly certificate: Certificate;
  /** What stands in cacert.pem after the CA's own certificate. */
  readonly chain: readonly Certificate[];
  readonly organization: string | undefined;
  /** Of cacert.pem when it was read. */
  readonly stamp: string | undefined;
  /** While the key of the CA is rolled over: the other of the two, which does not sign now. */
  readonly other?: Ca;
}

/** Throws PKI_NOT_FOUND unless there is a folder. */
export function requirePkiDirectory(pkiDirectory: string): void {
  if (isFolder(pkiDirectory)) return;
  const there = files.exists(pkiDirectory);
  throw new OvsPkiError('PKI_NOT_FOUND', `${pkiDirectory} ${there ? 'is not a directory' : 'does not exist'}`, {
    hint: 'make a PKI with "ovs-pki-ts init", or name the place of one with --dir',
    details: { directory: pkiDirectory },
  });
}

/** The types whose CA is there: beside one that was imported there need be no other. Both, where there is none. */
export function typesIn(pkiDirectory: string): readonly CertificateType[] {
  requirePkiDirectory(pkiDirectory);
  const there = certificateTypes.filter((type) => files.exists(caFolder(pkiDirectory, type)));
  return there.length === 0 ? certificateTypes : there;
}

/** Reads the certificate of a CA. Throws PKI_NOT_FOUND or PKI_CORRUPT. */
export function readCa(pkiDirectory: string, type: CertificateType): Ca {
  requirePkiDirectory(pkiDirectory);
  const layout = caLayout(caFolder(pkiDirectory, type));
  const phase = rolloverPhase(layout);
  try {
    const ca = readGenerations(layout, type, phase);
    if (rolloverPhase(layout) === phase) return ca;
  } catch (error) {
    if (rolloverPhase(layout) === phase) throw error;
  }
  // A step of a rollover was made between two of the files.
  return readCa(pkiDirectory, type);
}

function readGenerations(layout: CaLayout, type: CertificateType, phase: RolloverPhase | undefined): Ca {
  const ca = readCaAt(layout, type);
  if (phase === undefined) return ca;
  const other = readCaAt(generationLayout(layout, phase === 'prepared' ? 'new' : 'old'), type);
  // Its list has a file of its own, beside that of the one that signs.
  const crl = generationCrlFile(layout, other.certificate);
  return { ...ca, other: { ...other, layout: { ...other.layout, crl } } };
}

/**
 * What hosts are to trust: the CA and what stands above it, and during a rollover the same of the other one. The older of
 * the two comes first: where a certificate does not tell the key of its issuer, as those made with OpenSSL before 3.0,
 * OpenSSL takes the first CA of that name.
 */
export function trustedBy({ other, ...signing }: Ca): [Certificate, ...Certificate[]] {
  if (other?.layout.certificate === generationLayout(signing.layout, 'old').certificate) {
    return trustedBy({ ...other, other: signing });
  }
  const { certificate, chain } = signing;
  const more = [...chain, ...(other === undefined ? [] : [other.certificate, ...other.chain])];
  const isNew = (item: Certificate, at: number): boolean =>
    more.findIndex(({ der }) => equalBytes(der, item.der)) === at && !equalBytes(item.der, certificate.der);
  return [certificate, ...more.filter(isNew)];
}

/** The CA that signs, and during a rollover the other one. */
export function generationsOf(ca: Ca): [Ca, ...Ca[]] {
  return ca.other === undefined ? [ca] : [ca, ca.other];
}

/** The list of the one of two CAs that does not sign; readers of lists find it there. */
export function generationCrlFile({ crlFolder }: CaLayout, certificate: Certificate): string {
  return join(crlFolder, `${keyIdentifierHex(certificate)}.pem`);
}

/** The key identifier of a CA, hexadecimal: what tells two of one name apart. */
export function keyIdentifierHex({ subjectKeyIdentifier, publicKey }: Certificate): string {
  return Buffer.from(subjectKeyIdentifier ?? keyIdentifier(publicKey)).toString('hex');
}

function readCaAt(layout: CaLayout, type: CertificateType): Ca {
  const stamp = files.stampOf(layout.certificate)?.stamp;
  const [certificate, ...chain] = reading(layout, layout.certificate, (pem) =>
    decodeCertificatesPem(pem, layout.certificate),
  );
  return {
    type,
    layout,
    certificate,
    chain,
    organization: attributeValues(certificate.subject, oid.organizationName)[0],
    stamp,
  };
}

/** Between the reading of the CA and the lock, `init --force` can have put another one in its place. */
export function requireSameCa({ layout, stamp }: Ca): void {
  if (files.stampOf(layout.certificate)?.stamp === stamp) return;
  throw new OvsPkiError('KEY_MISMATCH', `${layout.folder} was replaced while it was waited for; nothing was done`, {
    hint: 'run the command again, if the new CA is the one that is meant',
    details: { folder: layout.folder },
  });
}
