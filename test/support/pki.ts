/** PKI directories and requests in a scratch folder, made quickly, and the programs that are run on them. */

import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CertificateType } from '../../src/pki/profile.js';
import { programPath, type Run, run, runWell } from './programs.js';

/** The options that name the PKI directory `pki` and a log file, both in the folder that a command runs in. */
const places = ['--dir', 'pki', '--log', 'log'];

/** Runs one of our commands in a folder. */
export function ours(folder: string, args: readonly string[]): Promise<Run> {
  return run(process.execPath, [programPath, ...args, ...places], { cwd: folder });
}

/** Runs one of our commands, which must succeed, and gives its standard output. */
export function oursWell(folder: string, args: readonly string[]): Promise<string> {
  return runWell(process.execPath, [programPath, ...args, ...places], { cwd: folder });
}

/** Runs the real ovs-pki in a folder. */
export function ovsPki(folder: string, args: readonly string[]): Promise<Run> {
  return run('ovs-pki', [...args, ...places], { cwd: folder });
}

export function ovsPkiWell(folder: string, args: readonly string[]): Promise<string> {
  return runWell('ovs-pki', [...args, ...places], { cwd: folder });
}

/** Runs `openssl ca` as an operator does: in the folder of the CA, with its ca.cnf. */
export function opensslCa(folder: string, type: CertificateType, args: readonly string[]): Promise<string> {
  return runWell('openssl', ['ca', '-config', 'ca.cnf', '-batch', ...args], { cwd: caFolderIn(folder, type) });
}

export function caFolderIn(folder: string, type: CertificateType): string {
  return join(folder, 'pki', `${type}ca`);
}

export function caCertificateIn(folder: string, type: CertificateType): string {
  return join(caFolderIn(folder, type), 'cacert.pem');
}

export interface RequestOptions {
  /** Whether the request asks for a subjectAltName, as those of ovs-pki have done since Open vSwitch 2.13. */
  readonly subjectAltName: boolean;
}

/** Makes NAME-privkey.pem, from a key that was made before, and NAME-req.pem: what ovs-pki would make with that key. */
export async function makeRequest(
  folder: string,
  name: string,
  keyFile: string,
  { subjectAltName }: RequestOptions = { subjectAltName: true },
): Promise<void> {
  const subject = `/C=US/ST=CA/L=Palo Alto/O=Open vSwitch/OU=Open vSwitch certifier/CN=${name}`;
  copyFileSync(keyFile, join(folder, `${name}-privkey.pem`));
  await runWell(
    'openssl',
    [
      ...['req', '-new', '-text', '-key', `${name}-privkey.pem`, '-out', `${name}-req.pem`, '-subj', subject],
      ...(subjectAltName ? ['-addext', `subjectAltName=DNS:${name}`] : []),
    ],
    { cwd: folder },
  );
}
