/**
 * The part of a plan that gives a host its certificate, its key and its CA.
 *
 * @module
 */

import { knownValue } from '../facts/fact.js';
import { existingEnds } from '../tunnels/existing.js';
import type { Action } from './action.js';
import { enrollment } from './enrollment.js';
import {
  authorityFileFor,
  type Identity,
  type IdentityFiles,
  isIdentityLink,
  isOurAuthorityFile,
  isOurFile,
  pemOf,
} from './identity-files.js';
import { identityFiles, identityPaths } from './identity-paths.js';
import { fileAt, type HostInput, holdsCertificate, placesFor } from './input.js';
import { goneTunnels } from './leftovers.js';
import { oldGeneration, retiredAuthorities } from './retired.js';

/** Where the three files of an identity are to be, and what has to be done for that. */
export function identityActions(input: HostInput): Action[] {
  const { desired, identity } = input;
  if (desired.identity === undefined && goesFromCertificates(input)) return withoutIdentity(input);
  if (desired.identity === undefined || identity === undefined) return [];
  if (identity === 'enroll') return enrollment(input);
  const files = identityFiles(input, identity);
  const wanted = identityPaths(input, identity, files);
  const left = oldGeneration(input, files);
  return [
    ...placeAuthorities(input, identity, files.ca_cert),
    ...placeCertificate(input, identity, files),
    ...linkActions(input, wanted, files, left.length > 0),
    ...otherConfigActions(input, wanted),
    ...left,
    ...retiredAuthorities(input),
  ];
}

/**
 * Whether the identity of a host goes because all of its tunnels are to use PSKs: ovs-monitor-ipsec takes one or the other. Only
 * what we put there goes, and only where no other tunnel needs it.
 */
export function goesFromCertificates({ desired, facts }: Pick<HostInput, 'desired' | 'facts'>): boolean {
  const { ends, others } = desired;
  const now = knownValue(facts.ovsdb)?.otherConfig ?? {};
  const named = configKeys.flatMap((key) => now[key] ?? []);
  if (others === undefined || named.length === 0 || ends.some(({ method }) => method !== 'psk')) return false;
  const own = new Set(ends.flatMap(({ port, before }) => [port, before]));
  const going = new Set(goneTunnels({ desired, facts }).map(({ port }) => port));
  return (
    named.every((path) => isOurFile(path) || isIdentityLink(path) || isOurAuthorityFile(path)) &&
    existingEnds(facts).every(({ port, method }) => method === 'psk' || own.has(port) || going.has(port))
  );
}

function withoutIdentity({ facts }: HostInput): Action[] {
  const now = knownValue(facts.ovsdb)?.otherConfig ?? {};
  return configKeys.flatMap((key): Action[] =>
    now[key] === undefined ? [] : [{ kind: 'other_config', key, from: now[key], to: undefined }],
  );
}

const configKeys = ['certificate', 'private_key', 'ca_cert'] as const;

/**
 * A renewal that was interrupted has left what was before: then nobody knows whether the IKE daemon was told of what is new, and
 * it is told again.
 */
function linkActions(
  { facts }: HostInput,
  wanted: IdentityFiles,
  files: IdentityFiles,
  wasInterrupted: boolean,
): Action[] {
  const now = knownValue(facts.ovsdb)?.otherConfig ?? {};
  return configKeys.flatMap((key): Action[] => {
    const [path, to] = [wanted[key], files[key]];
    if (path === undefined || to === undefined || path === to) return [];
    const [from, inUse] = [facts.links.get(path), now[key] === path];
    const isDone = from === to && !(wasInterrupted && inUse && key === 'certificate');
    return isDone ? [] : [{ kind: 'link', path, from, to, inUse }];
  });
}

function placeAuthorities(input: HostInput, identity: Identity, path: string | undefined): Action[] {
  if (path === undefined) return [];
  const [, ...above] = identity.authorities;
  // strongSwan trusts a CA only up to its root, and reads the first certificate of a file.
  const paths = [path, ...above.map((authority) => authorityFileFor(placesFor(input).cacerts, authority))];
  return identity.authorities.flatMap((authority, index): Action[] => {
    const place = paths[index] as string;
    if (holdsCertificate(input, place, authority)) return [];
    return [{ kind: 'place', role: 'ca', path: place, content: pemOf(authority), source: undefined }];
  });
}

function placeCertificate(input: HostInput, identity: Identity, paths: IdentityFiles): Action[] {
  const { certificate, key } = identity;
  const actions: Action[] = [];
  const keyThere = fileAt(input, paths.private_key);
  if (key.kind === 'file' && !(keyThere?.kind === 'key' && keyThere.keyHash === key.keyHash)) {
    actions.push({ kind: 'place', role: 'private-key', path: paths.private_key, content: undefined, source: key.file });
  }
  if (!holdsCertificate(input, paths.certificate, certificate)) {
    actions.push({
      kind: 'place',
      role: 'certificate',
      path: paths.certificate,
      content: pemOf(certificate),
      source: undefined,
    });
  }
  return actions;
}

function otherConfigActions({ facts }: HostInput, wanted: IdentityFiles): Action[] {
  const now = knownValue(facts.ovsdb)?.otherConfig ?? {};
  return configKeys.flatMap((key): Action[] =>
    now[key] === wanted[key] ? [] : [{ kind: 'other_config', key, from: now[key], to: wanted[key] }],
  );
}
