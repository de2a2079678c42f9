/**
 * The part of a plan that gives a host its certificate, its key and its CA.
 *
 * @module
 */

import { posix } from 'node:path';
import type { Certificate } from '../../pki/certificate.js';
import { equalBytes } from '../../pki/der.js';
import { knownValue } from '../facts/fact.js';
import { existingEnds } from '../tunnels/existing.js';
import type { Action } from './action.js';
import {
  authorityFileFor,
  certificateFileFor,
  crlFileFor,
  type Identity,
  type IdentityFiles,
  identityLinks,
  isIdentityLink,
  isOurAuthorityFile,
  isOurFile,
  keyHashOf,
  pemOf,
  privateKeyFileFor,
} from './identity-files.js';
import { daemonFor, fileAt, type HostInput, holdsCertificate, placesFor } from './input.js';
import { goneTunnels } from './leftovers.js';

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
function identityPaths(input: HostInput, { authorities }: Identity, files: IdentityFiles): IdentityFiles {
  const { facts } = input;
  const now = knownValue(facts.ovsdb)?.otherConfig ?? {};
  const links = identityLinks(placesFor(input), input.desired.name);
  const isFile = (path: string): boolean =>
    facts.files.has(path) && facts.files.get(path)?.state !== 'absent' && !facts.links.has(path);
  const path = (key: keyof IdentityFiles): string | undefined => {
    const [file, link, named] = [files[key], links[key], now[key]];
    if (named !== undefined && file !== undefined && (named === file || facts.links.get(named) === file)) return named;
    const isBeside = file !== undefined && posix.dirname(file) === posix.dirname(link);
    return authorities.length === 0 || !isBeside || isFile(link) ? file : link;
  };
  return {
    certificate: path('certificate') ?? files.certificate,
    private_key: path('private_key') ?? files.private_key,
    ca_cert: path('ca_cert'),
  };
}

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

/** The key and the certificate are made when the plan is applied: their names are known only then. */
function enrollment(input: HostInput): Action[] {
  const { desired, facts, subjectBase } = input;
  const places = placesFor(input);
  const { name, identity } = desired;
  if (identity === undefined) return [];
  const { method, keySpec } = identity;
  const now = knownValue(facts.ovsdb)?.otherConfig ?? {};
  const path = `${places.certs}/${name}-*-cert.pem`;
  const authority = `${places.cacerts}/ovs-ca-*.pem`;
  const placed = (role: 'ca' | 'certificate', to: string): Action => ({
    kind: 'place',
    role,
    path: to,
    content: undefined,
    source: undefined,
  });
  const other = (key: keyof IdentityFiles, to: string): Action => ({ kind: 'other_config', key, from: now[key], to });
  const links = identityLinks(places, name);
  const linked = (key: keyof IdentityFiles, to: string): Action[] => {
    const [link, inUse] = [links[key], now[key] === links[key]];
    if (method === 'self-signed') return [other(key, to)];
    const action: Action = { kind: 'link', path: link, from: facts.links.get(link), to, inUse };
    return inUse ? [action] : [action, other(key, link)];
  };
  return [
    {
      kind: 'enroll',
      name,
      method,
      keySpec,
      folder: places.private,
      ...(method === 'self-signed' || subjectBase === undefined ? {} : { subject: subjectBase }),
      existingKey: pendingKey(input),
      expires: expiryOf(input),
    },
    ...(method === 'ca-signed' ? [placed('ca', authority)] : []),
    placed('certificate', path),
    ...linked('certificate', path),
    ...linked('private_key', `${places.private}/${name}-*-privkey.pem`),
    ...(method === 'ca-signed' ? linked('ca_cert', authority) : []),
  ];
}

/** Of the certificate in use, which is renewed. */
function expiryOf(input: HostInput): string | undefined {
  const file = fileAt(input, knownValue(input.facts.ovsdb)?.otherConfig['certificate']);
  return file?.kind === 'certificate' ? file.certificates[0].notAfter.toISOString().slice(0, 10) : undefined;
}

/** A key of this name that an earlier enrollment made on the host, and that no certificate there belongs to. */
function pendingKey(input: HostInput): string | undefined {
  const folder = placesFor(input).private;
  const prefix = `${folder}/${input.desired.name}-`;
  const certified = new Set(
    [...input.facts.files.values()].flatMap((fact) => {
      const file = knownValue(fact);
      return file?.kind === 'certificate' ? [keyHashOf(file.certificates[0])] : [];
    }),
  );
  return [...input.facts.files].find(([path, fact]) => {
    const file = knownValue(fact);
    if (file?.kind !== 'key' || file.keyHash === undefined || certified.has(file.keyHash)) return false;
    return path === privateKeyFileFor(folder, input.desired.name, file.keyHash) && path.startsWith(prefix);
  })?.[0];
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

/** What an earlier generation of ours left, damaged or not, that nothing will point to any more. */
function oldGeneration(input: HostInput, wanted: IdentityFiles): Action[] {
  const places = placesFor(input);
  const ours = [places.certs, places.private].map((folder) => `${folder}/${input.desired.name}-`);
  const used = new Set<string | undefined>([wanted.certificate, wanted.private_key]);
  for (const { options } of knownValue(input.facts.ovsdb)?.interfaces ?? []) used.add(options['remote_cert']);
  return [...input.facts.files]
    .filter(
      ([path, { state }]) => state !== 'absent' && isOurFile(path) && ours.some((start) => path.startsWith(start)),
    )
    .filter(([path]) => !used.has(path) && isOf(path, input.desired.name))
    .map(([path]): Action => ({ kind: 'remove-file', path }));
}

/**
 * CAs that a rollover has replaced, and their lists, of which charon would take one for that of the CA that signs: these go
 * last, when no peer presents a certificate of theirs.
 */
function retiredAuthorities(input: HostInput): Action[] {
  const { cacerts, crls } = placesFor(input);
  return input.retired.flatMap((authority): Action[] => {
    const [path, list] = [authorityFileFor(cacerts, authority), crlFileFor(crls, authority)];
    return [
      ...(holdsCertificate(input, path, authority) ? [path] : []),
      ...(fileAt(input, list)?.kind === 'crl' ? [list] : []),
    ].map((gone) => ({ kind: 'remove-file', path: gone }));
  });
}

/** charon trusts whatever lies in the folder; pluto, until it ends, what it has trusted. */
export function retiredWarnings(input: HostInput): string[] {
  const { cacerts } = placesFor(input);
  const { label, trustsFolder } = daemonFor(input);
  if (!trustsFolder) {
    const isTold = input.retired.some((item) => holdsCertificate(input, authorityFileFor(cacerts, item), item));
    const { name } = input.desired;
    return isTold ? [`${name}: ${label} trusts the retired CA, whose key is destroyed, until it is restarted`] : [];
  }
  return input.retired.flatMap((authority) =>
    [...input.facts.files.keys()]
      .filter((path) => posix.dirname(path) === cacerts && !isOurAuthorityFile(path) && !input.facts.links.has(path))
      .filter((path) => holdsCertificate(input, path, authority))
      .map((path) => `${input.desired.name}: ${path} lets ${label} trust a CA that was retired: take it away there`),
  );
}

/** `host_1-…` is not a file of `host_1-a`. */
function isOf(path: string, name: string): boolean {
  const file = path.slice(path.lastIndexOf('/') + 1);
  return /^[0-9a-f]{16}-(cert|privkey)\.pem$/.test(file.slice(name.length + 1));
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
