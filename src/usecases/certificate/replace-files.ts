/**
 * The files of a name get a new certificate, and with it a new key: at no moment are there a key and a certificate
 * that do not belong together. With a new key the three new files lie beside the old ones, as `….new`, before the first
 * of the old ones goes; a run that was interrupted is finished from there.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import type { FileName } from '../../pki/file-name.js';
import { decodePrivateKey } from '../../pki/key.js';
import { isSameKey } from '../../pki/key-identity.js';
import { certificateFileText } from '../../pki/text.js';
import * as files from '../../platform/files.js';
import { readCertificate } from '../../store/certificate-file.js';

/** The place takes another certificate for the same key; the one before is kept as `NAME-cert.pem.old`. */
export function replaceCertificate({ certificateFile }: FileName, certificate: Certificate): void {
  if (files.exists(certificateFile)) files.replaceFile(old(certificateFile), files.readFile(certificateFile));
  files.replaceFile(certificateFile, certificateFileText(certificate));
}

/** Puts a new key and its request beside the old ones, before anything is issued for them. */
export function stageKey({ privateKeyFile, requestFile }: FileName, privateKey: string, request: string): void {
  files.replaceFile(fresh(privateKeyFile), privateKey, 0o600);
  files.replaceFile(fresh(requestFile), request);
}

/** Puts the new key, its request and its certificate in the place of the old ones, which are kept as `….old`. */
export function replaceAll(file: FileName, certificate: Certificate): void {
  files.replaceFile(fresh(file.certificateFile), certificateFileText(certificate));
  if (finishReplacement(file) !== undefined) return;
  throw new OvsPkiError('KEY_MISMATCH', `the new key of ${file.typed} was replaced while its certificate was issued`, {
    hint: `another run did that: see what is there, and run it again: ovs-pki-ts renew --rekey ${file.typed}`,
    details: { name: file.typed },
  });
}

/** Whether there is something to finish. */
export function isReplacing({ certificateFile }: FileName): boolean {
  return files.exists(fresh(certificateFile));
}

/**
 * Finishes what `replaceAll` of an interrupted run has begun, or takes away what it had prepared where no certificate
 * had come to it.
 *
 * @returns the certificate that is in its place now, if this was what was missing
 */
export function finishReplacement(file: FileName): Certificate | undefined {
  const { privateKeyFile, requestFile, certificateFile } = file;
  const certificate = newCertificate(file);
  if (certificate === undefined) {
    for (const place of [privateKeyFile, requestFile, certificateFile]) files.removeFile(fresh(place));
    return undefined;
  }
  if (files.exists(fresh(privateKeyFile))) {
    keepOld(privateKeyFile, 0o600);
    keepOld(certificateFile);
    // What the new key makes worthless goes before it comes: for a moment there is no certificate, never a wrong one.
    files.removeFile(certificateFile);
    files.removeFile(requestFile);
    place(privateKeyFile);
  }
  if (files.exists(fresh(requestFile))) place(requestFile);
  place(certificateFile);
  return certificate;
}

/** The one that waits beside its place, if it belongs to the key that waits, or to that which is in its place already. */
function newCertificate({ privateKeyFile, certificateFile }: FileName): Certificate | undefined {
  const file = fresh(certificateFile);
  if (!files.exists(file)) return undefined;
  const certificate = readCertificate(file);
  const keyFile = files.exists(fresh(privateKeyFile)) ? fresh(privateKeyFile) : privateKeyFile;
  return isKeyOf(keyFile, certificate) ? certificate : undefined;
}

/** Whether a file holds the private key of a certificate. Throws KEY_INVALID, KEY_ENCRYPTED, FILE_NOT_FOUND. */
export function isKeyOf(file: string, { publicKey }: Pick<Certificate, 'publicKey'>): boolean {
  const key = decodePrivateKey(files.readFile(file).toString('latin1'), file);
  return key.publicKey === undefined || isSameKey(key.publicKey, publicKey);
}

function keepOld(file: string, mode?: number): void {
  if (files.exists(file)) files.replaceFile(old(file), files.readFile(file), mode);
}

function place(file: string): void {
  files.placeOver({ file, temporary: fresh(file) });
}

function fresh(file: string): string {
  return `${file}.new`;
}

function old(file: string): string {
  return `${file}.old`;
}
