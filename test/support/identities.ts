/** Certificates as values: of a host in two generations, of its CA, and of a peer that signed itself. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  authorityFileFor,
  certificateFileFor,
  type Identity,
  keyHashOf,
  privateKeyFileFor,
} from '../../src/deploy/plan/identity-files.js';
import { type Certificate, decodeCertificatePem } from '../../src/pki/certificate.js';
import { rsaKeyFile } from './keys.js';
import { beginPki, caCertificateIn, makeRequest, oursWell, selfSignHost } from './pki.js';

export interface Identities {
  readonly folder: string;
  readonly authority: Certificate;
  /** Of host_1, signed by the CA. */
  readonly old: Certificate;
  readonly new: Certificate;
  /** Of host_1 and host_2, signed by themselves. */
  readonly selfSigned: Certificate;
  readonly peer: Certificate;
}

export async function makeIdentities(folder: string): Promise<Identities> {
  await beginPki(folder, 'ours with EC keys');
  const read = (file: string) => decodeCertificatePem(readFileSync(join(folder, file), 'latin1'), file);
  const signed = async (key: number) => {
    await makeRequest(folder, 'host_1', rsaKeyFile(key));
    await oursWell(folder, ['sign', '-b', '-f', 'host_1']);
    return read('host_1-cert.pem');
  };
  const generations = { old: await signed(1), new: await signed(2) };
  await selfSignHost(folder, 'host_2', rsaKeyFile(3));
  await makeRequest(folder, 'host_1', rsaKeyFile(4));
  await oursWell(folder, ['self-sign', '-f', 'host_1']);
  const authority = decodeCertificatePem(readFileSync(caCertificateIn(folder, 'switch'), 'latin1'), 'cacert.pem');
  return { folder, authority, ...generations, selfSigned: read('host_1-cert.pem'), peer: read('host_2-cert.pem') };
}

/** With a key that travels. */
export function identityOf(certificate: Certificate, authority: Certificate | undefined): Identity {
  const key = { kind: 'file', file: 'host_1-privkey.pem', keyHash: keyHashOf(certificate) } as const;
  return { certificate, authorities: authority === undefined ? [] : [authority], key };
}

/** Where the older generation is on a host. */
export function oldPaths({ old, authority }: Identities) {
  return {
    certificate: certificateFileFor('/etc/ipsec.d/certs', 'host_1', old),
    private_key: privateKeyFileFor('/etc/ipsec.d/private', 'host_1', keyHashOf(old)),
    ca_cert: authorityFileFor('/etc/ipsec.d/cacerts', authority),
  };
}
