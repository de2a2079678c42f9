/**
 * Where the three files of an identity are to be on a host, and what Open vSwitch is to name.
 *
 * @module
 */

import { posix } from 'node:path';
import type { Certificate } from '../../pki/certificate.js';
import { equalBytes } from '../../pki/der.js';
import { knownValue } from '../facts/fact.js';
import {
  authorityFileFor,
  certificateFileFor,
  type Identity,
  type IdentityFiles,
  identityLinks,
  keyHashOf,
  privateKeyFileFor,
} from './identity-files.js';
import { fileAt, type HostInput, holdsCertificate, placesFor } from './input.js';

/** The same, also where the host makes its key when the plan is applied: then with a `*` for what is not known yet. */
export function plannedFiles(input: HostInput): IdentityFiles | undefined {
  const { identity, desired } = input;
  if (identity !== 'enroll') return identity && identityFiles(input, identity);
  const places = placesFor(input);
  return {
    certificate: `${places.certs}/${desired.name}-*-cert.pem`,
    private_key: `${places.private}/${desired.name}-*-privkey.pem`,
    ca_cert: desired.identity?.method === 'ca-signed' ? `${places.cacerts}/ovs-ca-*.pem` : undefined,
  };
}

/** Where the three are, or are to be. Files that already hold the right thing stay where they are, whatever their names. */
export function identityFiles(input: HostInput, identity: Identity): IdentityFiles {
  const { desired, facts } = input;
  const places = placesFor(input);
  const now = knownValue(facts.ovsdb)?.otherConfig ?? {};
  const { certificate, key, authorities } = identity;
  const hash = keyHashOf(certificate);
  const [authority] = authorities;
  // What lies in a folder that nobody has looked into is known by the link alone.
  const target = (path: string): string => {
    const to = facts.links.get(path);
    return to !== undefined && facts.files.has(to) ? to : path;
  };
  const there = (path: string | undefined, wanted: Certificate): string | undefined =>
    path !== undefined && holdsCertificate(input, path, wanted) ? target(path) : undefined;
  const keyNow = now['private_key'];
  const keyFile = fileAt(input, keyNow);
  return {
    certificate: there(now['certificate'], certificate) ?? certificateFileFor(places.certs, desired.name, certificate),
    private_key:
      keyNow !== undefined && keyFile?.kind === 'key' && keyFile.keyHash === hash
        ? target(keyNow)
        : key.kind === 'on-host'
          ? key.path
          : privateKeyFileFor(places.private, desired.name, hash),
    ca_cert: authority && (there(now['ca_cert'], authority) ?? authorityFileFor(places.cacerts, authority)),
  };
}

/**
 * What other_config is to name: the links to the files, or what it names already and is or leads to the file. A certificate
 * that signed itself has no links: its peers are pointed to another file anyhow. Nor has what would be in the way of a file.
 */
export function identityPaths(input: HostInput, { authorities }: Identity, files: IdentityFiles): IdentityFiles {
  const { facts } = input;
  const now = knownValue(facts.ovsdb)?.otherConfig ?? {};
  const links = identityLinks(placesFor(input), input.desired.name);
  const path = (key: keyof IdentityFiles): string | undefined => {
    const [file, link, named] = [files[key], links[key], now[key]];
    if (named !== undefined && file !== undefined && (named === file || facts.links.get(named) === file)) return named;
    const isBeside = file !== undefined && posix.dirname(file) === posix.dirname(link);
    return authorities.length === 0 || !isBeside || isRegular(facts, link) ? file : link;
  };
  return {
    certificate: path('certificate') ?? files.certificate,
    private_key: path('private_key') ?? files.private_key,
    ca_cert: path('ca_cert'),
  };
}

/** Whether there is something that is no link, where a link of ours would be. */
export function isRegular({ files, links }: HostInput['facts'], path: string): boolean {
  return files.has(path) && files.get(path)?.state !== 'absent' && !links.has(path);
}

/** The file of the CA that has signed the certificate, then those of CAs of its name: its other key, during a rollover. */
export function authorityFiles(input: HostInput): string[] {
  const { identity } = input;
  if (identity === undefined || identity === 'enroll') return [];
  const [own, ...others] = identity.authorities;
  const { ca_cert } = identityFiles(input, identity);
  if (own === undefined || ca_cert === undefined) return [];
  const siblings = others.filter(({ subject }) => equalBytes(subject.der, own.subject.der));
  return [ca_cert, ...siblings.map((authority) => authorityFileFor(placesFor(input).cacerts, authority))];
}
