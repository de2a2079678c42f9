/**
 * The identity of a host: its certificate, where its key is, whom it trusts, and the names of the files that hold them.
 *
 * @module
 */

import type { Certificate } from '../../pki/certificate.js';
import { digestHex } from '../../pki/digest.js';
import { keyHash } from '../../pki/key-identity.js';
import { encodePem } from '../../pki/pem.js';
import type { Places } from '../ike/daemon.js';

export interface Identity {
  readonly certificate: Certificate;
  /** The certificates of the CA that signed it, the issuer first; none where it signed itself. */
  readonly authorities: readonly Certificate[];
  /** Where its private key is: on the host already, or in a file here that has to travel. */
  readonly key:
    | { readonly kind: 'on-host'; readonly path: string }
    | { readonly kind: 'file'; readonly file: string; readonly keyHash: string };
}

/** Each generation has names of its own, for ovs-monitor-ipsec compares paths and never contents. */
export function certificateFileFor(folder: string, name: string, certificate: Certificate): string {
  return `${folder}/${name}-${generationOf(certificate)}-cert.pem`;
}

export function privateKeyFileFor(folder: string, name: string, hash: string): string {
  return `${folder}/${name}-${hash.slice(0, generationLength)}-privkey.pem`;
}

export function authorityFileFor(folder: string, certificate: Certificate): string {
  return `${folder}/ovs-ca-${generationOf(certificate)}.pem`;
}

/**
 * What Open vSwitch is pointed to: a symbolic link beside the files of each generation. ovs-monitor-ipsec compares paths,
 * so a renewal that changes where these lead rebuilds no tunnel.
 */
export function identityLinks(places: Places, name: string): Readonly<Record<keyof IdentityFiles, string>> {
  return {
    certificate: `${places.certs}/ovs-${name}-cert.pem`,
    private_key: `${places.private}/ovs-${name}-privkey.pem`,
    ca_cert: `${places.cacerts}/ovs-ca.pem`,
  };
}

/** The files of an identity by the keys of other_config. */
export interface IdentityFiles {
  readonly certificate: string;
  readonly private_key: string;
  readonly ca_cert: string | undefined;
}

/** By the key of its CA, for during a change of its key a CA has two lists; a newer list takes the place of an older one. */
export function crlFileFor(folder: string, issuer: Certificate): string {
  return `${folder}/ovs-crl-${keyHashOf(issuer).slice(0, generationLength)}.pem`;
}

/** Whether a file is one that we put there for all who have the same CA. */
export function isOurAuthorityFile(path: string): boolean {
  return /\/ovs-(ca|crl)-[0-9a-f]{16}\.pem$/.test(path);
}

/** Whether a file is one that we put there for a host, of whatever generation. */
export function isOurFile(path: string): boolean {
  return /\/[A-Za-z0-9._-]+-[0-9a-f]{16}-(cert|privkey)\.pem$/.test(path);
}

/** Whether a name is that of one of our links, for whatever host. */
export function isIdentityLink(path: string): boolean {
  return /\/ovs-(?:ca|[A-Za-z0-9._-]+-(?:cert|privkey))\.pem$/.test(path);
}

/** A certificate and nothing else: readers of the IKE daemons take the first block of a file. */
export function pemOf({ der }: Pick<Certificate, 'der'>): string {
  return encodePem('CERTIFICATE', der);
}

export function keyHashOf(certificate: Certificate): string {
  return keyHash(certificate.publicKey);
}

const generationLength = 16;

function generationOf({ der }: Certificate): string {
  return digestHex('sha256', der).slice(0, generationLength);
}
