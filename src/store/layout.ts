/**
 * Where things are in a PKI directory. The files of ovs-pki and of `openssl ca`, and four of ours.
 *
 * @module
 */

import { join } from 'node:path';
import { OvsPkiError } from '../errors.js';
import { type CertificateType, certificateTypes } from '../pki/profile.js';
import type { SerialNumber } from '../pki/serial.js';

/** The PKI directory of ovs-pki on Linux distributions. */
export const defaultPkiDirectory = '/var/lib/openvswitch/pki';

/** The files of one CA. */
export interface CaLayout {
  readonly folder: string;
  readonly config: string;
  readonly certificate: string;
  readonly request: string;
  readonly privateFolder: string;
  readonly privateKey: string;
  /** Ours: where the key is, for a key in a token; in place of the other file. */
  readonly privateKeyUri: string;
  readonly index: string;
  readonly indexAttributes: string;
  readonly serial: string;
  readonly crlNumber: string;
  readonly crlFolder: string;
  /** The CRL; readers also look into the folder. */
  readonly crl: string;
  readonly certsFolder: string;
  readonly newCertificates: string;
  /** Ours: intents and outcomes, one JSON object a line. */
  readonly auditLog: string;
  /** Ours: which key is certified for which name. */
  readonly keyRegister: string;
  /** Ours: a folder that tells who is changing the CA. */
  readonly lock: string;
  /** Ours: the two CAs of a rollover, while there is one. */
  readonly rollover: string;
  /** Ours: the certificates of CAs that have been retired. */
  readonly retired: string;
}

/** The folder of a CA: `switchca` or `controllerca`; another word could lead out of the directory. Throws USAGE. */
export function caFolder(pkiDirectory: string, type: CertificateType): string {
  if (!certificateTypes.includes(type)) {
    throw new OvsPkiError('USAGE', `a CA has the type switch or controller, not ${JSON.stringify(type)}`);
  }
  return join(pkiDirectory, `${type}ca`);
}

/** Ours: what its certificates have that those of ovs-pki do not. */
export function profileFile(pkiDirectory: string): string {
  return join(pkiDirectory, 'profile.conf');
}

/** Ours: the key that waits for a certificate of another CA, with its request. */
export function requestFolder(pkiDirectory: string, type: CertificateType): string {
  return requestFolderBeside(caFolder(pkiDirectory, type));
}

/** The same, by the folder of the CA. */
export function requestFolderBeside(folder: string): string {
  return `${folder}.request`;
}

export function caLayout(folder: string): CaLayout {
  const at = (...parts: string[]): string => join(folder, ...parts);
  return {
    folder,
    config: at('ca.cnf'),
    certificate: at('cacert.pem'),
    request: at('careq.pem'),
    privateFolder: at('private'),
    privateKey: at('private', 'cakey.pem'),
    privateKeyUri: at('private', 'cakey.uri'),
    index: at('index.txt'),
    indexAttributes: at('index.txt.attr'),
    serial: at('serial'),
    crlNumber: at('crlnumber'),
    crlFolder: at('crl'),
    crl: at('crl.pem'),
    certsFolder: at('certs'),
    newCertificates: at('newcerts'),
    auditLog: at('audit.log'),
    keyRegister: at('keys'),
    lock: at('lock'),
    rollover: at('rollover'),
    retired: at('retired'),
  };
}

/** The CA's own copy of a certificate it has issued. */
export function issuedCertificateFile(layout: CaLayout, serialNumber: SerialNumber): string {
  return join(layout.newCertificates, `${serialNumber}.pem`);
}

/** The CA before a rollover, and the one that is to follow it. */
export type Generation = 'old' | 'new';

/** The file that stands for the key of a CA: with the key, or with the place of a key that is in a token. */
export function keyFile({ privateKey, privateKeyUri }: CaLayout, isInToken: boolean): string {
  return isInToken ? privateKeyUri : privateKey;
}

/** One of the two CAs of a rollover: a certificate and a key of its own, and the rest in common. */
export function generationLayout(layout: CaLayout, generation: Generation): CaLayout {
  return folderLayout(layout, join(layout.rollover, generation));
}

/** A CA with a certificate and a key in a folder of their own. */
export function folderLayout(layout: CaLayout, folder: string): CaLayout {
  return {
    ...layout,
    certificate: join(folder, 'cacert.pem'),
    privateFolder: join(folder, 'private'),
    privateKey: join(folder, 'private', 'cakey.pem'),
    privateKeyUri: join(folder, 'private', 'cakey.uri'),
  };
}

/** Behind the name of what is put aside at this moment. */
export function oldSuffix(at: Date): string {
  return `old-${at.toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
}
